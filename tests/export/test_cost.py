"""What an export took is counted to the millisecond, however small the model."""

from pathlib import Path

import pytest

from export import cost
from export.cost import Meter


def test_seconds_add_up_and_the_most_that_the_folder_held_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(cost.time, "monotonic", lambda: now)
    meter = Meter(tmp_path)
    for seconds, held in ((0.0049, 30), (0.03, 10)):
        with meter.timed("convert"):
            now += seconds
            (tmp_path / "part.gguf").write_bytes(b"0" * held)
    with pytest.raises(ValueError, match="no"), meter.timed("imatrix"):
        now += 0.002
        raise ValueError("no")
    assert (meter.seconds("convert"), meter.seconds("imatrix")) == (0.035, 0.002)
    assert meter.seconds("reference") == 0.0
    assert meter.all_seconds() == 0.037
    assert meter.peak_disk == 30
