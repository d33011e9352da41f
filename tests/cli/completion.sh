#!/bin/sh
# Completion: what bash offers at the end of a line, and that zsh reads its file.
. "$2/tests/cli/support/lib.sh"
completion=$2/cli/completion
: >a.onnx >x.bin >y.pb >z.txt >p.so
mkdir models

# offers WORDS LINE...: what follows a line, given as bash parts it into words, the last incomplete.
offers() {
  expected=$1
  shift
  last="onnxrun $*<TAB>"
  LC_ALL=C bash -c '. "$1"; shift; COMP_WORDS=(onnxrun "$@") COMP_CWORD=$#; _onnxrun; echo ${COMPREPLY[*]}' \
    bash "$completion/onnxrun.bash" "$@" >out 2>err
  [ "$(cat out)" = "$expected" ] && [ ! -s err ] || fail "expected '$expected'"
}
offers 'a.onnx models test' ''
offers 'a.onnx' a
offers 'models x.bin y.pb' a.onnx ''
offers 'x.bin' -q --threads 2 a.onnx x
offers 'a.onnx models test' --threads 2 ''
offers 'a.onnx err models out p.so x.bin y.pb z.txt' a.onnx x =
offers 'x.bin' a.onnx x = x
offers 'z.txt' a.onnx -o y = z
offers 'models' test ''
offers '--info --input-format --isa' --i
offers '--info --input-format --isa' a.onnx --i
offers '--isa' test --i
offers '--rtol' test --r
offers '' a.onnx --rt
offers 'base' --isa b
offers 'avx2 avx512' --isa avx
offers 'batchnorm' a.onnx --no-pass b
offers 'bin' --input-format = b
offers 'models p.so' --plugin ''
offers '' --threads ''
offers 'a.onnx models test' --isa = base ''

: >'two words.onnx'
offers 'two words.onnx' tw
rm 'two words.onnx'

if command -v zsh >/dev/null; then
  last='zsh'
  zsh -fc 'compdef() { :; }; _arguments() { print -l -- "$@"; }; words=(onnxrun $2); . $1' zsh \
    "$completion/onnxrun.zsh" a.onnx >out 2>err || fail 'cannot be read'
  [ ! -s err ] || fail 'complains'
  says '--isa=[instruction set]:instruction set:(base avx2 avx512)'
  says '-o+[write all'
  ! grep -q rtol out || fail "offers a test's option for a run"
fi
finish
