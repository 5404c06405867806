"""A full disk or memory or a lost process while training, as a message with what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from finetune.processes import LOST
from taxqa.errors import NoSpaceError, TaxqaError


@contextmanager
def training_errors_named() -> Iterator[None]:
    """Turn what torch and safetensors raise for want of room, or of a peer, into a TaxqaError."""
    from safetensors import SafetensorError

    try:
        yield
    except (RuntimeError, MemoryError, SafetensorError) as error:
        if named := space_error(error) or lost_process(error):
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


def lost_process(error: Exception) -> TaxqaError | None:
    """The message for an error that means that another process ended; None for any other."""
    import torch

    text = str(error).lower()
    lost = "connection closed by peer" in text or "connection reset by peer" in text
    if not lost and not isinstance(error, torch.distributed.DistError):
        return None
    named = TaxqaError(
        "Another process of this training ended; the checkpoints are kept.",
        hint="Mend what it said, and run the same command with --resume.",
    )
    named.exit_code = LOST
    return named
