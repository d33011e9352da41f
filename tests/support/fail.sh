# fail.sh: what scripts of tests share: a folder of their own, and counting what fails. A script ends
# with `[ "$failures" -eq 0 ]`.
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0
fail() {
  failures=$((failures + 1))
  echo "FAIL: $*"
}
