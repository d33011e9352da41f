#!/usr/bin/env python3
"""make.py: the models of this folder, of operators that plug-ins bring (examples/plugin). Written byte
by byte by bench/models.py, so no package is needed, and the files are the same wherever it is run.

    models/plugins/make.py
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "bench"))
sys.dont_write_bytecode = True
from models import FLOAT, INT64, RAW, Graph, info, number, span  # noqa: E402

FLOAT16 = 10
RAW[FLOAT16] = "e"


def numbers(n, scale):
    """A fixed sequence between -scale and scale, exact in float16."""
    return [((i * 37 + 11) % 64 - 31.5) / 32 * scale for i in range(n)]


def softclip(name, kind):
    """y = SoftClip(x * scale) + bias, on rows of 8."""
    g = Graph("example")
    scaled = g.node("Mul", ["x", g.constant(numbers(8, 2), (8,), kind)])
    clipped = g.node("example.SoftClip", [scaled], limit=2.5)
    g.node("Add", [clipped, g.constant(numbers(8, 1), (8,), kind)], "y")
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


softclip("softclip.onnx", FLOAT)
softclip("softclip-f16.onnx", FLOAT16)
convolution()
product()
median("median.onnx", "repeat", 5)
median("median-valid.onnx", "valid", None)
