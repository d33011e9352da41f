#!/bin/sh
# run.sh PROGRAM SOURCE [node]: the ONNX conformance suites; "node" runs that one alone, and once.
#
# The suites lie in SHARED/conformance, SHARED being $ONNXRUN_SHARED or SOURCE/../shared; without
# them, in Debian's libonnx-testdata. Asserts that no case fails, that a case is left out only for
# an operator that has no kernel, that every case of the activations passes, and of the nodes at
# least 500 (Debian's: 400).
#
# Debian's are of ONNX 1.12, whose six casts of bfloat16 hold uint16 tensors and break the standard.
# Bernoulli's values are random, so only their types and shapes are compared. Densenet has the
# suite's own tolerance of 2e-3.

program=$1
shared=${ONNXRUN_SHARED:-$2/../shared}
suites=$shared/conformance
least=500
damaged=none
if [ ! -d "$suites/node" ]; then
  suites=/usr/share/libonnx-testdata/data
  least=400
  damaged='*/test_cast*BFLOAT16*'
fi
if [ ! -d "$suites/node" ]; then
  echo "no conformance suites in $shared/conformance or $suites: skipped"
  exit 77
fi

. "$(dirname "$0")/../support/fail.sh"

# suite NAME OPTION...: runs a suite or a case; its lines are in $work/NAME, with _ for /
suite() {
  name=$1
  lines=$work/$(printf '%s' "$1" | tr / _)
  shift
  [ -d "$suites/$name" ] || return 0
  if [ "$name" = node ]; then
    for case in "$suites"/node/*; do
      case $case in
      $damaged) ;;
      *) set -- "$@" "$case" ;;
      esac
    done
  else
    set -- "$@" "$suites/$name"
  fi
  "$program" test --verbose --shapes-only 'test_bernoulli*' "$@" >"$lines"
  code=$?
  case $code in
  0 | 4) ;;
  *) fail "$name: exit code $code" ;;
  esac
  grep '^FAIL' "$lines"
  printf '%-28s %s\n' "$name" "$(tail -n 1 "$lines")"
  grep '^unsupported: ' "$lines"
}

suite node
only=${3:-}
if [ "$only" != node ]; then
  suite simple
  suite pytorch-converted
  suite pytorch-operator
fi
if [ "$only" != node ] && [ -d "$suites/light" ]; then
  for model in "$suites"/light/*; do
    case $model in
    *densenet*) set -- --rtol 2e-3 ;;
    *) set -- ;;
    esac
    suite "light/${model##*/}" "$@"
  done
fi

for name in sigmoid tanh relu leakyrelu prelu elu selu celu hardsigmoid hardswish softplus softsign \
  swish mish thresholdedrelu shrink erf reciprocal; do
  cases=$(find "$suites/node" -maxdepth 1 -name "test_$name*" | wc -l)
  passed=$(grep -c "^PASS  .*/test_$name[^/]*$" "$work/node")
  [ "$cases" -gt 0 ] || fail "found no case test_$name*"
  [ "$passed" -eq "$cases" ] || {
    fail "test_$name*: $passed of $cases cases passed"
    grep "/test_$name[^/]*/" "$work/node" | grep '^UNSUPPORTED'
  }
done

# Results do not depend on the passes: the same cases pass without each and without all of them.
# Only without `dead` a node that nothing reads may be of an operator that has no kernel.
without() {
  for name in node pytorch-converted pytorch-operator simple; do
    [ -d "$suites/$name" ] || continue
    "$program" test --verbose --shapes-only 'test_bernoulli*' "$@" "$suites/$name" >"$work/without"
    case $* in
    *dead*) known='s/^UNSUPPORTED  \(.*\)\/model.onnx: node .* operator of opset .*/\1/p' ;;
    *) known= ;;
    esac
    sed -n 's/^PASS  //p' "$work/$name" | sort >"$work/with"
    sed -n 's/^PASS  //p' "$work/without" | sort | comm -13 "$work/with" - >"$work/other"
    sed -n -e 's/^PASS  //p' -e "$known" "$work/without" | sort | comm -23 "$work/with" - >>"$work/other"
    [ ! -s "$work/other" ] || {
      case $damaged$name in
      none*) fail "$name: other cases pass with $*" ;;
      *) ;; # the damaged ones are among them
      esac
    }
  done
}
[ "$only" = node ] || for pass in dead fold identity cse batchnorm fuse epilogues; do
  without --no-pass $pass
done
[ "$only" = node ] || without --no-pass dead --no-pass fold --no-pass identity --no-pass cse --no-pass batchnorm --no-pass fuse

passed=$(grep -c '^PASS' "$work/node")
[ "$passed" -ge "$least" ] || fail "node: $passed cases passed, expected at least $least"

[ "$failures" -eq 0 ]
