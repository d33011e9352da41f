#!/bin/sh
# onednn.sh SOURCE PROGRAM ONEDNN SOFTCLIP: the plug-in of examples/plugin/onednn.c in the place of the
# built-in Conv and MatMul: with their results, on any number of threads, with what follows in the same
# step; and what it declines, the built-in operators compute. oneDNN itself says what it ran.
source=$1 program=$2 onednn=$3 softclip=$4
. "$(dirname "$0")/../support/fail.sh"
cd "$work" || exit 1
export DNNL_VERBOSE=1
# AddressSanitizer's list of thread-local memory would still hold that of oneDNN after its unloading.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}intercept_tls_get_addr=0"
suites=${ONNXRUN_SHARED:-$source/../shared}/conformance
[ -d "$suites/node" ] || suites=/usr/share/libonnx-testdata/data

# executed N WHAT: oneDNN did WHAT at least N times, not at all if N is 0.
executed() {
  n=$(grep -c "verbose,exec,cpu,$2," out)
  if [ "$n" -lt "$1" ] || { [ "$1" -eq 0 ] && [ "$n" -gt 0 ]; }; then
    fail "oneDNN did $n of $2, expected $1"
  fi
}
passes() {
  "$program" test --plugin "$onednn" "$@" >out || {
    grep -v verbose out
    fail "test $*"
  }
}

for threads in 1 2 7; do
  passes --threads "$threads" "$source"/models/digits-*
  executed 18 convolution
done

# Strides, dilations, pads, no bias, by PyTorch; its groups and one spatial dim are declined.
passes "$suites"/pytorch-converted/test_Conv2d*
executed 5 convolution
passes "$suites"/pytorch-converted/test_Conv2d_groups "$suites"/pytorch-converted/test_Conv1d*
executed 0 convolution
# So are weights that are not constant.
passes "$suites"/node/test_conv_* "$suites"/node/test_matmul_[234]d
executed 0 convolution
executed 0 matmul

# The project's own models, against the built-in operators: 1,728 numbers from 0 to 1.
for i in 1 2 3 4 5 6 7 8 9; do
  cat "$source/models/digits-relu/input.bin" "$source/models/digits-relu/input.bin" \
    "$source/models/digits-relu/input.bin"
done >x.bin
like_builtin() {
  name=$1 shape=$2
  mkdir -p "$name/test_data_set_0"
  cp "$source/models/plugins/$name.onnx" "$name/model.onnx"
  DNNL_VERBOSE=0 "$program" "$name/model.onnx" "x=x.bin" --shape "x=$shape" --quiet \
    --plugin "$softclip" -o "y=$name/test_data_set_0/output_0.pb" || fail "$name: built-in"
  {
    for dim in $(echo "$shape" | tr x ' '); do
      printf "\\010\\$(printf %03o "$dim")"
    done
    printf '\020\001\112\200\066' # float, and raw data of 6,912 bytes
    cat x.bin
  } >"$name/test_data_set_0/input_0.pb"
  for threads in 1 2 7; do
    passes --rtol 1e-5 --atol 1e-5 --threads "$threads" --plugin "$softclip" "$name"
  done
}
for shape in 3x3x8x24 1x3x24x24 24x3x2x12 18x3x4x8; do
  like_builtin conv "$shape"
  executed 1 convolution
done
for shape in 3x24x24 72x1x24 1x72x24; do
  like_builtin matmul "$shape"
  executed 1 matmul
done

# Its convolution takes the activation of another plug-in into its step.
"$program" --plugin "$onednn" --plugin "$softclip" "$source/models/plugins/conv.onnx" x.bin \
  --shape x=3x3x8x24 --profile --quiet >out 2>err || fail "two plug-ins"
executed 2 convolution
grep -q ' Conv +1 ' err || fail "the activation has a step of its own"

# What does not fit is refused in its words.
"$program" --plugin "$onednn" --plugin "$softclip" "$source/models/plugins/conv.onnx" x.bin \
  --shape x=3x2x12x24 --quiet >out 2>err && fail "two channels are taken"
grep -q "(Conv): input 'X' has rank 4 and 2 channels, expected 4, 3" err || fail "$(cat err)"
[ "$failures" -eq 0 ]
