#!/bin/sh
# table.sh: what `exhaustive` prints, from standard input, as the table of docs/ACCURACY.md.
echo "| activation | level | float: largest error | at | correctly rounded | double: largest error | 16-bit types |"
echo "|---|---|---|---|---|---|---|"
awk '
  function row() { if (name) printf "| %s | %s | %s | %s | %.3f %% | %s | %s |\n", name, level, f, at, share, d, halves }
  /^[A-Z]/ { row(); level = $NF; name = $0; sub(/, [a-z0-9]+$/, "", name); sub(/\(\)$/, "", name); halves = "" }
  $1 == "float" { f = $2; at = $5; share = $6 }
  $1 == "double" { d = $2 }
  $1 ~ /float16$/ { halves = ($2 == $4 && halves != "no") ? "all" : "no" }
  /BROKEN/ { name = name " BROKEN" }
  END { row() }'
