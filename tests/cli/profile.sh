#!/bin/sh
# --profile: a table of the steps, and a trace that any reader of JSON takes.
. "$2/tests/cli/support/lib.sh"

# y = Relu(x) under a name that is no text; z = x.
name=$(printf 'a"\\\033\nb')
model m.onnx "$(field 1 "$(node Relu x y)$(string 3 "$name")")$(field 11 "$(value x 1 2 3)")$(
  field 12 "$(value y 1 2 3)")$(field 12 "$(value x 1 2 3)")"
printf "$f_half$f_0$f_1$f_2$f_minus1$f_1" >x.bin

last='onnxrun --profile'
"$program" m.onnx x.bin --profile --quiet >out 2>err || fail "expected exit code 0"
[ ! -s out ] || fail 'expected nothing on standard output'
complains 'GB/s  operator'
complains 'Relu                float[2,3]  a"\\\x1b\nb'
complains 'Identity            float[2,3]  x'
complains 'us in 2 steps,'

run 0 m.onnx x.bin --profile=trace.json --quiet
if command -v python3 >/dev/null; then
  last='trace.json'
  python3 - trace.json >out 2>err <<'END' || fail 'expected a trace'
import json, sys
with open(sys.argv[1], encoding="utf-8") as f:
    events = json.load(f)["traceEvents"]
events.sort(key=lambda e: e["name"])
assert [e["name"] for e in events] == ["Identity", "Relu"], events
assert all(e["ph"] == "X" and e["dur"] >= 0 and e["ts"] >= 0 and e["tid"] == 0 for e in events)
relu = events[1]["args"]
assert relu["node"] == 'a"\\\\\\x1b\\nb' and relu["output"] == "float[2,3]", relu
assert relu["read_bytes"] == relu["written_bytes"] == 24 and relu["nodes"] == 1, relu
END
fi

run 1 m.onnx x.bin --profile=no/such/folder/trace.json
complains 'cannot create'
run 2 test --profile .
complains "option '--profile' is not for"
finish
