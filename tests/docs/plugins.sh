#!/bin/sh
# plugins.sh SOURCE BUILD CC CMAKE: docs/PLUGINS.md's five minutes, as a newcomer: an installed
# onnxrun, an empty folder, and what the page says.
source=$1 build=$2 cc=$3 cmake=$4
. "$(dirname "$0")/../support/fail.sh"
here=$source/tests/docs page=$source/docs/PLUGINS.md

"$cmake" --install "$build" --prefix "$work/prefix" >"$work/log" || fail "cmake --install"
mkdir "$work/bin" "$work/empty"
ln -s "$(command -v "$cc")" "$work/bin/cc"
PATH=$work/bin:$work/prefix/bin:$PATH
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name onnxrun.pc)")
LD_LIBRARY_PATH=$(dirname "$(find "$work/prefix" -name libonnxrun.so)")
export PATH PKG_CONFIG_PATH LD_LIBRARY_PATH
cd "$work/empty" || exit 1

block() {
  awk -v n="$1" -f "$here/block.awk" "$page"
}
# prints N: the commands of block N print what the block after it says.
prints() {
  block "$1" >../commands.sh
  [ -s ../commands.sh ] || fail "docs/PLUGINS.md has no block $1"
  sh -e ../commands.sh >../found 2>&1 || fail "block $1 of docs/PLUGINS.md fails: $(cat ../found)"
  block $(($1 + 1)) | diff - ../found || fail "block $1 of docs/PLUGINS.md prints something else"
}

block 1 >softclip.c
cmp softclip.c "$source/examples/plugin/softclip.c" || fail "examples/plugin/softclip.c is another"
prints 2
onnxrun --plugin softclip.so --profile model.onnx input.bin >../found 2>&1
grep -q 'example::SoftClip +1 ' ../found || fail "the profile shows something else"
block 4 >program.c
prints 5

# What the page says of errors.
onnxrun model.onnx input.bin >../found 2>&1 && fail "it runs without the plug-in"
grep -q SoftClip ../found || fail "the refusal does not name the operator"
[ "$failures" -eq 0 ]
