#!/bin/sh
# -o: .bin and .pb files, folders, names that lead out of them, full disks and closed pipes.
. "$2/tests/cli/support/lib.sh"

relu m.onnx N 2
printf "$f_half$f_0$f_1$f_2" >x.bin

run 0 m.onnx x.bin -o y=y.bin
same x.bin y.bin
run 0 m.onnx x.bin -o y=y.pb --quiet
run 0 m.onnx y.pb -o y=again.bin
same x.bin again.bin
run 0 m.onnx x.bin -o y=1.bin -o y=2.pb -o results
same x.bin 1.bin
same results/y.pb 2.pb
run 0 m.onnx x.bin -o results --output-format bin
same x.bin results/y.bin

run 2 m.onnx x.bin -o y=y.txt
complains 'expected a .bin or .pb file'
run 2 m.onnx x.bin -o z=z.bin
complains 'no output of the model'
run 1 m.onnx x.bin -o y=no/such/folder/y.bin
complains 'cannot create'
run 1 m.onnx x.bin -o no/such/folder
complains 'cannot make the folder'
run 1 m.onnx x.bin -o x.bin
complains 'cannot make the folder'

# A name is not a path.
name='../../../tmp/evil'
model evil.onnx "$(field 1 "$(node Relu x "$name")")$(field 11 "$(value x 1 4)")$(
  field 12 "$(value "$name" 1 4)")"
run 0 evil.onnx x.bin -o evil --output-format bin
same x.bin evil/_._.._.._tmp_evil.bin
name=$(printf 'a\033[2J\nb')
model escape.onnx "$(field 1 "$(node Relu x "$name")")$(field 11 "$(value x 1 4)")$(
  field 12 "$(value "$name" 1 4)")"
run 0 escape.onnx x.bin
says 'a\x1b[2J\nb  float[4]'

if [ -w /dev/full ]; then
  last='output to /dev/full'
  "$program" m.onnx x.bin >/dev/full 2>err
  found=$?
  [ $found -eq 1 ] || fail "expected exit code 1, found $found"
  complains 'standard output: cannot write'
  ln -s /dev/full full.bin
  run 1 m.onnx x.bin -o y=full.bin
  complains 'full.bin: cannot write'
fi
last='output to a closed stream'
"$program" m.onnx x.bin >&- 2>err
found=$?
[ $found -eq 1 ] || fail "expected exit code 1, found $found"
last='output to a closed pipe'
mkfifo pipe
: <pipe &
{
  sleep 1
  "$program" --help 2>err
  echo $? >code
} >pipe
[ "$(cat code)" -eq 1 ] || fail "expected exit code 1, found $(cat code)"
finish
