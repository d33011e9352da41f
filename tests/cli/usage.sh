#!/bin/sh
# The command line itself: --help, --version, wrong options, and models that cannot be read.
. "$2/tests/cli/support/lib.sh"

run 0 --help
says 'usage: onnxrun'
says '--threads N'
for code in 0 1 2 3 4 5 6 7; do
  says "  $code  "
done
run 0 --version
says 'onnxrun 0.'

run 2
complains 'expected a model file'
run 2 --nonsense
complains "unknown option '--nonsense'"
run 2 -z
complains "unknown option '-z'"
run 2 --quiet=yes m.onnx
complains 'takes no value'
run 2 --threads
complains 'needs a value'
for n in 0 -1 x 1x '' 99999999999999999999; do
  run 2 --threads "$n" m.onnx
  complains 'expected a number of threads'
done
for n in 0 -1 x 1T 1KK 99999999999999999999 20000000000G; do
  run 2 --max-bytes "$n" m.onnx
  complains 'expected a number of bytes'
done
for x in -1 nan inf x ''; do
  run 2 test --rtol "$x" .
  complains 'expected a number of 0 or more'
done
run 2 --rtol 1 m.onnx
complains "only for 'onnxrun test'"
run 2 test --full .
complains "not for 'onnxrun test'"
run 2 test
complains 'expected a folder of tests'
run 2 --input-format txt m.onnx
complains 'expected bin or pb'

relu m.onnx 2 2
run 0 m.onnx
is_line 'input   x  float[2,2]'
is_line 'output  y  float[2,2]'
run 2 --isa z80 m.onnx
complains 'z80'
run 0 --isa base m.onnx
run 2 --no-pass nonsense m.onnx
complains "'nonsense' is not a pass that can be left out: dead, fold, identity, cse, batchnorm,"
run 2 --no-pass cse --no-pass sort m.onnx
complains "'sort'"
run 0 --no-pass dead --no-pass fold --no-pass identity --no-pass cse m.onnx
is_line 'output  y  float[2,2]'

run 2 --plugin missing.so m.onnx
complains "plug-in 'missing.so'"
run 2 --plugin m.onnx m.onnx
complains "plug-in 'm.onnx': "

run 0 --info "$2/models/digits-relu/model.onnx"
is_line 'by      onnxrun models/train.py'
is_line 'opset   ai.onnx  16'

run 3 missing.onnx
complains 'missing.onnx'
mkdir folder
run 3 folder
complains 'folder'
: >empty.onnx
run 3 empty.onnx
size=$(wc -c <m.onnx)
for cut in 1 2 3 7 $((size / 2)) $((size - 1)); do
  head -c "$cut" m.onnx >cut.onnx
  run 3 cut.onnx
  complains 'cut.onnx'
done
printf 'this is not a model, is it?' >text.onnx
run 3 text.onnx

model nop.onnx "$(field 1 "$(node NoSuchOperator x y)")$(field 11 "$(value x 1 2)")$(
  field 12 "$(value y 1 2)")"
run 4 nop.onnx
complains NoSuchOperator

run 6 --max-bytes 1 m.onnx
finish
