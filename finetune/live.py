"""What a training looks like while it runs: step, loss, tokens/s, memory, time left, cost."""

import os
import time
from collections.abc import Callable
from typing import Any

from finetune.config import TrainConfig
from taxqa.errors import ConfigError
from taxqa.progress import minutes, note

PRICE = "TAXQA_PRICE_PER_HOUR"
"""Environment variable: USD an hour of this machine."""
SECONDS_BETWEEN_LINES = 10.0
"""Of the plain lines where stderr is no terminal."""


def price_per_hour(config: TrainConfig) -> float | None:
    """USD an hour: the config's, or the environment's; None where neither knows.

    Raises:
        ConfigError: the environment holds no price.
    """
    text = os.environ.get(PRICE, "")
    if config.price_per_hour is not None or not text:
        return config.price_per_hour
    try:
        price = float(text)
    except ValueError:
        price = -1.0
    if not 0 <= price < float("inf"):
        raise ConfigError(f"{PRICE} is '{text}'; USD an hour was expected, as 1.39.")
    return price


def cost(seconds: float, price: float | None) -> float | None:
    """USD of `seconds` at `price` USD an hour, in hundredths of a cent; None = not known."""
    return None if price is None else round(seconds / 3600 * price, 4)


def memory_bytes() -> int:
    """What the GPU holds for this process at its peak; without one, what the process holds now."""
    import psutil
    import torch

    if torch.cuda.is_available() and torch.cuda.max_memory_reserved():
        return int(torch.cuda.max_memory_reserved())
    return int(psutil.Process().memory_info().rss)


class Speed:
    """Measures one optimizer step after another."""

    def __init__(self) -> None:
        """Begin before the first step."""
        self.started = time.monotonic()
        self.tokens = 0

    def begin(self, tokens: int) -> None:
        """A step begins; `tokens` were trained before it."""
        self.started, self.tokens = time.monotonic(), tokens

    def end(self, tokens: int) -> dict[str, float]:
        """The step's tokens/s (prompt and answer, no padding) and the memory in bytes."""
        seconds = max(time.monotonic() - self.started, 1e-9)
        rate = round((tokens - self.tokens) / seconds, 1)
        return {"tokens_per_second": rate, "memory_bytes": memory_bytes()}


class LiveView:
    """Shows each log: in the bar of a terminal, elsewhere as a line now and then."""

    def __init__(
        self,
        steps: int,
        price: float | None,
        update: Callable[[float, str], None],
        is_terminal: bool,
    ) -> None:
        """Take the number of steps, USD an hour, and what moves the terminal's bar."""
        self.steps, self.price = steps, price
        self.update, self.is_terminal = update, is_terminal
        self.begun: tuple[float, int] | None = None
        self.last_line = float("-inf")
        self.last_text = ""

    def show(self, step: int, values: dict[str, Any]) -> None:
        """Show a line of metrics.jsonl."""
        now = time.monotonic()
        self.begun = self.begun or (now, step)
        is_evaluation = "eval_loss" in values
        text = describe(values, self.price)
        if self.is_terminal:
            self.last_text = self.last_text if is_evaluation else text
            shown = f"{self.last_text} · {text}" if is_evaluation else text
            self.update(step, shown)
        elif is_evaluation or step >= self.steps or now - self.last_line >= SECONDS_BETWEEN_LINES:
            self.last_line = now
            note(f"step {step}/{self.steps} · {text}{self.left(step, now)}")

    def left(self, step: int, now: float) -> str:
        """How long the other steps will take, going by those of this process."""
        began, first = self.begun or (now, step)
        if step <= first or step >= self.steps:
            return ""
        return f" · {minutes((self.steps - step) * (now - began) / (step - first))} left"


def describe(values: dict[str, Any], price: float | None) -> str:
    """A line of metrics.jsonl in words."""
    parts = [
        f"{name} {values[key]:.3f}"
        for key, name in (("loss", "loss"), ("eval_loss", "validation loss"))
        if values.get(key) is not None
    ]
    if "tokens_per_second" in values:
        parts.append(f"{values['tokens_per_second']:,.0f} tokens/s")
    if "memory_bytes" in values:
        parts.append(f"{values['memory_bytes'] / 1e9:.1f} GB")
    spent = cost(values.get("seconds", 0.0), price)
    if spent is not None:
        parts.append(f"{spent:.2f} USD")
    return " · ".join(parts)
