"""A model that cannot be asked costs no run; a loss that is no number is none."""

from types import SimpleNamespace
from typing import Any

import pytest

from finetune.answer_losses import answer_losses
from finetune.rows import IGNORED, Row

ROWS = [Row("a", [1, 2], [IGNORED, 2]), Row("b", [1, 3], [IGNORED, 3])]


class Model:
    """Answers with planted losses."""

    device = "cpu"

    def __init__(self, *losses: Any) -> None:
        self.losses = list(losses)

    def eval(self) -> None:
        """As a model has it."""

    def __call__(self, **_: Any) -> Any:
        loss = self.losses.pop(0)
        if isinstance(loss, Exception):
            raise loss
        return SimpleNamespace(loss=loss)


def test_each_answer_has_its_loss() -> None:
    assert answer_losses(Model(0.5, 1.25), ROWS) == {"a": 0.5, "b": 1.25}
    assert answer_losses(Model(), []) == {}


def test_a_loss_that_is_no_number_is_left_out() -> None:
    assert answer_losses(Model(float("nan"), 1.25), ROWS) == {"b": 1.25}


def test_a_model_that_cannot_be_asked_costs_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer_losses(Model(0.5, RuntimeError("CUDA out of memory")), ROWS) == {}
    assert "CUDA out of memory" in capsys.readouterr().err
