#!/bin/sh
# clean.sh SOURCE FOLDER: the Debian packages in the folder, installed by apt into a clean Debian 12
# that mmdebstrap makes; the README's first commands and its program run there.
# `scripts/test package` calls it: it fetches some hundred megabytes, so not every build does.
source=$1 packages=$2
. "$(dirname "$0")/../support/fail.sh"
awk -v n=2 -f "$source/tests/docs/block.awk" "$source/README.md" >"$work/example.c"
mkdir "$work/packages"
cp "$packages"/*.deb "$work/packages"

cat >"$work/inside" <<'EOF'
set -eu
cd /stay
install() { apt-get install -qq --no-install-recommends "$@" >/dev/null 2>&1; }
install ./packages/onnxrun_*.deb
onnxrun models/digits-relu/model.onnx
onnxrun models/digits-relu/model.onnx models/digits-relu/input.bin
install gcc libc6-dev pkg-config ./packages/libonnxrun0_*.deb ./packages/libonnxrun-dev_*.deb
cc example.c $(pkg-config --cflags --libs onnxrun)
./a.out
cc -static example.c $(pkg-config --static --cflags --libs onnxrun) 2>/dev/null
./a.out
apt-get purge -qq onnxrun libonnxrun0 libonnxrun-dev >/dev/null
find / -xdev -path /stay -prune -o -path /proc -prune -o -name '*onnxrun*' -print
EOF
mmdebstrap --variant=apt --quiet --customize-hook='mkdir "$1/stay"' \
  --customize-hook="copy-in '$work/packages' '$work/example.c' '$work/inside' '$source/models' /stay" \
  --customize-hook='chroot "$1" sh /stay/inside >&2' bookworm /dev/null 2>"$work/found" ||
  fail "mmdebstrap: $(cat "$work/found")"
cat "$work/found"
{
  awk -v n=1 -f "$source/tests/docs/block.awk" "$source/README.md" | sed '/^\$/d'
  printf '%s\n' -0.632121 0 1 -0.632121 0 1
} | cut -c 1-60 >"$work/expected"
cut -c 1-60 "$work/found" | diff "$work/expected" - || fail 'other results than the README has'
[ "$failures" -eq 0 ]
