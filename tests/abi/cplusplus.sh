#!/bin/sh
# cplusplus.sh SOURCE PROGRAM PLUGIN: the plug-in of cplusplus.cpp sorts rows.
source=$1 program=$2 plugin=$3
. "$(dirname "$0")/../support/fail.sh"
# 2, 1, 0.5 and -1, 2, 1
printf '\000\000\000\100\000\000\200\077\000\000\000\077' >"$work/x.bin"
printf '\000\000\200\277\000\000\000\100\000\000\200\077' >>"$work/x.bin"
found=$("$program" --plugin "$plugin" "$source/models/plugins/sorted.onnx" "$work/x.bin" 2>&1)
[ "$(echo "$found" | tr -s ' ')" = 'y float[2,3] [[ 0.5 1. 2. ] [-1. 1. 2. ]]' ] || fail "$found"
[ "$failures" -eq 0 ]
