"""Which type of a model fits a machine, with how much context, and how fast it answers there."""

import re
from dataclasses import dataclass

from export.quantize import QUANTS
from finetune.shapes import Shape
from taxqa.errors import InputError

CONTEXTS = (2048, 4096, 8192, 16384, 32768)
"""Tokens of context that the table tries."""
LOCAL_LAYERS = 5
"""Of each six layers of Gemma 3, so many attend locally."""
BATCH = 512
"""Tokens llama.cpp reads at once; a local layer's cache holds its window and a batch."""
RUNTIME_BYTES = 600_000_000
"""Compute buffers and the server itself, roughly."""
REACHED = 0.86
"""Share of the memory bandwidth that decoding reaches, as measured on Apple M4."""


@dataclass(frozen=True)
class Target:
    """A machine that is to run a model."""

    name: str
    memory_gb: float
    """GiB of the machine."""
    bandwidth: float | None
    """GB/s of its memory; None = not known, and then no speed is expected."""

    @property
    def room(self) -> float:
        """Bytes that a model may take: macOS gives the GPU two thirds of 36 GiB or less, and
        three quarters of more."""
        return self.memory_gb * 2**30 * (2 / 3 if self.memory_gb < 36 else 3 / 4)


CHIPS = {
    "m1": 68, "m1-pro": 200, "m1-max": 400,
    "m2": 100, "m2-pro": 200, "m2-max": 400,
    "m3": 100, "m3-pro": 150, "m3-max": 300,
    "m4": 120, "m4-pro": 273, "m4-max": 410,
}  # fmt: skip
"""Apple's chips and the bandwidth of their memory, GB/s (of two, the lower)."""


@dataclass(frozen=True)
class Fit:
    """One line of the table."""

    quant: str
    bytes: int
    context: int | None
    """Most tokens of CONTEXTS that fit beside the model; None = it does not fit at all."""
    tokens_per_second: float | None


def target(name: str) -> Target:
    """The machine that 'm4-16gb' or 'm4-pro-24gb' names.

    Raises:
        InputError: no such chip, or no size.
    """
    found = re.fullmatch(r"([a-z0-9]+(?:-[a-z]+)?)-(\d{1,4})gb", name.strip().lower())
    if not found or found[1] not in CHIPS or int(found[2]) == 0:
        raise InputError(
            f"Unknown target '{name}'; it is a chip and its memory, e.g. m4-16gb, m4-pro-24gb.",
            hint=f"Chips: {', '.join(CHIPS)}. For another machine: --memory 16GB",
        )
    return Target(name.strip().lower(), float(found[2]), float(CHIPS[found[1]]))


def memory(text: str) -> Target:
    """A machine of which only the memory is known: '16', '16GB' or '16 GiB'.

    Raises:
        InputError: no number above 0.
    """
    found = re.fullmatch(r"(\d{1,4}(?:\.\d+)?)\s*(?:gi?b?)?", text.strip().lower())
    if not found or float(found[1]) == 0:
        raise InputError(f"'{text}' is no amount of memory; give e.g. --memory 16GB.")
    return Target(f"{found[1]} GB", float(found[1]), None)


def model_bytes(shape: Shape, quant: str) -> int:
    """Bytes of a GGUF, by the usual bytes a weight of its type."""
    return round(shape.parameters * QUANTS[quant][1])


def cache_bytes(shape: Shape, context: int) -> int:
    """Bytes of llama.cpp's key and value cache in 16 bits for `context` tokens."""
    layers = shape.num_hidden_layers
    local = layers - layers // (LOCAL_LAYERS + 1) if shape.sliding_window else 0
    kept = min(context, shape.sliding_window + BATCH)
    return 4 * shape.key_width * ((layers - local) * context + local * kept)


def fits(shape: Shape, machine: Target) -> list[Fit]:
    """Each type on a machine, the largest first."""
    found = []
    for quant in QUANTS:
        size = model_bytes(shape, quant)
        left = machine.room - size - RUNTIME_BYTES
        contexts = [context for context in CONTEXTS if cache_bytes(shape, context) <= left]
        speed = machine.bandwidth and REACHED * machine.bandwidth * 1e9 / size
        found.append(Fit(quant, size, max(contexts, default=None), speed if contexts else None))
    return found
