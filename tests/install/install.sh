#!/bin/sh
# install.sh SOURCE BUILD CC CMAKE: programs are built with what `cmake --install` gives, in a folder
# that was moved since: by CMake and by pkg-config, with the shared and with the static library.
source=$1 build=$2 cc=$3 cmake=$4
. "$(dirname "$0")/../support/fail.sh"
model=$source/models/ops/elu.onnx
consumer=$source/tests/install/consumer

# expect PROGRAM NEEDED: it computes, and needs libonnxrun.so (1) or not (0).
expect() {
  [ "$("$1" "$model" | sed 's/ .*//')" = ok ] || fail "${1#"$work"/}: wrong results"
  needed=$(readelf -dW "$1" | grep -c 'NEEDED.*\[libonnxrun\.so\.')
  [ "$needed" -eq "$2" ] || fail "${1#"$work"/}: needs libonnxrun.so $needed times, expected $2"
}

"$cmake" --install "$build" --prefix "$work/first" >"$work/log" || fail "cmake --install"
mv "$work/first" "$work/moved"
root=$work/moved
for path in "$work/first" "$source" "$build"; do
  grep -rlF "$path" "$root" | while read -r file; do echo "${file#"$root"/} holds $path"; done
done >"$work/absolute"
[ ! -s "$work/absolute" ] || fail "$(cat "$work/absolute")"
for file in bin/onnxrun include/onnxrun/onnxrun.h share/man/man1/onnxrun.1 \
  share/bash-completion/completions/onnxrun share/zsh/site-functions/_onnxrun; do
  [ -s "$root/$file" ] || fail "$file is not installed"
done

"$cmake" -S "$consumer" -B "$work/find" -G Ninja "-DCMAKE_C_COMPILER=$cc" \
  "-DCMAKE_PREFIX_PATH=$root" >"$work/log" && "$cmake" --build "$work/find" >>"$work/log" ||
  fail "find_package: $(cat "$work/log")"
expect "$work/find/with_onnxrun" 1
expect "$work/find/with_static" 0

# pkg-config FILE OPTION...: main.c by the compiler alone.
PKG_CONFIG_PATH=$(dirname "$(find "$root" -name onnxrun.pc)")
export PKG_CONFIG_PATH
LD_LIBRARY_PATH=$(pkg-config --variable=libdir onnxrun)
export LD_LIBRARY_PATH
warnings="-std=c11 -Wall -Wextra -Wpedantic -Werror"
# shellcheck disable=SC2046,SC2086
"$cc" $warnings "$consumer/main.c" $(pkg-config --cflags --libs onnxrun) -o "$work/shared" ||
  fail "pkg-config: does not build"
expect "$work/shared" 1
awk -v n=2 -f "$source/tests/docs/block.awk" "$source/README.md" >"$work/example.c"
command=$(sed -n 's/^    \(cc example\.c .*\) &&.*/\1/p' "$source/README.md")
(cd "$work" && eval "${command:-false}") || fail "README.md: '$command' fails"
[ "$(cd "$source" && "$work/a.out" | tr '\n' ' ')" = "-0.632121 0 1 " ] || fail "README.md: results"
case $(pkg-config --static --libs onnxrun) in
*.so*) echo 'no static program: there is no static library of this OpenMP' ;; # LLVM's in Debian
*)
  # It opens no shared object, so the linker says of dlopen that it would need some.
  # shellcheck disable=SC2046,SC2086
  "$cc" $warnings -static "$consumer/main.c" $(pkg-config --static --cflags --libs onnxrun) \
    -o "$work/static" 2>"$work/log" || fail "pkg-config --static: $(cat "$work/log")"
  expect "$work/static" 0
  readelf -lW "$work/static" | grep -q INTERP && fail "pkg-config --static: not a static program"
  ;;
esac
[ "$failures" -eq 0 ]
