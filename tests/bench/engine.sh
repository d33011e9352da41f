#!/bin/sh
# engine.sh PROGRAM SOURCE: bench_engine runs one of its cases and writes what a program can read.
set -eu
program=$1
source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -B "$source/bench/models.py" relu "$work/relu-1.onnx" --length 1
ORT_LIB= "$program" "$work" --only 'one Relu' --seconds 0.01 --json "$work/out.json" >"$work/table"
grep -q 'run: one Relu of one element' "$work/table"
python3 -B - "$work/out.json" <<'END'
import json, sys
rows = json.load(open(sys.argv[1]))["results"]
assert [r["what"] for r in rows] == ["run: one Relu of one element"], rows
assert all(0 < r["least"] <= r["median"] <= r["largest"] for r in rows), rows
END
if "$program" >/dev/null 2>&1; then
  echo "expected a failure without a folder"
  exit 1
fi
