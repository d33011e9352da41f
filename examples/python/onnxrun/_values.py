"""Python's values as the library's tensors, and back."""
import ctypes
from ctypes import POINTER, byref, c_char_p, c_size_t, c_void_p, pointer

import numpy as np

from ._library import (INVALID_INPUT, MAP, MAX_RANK, OPTIONAL, SEQUENCE, STRING, Error, Tensor,
                       calls)

# Types that numpy has. Those it lacks come as their bits: bfloat16 as uint16, 8-bit floats as uint8.
NUMPY = {1: np.float32, 2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16, 6: np.int32,
         7: np.int64, 8: np.object_, 9: np.bool_, 10: np.float16, 11: np.float64, 12: np.uint32,
         13: np.uint64, 14: np.complex64, 15: np.complex128,
         16: np.uint16, 17: np.uint8, 18: np.uint8, 19: np.uint8, 20: np.uint8, 24: np.uint8}
NUMPY = {number: np.dtype(t) for number, t in NUMPY.items()}
NUMBER = {t: number for number, t in reversed(NUMPY.items())}


class Made:
    """What one run is given: tensors, and what must live as long as they are looked at."""

    def __init__(self):
        self.kept, self.values = [], []

    def release(self):
        while self.values:
            calls.value_release(self.values.pop())

    def _own(self, make, *arguments):
        handle = c_void_p()
        make(*arguments, None, byref(handle))
        self.values.append(handle)
        return calls.value_tensor(handle).contents

    def tensor(self, value, number=0):
        """The value as a tensor of that type, 0: the type that it has."""
        if number == OPTIONAL:
            return self._own(calls.value_optional,
                             None if value is None else pointer(self.tensor(value)))
        if number == SEQUENCE or (not number and isinstance(value, (list, tuple))):
            items = [pointer(self.tensor(item)) for item in value]
            return self._own(calls.value_sequence, (POINTER(Tensor) * len(items))(*items),
                             len(items))
        if number and not isinstance(value, np.ndarray) and number in NUMPY:
            value = np.asarray(value, NUMPY[number])
        array = np.asarray(value)
        return self._strings(array) if array.dtype.kind in "OUS" else self._numbers(array, number)

    def _strings(self, array):
        texts = [t.encode("utf-8", "surrogateescape") if isinstance(t, str) else bytes(t)
                 for t in array.ravel().tolist()]
        shape = _shaped(STRING, array)
        return self._own(calls.value_strings, byref(shape), (c_char_p * len(texts))(*texts),
                         (c_size_t * len(texts))(*map(len, texts)))

    def _numbers(self, array, number):
        if not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="))
        array = np.require(array, requirements=("C", "A"))  # itself, if it is so already
        if array.dtype not in NUMBER:
            raise Error(INVALID_INPUT, "arrays of %s are of no ONNX type" % array.dtype)
        fits = NUMPY.get(number) == array.dtype
        tensor = _shaped(number if fits else NUMBER[array.dtype], array)
        tensor.data, tensor.bytes = array.ctypes.data, array.nbytes
        self.kept.append(array)
        return tensor


def _shaped(number, array):
    if array.ndim > MAX_RANK:
        raise Error(INVALID_INPUT, "an array has rank %d, the most is %d" % (array.ndim, MAX_RANK))
    tensor = Tensor(dtype=number, rank=array.ndim)
    tensor.dims[:array.ndim] = array.shape
    return tensor


def buffer_for(info):
    """An array for an output of which all is known before the run, or None."""
    spec = info.spec
    if info.any_rank or spec.dtype not in NUMPY or spec.dtype == STRING or min(spec.shape + (0,)) < 0:
        return None
    return np.empty(spec.shape, NUMPY[spec.dtype])


def read(tensor):
    """A copy of what the library lends: an array, a list, a dict; None for an optional without."""
    if tensor.dtype == STRING:
        texts = np.empty(tensor.shape, object)
        for i in range(texts.size):
            texts.flat[i] = str(calls.tensor_string(tensor, i).contents)
        return texts
    if tensor.dtype in (SEQUENCE, OPTIONAL, MAP):
        items = [read(calls.tensor_item(tensor, i).contents)
                 for i in range(calls.tensor_count(tensor))]
        if tensor.dtype == OPTIONAL:
            return items[0] if items else None
        return dict(zip(items[0].tolist(), items[1])) if tensor.dtype == MAP else items
    if tensor.dtype not in NUMPY:
        raise Error(INVALID_INPUT, "numpy has no arrays of %s"
                    % calls.dtype_name(tensor.dtype).decode())
    array = np.empty(tensor.shape, NUMPY[tensor.dtype])
    if array.nbytes:
        ctypes.memmove(array.ctypes.data, tensor.data, array.nbytes)
    return array
