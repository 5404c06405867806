"""metrics.jsonl and loss.svg of a run."""

import json
import math
from pathlib import Path
from statistics import median
from typing import Any

from finetune.live import cost

KEPT = ("loss", "eval_loss", "learning_rate", "grad_norm")
MEASURED = ("tokens_per_second", "memory_bytes", "seconds")
"""Beside each training loss: speed of the step, memory, and the seconds trained so far, those of
killed attempts included."""


def append_metrics(path: Path, step: int, epoch: float, logs: dict[str, Any]) -> None:
    """Add one line {step, epoch, loss | eval_loss, …}; a log without any of KEPT adds none.

    A value that is no number (a training that diverged) becomes null: JSON has no NaN.
    """
    found = [key for key in KEPT + MEASURED if key in logs]
    values = {key: logs[key] if math.isfinite(logs[key]) else None for key in found}
    if any(key in KEPT for key in found):
        line = {"step": step, "epoch": round(epoch, 4)} | values
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl; a half-written last one (a kill) is left out."""
    lines = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                break
    return lines


def seconds_trained(lines: list[dict[str, Any]]) -> float:
    """Seconds that the training had taken at its last line, all attempts together."""
    return float(lines[-1].get("seconds", 0)) if lines else 0.0


def training_result(lines: list[dict[str, Any]], price: float | None) -> dict[str, Any]:
    """What a training came to.

    Args:
        price: USD an hour, if known.

    Returns:
        steps; last training loss and best validation loss, nats per answer token; median tokens/s
        of a step; the most memory seen at a step's end, bytes; seconds of all attempts;
        cost in USD, None = not known.
    """
    train_losses = [line["loss"] for line in lines if line.get("loss") is not None]
    valid_losses = [line["eval_loss"] for line in lines if line.get("eval_loss") is not None]
    speeds = [line["tokens_per_second"] for line in lines if "tokens_per_second" in line]
    return {
        "steps": lines[-1]["step"] if lines else 0,
        "train_loss": train_losses[-1] if train_losses else None,
        "valid_loss": min(valid_losses) if valid_losses else None,
        "tokens_per_second": median(speeds) if speeds else None,
        "peak_memory_bytes": max((line.get("memory_bytes", 0) for line in lines), default=0),
        "trained_seconds": seconds_trained(lines),
        "cost_usd": cost(seconds_trained(lines), price),
    }


def drop_after(path: Path, step: int) -> None:
    """Forget what was logged after `step`, before training goes on from there."""
    kept = [line for line in read_metrics(path) if line["step"] <= step]
    text = "".join(json.dumps(line) + "\n" for line in kept)
    path.write_text(text, encoding="utf-8")


def plot_loss(metrics: list[dict[str, Any]], path: Path) -> None:
    """Draw training and validation loss over steps as SVG."""
    loss_figure(metrics).savefig(path, format="svg")


def loss_figure(metrics: list[dict[str, Any]]) -> Any:
    """Training and validation loss over steps, as a matplotlib Figure."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for key, label, color, marker in (
        ("loss", "training loss", "#2563eb", "."),
        ("eval_loss", "validation loss", "#dc2626", "o"),
    ):
        points = [line for line in metrics if line.get(key) is not None]
        steps, values = [line["step"] for line in points], [line[key] for line in points]
        if points:
            # Of a long training the line alone; a single step would be no line at all.
            marker = marker if len(points) <= 50 else ""
            over = 3 if key == "loss" else 2  # its small points would lie under the large ones
            axes.plot(steps, values, label=label, color=color, marker=marker, zorder=over)
    axes.set(xlabel="optimizer step", ylabel="loss (nats per answer token)")
    highest = max((value for line in axes.lines for value in line.get_ydata()), default=0)
    axes.set_ylim(bottom=0, top=1.08 * highest or None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
    return figure
