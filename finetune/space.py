"""A full disk or memory while training, as a message that says what to change."""

from collections.abc import Iterator
from contextlib import contextmanager

from taxqa.errors import NoSpaceError


@contextmanager
def space_errors_named() -> Iterator[None]:
    """Turn what torch and safetensors raise for want of room into NoSpaceError."""
    from safetensors import SafetensorError

    try:
        yield
    except (RuntimeError, MemoryError, SafetensorError) as error:
        if named := space_error(error):
            raise named from error
        raise


def space_error(error: Exception) -> NoSpaceError | None:
    """The message for an error that means a full disk or memory; None for any other."""
    text = str(error).lower()
    # On a full disk safetensors says so; torch.save only fails an assertion of its archive.
    if "no space left" in text or "inline_container" in text:
        return NoSpaceError(
            "The disk is full; the last whole checkpoint is kept.",
            hint="Free some space and run the same command with --resume.",
        )
    out_of_memory = "out of memory" in text or "can't allocate" in text
    if not out_of_memory and not isinstance(error, MemoryError):
        return None
    return NoSpaceError(
        "The model and its rows did not fit into memory; the checkpoints are kept.",
        hint="Set per_device_train_batch_size: 2 and gradient_accumulation_steps: 8 (the same"
        " training), gradient_checkpointing: true, or load_in_4bit: true on a GPU.",
    )
