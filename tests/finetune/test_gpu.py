"""On a CUDA machine: `pytest -m gpu tests/finetune`. Each training has a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_models import tiny_model
from tiny_runs import settings, write_dataset

import finetune
from finetune.metrics import read_metrics

pytestmark = pytest.mark.gpu
ROOT = Path(finetune.__file__).resolve().parent.parent
TAXQA = [sys.executable, "-c", "from cli.main import main; main()", "finetune", "--json"]
EXACT = {"max_steps": 3, "lora_dropout": 0.0, "report_samples": 1, "report_sample_tokens": 4}
needs_unsloth = pytest.mark.skipif(
    importlib.util.find_spec("unsloth") is None, reason="unsloth is not installed"
)
needs_bitsandbytes = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed"
)


@pytest.fixture(autouse=True)
def cuda() -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")


def train(folder: Path, base: Path, *options: str, **changes: Any) -> dict[str, Any]:
    """The result of `taxqa finetune` on twelve rows; its run folder is folder/run."""
    folder.mkdir()
    dataset = write_dataset(folder / "dataset")
    config = settings(base, **(EXACT | changes)).model_dump(mode="json")
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [*TAXQA, "--config", str(folder / "config.yaml"), "--dataset", str(dataset)]
    done = subprocess.run(
        [*command, "--out", str(folder / "run"), *options],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def losses(folder: Path) -> list[float]:
    lines = read_metrics(folder / "run" / "metrics.jsonl")
    return [line.get("loss", line.get("eval_loss")) for line in lines]


@pytest.mark.parametrize("kind", ["gemma", "multimodal", "phi", "llama"])
def test_a_gpu_trains_what_the_cpu_trains(kind: str, tiny: Path, tmp_path: Path) -> None:
    base = tiny_model(kind, tiny)
    train(tmp_path / "gpu", base)
    train(tmp_path / "cpu", base, "--device", "cpu")
    assert losses(tmp_path / "gpu") == pytest.approx(losses(tmp_path / "cpu"), rel=0.02)


def test_the_memory_that_is_noted_is_the_gpus(gemma: Path, tmp_path: Path) -> None:
    import torch

    result = train(tmp_path / "run", gemma)
    held = result["peak_memory_bytes"]
    assert 1e6 < held < torch.cuda.get_device_properties(0).total_memory
    # The tiny model takes megabytes of the card; the process itself holds far more.
    assert held < 500e6


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_a_gpu_trains_in_other_precisions(precision: str, gemma: Path, tmp_path: Path) -> None:
    train(tmp_path / "auto", gemma)
    train(tmp_path / precision, gemma, precision=precision)
    assert losses(tmp_path / precision) == pytest.approx(losses(tmp_path / "auto"), rel=0.05)


@pytest.mark.parametrize("kind", ["gemma", "multimodal", "phi", "llama"])
def test_packed_rows_do_not_see_each_other_on_a_gpu(kind: str, tiny: Path, tmp_path: Path) -> None:
    # One step over all rows, so that both train the same answers.
    base, whole = tiny_model(kind, tiny), {"gradient_accumulation_steps": 1, "max_length": 192}
    alone = whole | {"per_device_train_batch_size": 12, "max_steps": 2}
    train(tmp_path / "alone", base, **alone)
    train(tmp_path / "packed", base, **alone, packing=True)
    assert losses(tmp_path / "packed") == pytest.approx(losses(tmp_path / "alone"), rel=0.02)


@needs_bitsandbytes
@pytest.mark.parametrize("kind", ["gemma", "multimodal", "phi"])
def test_qlora_trains_a_32_bit_adapter_over_4_bit_weights(
    kind: str, tiny: Path, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file

    changes = {"load_in_4bit": True, "max_steps": 9, "gradient_checkpointing": True}
    train(tmp_path / "run", tiny_model(kind, tiny), **changes)
    curve = losses(tmp_path / "run")
    assert curve[-1] < 0.9 * curve[0]
    adapter = load_file(tmp_path / "run" / "run" / "adapter" / "adapter_model.safetensors")
    assert {weight.dtype for weight in adapter.values()} == {torch.float32}


@needs_unsloth
@pytest.mark.parametrize("kind", ["gemma", "multimodal", "phi"])
def test_unsloth_loses_as_trl_does_on_a_gpu(kind: str, tiny: Path, tmp_path: Path) -> None:
    base = tiny_model(kind, tiny)
    train(tmp_path / "trl", base)
    result = train(tmp_path / "unsloth", base, trainer="unsloth")
    assert result["trainer"] == "unsloth"
    assert losses(tmp_path / "unsloth") == pytest.approx(losses(tmp_path / "trl"), rel=0.03)


@needs_unsloth
def test_unsloth_needs_about_the_memory_that_trl_needs(gemma: Path, tmp_path: Path) -> None:
    changes = {"gradient_checkpointing": True}
    trl = train(tmp_path / "trl", gemma, **changes)
    unsloth = train(tmp_path / "unsloth", gemma, trainer="unsloth", **changes)
    # Of a tiny model its buffers are most of it; with a real one it needs less than TRL.
    assert unsloth["peak_memory_bytes"] <= trl["peak_memory_bytes"] + 200e6


def test_two_gpus_train_what_one_trains(gemma: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.device_count() < 2:
        pytest.skip("one GPU")
    train(tmp_path / "one", gemma)
    train(tmp_path / "two", gemma, "--processes", "2", gradient_accumulation_steps=1)
    assert losses(tmp_path / "two")[:3] == pytest.approx(losses(tmp_path / "one")[:3], rel=0.02)
