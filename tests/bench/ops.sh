#!/bin/sh
# ops.sh BENCH_OPS BENCH_COMPARE: the benchmarks of operators print sane rows, their JSON says the
# same, and what they cannot do they say.
ops=$1 compare=$2
. "$(dirname "$0")/../support/fail.sh"

"$ops" --op Elu,PRelu,Equal,Clip,Softmax --type float,float16,bool --size 1,96 --threads 1,2 --isa base \
  --seconds 0.001 --json "$work/both.json" >"$work/table" || fail "bench_ops ends with $?"
# Elu, Clip, Softmax and the two forms of PRelu in 2 types, Equal in 3; 2 sizes, 2 numbers of threads.
[ "$(wc -l <"$work/table")" -eq $((1 + (5 * 2 + 3) * 4)) ] || {
  cat "$work/table"
  fail "bench_ops prints another number of rows"
}
python3 - "$work/both.json" <<'EOF' || fail "bench_ops: what its JSON says"
import json, sys
rows = json.load(open(sys.argv[1]))["results"]
assert len(rows) == 52, len(rows)
for r in rows:
    t = r["microseconds"]
    assert 0 < t["least"] <= t["median"] <= t["largest"] < 1e6, r
    assert r["turns"] >= 3 and r["isa"] == "base" and r["size"] in (1, 96), r
    for name in ("ns_per_element", "gb_per_second", "times_memcpy", "times_best_copy"):
        assert r[name] > 0, r
    assert abs(r["ns_per_element"] - 1e3 * t["median"] / r["size"]) < 1e-6 * r["ns_per_element"], r
assert {r["form"] for r in rows if r["operator"] == "PRelu"} == {"", "by channel"}
EOF
"$ops" --op Elu --attributes "alpha=0.5" --size 10 --seconds 0.001 --json - >"$work/one.json" ||
  fail "bench_ops --json - ends with $?"
python3 -c 'import json, sys
rows = json.load(open(sys.argv[1]))["results"]
assert len(rows) == 1 and rows[0]["attributes"] == "alpha=0.5", rows' "$work/one.json" || fail "--json -"

# refuses STATUS TEXT COMMAND...: ends so, after a message that has the text.
refuses() {
  status=$1 text=$2
  shift 2
  "$@" >"$work/out" 2>"$work/err"
  [ $? -eq "$status" ] && grep -q -e "$text" "$work/err" || fail "$*: $(cat "$work/err")"
}
refuses 2 "'Nothing' is unknown" "$ops" --op Nothing
refuses 2 "'0' is unknown" "$ops" --size 0
refuses 2 "usage" "$ops" --size
refuses 2 "usage" "$ops" --what 1
refuses 1 "nothing" "$ops" --op Elu --isa nothing --size 1
refuses 2 "set ORT_LIB" env -u ORT_LIB "$compare" --op Elu
refuses 2 "ORT_LIB" env "ORT_LIB=$work/none.so" "$compare" --op Elu
[ "$failures" -eq 0 ]
