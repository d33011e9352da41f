#!/bin/sh
# manual.sh SOURCE PROGRAM: the manual and the completions know every option of --help and no other,
# and every pass that can be left out; the page made from the manual is up to date.
source=$1 program=$2
. "$(dirname "$0")/../support/fail.sh"
manual=$source/docs/onnxrun.1
bash=$source/cli/completion/onnxrun.bash
zsh=$source/cli/completion/onnxrun.zsh

# differ WHAT EXPECTED FOUND: two lists, of which the second must be the first.
differ() {
  diff "$2" "$3" >"$work/diff" || fail "$1: $(sed -n 's/^</lacks/p; s/^>/has/p' "$work/diff")"
}

"$program" --help | sed -n 's/^   *\(-.*\)/\1/p' | sed 's/  .*//' |
  grep -oE -- '(^| )-(-[a-z-]+|[a-z])' | tr -d ' ' | sort -u >"$work/options"
[ -s "$work/options" ] || fail "no options in --help"
sed -n 's/^\.It Fl /-/p' "$manual" | sed 's/ , -/ --/; s/-\([a-z]\) , -/-\1 --/' |
  grep -oE -- '(^| )-(-[a-z-]+|[a-z])' | tr -d ' ' | sort -u >"$work/manual"
differ docs/onnxrun.1 "$work/options" "$work/manual"
sed -n "s/^  local [a-z]*='\(-.*\)'/\1/p" "$bash" | tr ' ' '\n' | sort >"$work/bash"
differ cli/completion/onnxrun.bash "$work/options" "$work/bash"
sed -n "s/^  ['\"]\(.*\)\[.*/\1/p" "$zsh" | grep -oE -- '-(-[a-z-]+[a-z]|[a-z])' | sort -u >"$work/zsh"
differ cli/completion/onnxrun.zsh "$work/options" "$work/zsh"

passes=$("$program" --no-pass '?' "$source/models/ops/elu.onnx" 2>&1 | sed 's/.*left out: //; s/,//g')
[ -n "$passes" ] || fail "--no-pass lists no passes"
grep -q "'$passes'" "$bash" || fail "cli/completion/onnxrun.bash lacks a pass of: $passes"
grep -q "'$passes'" "$zsh" || fail "cli/completion/onnxrun.zsh lacks a pass of: $passes"
for pass in $passes; do
  sed -n '/^\.It Fl -no-pass/,/^\.It/p' "$manual" | grep -qw "$pass" || fail "docs/onnxrun.1 lacks $pass"
done

# The example, with the model's own name.
sed -n 's/^\$ printf \(.*\) | onnxrun .*/\1/p' "$manual" | sed 's/\\e/\\/g' >"$work/bytes"
(
  cd "$work" && eval "printf $(cat bytes)" | "$program" "$source/models/ops/elu.onnx" - -o Y=y.bin
) >"$work/found"
grep -qxF "$(cat "$work/found")" "$manual" || fail "docs/onnxrun.1: the example prints $(cat "$work/found")"

mandoc -T lint "$manual" || fail "docs/onnxrun.1: mandoc complains"
"$source/scripts/manual" | cmp -s - "$source/docs/CLI.md" ||
  fail "docs/CLI.md is not made of docs/onnxrun.1: scripts/manual >docs/CLI.md mends it"
mandoc -Ios=onnxrun -T html "$manual" | grep -q 'id="OPTIONS"' || fail "no HTML"
[ "$failures" -eq 0 ]
