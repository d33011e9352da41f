#!/bin/sh
# plugin.sh SOURCE CC PROGRAM COMMAND: every file of ops/ is also a plug-in, built by the compiler
# alone: it exports onnxrun_plugin_query and nothing else, it is loaded, and its kernels run models
# (test_plugin.c), all of them together the digits.
source=$1 cc=$2 program=$3 command=$4
. "$(dirname "$0")/../support/fail.sh"

files=$(sed -n 's/^OP(\([a-z_]*\), *\([a-z0-9_]*\)).*/\1\/\2/p' "$source/ops/ops.def")
n=0
for file in $files; do
  "$cc" -std=c11 -O0 -shared -fPIC -DONX_AS_PLUGIN "-I$source" "-I$source/include" \
    "$source/ops/$file.c" -o "$work/${file##*/}.so" -Wl,--no-undefined -lm &
  n=$((n + 1))
  [ $((n % 2)) -eq 1 ] || wait
done
wait
plugins=
for file in $files; do
  object=$work/${file##*/}.so
  [ -e "$object" ] || {
    fail "ops/$file.c does not build as a plug-in"
    continue
  }
  names=$(nm -D --defined-only "$object" | sed 's/.* //')
  [ "$names" = onnxrun_plugin_query ] || fail "ops/$file.c exports $names"
  plugins="$plugins $object"
done

# shellcheck disable=SC2086
"$program" accept $plugins || fail "loading all of them"
for model in "$source"/models/ops/*.onnx; do
  name=$(basename "$model" .onnx)
  [ "$name" = relu6 ] && continue # Clip lists the kernel of the first opsets last
  # shellcheck disable=SC2086
  "$program" run "$model" "$work/$name.so" $plugins || fail "$name"
done
options=
for plugin in $plugins; do
  options="$options --plugin $plugin"
done
# shellcheck disable=SC2086
"$command" test $options "$source"/models/digits-* || fail "the digits by plug-ins alone"

# Types that an operator lacks are refused, or added by a plug-in beside what is built in.
"$cc" -std=c11 -O1 -shared -fPIC "-I$source/include" "$source/tests/abi/adds.c" -o "$work/adds.so"
printf '\000\001\377' >"$work/x.bin"
"$command" "$source/models/plugins/relu-u8.onnx" "$work/x.bin" >"$work/out" 2>&1
[ $? -eq 4 ] || fail "Relu of uint8 is built in"
grep -q "(Relu): input 0 'X' is uint8" "$work/out" || fail "the refusal does not name the type"
"$command" --plugin "$work/adds.so" "$source/models/plugins/relu-u8.onnx" "$work/x.bin" >"$work/out"
grep -q '\[ *0 *1 *255\]' "$work/out" || fail "Relu of uint8: $(cat "$work/out")"
"$program" run "$source/models/ops/relu.onnx" "$work/relu.so" "$work/adds.so" || fail "Relu of float"
[ "$failures" -eq 0 ]
