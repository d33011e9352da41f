#!/bin/sh
# Inputs: .bin and .pb files, names, --shape, standard input, and all that can be wrong with them.
. "$2/tests/cli/support/lib.sh"

relu fixed.onnx 2 2
relu batch.onnx N 2
relu open.onnx N 3 H W
add two.onnx 2
printf "$f_minus1$f_0$f_1$f_2" >four.bin
printf "$f_1$f_2" >a.bin
printf "$f_2$f_half" >b.bin
tensor four.pb 1 "$f_minus1$f_0$f_1$f_2" 2 2

run 0 fixed.onnx four.bin
is_line 'y  float[2,2]  [[0. 0.] [1. 2.]]'
run 0 fixed.onnx four.pb
is_line 'y  float[2,2]  [[0. 0.] [1. 2.]]'
run 0 fixed.onnx x=four.bin
run 0 --threads 2 fixed.onnx four.bin
run 0 --quiet fixed.onnx four.bin
[ ! -s out ] || fail 'expected nothing on standard output'
run 0 fixed.onnx - <four.bin
is_line 'y  float[2,2]  [[0. 0.] [1. 2.]]'
run 0 --input-format pb fixed.onnx - <four.pb
is_line 'y  float[2,2]  [[0. 0.] [1. 2.]]'
cp four.bin four.raw
run 5 fixed.onnx four.raw
complains '.bin or .pb'
run 0 --input-format bin fixed.onnx four.raw

# names
run 0 two.onnx a.bin b.bin
is_line 'y  float[2]  [3.  2.5]'
run 0 two.onnx b=b.bin a=a.bin
is_line 'y  float[2]  [3.  2.5]'
run 0 two.onnx b=b.bin a.bin
run 5 two.onnx a.bin
complains "input 'b' float[2]: is missing"
run 5 two.onnx a=a.bin a=b.bin
complains 'given twice'
run 5 two.onnx a.bin b.bin a.bin
complains 'wants 2 inputs, found 3'
run 5 two.onnx a.bin c=b.bin
complains 'no input of the model'
run 2 two.onnx - -
complains 'standard input is one input'
cp a.bin c=a.bin
run 0 two.onnx c=a.bin b.bin
model equals.onnx "$(field 1 "$(node Relu a=b y)")$(field 11 "$(value a=b 1 2)")$(
  field 12 "$(value y 1 2)")"
run 0 equals.onnx a=b=a.bin

# sizes and dims
run 0 batch.onnx four.bin
says 'float[2,2]'
run 0 batch.onnx a.bin
says 'float[1,2]'
run 0 batch.onnx /dev/null --input-format bin
is_line 'y  float[0,2]  []'
run 5 fixed.onnx a.bin
complains "a.bin: input 'x' float[2,2]: expected 16 bytes, found 8"
cat four.bin a.bin >six.bin
run 5 fixed.onnx six.bin
complains 'expected 16 bytes'
printf '\0' | cat four.bin - >odd.bin
run 5 batch.onnx odd.bin
complains 'expected a multiple of 8 bytes, found 17'
cat six.bin six.bin >twelve.bin
run 5 open.onnx twelve.bin
complains "'N'"
complains "'H'"
complains "--shape 'x=?x3x?x?'"
run 0 open.onnx twelve.bin --shape x=1x3x2x2
says 'float[1,3,2,2]'
run 0 open.onnx twelve.bin --shape 'x=1x?x?x2'
says 'float[1,3,2,2]'
run 5 open.onnx twelve.bin --shape x=1x4x3x1
complains '--shape has other dims'
run 5 open.onnx twelve.bin --shape x=12
complains '--shape has other dims'
run 5 open.onnx twelve.bin --shape z=1x3x2x2
complains 'no such input'
run 5 open.onnx twelve.bin --shape 'x=0x3x?x1'
for dims in 1x 1xx2 x 1x-3 1xabc 99999999999999999999 '1 x 2'; do
  run 2 open.onnx twelve.bin --shape "x=$dims"
  complains 'expected dims'
done
run 2 open.onnx twelve.bin --shape 1x3x2x2
run 5 open.onnx twelve.bin --shape x=9000000000x3x9000000000x9000000000

# files that cannot be read
run 5 fixed.onnx missing.bin
complains 'missing.bin: cannot open'
mkdir folder.bin
run 5 fixed.onnx folder.bin
complains 'found a folder'
run 5 fixed.onnx /dev/zero --input-format bin
complains 'expected 16 bytes'
: >empty.bin
run 5 fixed.onnx empty.bin
complains 'expected 16 bytes, found 0'

# .pb files
tensor wrong_type.pb 7 "$f_1$f_1$f_1$f_1$f_1$f_1$f_1$f_1" 2 2
run 5 fixed.onnx wrong_type.pb
complains int64
tensor wrong_dims.pb 1 "$f_1$f_2" 2
run 5 fixed.onnx wrong_dims.pb
tensor short.pb 1 "$f_1" 2 2
run 5 fixed.onnx short.pb
complains short.pb
head -c 9 four.pb >cut.pb
run 5 fixed.onnx cut.pb
complains cut.pb
run 5 fixed.onnx four.bin --input-format pb --shape x=3x3

# bools are 0 and 1; strings have no .bin
model not.onnx "$(field 1 "$(node Not x y)")$(field 11 "$(value x 9 2)")$(
  field 12 "$(value y 9 2)")"
printf '\001\002' >two_is_no.bin
run 5 not.onnx two_is_no.bin
complains 'found 2 at byte 1'
model strings.onnx "$(field 1 "$(node Identity x y)")$(field 11 "$(value x 8 2)")$(
  field 12 "$(value y 8 2)")"
run 5 strings.onnx a.bin
complains 'cannot hold this type'
finish
