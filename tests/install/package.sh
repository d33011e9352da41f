#!/bin/sh
# package.sh SOURCE BUILD CPACK: the Debian packages hold what they should, depend on what their files
# need, work once unpacked, and are the same bytes when made again.
source=$1 build=$2 cpack=$3
. "$(dirname "$0")/../support/fail.sh"
model=$source/models/ops/elu.onnx
SOURCE_DATE_EPOCH=1700000000
export SOURCE_DATE_EPOCH

for turn in first again; do
  (cd "$build" && "$cpack" -B "$work/$turn") >"$work/log" 2>&1 || fail "cpack: $(cat "$work/log")"
done
root=$work/root
for package in libonnxrun0 libonnxrun-dev onnxrun; do
  file=$(echo "$work/first/${package}"_*.deb)
  cmp "$file" "$work/again/${file##*/}" || fail "$package: another file when made again"
  dpkg-deb -x "$file" "$root" || fail "$package"
  [ "$(dpkg-deb -f "$file" Package)" = "$package" ] || fail "$package: its name"
  dpkg-deb -f "$file" Maintainer | grep -q '^[A-Za-z][^<]* <[^ >]*@[^ >]*>$' || fail "$package: its maintainer"
  [ "$(dpkg-deb -f "$file" Description | wc -l)" -ge 3 ] || fail "$package: its description"
  for page in copyright changelog.gz changelog.Debian.gz; do
    [ -s "$root/usr/share/doc/$package/$page" ] || fail "$package lacks $page"
  done
  dpkg-deb -f "$file" Version >"$work/version"
  zcat "$root/usr/share/doc/$package/changelog.Debian.gz" | grep -qF "($(cat "$work/version"))" ||
    fail "$package: changelog.Debian is not of version $(cat "$work/version")"
done

# depends PACKAGE FILE: a package that has each library which the file needs is asked for.
depends() {
  dpkg-deb -f "$work/first/$1"_*.deb Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//' >"$work/depends"
  for needed in $(objdump -p "$root/$2" | sed -n 's/^ *NEEDED *//p'); do
    owners=$(dpkg-query -S "*/$needed" | sed 's/:.*//' | sort -u)
    [ "$owners" ] && grep -qxF "$owners" "$work/depends" ||
      fail "$1: needs $needed, and does not ask for $owners"
  done
}
library=$(cd "$root" && find usr/lib -name 'libonnxrun.so.*.*')
depends onnxrun usr/bin/onnxrun
depends libonnxrun0 "$library"
dpkg-deb -f "$work/first"/libonnxrun-dev_*.deb Depends | grep -q "libonnxrun0 (= $(cat "$work/version"))" ||
  fail 'libonnxrun-dev: does not ask for the library of its version'
# The loader's version is no symbol, so dpkg-shlibdeps overlooks it.
if readelf -VW "$root/$library" | grep -q GLIBC_ABI_DT_RELR; then
  dpkg-deb -f "$work/first"/libonnxrun0_*.deb Depends | grep -qF 'libc6 (>= 2.36)' ||
    fail 'libonnxrun0: does not ask for the C library that knows packed relocations'
fi

man -l "$root/usr/share/man/man1/onnxrun.1.gz" 2>/dev/null | grep -q -- --no-pass ||
  zcat "$root/usr/share/man/man1/onnxrun.1.gz" | grep -q -- '-no-pass' || fail 'onnxrun: its manual'
"$root/usr/bin/onnxrun" "$model" | grep -qx 'output  Y  float\[n\]' || fail 'onnxrun: does not run'
LD_LIBRARY_PATH=$root/${library%/*}
PKG_CONFIG_PATH=$LD_LIBRARY_PATH/pkgconfig
export LD_LIBRARY_PATH PKG_CONFIG_PATH
# shellcheck disable=SC2046
cc "$source/tests/install/consumer/main.c" $(pkg-config --cflags --libs onnxrun) -o "$work/program" &&
  "$work/program" "$model" | grep -q '^ok ' || fail 'libonnxrun-dev: a program with it'
[ "$failures" -eq 0 ]
