#!/bin/sh
# readme.sh SOURCE PROGRAM CC LIBRARY_FOLDER: the README's commands print what it says, and its C
# program compiles by itself and does too.
source=$1 program=$2 cc=$3 libraries=$4
here=$(dirname "$0")
. "$(dirname "$0")/../support/fail.sh"

cd "$source" || exit 1
case $here in
/*) ;;
*) here=$source/tests/docs ;;
esac

# Digits beyond the fourth may differ from one instruction set to another.
rounded() {
  sed 's/[][]/ & /g' "$1" | awk '{
    for (i = 1; i <= NF; i++)
      printf "%s ", $i ~ /^-?[0-9][0-9.]*(e[-+][0-9]+)?$/ ? sprintf("%.3e", $i) : $i
    print ""
  }'
}

awk -v n=1 -f "$here/block.awk" README.md >"$work/expected"
sed -n 's/^\$ onnxrun //p' "$work/expected" | while read -r arguments; do
  echo "\$ onnxrun $arguments"
  # shellcheck disable=SC2086
  "$program" $arguments
done >"$work/found"
[ -s "$work/found" ] || fail "README.md: no command in its first block"
rounded "$work/expected" >"$work/expected.rounded"
rounded "$work/found" >"$work/found.rounded"
diff "$work/expected.rounded" "$work/found.rounded" || fail "README.md: a command prints something else"

awk -v n=2 -f "$here/block.awk" README.md >"$work/example.c"
"$cc" -std=c11 -Wall -Wextra -Werror -Iinclude "$work/example.c" "-L$libraries" -lonnxrun \
  "-Wl,-rpath,$libraries" -o "$work/example" || fail "README.md: the program does not compile"
[ "$("$work/example" | tr '\n' ' ')" = "-0.632121 0 1 " ] || fail "README.md: the program's results"
grep -q 'It prints -0.632121, 0 and 1' README.md || fail "README.md: what the program prints"
[ "$failures" -eq 0 ]
