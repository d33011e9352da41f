"""The C library as ctypes sees it: onnxrun.h's structs and calls, as far as this package uses them."""
import ctypes
import ctypes.util
import os
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_void_p

MAX_RANK = 16
OK, INVALID_ARGUMENT, INVALID_INPUT, NOT_FOUND = 0, 1, 3, 7
STRING, SEQUENCE, OPTIONAL, MAP = 8, 48, 49, 50


class CError(ctypes.Structure):
    _fields_ = [("status", c_int), ("text", c_char * 252)]


class String(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("size", c_size_t)]

    def read(self):
        return ctypes.string_at(self.data, self.size) if self.size else b""

    def __str__(self):
        return self.read().decode("utf-8", "surrogateescape")


class Tensor(ctypes.Structure):
    _fields_ = [("dtype", c_int), ("rank", c_uint32), ("dims", c_int64 * MAX_RANK),
                ("data", c_void_p), ("bytes", c_size_t)]

    @property
    def shape(self):
        return tuple(self.dims[:self.rank])


class Options(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("threads", c_int32), ("reserved", c_int32),
                ("allocator", c_void_p), ("executor", c_void_p), ("registry", c_void_p),
                ("isa", c_char_p), ("max_bytes", c_size_t), ("max_nodes", c_size_t),
                ("max_depth", c_size_t), ("without_passes", c_char_p)]


class Info(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("name", c_void_p), ("name_size", c_size_t),
                ("spec", Tensor), ("dim_names", POINTER(c_char_p)), ("any_rank", c_int32),
                ("reserved", c_int32), ("doc", String), ("type", c_char_p)]


class About(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("ir_version", c_int64), ("model_version", c_int64),
                ("producer", String), ("producer_version", String), ("domain", String),
                ("doc", String), ("graph", String), ("graph_doc", String)]


class Error(Exception):
    """A call that failed: `status` is its number in onnxrun.h, the text says what and where."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def _load():
    """ONNXRUN_LIBRARY's file, or the library that the system finds."""
    named = os.environ.get("ONNXRUN_LIBRARY")
    names = [named] if named else ["libonnxrun.so.0", ctypes.util.find_library("onnxrun")]
    for name in names:
        try:
            return ctypes.CDLL(name)  # which runs other Python threads during a call
        except (OSError, TypeError) as error:
            reason = error
    raise OSError("libonnxrun.so is not found; ONNXRUN_LIBRARY may name it: %s" % reason)


_lib = _load()
_TENSOR, _INFO, _STRING, _SIZE = POINTER(Tensor), POINTER(Info), POINTER(String), POINTER(c_size_t)
_OUT, _OPTIONS = POINTER(c_void_p), POINTER(Options)

# Calls that return a status; their last argument, the error, is added by `check`.
_CHECKED = {
    "model_open": (c_char_p, _OPTIONS, _OUT),
    "model_load": (c_char_p, c_size_t, _OPTIONS, _OUT),
    "model_input": (c_void_p, c_size_t, _INFO),
    "model_output": (c_void_p, c_size_t, _INFO),
    "model_find_input": (c_void_p, c_char_p, _SIZE),
    "model_about": (c_void_p, POINTER(About)),
    "model_opset": (c_void_p, c_size_t, _STRING, POINTER(c_int64)),
    "model_property": (c_void_p, c_size_t, _STRING, _STRING),
    "session_create": (c_void_p, _OPTIONS, _OUT),
    "session_output": (c_void_p, _TENSOR, c_size_t, c_size_t, _INFO),
    "session_run": (c_void_p, _TENSOR, c_size_t, _TENSOR, c_size_t),
    "value_strings": (_TENSOR, POINTER(c_char_p), _SIZE, _OPTIONS, _OUT),
    "value_sequence": (POINTER(_TENSOR), c_size_t, _OPTIONS, _OUT),
    "value_optional": (_TENSOR, _OPTIONS, _OUT),
}
_PLAIN = {
    "version": (c_char_p,),
    "dtype_name": (c_char_p, c_int),
    "model_release": (None, c_void_p),
    "model_inputs": (c_size_t, c_void_p),
    "model_outputs": (c_size_t, c_void_p),
    "model_opsets": (c_size_t, c_void_p),
    "model_properties": (c_size_t, c_void_p),
    "session_release": (None, c_void_p),
    "value_tensor": (_TENSOR, c_void_p),
    "value_release": (None, c_void_p),
    "tensor_count": (c_size_t, _TENSOR),
    "tensor_item": (_TENSOR, _TENSOR, c_size_t),
    "tensor_string": (_STRING, _TENSOR, c_size_t),
}


def _declare(name, result, arguments):
    function = getattr(_lib, "onnxrun_" + name)
    function.restype, function.argtypes = result, arguments
    return function


def _checked(name, arguments):
    function = _declare(name, c_int, arguments + (POINTER(CError),))

    def call(*given):
        error = CError()
        status = function(*given, byref(error))
        if status != OK:
            raise Error(status, error.text.decode("utf-8", "replace"))
    return call


class _Calls:
    """onnxrun_NAME as calls.NAME; one that fails raises an Error."""

    def __init__(self):
        for name, arguments in _CHECKED.items():
            setattr(self, name, _checked(name, arguments))
        for name, (result, *arguments) in _PLAIN.items():
            setattr(self, name, _declare(name, result, arguments))


calls = _Calls()
