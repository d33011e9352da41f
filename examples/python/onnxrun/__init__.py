"""Runs ONNX models by libonnxrun, with numpy's arrays.

    import numpy, onnxrun
    session = onnxrun.Session("model.onnx")
    outputs = session.run({"x": numpy.zeros((1, 3), numpy.float32)})

outputs["y"] is an array by the output's name. ../README.md has more.
"""
import ctypes
import os
import threading
from collections import namedtuple
from ctypes import byref, c_int64, c_size_t, c_void_p

from ._library import INVALID_INPUT, About, Error, Info, Options, String, Tensor, calls
from ._values import Made, buffer_for, read

__all__ = ["Error", "Model", "Session", "Value", "version"]

# An input or output: name, type as ONNX writes it ("tensor(float)"), dims (a number, a name, or None where the model
# leaves it open; None for all when it does not say a rank), and what the model says of it.
Value = namedtuple("Value", "name type shape doc")


def version():
    """The library's version."""
    return calls.version().decode()


def _options(**fields):
    return Options(size=ctypes.sizeof(Options), **fields)


def _text(address, size):
    return ctypes.string_at(address, size).decode("utf-8", "surrogateescape")


def _value(get, handle, i):
    info = Info(size=ctypes.sizeof(Info))
    get(handle, i, byref(info))
    names = info.dim_names
    shape = None if info.any_rank else tuple(
        d if d >= 0 else names[k].decode("utf-8", "replace") if names[k] else None
        for k, d in enumerate(info.spec.shape))
    return Value(_text(info.name, info.name_size), info.type.decode(),
                 shape, str(info.doc)), info.spec.dtype


class Model:
    """A model from a file, or from bytes. Never changes: any number of sessions and threads may use it.

    Attributes: inputs and outputs (lists of Value), about, opsets and properties (dicts)."""

    def __init__(self, source, max_bytes=0):
        self._handle = handle = c_void_p()
        options = _options(max_bytes=max_bytes)
        if isinstance(source, (bytes, bytearray)):
            self._bytes = bytes(source)  # which the library borrows
            calls.model_load(self._bytes, len(self._bytes), byref(options), byref(handle))
        else:
            calls.model_open(os.fsencode(source), byref(options), byref(handle))
        ins = [_value(calls.model_input, handle, i) for i in range(calls.model_inputs(handle))]
        outs = [_value(calls.model_output, handle, i) for i in range(calls.model_outputs(handle))]
        self.inputs, self._types = [v for v, _ in ins], [t for _, t in ins]
        self.outputs = [v for v, _ in outs]

    def __del__(self, release=calls.model_release):
        release(self._handle)

    @property
    def about(self):
        about = About(size=ctypes.sizeof(About))
        calls.model_about(self._handle, byref(about))
        values = {name: getattr(about, name) for name, _ in About._fields_[1:]}
        return {name: str(v) if isinstance(v, String) else v for name, v in values.items()}

    @property
    def opsets(self):
        domain, number = String(), c_int64()
        found = {}
        for i in range(calls.model_opsets(self._handle)):
            calls.model_opset(self._handle, i, byref(domain), byref(number))
            found[str(domain)] = number.value
        return found

    @property
    def properties(self):
        key, value = String(), String()
        found = {}
        for i in range(calls.model_properties(self._handle)):
            calls.model_property(self._handle, i, byref(key), byref(value))
            found.setdefault(str(key), str(value))
        return found


class Session:
    """Runs a model (a Model, a path or bytes), by `threads` threads, 0: as many as there are.

    A session does one run at a time, and others wait; give each thread one of its own over the same
    Model. Python's other threads go on during a run."""

    def __init__(self, model, threads=0, max_bytes=0):
        self._handle = c_void_p()
        self._lock = threading.Lock()
        self.model = model if isinstance(model, Model) else Model(model, max_bytes)
        options = _options(threads=threads, max_bytes=max_bytes)
        calls.session_create(self.model._handle, byref(options), byref(self._handle))

    def __del__(self, release=calls.session_release):
        release(self._handle)

    def _inputs(self, feed, made):
        model = self.model
        index = c_size_t()
        names = [v.name for v in model.inputs]
        for name in feed:
            if name not in names:
                calls.model_find_input(model._handle, os.fsencode(name), byref(index))
                raise Error(INVALID_INPUT, "%r names no input" % name)
        tensors = (Tensor * len(names))()
        for i, name in enumerate(names):
            if name not in feed:
                raise Error(INVALID_INPUT, "input '%s' is not given" % name)
            tensors[i] = made.tensor(feed[name], model._types[i])
        return tensors

    def _run(self, given):
        """Runs with outputs in arrays where their shapes are known, else in lent memory."""
        n = len(self.model.outputs)
        results, arrays = (Tensor * n)(), []
        info = Info(size=ctypes.sizeof(Info))
        for i in range(n):
            calls.session_output(self._handle, given, len(given), i, byref(info))
            array = buffer_for(info)
            arrays.append(array)
            if array is not None:
                results[i].data, results[i].bytes = array.ctypes.data, array.nbytes
        calls.session_run(self._handle, given, len(given), results, n)
        return [read(results[i]) if arrays[i] is None else arrays[i] for i in range(n)]

    def run(self, feed):
        """Results by the outputs' names, for inputs by theirs.

        Arrays that are contiguous, aligned and of the machine's byte order are used where they lie.
        Arrays of str or bytes feed tensors of strings, lists feed sequences, None an optional."""
        made = Made()
        try:
            given = self._inputs(feed, made)
            with self._lock:
                results = self._run(given)
        finally:
            made.release()
        return dict(zip([v.name for v in self.model.outputs], results))
