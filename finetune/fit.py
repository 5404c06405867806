"""A plan to an adapter: the base is loaded, trained, watched; checkpoints, metrics, plot."""

import math
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.config import TrainConfig
from finetune.live import LiveView, price_per_hour
from finetune.metrics import append_metrics, drop_after, plot_loss, read_metrics, seconds_trained
from finetune.processes import leave_together
from finetune.resume import checkpoint_to_resume
from finetune.space import training_errors_named
from taxqa.errors import ProofError
from taxqa.progress import bar, console

if TYPE_CHECKING:
    from finetune.train import Plan


def train(
    draft: Path, plan: "Plan", tokenizer: Any, config: TrainConfig, resume: bool, started: float
) -> Any:
    """Train, put adapter, metrics and plot into `draft`; the trained model.

    Args:
        started: time.monotonic() when this process began, from when on it costs.
    """
    checkpoints = draft / "checkpoints"
    checkpoint = checkpoint_to_resume(checkpoints) if resume else None
    metrics = draft / "metrics.jsonl"
    # What was paid for steps that have to be trained again counts too.
    started -= seconds_trained(read_metrics(metrics)) if checkpoint else 0
    drop_after(metrics, int(checkpoint.name.split("-")[1]) if checkpoint else 0)
    with bar("Training", total=plan.steps) as progress:
        view = LiveView(plan.steps, price_per_hour(config), progress.update, console().is_terminal)
        report = metrics_writer(metrics, view, started)
        model = fit(plan, tokenizer, config, checkpoints, checkpoint, report)
    require_numbers(model)
    model.save_pretrained(draft / "adapter", safe_serialization=True)
    tokenizer.save_pretrained(draft / "adapter")
    plot_loss(read_metrics(metrics), draft / "loss.svg")
    return model


def train_along(
    draft: Path, plan: "Plan", tokenizer: Any, config: TrainConfig, resume: bool
) -> None:
    """Train as one of several processes that is not the one that writes."""
    checkpoints = draft / "checkpoints"
    checkpoint = checkpoint_to_resume(checkpoints) if resume else None
    with redirect_stdout(sys.stderr), training_errors_named():
        fit(plan, tokenizer, config, checkpoints, checkpoint, lambda *_: None)


def fit(
    plan: "Plan",
    tokenizer: Any,
    config: TrainConfig,
    checkpoints: Path,
    checkpoint: Path | None,
    report: Callable[[int, float, dict[str, Any]], None],
) -> Any:
    """Load the base, train an adapter on it, and let the other processes go; the trained model.

    Args:
        checkpoint: to go on from; None = from the beginning.
    """
    if plan.trainer == "unsloth":
        from finetune.unsloth_trainer import load_unsloth as load
    else:
        from finetune.trl_trainer import load_trl as load
    from finetune.loop import make_trainer

    model = load(plan.base.folder, config)
    trainer = make_trainer(model, tokenizer, plan, config, checkpoints, report)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    leave_together()
    return trainer.model


def metrics_writer(
    path: Path, view: LiveView, started: float
) -> Callable[[int, float, dict[str, Any]], None]:
    """What the loop calls with each log: a line of metrics.jsonl and the live view.

    It raises ProofError at the first loss that is no number: nothing good comes after it, and the
    best adapter of before is no proof of a training.
    """

    def write(step: int, epoch: float, logs: dict[str, Any]) -> None:
        logs = logs | {"seconds": round(time.monotonic() - started, 1)}
        append_metrics(path, step, epoch, logs)
        losses = {key: logs[key] for key in ("loss", "eval_loss") if key in logs}
        if losses:
            view.show(step, logs)
        if not all(map(math.isfinite, losses.values())):
            raise diverged(f"the loss is no number at step {step}")

    return write


def require_numbers(model: Any) -> None:
    """ProofError where the adapter's weights are not numbers, as after a training that diverged."""
    trained = (weight for weight in model.parameters() if weight.requires_grad)
    if not all(bool(weight.isfinite().all()) for weight in trained):
        raise diverged("the adapter's weights are not numbers any more")


def diverged(what: str) -> ProofError:
    """The error for a training that diverged, with what to do."""
    return ProofError(
        f"The training diverged: {what}. Its checkpoints are kept.",
        hint="Set a lower learning_rate; if the loss was never a number, the base model's weights"
        " are broken: fetch them again.",
    )
