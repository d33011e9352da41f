"""test_python.py SOURCE: the Python package of the examples, against numpy."""
import math
import os
import re
import subprocess
import sys
import threading
import unittest

SOURCE = os.path.abspath(sys.argv.pop(1))
sys.path.insert(0, os.path.join(SOURCE, "examples", "python"))
import numpy as np  # noqa: E402
import onnxrun  # noqa: E402
from onnxrun import _values  # noqa: E402

INVALID_INPUT, NOT_FOUND, INVALID_MODEL = 3, 7, 2
ELU = os.path.join(SOURCE, "models", "ops", "elu.onnx")
DIGITS = os.path.join(SOURCE, "models", "digits-relu", "model.onnx")


def field(number, data):
    """A field of a protobuf message: a number, or bytes."""
    if isinstance(data, int):
        return varint(number << 3) + varint(data)
    data = data.encode() if isinstance(data, str) else data
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def tensor_type(number):
    return field(1, field(1, number))


def model(op, inputs, outputs, attributes=b""):
    """A model of one node; inputs and outputs are (name, TypeProto)."""
    node = b"".join(field(1, name) for name, _ in inputs)
    node += b"".join(field(2, name) for name, _ in outputs) + field(4, op) + attributes
    graph = field(1, node) + field(2, "g")
    graph += b"".join(field(11, field(1, n) + field(2, t)) for n, t in inputs)
    graph += b"".join(field(12, field(1, n) + field(2, t)) for n, t in outputs)
    return field(1, 8) + field(7, graph) + field(8, field(2, 18)) + field(
        14, field(1, "key") + field(2, "value"))


def elu(x):
    return onnxrun.Session(ELU).run({"X": x})["Y"]


def identity(kind):
    return onnxrun.Session(model("Identity", [("x", kind)], [("y", kind)]))


class Results(unittest.TestCase):
    def test_a_model_gives_what_numpy_says(self):
        x = np.linspace(-3, 3, 101, dtype=np.float32)
        y = elu(x)
        self.assertEqual((y.dtype, y.shape), (np.float32, (101,)))
        np.testing.assert_allclose(y, np.where(x < 0, np.expm1(x.astype(float)), x), rtol=1e-6)

    def test_the_digit_is_read(self):
        folder = os.path.dirname(DIGITS)
        x = np.fromfile(os.path.join(folder, "input.bin"), np.float32).reshape(1, 1, 8, 8)
        expected = np.fromfile(os.path.join(folder, "expected.bin"), np.float32)
        y, = onnxrun.Session(DIGITS).run({"image": x}).values()
        np.testing.assert_allclose(y, expected.reshape(1, 10), atol=1e-6)

    def test_results_outlive_the_session(self):
        y = elu(np.ones(1000, np.float32))
        self.assertTrue((y == 1).all() and y.flags.writeable)

    def test_shapes_that_depend_on_data_are_copied(self):
        s = onnxrun.Session(model("ConstantOfShape", [("x", tensor_type(7))],
                                  [("y", tensor_type(1))]))
        for shape in ((5,), (0, 3), (30, 30), ()):
            y = s.run({"x": np.array(shape, np.int64)})["y"]
            self.assertEqual((y.shape, y.any()), (shape, False))


    def test_the_readmes_program_runs(self):
        with open(os.path.join(SOURCE, "examples/python/README.md"), encoding="utf-8") as f:
            program = re.search(r"```python\n(.*?)```", f.read(), re.S).group(1)
        folder = os.path.join(SOURCE, "examples", "python")
        printed = subprocess.run([sys.executable, "-B", "-c", program], cwd=SOURCE, check=True,
                                 stdout=subprocess.PIPE, env=dict(os.environ, PYTHONPATH=folder))
        self.assertEqual(printed.stdout.split(), [b"[-0.63212055", b"0.", b"1.", b"]"])

    def test_a_library_that_is_missing_is_named(self):
        tried = subprocess.run([sys.executable, "-B", "-c", "import onnxrun"], cwd=SOURCE,
                               stderr=subprocess.PIPE,
                               env=dict(os.environ, ONNXRUN_LIBRARY="/no/such.so",
                                        PYTHONPATH=os.path.dirname(onnxrun.__path__[0])))
        self.assertIn(b"ONNXRUN_LIBRARY may name it: /no/such.so", tried.stderr)


