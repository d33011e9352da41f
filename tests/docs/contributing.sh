#!/bin/sh
# contributing.sh SOURCE: the worked example of CONTRIBUTING.md is, word by word, an operator of this
# library, which the suite tests as every other.
source=$1
here=$source/tests/docs
. "$(dirname "$0")/../support/fail.sh"
block=$work/block

# The first block after a file's name goes to its end; all but the operator's are one line.
for file in ops/activation/thresholdedrelu.c ops/ops.def tests/ops/cases.def tests/ops/references.def; do
  awk -v "after=\`$file\`" -f "$here/block.awk" "$source/CONTRIBUTING.md" >"$block"
  [ -s "$block" ] || fail "CONTRIBUTING.md has no block for $file"
  case $file in
  *.def) grep -qxFf "$block" "$source/$file" || fail "$file has not the line of the example" ;;
  *) cmp -s "$block" "$source/$file" || fail "$file differs from the example" ;;
  esac
done
[ "$failures" -eq 0 ]
