"""The loopback RunPod and a laptop for it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_runpod import FakeRunPod, served, write_ssh
from runpod_laptop import SIZES, Laptop
from tiny_runs import settings, write_dataset


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeRunPod]:
    """The service, with nothing rented."""
    with served(FakeRunPod(tmp_path / "runpod")) as service:
        yield service


@pytest.fixture
def laptop(fake: FakeRunPod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    """A laptop with a dataset and a base model of its own; pods train in moments."""
    write_ssh(tmp_path / "bin", fake.root)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    base = tmp_path / "base-model"
    base.mkdir()
    (base / "config.json").write_text(json.dumps(SIZES), encoding="utf-8")
    dataset = write_dataset(tmp_path / "dataset")
    return Laptop(fake, tmp_path, dataset, settings(base))
