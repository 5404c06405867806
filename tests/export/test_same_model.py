"""What drifted from the training is refused; over a 4-bit base it is said."""

import math
from pathlib import Path
from typing import Any

import numpy
import pytest

from export.run import Trained, WholeRun
from export.same_model import MOST_DRIFT, drift, require_trained
from finetune.prompts import prompt_form
from finetune.rows import IGNORED, Row
from taxqa.errors import ProofError

BASE = dict.fromkeys(("name", "folder", "source", "repo", "license_name", "license_url"), "")


def trained(**run: Any) -> Trained:
    values = {"base_model": BASE, "prompt_form": "qa", "system": "", "max_length": 64} | run
    return Trained(Path(), WholeRun.model_validate(values), Path(), prompt_form("qa"))


def even(ids: list[int], first: int) -> Any:
    """A model of four tokens to which all are alike."""
    yield numpy.zeros((len(ids) - first, 4), dtype=numpy.float32)


def test_the_drift_is_the_mean_difference_of_the_losses() -> None:
    rows = [Row(name, [0, 1, 2], [IGNORED, 1, 2]) for name in ("a", "b")]
    run = trained(answer_losses={"a": math.log(4) - 0.2, "b": math.log(4) + 0.4})
    assert drift(rows, run, even) == pytest.approx(0.3, abs=1e-6)
    assert drift([], run, even) is None


@pytest.mark.parametrize("found", [None, 0.0, MOST_DRIFT])
def test_a_small_drift_is_none(found: float | None) -> None:
    require_trained(found, trained(), "merged model")


@pytest.mark.parametrize("found", [MOST_DRIFT + 0.001, math.inf, math.nan])
def test_a_large_drift_or_one_that_is_no_number_is_refused(
    found: float, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ProofError, match="The f16 GGUF is not the model that was trained"):
        require_trained(found, trained(), "f16 GGUF")
    require_trained(found, trained(load_in_4bit=True), "f16 GGUF")
    assert "over the base in 4 bits" in " ".join(capsys.readouterr().err.split())
