#!/bin/sh
# load.sh SOURCE CC PROGRAM: what onnxrun_registry_load takes and refuses (test_plugin.c, faulty.c).
source=$1 cc=$2 program=$3
. "$(dirname "$0")/../support/fail.sh"
cd "$work" || exit 1

build() {
  "$cc" -std=c11 -O1 -shared -fPIC "-I$source/include" "-DFAULT=$2" "$source/tests/abi/faulty.c" \
    -o "$1" || fail "$1 does not build"
}
refuse() {
  "$program" refuse "$@" || fail "refuse $*"
}

build well.so 0
build newer.so 1
build no_abi.so 2
build refuses.so 3
build no_kernels.so 4
build short.so 5
build faulty.so 6
build no_symbol.so 7
build unresolved.so 8

"$program" accept ./well.so "$work/well.so" well.so || fail "a plug-in that is well"
"$program" starve ./well.so || fail "without memory"

abi=$(sed -n 's/^#define ONNXRUN_ABI \([0-9]*\)u$/\1/p' "$source/include/onnxrun/kernel.h")
refuse 'bad plug-in' "made for ABI $((abi + 6)), this onnxrun has ABI $abi" ./newer.so
refuse 'bad plug-in' "made for ABI 0, this onnxrun has ABI $abi" ./no_abi.so
refuse 'bad plug-in' "it cannot serve this onnxrun's ABI $abi" ./refuses.so
refuse 'bad plug-in' 'it has no kernels' ./no_kernels.so
refuse 'bad plug-in' 'it has no kernels' ./short.so
refuse 'bad plug-in' "kernel 'Twice': a map needs loops" ./faulty.so
refuse 'bad plug-in' onnxrun_plugin_query ./no_symbol.so
refuse 'bad plug-in' onnxrun_no_library_has_this ./unresolved.so

# Files. A library of the system is not found by its name alone.
echo 'not a shared object, is it?' >text.so
head -c 200 well.so >cut.so
: >empty.so
mkdir folder.so
mkfifo pipe.so
refuse 'bad plug-in' text.so ./text.so
refuse 'bad plug-in' cut.so ./cut.so
refuse 'bad plug-in' empty.so empty.so
refuse 'input/output error' 'not a regular file' folder.so
refuse 'input/output error' 'not a regular file' ./pipe.so
refuse 'not found' missing.so ./missing.so
refuse 'not found' libm.so.6 libm.so.6
refuse 'not found' open ''
[ "$failures" -eq 0 ]
