"""f16 GGUF to a quantized one, by llama.cpp in this process."""

from pathlib import Path

from taxqa.errors import InputError, MissingExtraError, ProofError

QUANTS = {
    "f16": (1, 2.0),
    "bf16": (32, 2.0),
    "q8_0": (7, 1.07),
    "q6_k": (18, 0.83),
    "q5_k_m": (17, 0.72),
    "q4_k_m": (15, 0.62),
}
"""Type -> (llama_ftype of llama.h, usual bytes per weight of a 12B model)."""


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


def quantize(source: Path, out: Path, quant: str) -> None:
    """Write `source` (f16 GGUF) as `quant` to `out`.

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
    with quiet():
        code = llama_cpp.llama_model_quantize(str(source).encode(), str(out).encode(), settings)
    if code != 0 or not out.is_file():
        out.unlink(missing_ok=True)
        raise ProofError(f"llama.cpp could not quantize {source.name} to {quant} (code {code}).")
