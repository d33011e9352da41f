#!/bin/sh
# tables.sh BUILD_FOLDER: times the operators, writes the tables of docs/PERFORMANCE.md and draws
# docs/activations.svg, in some five minutes; prints what is slower than it is meant to be.
# ORT_LIB names ONNX Runtime's library. RUN may hold a command to put before each program, of
# which none takes a minute.
set -eu
cd "$(dirname "$0")/.."
[ $# -eq 1 ] && [ -x "$1/bench_compare" ] || {
  echo "usage: ORT_LIB=PATH bench/tables.sh BUILD_FOLDER" >&2
  exit 2
}
results=$1/tables
mkdir -p "$results"

# measure NAME PROGRAM OPTION...
measure() {
  name=$1 program=$2
  shift 2
  echo "== $name"
  ${RUN:-} "$program" "$@" --json "$results/$name.json" >"$results/$name.txt"
}
sizes=1,16,256,4k,16k,64k,256k,1M,2M,4M,16M,64M
activations="Relu LeakyRelu PRelu Elu Selu Celu Sigmoid Tanh"
curve=
for op in $activations; do
  measure "$op" "$1/bench_compare" --op "$op" --threads 1,2 --size $sizes
  curve="$curve $results/$op.json"
done
measure types "$1/bench_compare" --op activations --type float16,bfloat16,double --size 64k,1M
measure levels "$1/bench_ops" --op activations --size 64k,1M --isa base,avx2,avx512
measure all "$1/bench_compare" --size 64k,1M --seconds 0.1

# The activations last: what is measured with both numbers of threads counts.
# shellcheck disable=SC2086
python3 bench/tables.py docs/PERFORMANCE.md "$results/all.json" "$results/types.json" \
  "$results/levels.json" $curve
# shellcheck disable=SC2086
bench/plot.sh docs/activations.svg $curve
