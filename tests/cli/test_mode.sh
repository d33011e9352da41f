#!/bin/sh
# onnxrun test: passing, failing, unsupported and broken cases, and the totals.
. "$2/tests/cli/support/lib.sh"

# case NAME EXPECTED: Relu of four numbers, with these as the expected result
make_case() {
  mkdir -p "$1/test_data_set_0"
  relu "$1/model.onnx" 4
  tensor "$1/test_data_set_0/input_0.pb" 1 "$f_minus1$f_0$f_1$f_2" 4
  tensor "$1/test_data_set_0/output_0.pb" 1 "$2" 4
}
last_line() {
  [ "$(tail -n 1 out)" = "$1" ] || fail "expected the last line '$1'"
}
good=$f_0$f_0$f_1$f_2

make_case all/good "$good"
make_case all/deep/er/good "$good"
run 0 test all
last_line '2 passed, 0 failed, 0 unsupported, 0 skipped'
run 0 test all/good all/deep/er/good --threads 2
last_line '2 passed, 0 failed, 0 unsupported, 0 skipped'
run 0 test -v all
says 'PASS  all/good'

make_case bad "$f_0$f_0$f_1$f_3"
run 7 test bad all
says "FAIL  bad/test_data_set_0: output 0 'y': 1 of 4 elements differ, the first at [3]: expected 3.0, found 2.0"
last_line '2 passed, 1 failed, 0 unsupported, 0 skipped'
run 7 test --quiet bad
[ "$(wc -l <out)" -eq 1 ] || fail 'expected the totals alone'
run 0 test --rtol 0.5 bad
run 0 test --atol 1 bad
run 0 test --shapes-only 'ba*' bad
run 7 test --shapes-only 'xba*' bad

# within 1e-3: 2.001 against 2; not 2.01
make_case close "$f_0$f_0$f_1"'\142\020\000\100'
run 0 test close
run 7 test --rtol 1e-4 close
make_case far "$f_0$f_0$f_1"'\327\243\000\100'
run 7 test far

# a second data set counts too
make_case second "$good"
cp -r second/test_data_set_0 second/test_data_set_1
tensor second/test_data_set_1/output_0.pb 1 "$f_0$f_0$f_0$f_0" 4
run 7 test second
says 'second/test_data_set_1'

make_case shape "$good"
tensor shape/test_data_set_0/output_0.pb 1 "$good" 2 2
run 7 test shape
says 'expected float[2,2], found float[4]'
make_case type "$good"
tensor type/test_data_set_0/output_0.pb 6 "$good" 4
run 7 test type
says 'expected int32[4], found float[4]'
run 7 test --shapes-only type type

make_case unsupported "$good"
model unsupported/model.onnx "$(field 1 "$(node NoSuchOperator x y)")$(
  field 11 "$(value x 1 4)")$(field 12 "$(value y 1 4)")"
run 4 test unsupported all
is_line 'unsupported: 1 (by operator: NoSuchOperator 1)'
last_line '2 passed, 0 failed, 1 unsupported, 0 skipped'
run 0 test --allow-unsupported unsupported all
run 7 test --allow-unsupported unsupported bad
run 4 test -v unsupported
says 'UNSUPPORTED  unsupported'

make_case no_input "$good"
rm no_input/test_data_set_0/input_0.pb
run 7 test no_input
says 'input_0.pb: cannot open'
make_case no_output "$good"
rm no_output/test_data_set_0/output_0.pb
run 7 test no_output
make_case broken "$good"
printf 'x' >broken/model.onnx
run 7 test broken all
last_line '2 passed, 1 failed, 0 unsupported, 0 skipped'
make_case no_data "$good"
rm -r no_data/test_data_set_0
run 0 test no_data all
last_line '2 passed, 0 failed, 0 unsupported, 1 skipped'

run 5 test missing
complains 'found nothing'
: >file
run 5 test file
complains 'found a file'
mkdir empty
run 5 test empty
complains 'no folder with model.onnx'
finish
