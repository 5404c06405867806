"""What an export needs of disk and memory, said before anything is written."""

from dataclasses import dataclass
from pathlib import Path

from export.quantize import QUANTS
from finetune.shapes import Shape
from taxqa.errors import NoSpaceError
from taxqa.folders import require_space
from taxqa.progress import note

TENSOR_BYTES = 4.2
"""Memory at the peak for each weight of the largest tensor, the embeddings: in 32 bits while it is
rounded, some rows at a time (measured with the process: 1.02 GB for 168 M, 4.36 for 1,007 M)."""
PROCESS_BYTES = 1_300_000_000
"""Python and PyTorch twice, here and in the converter, and a tokenizer of 262,144 tokens."""


@dataclass(frozen=True)
class Room:
    """Bytes that an export needs."""

    disk: int
    memory: int


def needed(shape: Shape, base: Path, quants: list[str], scored_tokens: int) -> Room:
    """What an export of a run on `base` to `quants` needs.

    Args:
        scored_tokens: tokens whose probabilities are kept while quants are measured; 0 = none.
    """
    weights = sum(path.stat().st_size for path in base.glob("*.safetensors"))
    files = sum(weights * QUANTS[name][1] / 2 for name in dict.fromkeys(["f16", *quants]))
    stored = 4 * scored_tokens * shape.vocab_size
    largest = shape.vocab_size * shape.hidden_size
    return Room(int(1.1 * files) + stored, int(TENSOR_BYTES * largest) + PROCESS_BYTES)


def require_room(room: Room, out: Path) -> None:
    """Say what is needed, and stop where it is not there.

    Raises:
        NoSpaceError: the disk of `out` or the machine's memory is too small. Memory that other
            programs hold is only named: the system can move it out.
    """
    import psutil

    memory = psutil.virtual_memory()
    note(
        f"Needs about {room.disk / 1e9:.1f} GB of disk and {room.memory / 1e9:.1f} GB of memory"
        f" ({memory.available / 1e9:.1f} GB free)."
    )
    require_space(out, room.disk, "The export (f16 and its quants)")
    if memory.total < room.memory:
        raise NoSpaceError(
            f"The export needs about {room.memory / 1e9:.1f} GB of memory for its largest tensor;"
            f" this machine has {memory.total / 1e9:.1f} GB.",
            hint="Export on a machine with more memory: the run folder and its base model are all"
            " it takes.",
        )
    if memory.available < room.memory:
        note("That is more than is free now: close other programs, or it will be slow.")
