"""A training is watched in numbers that are true: speed, memory, time left, cost."""

import json
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_runs import settings

from finetune import live
from finetune.config import TrainConfig
from finetune.live import PRICE, LiveView, Speed, cost, describe, price_per_hour
from finetune.metrics import read_metrics
from finetune.train import finetune
from taxqa.errors import ConfigError


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(live.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_the_speed_is_that_of_the_steps_own_tokens_and_time(clock: Clock) -> None:
    speed = Speed()
    clock.now += 50  # an evaluation, a checkpoint: no part of a step
    speed.begin(1000)
    clock.now += 2
    measured = speed.end(1300)
    assert measured["tokens_per_second"] == 150.0
    held = psutil.Process().memory_info().rss
    assert 0.5 * held < measured["memory_bytes"] < 2 * held


def test_plain_lines_come_now_and_then_and_say_how_long_it_takes(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    view = LiveView(100, 1.5, lambda *_: None, is_terminal=False)
    line = {"loss": 2.0, "tokens_per_second": 1234.5, "memory_bytes": 11_300_000_000}
    for step in range(1, 101):
        clock.now += 3
        view.show(step, line | {"seconds": 3.0 * step})
        if step == 50:
            view.show(50, {"eval_loss": 1.25, "seconds": 150.0})
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "step 1/100 · loss 2.000 · 1,234 tokens/s · 11.3 GB · 0.00 USD"
    assert "step 50/100 · validation loss 1.250 · 0.06 USD · 2 min left" in lines
    assert lines[-1] == "step 100/100 · loss 2.000 · 1,234 tokens/s · 11.3 GB · 0.12 USD"
    assert len(lines) == 27  # every 12 s, the evaluation and the last one


def test_a_terminals_bar_shows_the_evaluation_beside_the_step() -> None:
    shown: list[tuple[float, str]] = []
    view = LiveView(9, None, lambda step, text: shown.append((step, text)), is_terminal=True)
    view.show(3, {"loss": 2.0, "tokens_per_second": 10.0, "seconds": 5.0})
    view.show(3, {"eval_loss": 1.0, "seconds": 6.0})
    assert shown == [
        (3, "loss 2.000 · 10 tokens/s"),
        (3, "loss 2.000 · 10 tokens/s · validation loss 1.000"),
    ]


def test_what_is_not_known_is_not_shown() -> None:
    assert describe({"loss": None, "seconds": 5.0}, None) == ""
    assert describe({"loss": 1.0}, 2.0) == "loss 1.000 · 0.00 USD"


@given(seconds=st.floats(0, 1e7), price=st.floats(0, 1e3))
def test_cost_is_time_at_its_price(seconds: float, price: float) -> None:
    found = cost(seconds, price)
    assert found is not None
    assert found == pytest.approx(seconds * price / 3600, abs=1e-4)
    assert cost(seconds, None) is None


def test_the_configs_price_goes_before_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PRICE, raising=False)
    assert price_per_hour(TrainConfig()) is None
    monkeypatch.setenv(PRICE, "1.39")
    assert price_per_hour(TrainConfig()) == 1.39
    assert price_per_hour(TrainConfig(price_per_hour=0.5)) == 0.5


@pytest.mark.parametrize("text", ["free", "-1", "nan", "inf", "1,39"])
def test_a_price_that_is_none_is_refused_before_anything_is_trained(
    text: str, dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PRICE, text)
    with pytest.raises(ConfigError, match=f"{PRICE} is '{text}'"):
        finetune(dataset, tmp_path / "run", settings(base))
    assert not (tmp_path / ".run.partial").exists()


def test_a_run_notes_speed_memory_and_cost(
    dataset: Path, base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = settings(base, price_per_hour=3600.0, report_samples=0)
    result = finetune(dataset, tmp_path / "run", config)
    lines = read_metrics(tmp_path / "run" / "metrics.jsonl")
    steps = [line for line in lines if "loss" in line]
    assert all(line["tokens_per_second"] > 0 and line["memory_bytes"] > 1e6 for line in steps)
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds)
    assert result["cost_usd"] == pytest.approx(seconds[-1])
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["training"]["cost_usd"] == result["cost_usd"]
    assert "tokens/s" in capsys.readouterr().err


def test_the_cost_of_a_killed_attempt_is_counted_on(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune import fit

    class Killed(BaseException):
        """Ends a training where a signal would."""

    append = fit.append_metrics

    def append_and_stop(path: Path, step: int, epoch: float, logs: dict[str, Any]) -> None:
        append(path, step, epoch, logs | {"seconds": 5000.0})
        if step == 5:
            raise Killed

    config = settings(base, report_samples=0)
    with monkeypatch.context() as patch:
        patch.setattr(fit, "append_metrics", append_and_stop)
        with pytest.raises(Killed):
            finetune(dataset, tmp_path / "run", config)
    result = finetune(dataset, tmp_path / "run", config, resume=True)
    assert 5000 <= result["trained_seconds"] < 6000
