#!/usr/bin/env python3
"""models.py: ONNX models to measure the engine with, written byte by byte: no package is needed.

    bench/models.py FOLDER                     all of them, at the sizes of docs/PERFORMANCE.md
    bench/models.py KIND FILE [OPTION]...      one of them

KIND           the graph                                                        options
  relu         one Relu                                                         --length
  tiny         a chain of nodes that no pass can fuse or take out (ReduceMax)   --nodes --length
  leaky        a chain of LeakyRelu                                             --nodes --length
  acts         the eight activations in a row                                   --length
  gelu         tanh-Gelu as its seven arithmetic nodes and a Tanh               --length
  branches     branches of LeakyRelu, Mul, Tanh, Add from one input, and a Sum  --branches --length
  forest       an isolation forest as Gather, Less, Where and arithmetic        --trees --splits
  weights      a MatMul, or a Gemm, with large weights                          --mb --gemm --external

Inputs are `x`, outputs `y`, of floats. --length 0 leaves the length free. Everything is made from a
fixed sequence of numbers, so that a file is the same wherever it is made.
"""
import argparse
import os
import struct

FLOAT, INT64, BOOL = 1, 7, 9
RAW = {FLOAT: "f", INT64: "q"}


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def number(field, n):
    return varint(field << 3) + varint(n)


def span(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    if isinstance(value, float):
        return span(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, int):
        return span(1, name) + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return span(1, name) + span(4, value) + number(20, 3)
    return span(1, name) + b"".join(number(8, i) for i in value) + number(20, 7)


def info(name, dims, kind=FLOAT):
    """ValueInfoProto; a dim that is a text is a free dim's name."""
    shape = b"".join(span(1, span(2, d) if isinstance(d, str) else number(1, d)) for d in dims)
    return span(1, name) + span(2, span(1, number(1, kind) + span(2, shape)))


class Graph:
    def __init__(self, domain=None):
        """domain: one beside ai.onnx, of the operators "domain.Name"."""
        self.domain, self.version = domain, 1
        self.nodes, self.inits, self.count, self.rest = [], [], 0, b""
        self.tail = []  # (bytes, large data) of initializers that are not to be copied

    def node(self, op, inputs, output=None, **attributes):
        """Appends a node and returns its output's name."""
        output = output or "v%d" % self.count
        self.count += 1
        body = b"".join(span(1, i) for i in inputs) + span(2, output)
        domain, _, name = op.rpartition(".")
        body += span(3, "n%d" % len(self.nodes)) + span(4, name)
        body += span(7, domain) if domain else b""
        body += b"".join(span(5, attribute(*a)) for a in attributes.items())
        self.nodes.append(span(1, body))
        return output

    def constant(self, values, dims=(), kind=FLOAT):
        name = "c%d" % self.count
        self.count += 1
        values = values if isinstance(values, (list, tuple)) else [values]
        body = b"".join(number(1, d) for d in dims) + number(2, kind) + span(8, name)
        body += span(9, struct.pack("<%d%s" % (len(values), RAW[kind]), *values))
        self.inits.append(span(5, body))
        return name

    def write(self, path, inputs, outputs):
        body = b"".join(self.nodes) + span(2, "bench") + b"".join(self.inits) + self.rest
        body += b"".join(span(11, i) for i in inputs) + b"".join(span(12, o) for o in outputs)
        large = b"".join(head for head, data in self.tail)
        size = len(body) + len(large) + sum(len(data) for head, data in self.tail)
        opset = span(8, number(2, 17))
        opset += span(8, span(1, self.domain) + number(2, self.version)) if self.domain else b""
        with open(path, "wb") as f:
            f.write(number(1, 8) + span(2, "bench/models.py") + opset + varint(7 << 3 | 2))
            f.write(varint(size) + body)
            for head, data in self.tail:
                f.write(head)
                f.write(data)


def free(length):
    return [length or "N"]


def vector(g, path, length):
    g.write(path, [info("x", free(length))], [info("y", free(length))])


def chain(path, ops, length):
    """ops: (op, attributes); each reads the one before it."""
    g, at = Graph(), "x"
    for i, (op, attributes) in enumerate(ops):
        extra = [g.constant(0.25, (1,))] if op == "PRelu" else []
        at = g.node(op, [at] + extra, "y" if i + 1 == len(ops) else None, **attributes)
    vector(g, path, length)


def relu(path, o):
    chain(path, [("Relu", {})], o.length)


def tiny(path, o):
    """The greatest of rows of one element, each time: nothing to compute, and nothing to fuse."""
    g, at = Graph(), "x"
    for i in range(o.nodes):
        at = g.node("ReduceMax", [at], "y" if i + 1 == o.nodes else None, axes=[1], keepdims=1)
    g.write(path, [info("x", free(o.length) + [1])], [info("y", free(o.length) + [1])])


def leaky(path, o):
    chain(path, [("LeakyRelu", {"alpha": 0.5 + i / 1024}) for i in range(o.nodes)], o.length)


def acts(path, o):
    chain(path, [("Relu", {}), ("LeakyRelu", {"alpha": 0.1}), ("PRelu", {}), ("Sigmoid", {}),
                 ("Tanh", {}), ("Elu", {}), ("Selu", {}), ("Celu", {})], o.length)


def gelu(path, o):
    """y = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))"""
    g = Graph()
    cube = g.node("Pow", ["x", g.constant(3.0)])
    inner = g.node("Add", ["x", g.node("Mul", [cube, g.constant(0.044715)])])
    t = g.node("Tanh", [g.node("Mul", [inner, g.constant(0.7978845608)])])
    half = g.node("Mul", ["x", g.node("Add", [t, g.constant(1.0)])])
    g.node("Mul", [half, g.constant(0.5)], "y")
    vector(g, path, o.length)


def branches(path, o):
    g, ends = Graph(), []
    for i in range(o.branches):
        at = g.node("LeakyRelu", ["x"], alpha=(i + 1) / 1024)
        at = g.node("Mul", [at, g.constant(1 + i / 64)])
        ends.append(g.node("Add", [g.node("Tanh", [at]), g.constant(i / 128)]))
    g.node("Sum", ends, "y")
    vector(g, path, o.length)


class Numbers:
    """Knuth's 64-bit linear congruential generator; its high bits."""

    def __init__(self):
        self.state = 1

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self.state >> 33) % n


