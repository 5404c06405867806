"""metrics.jsonl survives a kill in the middle of a line, and is JSON whatever the loss."""

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.metrics import (
    append_metrics,
    drop_after,
    loss_figure,
    plot_loss,
    read_metrics,
    training_result,
)

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def test_a_log_becomes_a_line_of_what_matters(path: Path) -> None:
    speed = {"tokens_per_second": 99.5, "memory_bytes": 10**9, "seconds": 1.5}
    append_metrics(path, 1, 0.33333333, {"loss": 2.5, "learning_rate": 1e-4, "odd": 1} | speed)
    append_metrics(path, 3, 1.0, {"eval_loss": 2.0, "eval_runtime": 9, "seconds": 4.0})
    append_metrics(path, 3, 1.0, {"train_runtime": 9.0, "seconds": 5.0})
    assert read_metrics(path) == [
        {"step": 1, "epoch": 0.3333, "loss": 2.5, "learning_rate": 1e-4} | speed,
        {"step": 3, "epoch": 1.0, "eval_loss": 2.0, "seconds": 4.0},
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_still_json(path: Path, value: float) -> None:
    append_metrics(path, 1, 1.0, {"loss": value, "grad_norm": 1.0})

    def refuse(name: str) -> None:
        raise AssertionError(name)

    line = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert line == {"step": 1, "epoch": 1.0, "loss": None, "grad_norm": 1.0}
    assert training_result([line], None)["train_loss"] is None


def test_a_line_that_a_kill_cut_is_left_out(path: Path) -> None:
    append_metrics(path, 1, 0.5, {"loss": 2.5})
    append_metrics(path, 2, 1.0, {"loss": 2.0})
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[:-7], encoding="utf-8")
    assert [line["step"] for line in read_metrics(path)] == [1]
    drop_after(path, 2)
    append_metrics(path, 2, 1.0, {"loss": 2.0})
    assert path.read_text(encoding="utf-8") == whole


def test_a_file_that_is_not_there_yet_has_no_lines(path: Path) -> None:
    assert read_metrics(path) == []
    drop_after(path, 0)
    assert path.read_text(encoding="utf-8") == ""


@given(steps=st.lists(st.integers(0, 9), max_size=8), step=st.integers(0, 9))
def test_what_was_logged_after_a_checkpoint_is_forgotten(
    steps: list[int], step: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("metrics") / "metrics.jsonl"
    for done in steps:
        append_metrics(path, done, 0.0, {"loss": float(done)})
    drop_after(path, step)
    assert [line["step"] for line in read_metrics(path)] == [s for s in steps if s <= step]


def test_the_result_is_the_last_training_and_the_best_validation_loss() -> None:
    lines = [
        {"step": 1, "loss": 3.0, "tokens_per_second": 90.0, "memory_bytes": 5, "seconds": 900.0},
        {"step": 1, "eval_loss": 2.0, "seconds": 950.0},
        {"step": 2, "loss": 2.5, "tokens_per_second": 110.0, "memory_bytes": 4, "seconds": 1700.0},
        {"step": 2, "eval_loss": 2.2, "seconds": 1800.0},
    ]
    assert training_result(lines, 1.5) == {
        "steps": 2,
        "train_loss": 2.5,
        "valid_loss": 2.0,
        "tokens_per_second": 100.0,
        "peak_memory_bytes": 5,
        "trained_seconds": 1800.0,
        "cost_usd": 0.75,
    }
    nothing = training_result([], None)
    assert nothing["steps"] == nothing["peak_memory_bytes"] == nothing["trained_seconds"] == 0
    assert nothing["train_loss"] is nothing["valid_loss"] is nothing["cost_usd"] is None


def test_the_plot_shows_each_loss_that_there_is(tmp_path: Path) -> None:
    lines = [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.5}, {"step": 2, "eval_loss": 2.0}]
    seen = {}
    for name, shown in {"both": lines, "training": lines[:2], "none": []}.items():
        plot_loss(shown, tmp_path / f"{name}.svg")
        root = ElementTree.parse(tmp_path / f"{name}.svg").getroot()
        assert root.tag == f"{SVG}svg"
        curves = [group for group in root.iter(f"{SVG}g") if group.get("id", "")[:6] == "line2d"]
        seen[name] = len(curves)
        assert any(group.get("id") == "legend_1" for group in root.iter(f"{SVG}g")) == bool(shown)
    assert seen["none"] < seen["training"] < seen["both"]


@pytest.mark.parametrize("steps", [1, 3, 400])
def test_every_point_of_the_plot_is_to_be_seen(steps: int) -> None:
    lines = [{"step": step, "loss": 6.5} for step in range(1, steps + 1)]
    [axes] = loss_figure([*lines, {"step": steps, "eval_loss": 6.54}]).axes
    training, validation = axes.lines
    assert training.get_marker() == ("." if steps < 400 else "")  # one point is no line
    assert validation.get_marker() == "o"
    assert training.get_zorder() > validation.get_zorder()
    bottom, top = axes.get_ylim()
    assert bottom == 0 and top > 6.54 * 1.05
    assert all(float(tick).is_integer() for tick in axes.get_xticks())
