#!/bin/sh
# subdirectory.sh SOURCE CMAKE CC: the library as a part of another project's build, as FetchContent
# makes it; for one instruction set, to be quick.
# subdirectory.sh SOURCE CMAKE musl-gcc: the same as a static program over musl, without OpenMP, which
# has no library for musl in Debian. Nor has protobuf-c, but Debian's static one calls nothing of the
# C library that is particular to glibc.
source=$1 cmake=$2 cc=$3
. "$(dirname "$0")/../support/fail.sh"
options="-DONNXRUN_ISAS=base" programs="with_onnxrun with_static"

if [ "${cc##*/}" = musl-gcc ]; then
  mkdir -p "$work/musl/include"
  ln -s "$(pkg-config --variable=includedir libprotobuf-c)/protobuf-c" "$work/musl/include"
  ln -s "$(pkg-config --variable=libdir libprotobuf-c)/libprotobuf-c.a" "$work/musl"
  printf '%s\n' 'Name: libprotobuf-c' 'Description: for musl' "Version: $(
    pkg-config --modversion libprotobuf-c)" 'Cflags: -I${pcfiledir}/include' \
    'Libs: -L${pcfiledir} -lprotobuf-c' >"$work/musl/libprotobuf-c.pc"
  PKG_CONFIG_LIBDIR=$work/musl
  export PKG_CONFIG_LIBDIR
  options="$options -DONNXRUN_OPENMP=OFF -DCMAKE_EXE_LINKER_FLAGS=-static" programs=with_static
fi

# shellcheck disable=SC2086
"$cmake" -S "$source/tests/install/consumer" -B "$work/build" -G Ninja "-DCMAKE_C_COMPILER=$cc" \
  -DCMAKE_BUILD_TYPE=Release "-DFETCHCONTENT_SOURCE_DIR_ONNXRUN=$source" $options >"$work/log" &&
  "$cmake" --build "$work/build" -j 2 --target $programs >>"$work/log" || fail "$(cat "$work/log")"
for program in $programs; do
  "$work/build/$program" "$source/models/ops/elu.onnx" >"$work/found" || fail "$program: wrong results"
  grep -q '^ok ' "$work/found" || fail "$program: prints $(cat "$work/found")"
done
if [ "$programs" = with_static ]; then
  readelf -lW "$work/build/with_static" | grep -q INTERP && fail "not a static program"
  readelf -SW "$work/build/with_static" | grep -q 'note\.ABI-tag' && fail "holds glibc's start"
fi
[ "$failures" -eq 0 ]
