#!/usr/bin/env python3
"""make.py: the models of this folder, of operators that plug-ins bring (examples/plugin). Written byte
by byte by bench/models.py, so no package is needed, and the files are the same wherever it is run.

    models/plugins/make.py
"""
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "bench"))
sys.dont_write_bytecode = True
from models import FLOAT, INT64, RAW, Graph, info, number, span, varint  # noqa: E402

FLOAT16, BFLOAT16, UINT8 = 10, 16, 2
RAW[FLOAT16], RAW[BFLOAT16] = "e", "H"


def numbers(n, scale):
    """A fixed sequence between -scale and scale, exact in float16."""
    return [((i * 37 + 11) % 64 - 31.5) / 32 * scale for i in range(n)]


def stored(values, kind):
    """bfloat16 is the upper half of a float; all values are exact in it."""
    if kind != BFLOAT16:
        return values
    return [struct.unpack("<HH", struct.pack("<f", v))[1] for v in values]


def softclip(name, kind):
    """y = SoftClip(x * scale) + bias, on rows of 8."""
    g = Graph("example")
    scaled = g.node("Mul", ["x", g.constant(stored(numbers(8, 2), kind), (8,), kind)])
    clipped = g.node("example.SoftClip", [scaled], limit=2.5)
    g.node("Add", [clipped, g.constant(stored(numbers(8, 1), kind), (8,), kind)], "y")
    g.write(os.path.join(HERE, name), [info("x", ["N", 8], kind)], [info("y", ["N", 8], kind)])


def convolution():
    """y = SoftClip(Conv(x)), 3x3 windows of 3 channels to 40, and a bias."""
    g = Graph("example")
    w = g.constant(numbers(40 * 27, 0.25), (40, 3, 3, 3))
    b = g.constant(numbers(40, 1), (40,))
    made = g.node("Conv", ["x", w, b], pads=[1, 1, 1, 1])
    g.node("example.SoftClip", [made], "y", limit=1.0)
    g.write(os.path.join(HERE, "conv.onnx"), [info("x", ["N", "C", "H", "W"])],
            [info("y", ["N", 40, "H", "W"])])


def product():
    """y = x * B, B of 24 rows and 40 columns; x has any leading dims."""
    g = Graph("example")
    g.node("MatMul", ["x", g.constant(numbers(24 * 40, 1), (24, 40))], "y")
    g.write(os.path.join(HERE, "matmul.onnx"), [info("x", ["N", "M", 24])],
            [info("y", ["N", "M", 40])])


def median(name, edge, size):
    """size: a constant; None: an input, so that the shape of y is known in the run alone."""
    g = Graph("example")
    given = "size" if size is None else g.constant(size, (), INT64)
    g.node("example.Median", ["x", given], "y", edge=edge)
    inputs = [info("x", ["N", "L"])] + ([info("size", [], INT64)] if size is None else [])
    g.write(os.path.join(HERE, name), inputs, [info("y", ["N", "M"])])


def ordered():
    """y = each row of x, sorted."""
    g = Graph("example")
    g.node("example.Sorted", ["x"], "y")
    g.write(os.path.join(HERE, "sorted.onnx"), [info("x", ["N", 3])], [info("y", ["N", 3])])


def relu():
    """Of a type that Relu has not by the standard."""
    g = Graph()
    g.node("Relu", ["x"], "y")
    g.write(os.path.join(HERE, "relu-u8.onnx"), [info("x", ["N"], UINT8)], [info("y", ["N"], UINT8)])


def some(kind, field, values):
    """An attribute of a kind that bench/models.py does not write, without its name."""
    return b"".join(span(field, v) for v in values) + number(20, kind)


def everything(name, i, k):
    """What tests/abi/v1/plugin.c has, one after the other; k None: an input."""
    g = Graph("v1")
    g.version = 3
    w, one = g.constant([1.0, 2.0, 3.0], (3,)), g.constant(1.0)
    size = "k" if k is None else g.constant(k, (), INT64)
    scalar = number(2, FLOAT) + span(9, struct.pack("<f", 16.0))
    attributes = [span(1, "f") + varint(2 << 3 | 5) + struct.pack("<f", 0.25) + number(20, 1),
                  span(1, "i") + number(3, i) + number(20, 2),
                  span(1, "s") + span(4, "8") + number(20, 3),
                  span(1, "t") + span(5, scalar) + number(20, 4),
                  span(1, "floats") + b"".join(varint(7 << 3 | 5) + struct.pack("<f", v)
                                               for v in (32.0, 64.0)) + number(20, 6),
                  span(1, "ints") + number(8, 128) + number(8, 256) + number(20, 7),
                  span(1, "strings") + some(8, 9, ["1", "2"]),
                  span(1, "choice") + span(4, "one") + number(20, 3),
                  span(1, "ignored") + number(3, 7) + number(20, 2)]
    body = b"".join(span(1, v) for v in ("x", w, size, "", one, size)) + span(2, "a") + span(2, "z")
    body += span(3, "everything") + span(4, "Everything") + span(7, "v1")
    g.nodes.append(span(1, body + b"".join(span(5, a) for a in attributes)))
    biased = g.node("v1.Biased", ["a", g.constant([1000.0, 2000.0], (2,))])
    g.node("v1.Turned", [g.node("v1.Half", [biased])], "y")
    g.node("v1.Rank", ["x"], "rank")
    g.node("v1.Count", ["x"], "held")
    outs = [info("y", [1, "M"]), info("z", ["K"], INT64), info("rank", [], INT64),
            info("held", [], INT64)]
    g.write(os.path.join(HERE, name),
            [info("x", [2, "N"])] + ([info("k", [], INT64)] if k is None else []), outs)


softclip("softclip.onnx", FLOAT)
softclip("softclip-f16.onnx", FLOAT16)
softclip("softclip-bf16.onnx", BFLOAT16)
convolution()
product()
median("median.onnx", "repeat", 5)
median("median-valid.onnx", "valid", None)
relu()
ordered()
everything("v1.onnx", 512, 3)
everything("v1-run.onnx", 512, None)
everything("v1-declined.onnx", 99, 3)