class Inputs(unittest.TestCase):
    def test_contiguous_arrays_are_not_copied(self):
        made = _values.Made()
        x = np.ones((3, 4), np.float32)
        self.assertEqual(made.tensor(x).data, x.ctypes.data)
        x.flags.writeable = False
        self.assertEqual(made.tensor(x).data, x.ctypes.data)
        self.assertNotEqual(made.tensor(x.T).data, x.ctypes.data)

    def test_other_arrays_are_made_so(self):
        s = onnxrun.Session(ELU)
        x = np.arange(-6, 6, dtype=np.float32)
        odd = np.frombuffer(b"\0" + x.tobytes(), np.float32, offset=1)
        for other in (x[::-1][::-1], x.astype(">f4"), np.repeat(x, 2)[::2], odd, x.tolist()):
            np.testing.assert_array_equal(s.run({"X": other})["Y"], s.run({"X": x})["Y"])

    def test_every_type_passes(self):
        for number, dtype in _values.NUMPY.items():
            if number in (8, 20) or number > 20:
                continue
            x = np.arange(12).astype(dtype).reshape(3, 4)
            y = identity(tensor_type(number)).run({"x": x})["y"]
            self.assertEqual(y.dtype, dtype)
            np.testing.assert_array_equal(x, y)

    def test_scalars_and_empty_arrays_pass(self):
        for x in (np.array(7.0, np.float32), np.zeros((0, 3), np.float32)):
            y = identity(tensor_type(1)).run({"x": x})["y"]
            self.assertEqual(y.shape, x.shape)

    def test_strings_pass(self):
        for x in (np.array([["a", "ü\0b"], ["", "long" * 99]], object), np.array(["x", "yz"]),
                  np.array(["s"], object), np.zeros(0, object)):
            y = identity(tensor_type(8)).run({"x": x})["y"]
            self.assertEqual((y.shape, y.tolist()), (x.shape, x.tolist()))
        y = identity(tensor_type(8)).run({"x": np.array([b"bytes"])})["y"]
        self.assertEqual(y.tolist(), ["bytes"])

    def test_sequences_and_optionals_pass(self):
        sequence = field(4, field(1, tensor_type(1)))
        x = [np.ones(3, np.float32), np.zeros((2, 0), np.float32)]
        y = identity(sequence).run({"x": x})["y"]
        self.assertEqual([i.shape for i in y], [(3,), (2, 0)])
        self.assertEqual(identity(sequence).run({"x": []})["y"], [])
        optional = field(9, field(1, tensor_type(1)))
        self.assertIsNone(identity(optional).run({"x": None})["y"])
        self.assertEqual(identity(optional).run({"x": x[0]})["y"].tolist(), [1, 1, 1])
        nested = field(9, field(1, sequence))
        self.assertEqual(len(identity(nested).run({"x": x})["y"]), 2)


class Errors(unittest.TestCase):
    def fails(self, status, text, call, *arguments):
        with self.assertRaises(onnxrun.Error) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.status, status, caught.exception)
        self.assertIn(text, str(caught.exception))

    def test_they_say_what_is_wrong(self):
        s, x = onnxrun.Session(ELU), np.ones(3, np.float32)
        self.fails(NOT_FOUND, "no input 'z', it has 'X'", s.run, {"z": x})
        self.fails(NOT_FOUND, "no input 'z'", s.run, {"X": x, "z": x})
        self.fails(INVALID_INPUT, "names no input", s.run, {"X": x, "X\0": x})
        self.fails(INVALID_INPUT, "'X' is not given", s.run, {})
        self.fails(INVALID_INPUT, "'X' is double, expected float", s.run, {"X": x.astype(float)})
        self.fails(INVALID_INPUT, "no ONNX type", s.run, {"X": np.zeros(3, "datetime64[s]")})
        self.fails(INVALID_INPUT, "'image'", onnxrun.Session(DIGITS).run,
                   {"image": np.zeros((1, 1, 8, 9), np.float32)})
        self.fails(NOT_FOUND, "/no/such", onnxrun.Session, "/no/such/model.onnx")
        self.fails(INVALID_MODEL, "", onnxrun.Session, b"no model")
        self.assertEqual(s.run({"X": x})["Y"].tolist(), [1, 1, 1])

    def test_strings_for_numbers_are_refused(self):
        self.fails(INVALID_INPUT, "is string, expected float", onnxrun.Session(ELU).run,
                   {"X": np.array(["a"])})


class Threads(unittest.TestCase):
    def test_sessions_side_by_side(self):
        shared = onnxrun.Model(ELU)
        one = onnxrun.Session(shared, threads=1)
        wrong = []

        def work(session, k):
            x = np.full(5000, -k, np.float32)
            for _ in range(100):
                y = session.run({"X": x})["Y"]
                if not np.allclose(y, math.expm1(-k)):
                    wrong.append(k)

        threads = [threading.Thread(target=work, args=(s, k)) for k in range(2)
                   for s in (one, onnxrun.Session(shared, threads=1))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])


class Models(unittest.TestCase):
    def test_they_say_what_they_are(self):
        m = onnxrun.Model(DIGITS)
        self.assertEqual(m.inputs, [onnxrun.Value("image", "tensor(float)", ("batch", 1, 8, 8), "")])
        self.assertEqual(m.outputs[0].shape, ("batch", 10))
        self.assertGreater(m.about["ir_version"], 3)
        self.assertGreater(m.opsets[""], 6)
        self.assertEqual(m.properties, {})
        bare = onnxrun.Model(model("Relu", [("x", tensor_type(1))], [("y", tensor_type(1))]))
        self.assertIsNone(bare.inputs[0].shape)
        self.assertEqual((bare.properties, bare.opsets), ({"key": "value"}, {"": 18}))
        self.assertRegex(onnxrun.version(), r"^\d+\.\d+\.\d+$")


unittest.main()
