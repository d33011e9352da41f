"""tables.py PAGE FILE.json...: writes the tables of docs/PERFORMANCE.md from what bench_ops and
bench_compare wrote with --json, between the page's two marks, and lists on the standard output what
is slower than it is meant to be.
"""
import json
import sys

BEGIN, END = "<!-- tables.py begins -->\n", "<!-- tables.py ends -->\n"
ACTIVATIONS = ["Relu", "LeakyRelu", "PRelu", "PRelu by channel", "Elu", "Selu", "Celu", "Sigmoid", "Tanh"]
SIZES = [65536, 1048576, 16777216]
SHORT = {65536: "64 k", 1048576: "1 M", 16777216: "16 M"}
# Where streaming begins to pay lies between these.
COPIED = {65536: "64 k", 1048576: "1 M", 2097152: "2 M", 4194304: "4 M", 16777216: "16 M"}

# Most multiples of a copy that an operator is meant to take with one thread, by size (the last is of
# the best copy there is): simple ones, those with a product, those with one exponential, with a
# division too.
LIMITS = {"Relu": (1.1, 1.2, 1.15), "LeakyRelu": (1.3, 1.3, 1.15), "PRelu": (1.3, 1.3, 1.15),
          "PRelu by channel": (1.3, 1.3, 1.15), "Elu": (4.5, 2, 1.3), "Selu": (4.5, 2, 1.3),
          "Celu": (4.5, 2, 1.3), "Sigmoid": (7, 3.2, 1.5), "Tanh": (7, 3.2, 1.5)}


def name_of(r):
    return " ".join(x for x in (r["operator"], r["form"], r["attributes"]) if x)


def us(r):
    return r["microseconds"]["median"]


def number(x):
    return "%.3g" % x if x < 1000 else "%.0f" % x


class Results:
    """Rows by operator, type, size, threads and instruction set; later files win."""

    def __init__(self, paths):
        self.rows, self.peer = {}, "ONNX Runtime"
        for path in paths:
            with open(path) as f:
                read = json.load(f)
            self.peer = read["peer"] or self.peer
            for r in read["results"]:
                self.rows[name_of(r), r["type"], r["size"], r["threads"], r["isa"]] = r
        order = {"base": 0, "avx2": 1, "avx512": 2}
        self.best = max((k[4] for k in self.rows), key=lambda isa: order.get(isa, 0))

    def get(self, name, size, threads=1, dtype="float", isa=None):
        return self.rows.get((name, dtype, size, threads, isa or self.best))

    def names(self):
        return sorted({k[0] for k in self.rows})


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(r) + " |" for r in rows]) + "\n"


def copies(r, size):
    return r["times_best_copy"] if size >= SIZES[2] else r["times_memcpy"]


def cells(r, size, limit=None):
    """Time, multiple of a copy, the peer's multiple of ours."""
    if not r:
        return ["-"] * 3
    multiple = "%.2f" % copies(r, size)
    if limit and copies(r, size) > limit:
        multiple = "**%s** (%g)" % (multiple, limit)
    return [number(us(r)), multiple, "%.2f" % r["peer_times_ours"] if "peer_times_ours" in r else "-"]


def activations(results, threads):
    head = ["operator"]
    for size in SIZES:
        head += [SHORT[size] + ", us", "x copy", "theirs"]
    rows = []
    for name in ACTIVATIONS:
        row = [name]
        for i, size in enumerate(SIZES):
            row += cells(results.get(name, size, threads), size, LIMITS[name][i] if threads == 1 else None)
        rows.append(row)
    return table(head, rows)


def copied(results):
    """What the copies took in the same runs."""
    rows = []
    for threads in (1, 2):
        row = [str(threads)]
        for size in COPIED:
            r = results.get("Elu", size, threads)
            for key in ("memcpy_microseconds", "streaming_microseconds"):
                row.append(number(r[key]["median"]) if r and key in r else "-")
        rows.append(row)
    head = ["threads"]
    for size in COPIED:
        head += [COPIED[size] + ", memcpy, us", "streaming"]
    return table(head, rows)


def threads(results):
    rows = []
    for name in ACTIVATIONS:
        row = [name]
        for size in SIZES:
            one, two = results.get(name, size, 1), results.get(name, size, 2)
            row.append("%.2f" % (us(one) / us(two)) if one and two else "-")
        rows.append(row)
    return table(["operator"] + [SHORT[s] for s in SIZES], rows)