def tree(g, r, splits):
    """The depth at which a row of x ends, as float[N,1]: from the leaves to the root."""
    parts = [g.constant(float(1 + r.below(10))) for _ in range(splits + 1)]
    while len(parts) > 1:
        feature = g.constant([r.below(8)], (1,), INT64)
        value = g.node("Gather", ["x", feature], axis=1)
        is_less = g.node("Less", [value, g.constant((r.below(2000) - 1000) / 500)])
        parts.append(g.node("Where", [is_less, parts.pop(0), parts.pop(0)]))
    return parts[0]


def forest(path, o):
    """score = 2^(-mean depth / c), label = score > 0.5."""
    g, r = Graph(), Numbers()
    total = g.constant(0.0)
    for _ in range(o.trees):
        depth = g.node("Mul", [tree(g, r, o.splits), g.constant(1 + r.below(100) / 1000)])
        depth = g.node("Cast", [depth], to=FLOAT)
        total = g.node("Add", [total, depth])
    mean = g.node("Div", [total, g.constant(float(o.trees))])
    scaled = g.node("Neg", [g.node("Div", [mean, g.constant(10.24)])])
    score = g.node("Exp", [g.node("Mul", [scaled, g.constant(0.69314718)])], "y")
    offset = g.node("Sub", [score, g.constant(0.5)])
    is_less = g.node("Less", [offset, g.constant(0.0)])
    sign = g.node("Cast", [g.node("Where", [is_less, g.constant([1], (), INT64),
                                            g.constant([-1], (), INT64)])], to=FLOAT)
    g.node("Mul", [sign, g.constant(1.0)], "label")
    g.write(path, [info("x", ["N", 8])], [info("y", ["N", 1]), info("label", ["N", 1])])


def pattern(size):
    """Floats from -1 to 1, a mebibyte of them again and again."""
    r = Numbers()
    part = struct.pack("<262144f", *[(r.below(4096) - 2048) / 2048 for _ in range(262144)])
    return part * (size >> 20) + part[:size & (1 << 20) - 1]


def weights(path, o):
    """y[N,columns] = x[N,4096] * w: raw data in the file, or in FILE.data."""
    g, rows = Graph(), 4096
    columns = (o.mb << 20) // (4 * rows)
    dims = (columns, rows) if o.gemm else (rows, columns)
    if o.gemm:
        g.node("Gemm", ["x", "w"], "y", transB=1)
    else:
        g.node("MatMul", ["x", "w"], "y")
    head = b"".join(number(1, d) for d in dims) + number(2, FLOAT) + span(8, "w")
    data = pattern(o.mb << 20)
    if o.external:
        name = os.path.basename(path) + ".data"
        entries = (("location", name), ("offset", "0"), ("length", str(len(data))))
        head += b"".join(span(13, span(1, k) + span(2, v)) for k, v in entries) + number(14, 1)
        g.inits.append(span(5, head))
        with open(path + ".data", "wb") as f:
            f.write(data)
    else:
        head += varint(9 << 3 | 2) + varint(len(data))
        g.tail.append((varint(5 << 3 | 2) + varint(len(head) + len(data)) + head, data))
    g.write(path, [info("x", ["N", rows])], [info("y", ["N", columns])])


KINDS = {f.__name__: f for f in (relu, tiny, leaky, acts, gelu, branches, forest, weights)}

# What docs/PERFORMANCE.md measures.
ALL = [("relu-1", "relu", {"length": 1}), ("tiny-1", "tiny", {"nodes": 1, "length": 1}),
       ("tiny-1000", "tiny", {"length": 1}), ("tiny-10000", "tiny", {"nodes": 10000, "length": 1}),
       ("leaky-8", "leaky", {"nodes": 8}), ("acts-8", "acts", {}), ("gelu", "gelu", {}),
       ("branches-64", "branches", {}), ("forest-5410", "forest", {}),
       ("weights-256", "weights", {"mb": 256})]


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("kind", metavar="KIND|FOLDER")
    p.add_argument("file", metavar="FILE", nargs="?")
    for name, default in (("nodes", 1000), ("length", 0), ("branches", 64), ("trees", 100),
                          ("splits", 17), ("mb", 256)):
        p.add_argument("--" + name, type=int, default=default, metavar="N")
    p.add_argument("--gemm", action="store_true")
    p.add_argument("--external", action="store_true")
    o = p.parse_args()
    if o.file:
        if o.kind not in KINDS:
            p.error("kind '%s' is not one of %s" % (o.kind, ", ".join(KINDS)))
        KINDS[o.kind](o.file, o)
        return
    os.makedirs(o.kind, exist_ok=True)
    for name, kind, options in ALL:
        values = argparse.Namespace(**dict(vars(o), **options))
        KINDS[kind](os.path.join(o.kind, name + ".onnx"), values)


if __name__ == "__main__":
    main()
