"""Unsloth trains the same rows to the same losses; it changes transformers, so in a process."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import tiny_model
from tiny_runs import settings, write_dataset

import finetune
from finetune import unsloth_trainer
from finetune.bases import LLAMA_TARGETS, PHI_TARGETS
from finetune.metrics import read_metrics
from finetune.train import finetune as train

ROOT = Path(finetune.__file__).resolve().parent.parent
needs_unsloth = pytest.mark.skipif(
    importlib.util.find_spec("unsloth") is None, reason="unsloth is not installed"
)
TARGETS = {"gemma": LLAMA_TARGETS, "multimodal": LLAMA_TARGETS, "phi": PHI_TARGETS}
CHANGES = {"max_steps": 3, "lora_dropout": 0.0, "report_samples": 1, "report_sample_tokens": 4}
WAYS: dict[str, tuple[str, dict[str, bool]]] = {
    **{kind: (kind, {}) for kind in TARGETS},
    "packed": ("gemma", {"packing": True}),
    "grouped": ("gemma", {"group_by_length": True}),
}
"""A run's name -> the kind of its base, and what its training has of its own."""
TRAIN = """
import json, sys
from pathlib import Path
from finetune.config import TrainConfig
from finetune.train import finetune

for config, out in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
    config = TrainConfig.model_validate_json(config)
    print(json.dumps(finetune(Path(sys.argv[1]), Path(out), config)))
"""


@pytest.fixture(scope="module")
def runs(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], str]:
    """A run folder of each way trained by Unsloth, and what the process printed on stdout."""
    parent = tmp_path_factory.mktemp("unsloth")
    dataset = write_dataset(parent / "dataset")
    outs = {name: parent / name for name in WAYS}
    command = [sys.executable, "-c", TRAIN, str(dataset)]
    for name, out in outs.items():
        kind, own = WAYS[name]
        config = settings(tiny_model(kind, tiny), trainer="unsloth", **CHANGES, **own)
        command += [config.model_dump_json(), str(out)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return outs, done.stdout


@needs_unsloth
@pytest.mark.parametrize("name", WAYS)
def test_unsloth_and_trl_lose_alike_on_the_same_rows(
    name: str, runs: tuple[dict[str, Path], str], tiny: Path, tmp_path: Path
) -> None:
    out = runs[0][name]
    kind, own = WAYS[name]
    config = settings(tiny_model(kind, tiny), **CHANGES, **own)
    train(out.parent / "dataset", tmp_path / "trl", config)
    unsloth, trl = (
        [line.get("loss", line.get("eval_loss")) for line in read_metrics(run / "metrics.jsonl")]
        for run in (out, tmp_path / "trl")
    )
    assert len(trl) == 3 + (2 if name == "packed" else 1)  # packed, two steps are an epoch
    assert unsloth == pytest.approx(trl, rel=0.01)


@needs_unsloth
@pytest.mark.parametrize("kind", TARGETS)
def test_unsloth_adapts_what_trl_adapts(kind: str, runs: tuple[dict[str, Path], str]) -> None:
    from safetensors.torch import load_file

    adapter = load_file(runs[0][kind] / "adapter" / "adapter_model.safetensors")
    modules = {name.split(".lora_")[0].rpartition(".")[2] for name in adapter}
    assert modules == set(TARGETS[kind])
    assert [name for name in adapter if "vision" in name] == []


@needs_unsloth
def test_what_unsloth_prints_stays_out_of_the_result(runs: tuple[dict[str, Path], str]) -> None:
    results = [json.loads(line) for line in runs[1].splitlines()]
    assert [result["trainer"] for result in results] == ["unsloth"] * len(WAYS)


@pytest.mark.parametrize(
    ("version", "gpu", "apple", "device", "reason"),
    [
        ("2026.10.9", False, False, "auto", ""),
        ("2026.10.7", True, False, "auto", ""),
        ("2026.11.1", False, False, "cpu", ""),
        ("2026.10.7", False, False, "auto", "version 2026.10.7 needs a GPU"),
        ("2026.10.9rc1", False, False, "auto", "version 2026.10.9rc1 needs a GPU"),
        ("2026.10.9", False, True, "auto", "on Apple Silicon"),
        ("2026.10.9", True, False, "cpu", "it would train on the GPU"),
        (None, True, False, "auto", "it is not installed"),
    ],
)
def test_unsloth_is_taken_where_it_can_train(
    version: str | None,
    gpu: bool,
    apple: bool,
    device: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    spec = importlib.util.find_spec("json") if version else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    monkeypatch.setattr("importlib.metadata.version", lambda _: version)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: apple)
    found = unsloth_trainer.unsloth_ready(device)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)
