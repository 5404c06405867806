"""f16 GGUF to a quantized one, by llama.cpp in this process."""

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from export.importance import Importance
from taxqa.errors import InputError, MissingExtraError, ProofError

QUANTS = {
    "f16": (1, 2.0),
    "bf16": (32, 2.0),
    "q8_0": (7, 1.07),
    "q6_k": (18, 0.83),
    "q5_k_m": (17, 0.72),
    "q4_k_m": (15, 0.62),
    "q4_0": (2, 0.58),
    "iq4_xs": (30, 0.56),
}
"""Type -> (llama_ftype of llama.h, usual bytes per weight of a 12B model)."""
GGML_TYPES = {"f16": 1, "q8_0": 8, "q6_k": 14}
"""Types of single tensors (ggml_type of ggml.h)."""
CAREFUL = {r"attn_v\.weight": "q8_0", r"ffn_down\.weight": "q8_0"}
"""Pattern of a tensor's name -> the type it is kept at by `--careful`."""


def quant_names(text: str) -> list[str]:
    """The types in 'q4_k_m,q8_0', lower case, each once, in order of falling size.

    Raises:
        InputError: none, or one that is not known.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in QUANTS:
            raise InputError(f"Unknown quant '{name}'; known: {', '.join(QUANTS)}.")
    if not names:
        raise InputError(f"No quant was given; known: {', '.join(QUANTS)}.")
    return sorted(set(names), key=lambda name: -QUANTS[name][1])


def larger_quants(quant: str) -> list[str]:
    """The types with more bytes than `quant`, the smallest first, f16 as the last."""
    sizes = {name: size for name, (_, size) in reversed(QUANTS.items()) if name != "bf16"}
    return [name for name, size in sizes.items() if size > QUANTS[quant][1]]


def quantize(
    source: Path,
    out: Path,
    quant: str,
    *,
    importance: Importance | None = None,
    kept: Mapping[str, str] | None = None,
) -> None:
    """Write `source` (f16 GGUF) as `quant` to `out`.

    Args:
        importance: what to spend the precision on, from `export.importance`.
        kept: pattern of a tensor's name -> type of GGML_TYPES that such tensors get instead.

    Raises:
        ProofError: llama.cpp refused; nothing is left at `out`.
    """
    try:
        import llama_cpp
    except ImportError:
        raise MissingExtraError("llama-cpp-python", "export") from None
    from export.gguf_model import quiet

    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype = QUANTS[quant][0]
    if importance is not None:
        settings.imatrix = imatrix_data(importance)
        settings.kv_overrides = imatrix_keys(importance)
    if kept:
        settings.tt_overrides = tensor_types(kept)
    with quiet():
        code = llama_cpp.llama_model_quantize(str(source).encode(), str(out).encode(), settings)
    if code != 0 or not out.is_file():
        out.unlink(missing_ok=True)
        raise ProofError(f"llama.cpp could not quantize {source.name} to {quant} (code {code}).")


def imatrix_data(importance: Importance) -> Any:
    """The importance matrix as llama.cpp takes it: an array that ends with an empty entry."""
    from llama_cpp.llama_cpp import llama_model_imatrix_data

    data = (llama_model_imatrix_data * (len(importance.columns) + 1))()
    for entry, (name, means) in zip(data, importance.columns.items(), strict=False):
        entry.name = name.encode()
        entry.data = means.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        entry.size = means.size
    return data


def imatrix_keys(importance: Importance) -> Any:
    """The GGUF keys by which llama.cpp's own tool says that there was an importance matrix."""
    from llama_cpp.llama_cpp import llama_model_kv_override

    values = {
        "quantize.imatrix.dataset": "training texts of the run",
        "quantize.imatrix.entries_count": len(importance.columns),
        "quantize.imatrix.chunks_count": importance.texts,
    }
    data = (llama_model_kv_override * (len(values) + 1))()
    for entry, (key, value) in zip(data, values.items(), strict=False):
        entry.key = key.encode()
        if isinstance(value, str):
            entry.tag, entry.value.val_str = 3, value.encode()
        else:
            entry.tag, entry.value.val_i64 = 0, value
    return data


def tensor_types(kept: Mapping[str, str]) -> Any:
    """Types of single tensors as llama.cpp takes them: an array that ends with an empty entry."""
    from llama_cpp.llama_cpp import llama_model_tensor_override

    data = (llama_model_tensor_override * (len(kept) + 1))()
    for entry, (pattern, kind) in zip(data, kept.items(), strict=False):
        entry.pattern = pattern.encode()
        entry.type = GGML_TYPES[kind]
    return data
