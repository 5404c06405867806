"""metrics.jsonl and loss.svg of a run."""

import json
import math
from pathlib import Path
from typing import Any

KEPT = ("loss", "eval_loss", "learning_rate", "grad_norm")


def append_metrics(path: Path, step: int, epoch: float, logs: dict[str, Any]) -> None:
    """Add one line {step, epoch, loss | eval_loss, …}; a log without any of KEPT adds none.

    A value that is no number (a training that diverged) becomes null: JSON has no NaN.
    """
    values = {key: logs[key] if math.isfinite(logs[key]) else None for key in KEPT if key in logs}
    if values:
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


def drop_after(path: Path, step: int) -> None:
    """Forget what was logged after `step`, before training goes on from there."""
    kept = [line for line in read_metrics(path) if line["step"] <= step]
    text = "".join(json.dumps(line) + "\n" for line in kept)
    path.write_text(text, encoding="utf-8")


def plot_loss(metrics: list[dict[str, Any]], path: Path) -> None:
    """Draw training and validation loss over steps as SVG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for key, label, color, marker in (
        ("loss", "training loss", "#2563eb", ""),
        ("eval_loss", "validation loss", "#dc2626", "o"),
    ):
        points = [line for line in metrics if line.get(key) is not None]
        steps, values = [line["step"] for line in points], [line[key] for line in points]
        if points:
            axes.plot(steps, values, label=label, color=color, marker=marker)
    axes.set(xlabel="optimizer step", ylabel="loss (nats per answer token)")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
    figure.savefig(path, format="svg")
