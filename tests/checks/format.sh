#!/bin/sh
# format.sh SOURCE: every C file is laid out as clang-format would.
cd "$1" || exit 1
files=$(find include runtime proto ops cli bench examples tests -name '*.[ch]' -o -name '*.cpp' 2>/dev/null)
# shellcheck disable=SC2086
clang-format --dry-run -Werror $files || {
  echo "format: clang-format -i FILE mends it"
  exit 1
}
