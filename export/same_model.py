"""The model that an export arrives at is the one that training left: by its own losses.

Everything else here is measured against the merged model or the f16 GGUF, so an error that both
of them have would pass. At the end of a training, the trainer's own model says how it predicts a
few held-out answers (finetune/answer_losses.py); here the same answers have to get the same loss.
"""

from collections.abc import Sequence

from export.divergence import Logits, log_probabilities
from export.run import Trained
from export.texts import held_out_records
from finetune.rows import Row
from taxqa.errors import ProofError
from taxqa.progress import note

MOST_DRIFT = 0.1
"""Most mean difference, nats a token. Training's 16-bit arithmetic makes thousandths of it; an
adapter that is not merged, or merged by another scale, makes tenths and more."""


def measured_rows(trained: Trained) -> list[Row]:
    """The answers whose losses the run kept; none, with a note, where it kept none."""
    expected = trained.run.answer_losses
    rows = trained.rows(
        [record for record in held_out_records(trained.folder) if record.id in expected]
    )
    if not rows:
        note("The run kept no losses of training, so the model is not compared with them.")
    return rows


def drift(rows: Sequence[Row], trained: Trained, logits: Logits) -> float | None:
    """How far a model's losses are from training's: nats a token, mean of the answers.

    Args:
        rows: by `measured_rows`; None is the drift of none.
    """
    expected = trained.run.answer_losses
    differences = [abs(row_loss(row, logits) - expected[row.record]) for row in rows]
    return sum(differences) / len(differences) if differences else None


def row_loss(row: Row, logits: Logits) -> float:
    """Mean loss of a row's answer, nats a token."""
    total, tokens = 0.0, 0
    for found, taught in log_probabilities([row], logits):
        total -= float(found[range(len(taught)), taught].sum())
        tokens += len(taught)
    return total / tokens


def require_trained(found: float | None, trained: Trained, what: str) -> None:
    """Refuse a model that drifted from the trained one.

    Args:
        found: by `drift`.
        what: 'merged model' or 'f16 GGUF'.

    Raises:
        ProofError: the losses differ by more than MOST_DRIFT. Of a run over a 4-bit base this is
            only said: its adapter is merged into the 16-bit weights, which is another model.
    """
    # Written so that a loss that is no number differs from any.
    if found is None or found <= MOST_DRIFT:
        return
    message = (
        f"The {what} is not the model that was trained: it predicts the same held-out answers with"
        f" losses that differ by {found:.3f} nats a token from training's, at most {MOST_DRIFT:g}."
    )
    if trained.run.load_in_4bit:
        note(f"{message} The run trained over the base in 4 bits, and this has its 16.")
        return
    raise ProofError(
        message,
        hint="The adapter or its merge is another than in training; please report it with the"
        " run's manifest.json and adapter_config.json.",
    )