def types(results):
    names = ["float", "float16", "bfloat16", "double"]
    head = ["operator"]
    for size in SIZES[:2]:
        head += [SHORT[size] + ", " + n for n in names]
    rows = []
    for name in ACTIVATIONS:
        row = [name]
        for size in SIZES[:2]:
            for dtype in names:
                r = results.get(name, size, 1, dtype)
                cell = "%.3f" % r["ns_per_element"] if r else "-"
                if r and dtype != "float" and "peer_times_ours" in r:
                    cell += " (%.3g)" % r["peer_times_ours"]
                row.append(cell)
        rows.append(row)
    return table(head, rows)


def levels(results):
    rows = []
    for name in ACTIVATIONS:
        row = [name]
        for isa in ("avx2", "base"):
            for size in SIZES[:2]:
                slow, best = results.get(name, size, 1, "float", isa), results.get(name, size)
                row.append("%.2f" % (us(slow) / us(best)) if slow and best else "-")
        rows.append(row)
    return table(["operator"] + ["%s, %s" % (isa, SHORT[s]) for isa in ("avx2", "base") for s in SIZES[:2]],
                 rows)


def family(results):
    rows = []
    for name in results.names():
        one = [results.get(name, size) for size in SIZES[:2]]
        if name not in ACTIVATIONS and any(one):
            rows.append([name] + cells(one[0], SIZES[0]) + cells(one[1], SIZES[1]))
    head = ["operator"]
    for size in SIZES[:2]:
        head += [SHORT[size] + ", us", "x copy", "theirs"]
    return table(head, rows)


def slower(results):
    """Activations at any size and number of threads where the peer is faster."""
    found = []
    for (name, dtype, size, n, isa), r in sorted(results.rows.items()):
        if name in ACTIVATIONS and dtype == "float" and isa == results.best and \
                r.get("peer_times_ours", 1) < 1:
            found.append("%s, %d, %d threads: %s us, theirs %s us (%.2f)"
                         % (name, size, n, number(us(r)), number(r["peer_microseconds"]["median"]),
                            r["peer_times_ours"]))
    return found


def misses(results):
    found = ["slower than %s: %s" % (results.peer, text) for text in slower(results)]
    for name in ACTIVATIONS:
        for i, size in enumerate(SIZES):
            r, two = results.get(name, size), results.get(name, size, 2)
            if r and copies(r, size) > LIMITS[name][i]:
                found.append("%s, %d: %.2f times a copy, meant to be %g"
                             % (name, size, copies(r, size), LIMITS[name][i]))
            if r and two and LIMITS[name][0] > 2 and us(r) / us(two) < 1.8:
                found.append("%s, %d: two threads are %.2f times one" % (name, size, us(r) / us(two)))
            for dtype in ("float16", "bfloat16"):
                half = results.get(name, size, 1, dtype)
                if r and half and us(half) > us(r):
                    found.append("%s, %d, %s: %.2f times float's time"
                                 % (name, size, dtype, us(half) / us(r)))
            slow = results.get(name, size, 1, "float", "avx2")
            if r and slow and us(slow) > 2 * us(r):
                found.append("%s, %d: avx2 takes %.2f times %s" % (name, size, us(slow) / us(r), results.best))
    return found


def page(results):
    faster = slower(results)
    return "\n".join([
        "Level %s, one thread. `x copy`: the multiple of `memcpy()` of as many bytes in the same run, at 16 M of the" % results.best,
        "best copy there is; bold where it is above what it is meant to be, in brackets. `theirs`: %s's time, in" % results.peer,
        "multiples of ours.\n",
        activations(results, 1),
        "Two threads, beside copies on two threads:\n",
        activations(results, 2),
        "The copies:\n",
        copied(results),
        "Slower than %s at any size from 1 to 64 M, with one thread or two:%s\n"
        % (results.peer, " nothing." if not faster else "\n\n- " + "\n- ".join(faster)),
        "Time with one thread by time with two:\n",
        threads(results),
        "By type, one thread, nanoseconds an element; in brackets %s's time in multiples of ours, where it" % results.peer,
        "has a kernel:\n",
        types(results),
        "Time of other levels by that of %s, one thread:\n" % results.best,
        levels(results),
        "The other operators, one thread:\n",
        family(results)])


def main(path, files):
    results = Results(files)
    with open(path) as f:
        text = f.read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    with open(path, "w") as f:
        f.write(before + BEGIN + "\n" + page(results) + "\n" + END + after)
    for text in misses(results):
        print(text)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
