#!/bin/sh
# operators.sh SOURCE PROGRAM: docs/OPERATORS.md is what the registry holds.
"$2" | diff "$1/docs/OPERATORS.md" - || {
  echo "FAIL: docs/OPERATORS.md is not up to date: ninja -C BUILD operators"
  exit 1
}
