#!/bin/sh
# hashes.sh PROGRAM LIST: the activations' results have the bits that LIST records, for each
# instruction set of this machine, whatever compiled them. After a change that moves bits on
# purpose:
#   PROGRAM --hashes --stride 1021 | LC_ALL=C sort >LIST
found=$("$1" --hashes --stride 1021) || exit 1
[ -n "$found" ] || exit 1
unknown=$(printf '%s\n' "$found" | grep -vxFf "$2")
[ -z "$unknown" ] && exit 0
printf 'not in %s:\n%s\n' "$2" "$unknown"
exit 1
