"""The importance matrix: how strongly each column of each weight is driven by the user's texts.

For a weight W that is multiplied with activations x, the importance of column j is the mean of
x_j^2 over the tokens; quantization then spends its precision on the columns that matter. This is
what llama.cpp's `llama-imatrix` computes (tools/imatrix/imatrix.cpp), from the same place: the
callback that llama.cpp calls with every step of its computation. That tool comes with no Python
package; the activations are read here through the C interface that does.
"""

import ctypes
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.gguf_model import CHUNK, GgufModel, feed, quiet
from taxqa.errors import ProofError
from taxqa.progress import bar

F32 = 0
"""GGML_TYPE_F32 of ggml.h."""


@dataclass(frozen=True)
class Importance:
    """Mean squared input of each column, by the weight's name in the GGUF."""

    columns: dict[str, Any]
    """Name -> float32 array of shape (columns,)."""
    texts: int
    tokens: int


class Tensor(ctypes.Structure):
    """struct ggml_tensor of ggml.h, as far as it is read here."""


Tensor._fields_ = [
    ("type", ctypes.c_int),
    ("buffer", ctypes.c_void_p),
    ("ne", ctypes.c_int64 * 4),
    ("nb", ctypes.c_size_t * 4),
    ("op", ctypes.c_int),
    ("op_params", ctypes.c_int32 * 16),
    ("flags", ctypes.c_int32),
    ("src", ctypes.POINTER(Tensor) * 10),
    ("view_src", ctypes.c_void_p),
    ("view_offs", ctypes.c_size_t),
    ("data", ctypes.c_void_p),
    ("name", ctypes.c_char * 64),
]


class Collector:
    """Sums the squares of what each weight of a block is multiplied with."""

    def __init__(self) -> None:
        """Start from nothing."""
        from llama_cpp._ggml import libggml

        self.library = libggml
        self.library.ggml_get_name.restype = ctypes.c_void_p
        self.library.ggml_get_name.argtypes = [ctypes.c_void_p]
        self.library.ggml_op_desc.restype = ctypes.c_char_p
        self.library.ggml_op_desc.argtypes = [ctypes.c_void_p]
        self.library.ggml_backend_tensor_get.restype = None
        self.library.ggml_backend_tensor_get.argtypes = [
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t,
        ]  # fmt: skip
        self.sums: dict[str, Any] = {}
        self.counts: dict[str, int] = {}
        self.problem = ""
        self.last = ""
        """The weight that was shown last."""
        self.stop_after = ""
        """The weight after which there is nothing more to see in a computation."""

    def see(self, address: int, ask: bool, _: object) -> bool:
        """What llama.cpp calls before (`ask`) and after it computes a tensor.

        Before: whether it is to be shown; after: whether to go on computing. No exception gets
        through C: what goes wrong is kept in `problem`.
        """
        name = self.weight_name(address)
        if ask or not name:
            return bool(name)
        tensor = Tensor.from_address(address)
        self.add(name, tensor.src[1])
        self.last = name
        return not self.problem and name != self.stop_after

    def weight_name(self, address: int) -> str:
        """The block's weight that the tensor at `address` is a product with; '' = none."""
        tensor = Tensor.from_address(address)
        if self.library.ggml_get_name(address) != address + Tensor.name.offset:
            self.problem = "its tensors are laid out otherwise than in the version tried"
            return ""
        if self.library.ggml_op_desc(address) != b"MUL_MAT":
            return ""
        return weight_of(tensor.src[0].contents.name.decode(errors="replace"))

    def add(self, name: str, pointer: Any) -> None:
        """Add the activations in the tensor at `pointer`, shape (tokens, columns)."""
        import numpy

        inputs = pointer.contents
        columns, rows = inputs.ne[0], inputs.ne[1] * inputs.ne[2] * inputs.ne[3]
        if inputs.type != F32 or inputs.nb[1] != 4 * columns:
            self.problem = f"the input of {name} is no plain 32-bit matrix"
            return
        values = numpy.empty((rows, columns), dtype=numpy.float32)
        self.library.ggml_backend_tensor_get(
            ctypes.addressof(inputs), values.ctypes.data, 0, values.nbytes
        )
        squares = numpy.square(values, dtype=numpy.float64).sum(axis=0)
        self.sums[name] = self.sums.get(name, 0) + squares
        self.counts[name] = self.counts.get(name, 0) + rows


def weight_of(name: str) -> str:
    """The name of a block's weight, from what llama.cpp calls the tensor; '' = another tensor.

    A copy on another device is called 'CUDA0#blk.0.ffn_up.weight#0'.
    """
    name = name.split("#")[1] if "#" in name else name
    return name if name.startswith("blk.") and name.endswith(".weight") else ""


def importance_of(path: Path, texts: Sequence[list[int]]) -> Importance:
    """The importance matrix of the GGUF at `path` over texts given as token ids.

    Raises:
        ProofError: llama.cpp showed no activations, or such as are no numbers.
    """
    import llama_cpp
    import numpy

    longest = max(len(ids) for ids in texts)
    collector = Collector()
    callback = llama_cpp.llama_cpp.ggml_backend_sched_eval_callback(collector.see)
    settings = llama_cpp.llama_context_default_params()
    settings.n_ctx = longest + 8
    settings.n_batch = settings.n_ubatch = CHUNK
    settings.cb_eval = callback
    with closing(GgufModel(path, context=16)) as model:
        # llama.cpp's default of four threads waits for itself where there are fewer cores.
        settings.n_threads = settings.n_threads_batch = model.model.n_threads
        with quiet():
            context = llama_cpp.llama_init_from_model(model.model.model, settings)
        try:
            with bar("Importance matrix from training texts", total=len(texts)) as progress:
                for ids in texts:
                    # Every position asks for logits: of the others the last block is cut short.
                    for _ in feed(context, ids, first=0):
                        require_none(collector.problem, path)
                    # The output's product with the whole vocabulary is left out from now on: in
                    # a small model that is most of the work.
                    collector.stop_after = collector.last
                    progress.advance()
        finally:
            llama_cpp.llama_free(context)
    columns = {
        name: (sums / collector.counts[name]).astype(numpy.float32)
        for name, sums in collector.sums.items()
    }
    if not columns or not all(numpy.isfinite(means).all() for means in columns.values()):
        require_none("it showed no activations, or such as are no numbers", path)
    return Importance(columns, len(texts), sum(map(len, texts)))


def require_none(problem: str, path: Path) -> None:
    """ProofError where there is a problem."""
    if problem:
        raise ProofError(
            f"No importance matrix of {path.name} can be had from llama.cpp: {problem}.",
            hint="Export without --imatrix, or install the llama-cpp-python that taxqa names.",
        )
