"""A quant's tensors beside those of the f16 GGUF it was made from, one by one.

The measures on texts see a model as a whole: of a small tensor that was lost they may see less than
of a coarse but sound quantization.
"""

import ctypes
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WINDOWS = 32
"""Places of a tensor that are compared, evenly spread: a lost one differs in all."""
WINDOW = 4096
"""Weights of a place."""
BLOCK = 256
"""Weights that the largest blocks of llama.cpp's types hold."""
MOST_ERROR = 0.4
"""Most difference, as a share of the f16 weights' own norm: 0.007 with q8_0, 0.05 with q4_k_m, 0.15
with q4_0 (the worst tensor of Gemma 3 270M)."""


@dataclass(frozen=True)
class Tensor:
    """A tensor in a GGUF file."""

    start: int
    """Its first byte in the file."""
    bytes: int
    type: int
    """ggml_type of ggml.h."""


class InitParameters(ctypes.Structure):
    """struct gguf_init_params of gguf.h."""

    _fields_ = (("no_alloc", ctypes.c_bool), ("context", ctypes.c_void_p))


def lost_tensor(full: Path, quant: Path) -> str:
    """The name of the first tensor that a quant does not hold as f16 does; '' = there is none."""
    found = tensors_of(quant)
    for name, tensor in tensors_of(full).items():
        if name not in found or not error(full, tensor, quant, found[name]) <= MOST_ERROR:
            return name
    return ""


def tensors_of(path: Path) -> dict[str, Tensor]:
    """Where the tensors of a GGUF lie, by llama.cpp: of a large vocabulary, the gguf package takes
    ten seconds to read what is not asked for here."""
    from llama_cpp._ggml import libggml as library

    library.gguf_init_from_file.argtypes = [ctypes.c_char_p, InitParameters]
    library.gguf_init_from_file.restype = ctypes.c_void_p
    library.gguf_get_n_tensors.argtypes = library.gguf_free.argtypes = [ctypes.c_void_p]
    library.gguf_get_data_offset.argtypes = [ctypes.c_void_p]
    library.gguf_get_data_offset.restype = ctypes.c_size_t
    for function, kind in (
        (library.gguf_get_tensor_name, ctypes.c_char_p),
        (library.gguf_get_tensor_offset, ctypes.c_size_t),
        (library.gguf_get_tensor_size, ctypes.c_size_t),
        (library.gguf_get_tensor_type, ctypes.c_int),
    ):
        function.argtypes = [ctypes.c_void_p, ctypes.c_int64]
        function.restype = kind
    file = library.gguf_init_from_file(str(path).encode(), InitParameters(True, None))
    try:
        start = library.gguf_get_data_offset(file)
        return {
            library.gguf_get_tensor_name(file, index).decode(): Tensor(
                start + library.gguf_get_tensor_offset(file, index),
                library.gguf_get_tensor_size(file, index),
                library.gguf_get_tensor_type(file, index),
            )
            for index in range(library.gguf_get_n_tensors(file))
        }
    finally:
        library.gguf_free(file)


def error(full: Path, before: Tensor, quant: Path, after: Tensor) -> float:
    """|after - before| / |before| over the windows of a tensor; infinite where their sizes differ,
    or only `before` is zero."""
    import numpy

    count = weights_in(before)
    if count != weights_in(after):
        return math.inf
    one, other = (windows(*each, count) for each in ((full, before), (quant, after)))
    difference, size = float(numpy.linalg.norm(other - one)), float(numpy.linalg.norm(one))
    return difference / size if size else difference and math.inf


def weights_in(tensor: Tensor) -> int:
    """How many weights a tensor has."""
    weights, size = block_of(tensor.type)
    return tensor.bytes // size * weights


def block_of(kind: int) -> tuple[int, int]:
    """(weights, bytes) of a block of a type."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    weights, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    return weights, size


def windows(path: Path, tensor: Tensor, count: int) -> Any:
    """The weights at WINDOWS places of a tensor of `count` weights, float64."""
    import numpy
    from gguf.constants import GGMLQuantizationType
    from gguf.quants import dequantize

    weights, size = block_of(tensor.type)
    data = numpy.memmap(path, numpy.uint8, "r", tensor.start, (tensor.bytes,))
    last = max(0, count - WINDOW) // BLOCK * BLOCK
    starts = sorted({int(at) // BLOCK * BLOCK for at in numpy.linspace(0, last, WINDOWS)})
    places = [(at // weights * size, min(at + WINDOW, count) // weights * size) for at in starts]
    kind = GGMLQuantizationType(tensor.type)
    plain = {GGMLQuantizationType.F32: numpy.float32, GGMLQuantizationType.F16: numpy.float16}
    found = [numpy.array(data[first:end]) for first, end in places]
    if kind in plain:
        parts = [part.view(plain[kind]) for part in found]
    else:
        parts = [dequantize(part.reshape(1, -1), kind).ravel() for part in found]
    return numpy.concatenate(parts).astype(numpy.float64)
