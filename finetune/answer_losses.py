"""How the trained model predicts a few held-out answers: what an export has to find again.

The digests of base and adapter say that an export starts from the files of the training; these
losses, measured while the model is still the trainer's, say that it arrives at the same model.
"""

import math
from collections.abc import Sequence
from typing import Any

from finetune.rows import Row
from taxqa.progress import note

ROWS = 4
"""Answers that are measured: enough to tell models apart, a second or two on a GPU."""


def answer_losses(model: Any, rows: Sequence[Row]) -> dict[str, float]:
    """Record id -> mean loss of its answer, nats a token.

    {} where the model cannot be asked, which is said.

    Args:
        model: as its trainer leaves it.
    """
    import torch

    model.eval()
    found = {}
    try:
        for row in rows:
            ids = torch.tensor([row.input_ids], device=model.device)
            labels = torch.tensor([row.labels], device=model.device)
            with torch.inference_mode():
                # With labels, because Unsloth gives no logits to whom it gives none.
                loss = model(input_ids=ids, labels=labels, use_cache=False).loss
            found[row.record] = float(loss)
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        # The adapter is whole and paid for, and worth more than this check of its export.
        note(f"No losses to check the export by: {type(error).__name__}: {str(error)[:200]}")
        return {}
    return {record: round(loss, 6) for record, loss in found.items() if math.isfinite(loss)}
