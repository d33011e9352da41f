#!/bin/sh
# plugin.sh SOURCE CC PROGRAM: every file of ops/ is also a plug-in, built by the compiler alone: it
# exports onnxrun_plugin_query and nothing else, and its kernels run a model (test_plugin.c).
source=$1 cc=$2 program=$3
. "$(dirname "$0")/../support/fail.sh"

plugins=
for file in $(sed -n 's/^OP(\([a-z_]*\), *\([a-z0-9_]*\)).*/\1\/\2/p' "$source/ops/ops.def"); do
  object=$work/${file##*/}.so
  "$cc" -std=c11 -O0 -shared -fPIC -DONX_AS_PLUGIN "-I$source" "-I$source/include" \
    "$source/ops/$file.c" -o "$object" -Wl,--no-undefined -lm || {
    fail "ops/$file.c does not build as a plug-in"
    continue
  }
  names=$(nm -D --defined-only "$object" | sed 's/.* //')
  [ "$names" = onnxrun_plugin_query ] || fail "ops/$file.c exports $names"
  plugins="$plugins $object"
done

# shellcheck disable=SC2086
"$program" accept $plugins || fail "loading all of them"
for name in elu prelu selu tanh; do
  # shellcheck disable=SC2086
  "$program" run "$source/models/ops/$name.onnx" "$work/$name.so" $plugins || fail "$name"
done
[ "$failures" -eq 0 ]
