#!/bin/sh
# How values look: numpy's style, short on one line or in full.
. "$2/tests/cli/support/lib.sh"

# identity TYPE DIM...: y = Identity(x)
identity() {
  type=$1
  shift
  model m.onnx "$(field 1 "$(node Identity x y)")$(field 11 "$(value x "$type" "$@")")$(
    field 12 "$(value y "$type" "$@")")"
}

identity 1 N
printf "$f_half$f_minus1$f_3" >x.bin
run 0 m.onnx x.bin
is_line 'y  float[3]  [ 0.5 -1.   3. ]'
printf '\315\314\314\075\000\000\300\177\000\000\200\377' >x.bin
run 0 m.onnx x.bin
is_line 'y  float[3]  [ 0.1  nan -inf]'
printf '\254\305\047\067\000\000\200\077' >x.bin
run 0 m.onnx x.bin
is_line 'y  float[2]  [1.e-05 1.e+00]'
identity 1
printf "$f_2" >x.bin
run 0 m.onnx x.bin
is_line 'y  float[]  2.0'
identity 9 N
printf '\001\000' >x.bin
run 0 m.onnx x.bin
is_line 'y  bool[2]  [ True False]'
identity 3 N
printf '\377\144' >x.bin
run 0 m.onnx x.bin
is_line 'y  int8[2]  [ -1 100]'
identity 8 N
printf "$(number 1 2)$(number 2 8)$(string 6 "it's")$(field 6 '\012\377')" >x.pb
run 0 m.onnx x.pb
is_line "y  string[2]  ['it\\'s' '\\n\\xff']"

identity 2 N M
head -c 1000 /dev/zero >x.bin
run 0 m.onnx x.bin --shape 'x=10x?'
is_line 'y  uint8[10,100]  [[0 0 0 ... 0 0 0] ... [0 0 0 ... 0 0 0]]'
run 0 --full m.onnx x.bin --shape 'x=10x?'
is_line 'y  uint8[10,100]'
[ "$(tr -cd 0 <out | wc -c)" -eq 1003 ] || fail 'expected every element'
[ "$(wc -l <out)" -eq 31 ] || fail 'expected 31 lines'
identity 2 N
run 0 m.onnx x.bin
is_line 'y  uint8[1000]  [0 0 0 ... 0 0 0]'
finish
