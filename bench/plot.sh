#!/bin/sh
# plot.sh OUTPUT.svg FILE.json...: draws time an element against size, a panel for each operator,
# from what `bench_compare --json` wrote: ours and ONNX Runtime's, and memcpy()'s. Needs gnuplot and
# python3.
set -eu
[ $# -ge 2 ] || {
  echo "usage: bench/plot.sh OUTPUT.svg FILE.json..." >&2
  exit 2
}
command -v gnuplot >/dev/null || {
  echo "plot.sh: gnuplot (gnuplot-nox) is missing" >&2
  exit 2
}
output=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A file for each panel: size, then ns an element by ours with one and two threads, theirs, memcpy()
# with one.
python3 - "$work" "$@" <<'EOF'
import json, sys
work, panels = sys.argv[1], {}
for path in sys.argv[2:]:
    for r in json.load(open(path))["results"]:
        if r["type"] == "float":
            name = (r["operator"] + " " + r["form"]).strip()
            panels.setdefault(name, {}).setdefault(r["size"], {})[r["threads"]] = r
with open(work + "/panels", "w") as names:
    for i, (name, sizes) in enumerate(sorted(panels.items())):
        names.write("%d %s\n" % (i, name))
        with open("%s/%d" % (work, i), "w") as out:
            for size, by_threads in sorted(sizes.items()):
                def ns(threads, key):
                    r = by_threads.get(threads, {})
                    return "%g" % (1e3 * r[key]["median"] / size) if key in r else "nan"
                out.write(" ".join([str(size), ns(1, "microseconds"), ns(2, "microseconds"),
                                    ns(1, "peer_microseconds"), ns(2, "peer_microseconds"),
                                    ns(1, "memcpy_microseconds")]) + "\n")
EOF
rows=$((($(wc -l <"$work/panels") + 2) / 3))
{
  echo "set terminal svg size 1080,$((300 * rows)) font 'sans,11' background 'white'"
  echo "set output '$output'"
  echo "set multiplot layout $rows,3"
  echo "set logscale xy"
  echo "set format x '10^{%L}'"
  echo "set format y '%g'"
  echo "set xrange [10:1e8]"
  echo "set yrange [0.02:2000]"
  echo "set grid"
  echo "set key samplen 2 spacing 0.9 font ',9'"
  echo "set ylabel 'ns an element'"
  echo "set xlabel 'elements'"
  while read -r i name; do
    echo "set title '$name'"
    echo "plot '$work/$i' using 1:6 with lines lc 'gray60' lw 2 title 'memcpy', \\"
    echo " '' using 1:4 with lines lc '#d95f02' lw 2 title 'ONNX Runtime', \\"
    echo " '' using 1:5 with lines dt 2 lc '#d95f02' lw 2 title 'ONNX Runtime, 2 threads', \\"
    echo " '' using 1:2 with lines lc '#1b6ca8' lw 2 title 'onnxrun', \\"
    echo " '' using 1:3 with lines dt 2 lc '#1b6ca8' lw 2 title 'onnxrun, 2 threads'"
  done <"$work/panels"
} | gnuplot
