#!/bin/sh
# headers.sh SOURCE GENERATED CC CXX: each header compiles alone, and twice. Public ones as C11 and as
# C++17, the others as C11.
source=$1 generated=$2 cc=$3 cxx=$4
cd "$source" || exit 1
warnings="-Wall -Wextra -Wpedantic -Werror"
failures=0
n=0

# compiles HEADER COMPILER OPTION...
compiles() {
  header=$1 compiler=$2
  shift 2
  n=$((n + 1))
  # shellcheck disable=SC2086
  printf '#include "%s"\n#include "%s"\ntypedef int something;\n' "$header" "$header" |
    "$compiler" $warnings "$@" -fsyntax-only - || {
    failures=$((failures + 1))
    echo "FAIL: $header does not compile alone: $compiler $*"
  }
}

for header in include/onnxrun/*.h; do
  compiles "${header#include/}" "$cc" -x c -std=c11 -Iinclude
  compiles "${header#include/}" "$cxx" -x c++ -std=c++17 -Iinclude
done
for header in runtime/*.h runtime/*/*.h proto/*.h ops/kit/*.h cli/*.h; do
  # One without a guard is no header but a text that its header includes for each type.
  grep -q '^#ifndef .*_H$' "$header" || continue
  # A family's header may hold functions that the file that includes it is there to use.
  compiles "$header" "$cc" -x c -std=c11 -Wno-unused-function -D_POSIX_C_SOURCE=200809L -fopenmp-simd -I. -Iinclude \
    "-I$generated"
done
echo "$n compilations, $failures failed"
[ "$failures" -eq 0 ]
