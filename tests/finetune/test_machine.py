"""Whether this machine can train: Macs, CPUs and cards that are played."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cli.finetune import finetune as command
from finetune import precision as arithmetic
from finetune.config import TrainConfig, TrainingArgs
from finetune.machine import Here, Machine, here, this_machine
from finetune.preflight import easier, need
from finetune.shapes import SHAPES

MACBOOK = Machine("Apple GPU", "mps", 10.67)
"""Of 16 GB, what Metal recommends."""


def play_a_mac(monkeypatch: pytest.MonkeyPatch, gib: float) -> None:
    """Make torch speak as on a Mac whose GPU may take `gib` GiB."""
    import torch

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: int(gib * 2**30))


def play_a_card(monkeypatch: pytest.MonkeyPatch, name: str, gib: int) -> None:
    """Make torch speak as with a CUDA card."""
    import torch

    card = SimpleNamespace(name=name, total_memory=gib * 2**30)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: card)


def play_a_cpu(monkeypatch: pytest.MonkeyPatch, gib: float, *, bf16: bool) -> None:
    """Make psutil and torch speak as on a machine with a CPU alone."""
    import psutil

    free = SimpleNamespace(available=int(gib * 2**30))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(arithmetic, "multiplies_bf16", lambda _: bf16)


def on_this(base: str, config: TrainConfig, longest: int = 512) -> Here:
    """A training of a known base on the machine that is played."""
    machine = this_machine(config)
    assert machine
    return here(SHAPES[base], config, machine, longest, 1e18)


def test_a_macbook_trains_a_small_base_in_16_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    play_a_mac(monkeypatch, MACBOOK.memory_gb)
    found = on_this("gemma3-270m", TrainConfig())
    assert found.machine == Machine("Apple GPU", "mps", pytest.approx(MACBOOK.memory_gb))
    assert (found.precision, found.fits, found.change) == ("bf16", True, [])
    assert found.hours is None  # nothing of the kind was measured


def test_a_mac_is_told_that_4_bits_are_not_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    play_a_mac(monkeypatch, MACBOOK.memory_gb)
    args = TrainingArgs(gradient_checkpointing=True)
    qlora = TrainConfig(load_in_4bit=True, training_args=args)
    small, large = on_this("gemma3-1b", qlora), on_this("gemma3-12b", qlora)
    assert (small.fits, small.change) == (False, ["load_in_4bit: false"])
    assert large.memory > 2 * SHAPES["gemma3-12b"].parameters  # 16 bits, not 4
    assert (large.fits, large.refused, large.change) == (False, ["load_in_4bit: false"], [])


def test_what_a_mac_is_told_to_change_makes_it_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    play_a_mac(monkeypatch, 8)
    found = on_this("gemma3-1b", TrainConfig(), longest=1024)
    assert not found.fits
    assert found.change[0] == "gradient_checkpointing: true"
    assert not any("4bit" in change for change in found.change)
    args = TrainingArgs(
        gradient_checkpointing=True, per_device_train_batch_size=1, gradient_accumulation_steps=16
    )
    assert on_this("gemma3-1b", TrainConfig(training_args=args), longest=1024).fits


def test_a_cpu_without_bf16_needs_32_bits_a_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    play_a_cpu(monkeypatch, 9, bf16=True)
    narrow = on_this("gemma3-270m", TrainConfig())
    play_a_cpu(monkeypatch, 9, bf16=False)
    wide = on_this("gemma3-270m", TrainConfig())
    assert (narrow.precision, wide.precision) == ("bf16", "fp32")
    assert narrow.fits
    assert wide.memory - narrow.memory > 2 * SHAPES["gemma3-270m"].parameters
    assert wide.machine == Machine("CPU", "cpu", 9)


@pytest.mark.parametrize(
    ("precision", "batch", "checkpointing", "peak"),
    [
        ("bf16", 4, False, 4.92),
        ("bf16", 1, False, 3.30),
        ("bf16", 4, True, 3.62),
        ("fp32", 4, False, 9.31),
        ("fp32", 1, False, 5.49),
        ("fp32", 4, True, 7.50),
    ],
)
def test_the_formula_covers_the_peaks_that_were_measured_on_a_cpu(
    precision: Literal["bf16", "fp32"], batch: int, checkpointing: bool, peak: float
) -> None:
    args = TrainingArgs(
        precision=precision,
        per_device_train_batch_size=batch,
        gradient_checkpointing=checkpointing,
    )
    config = TrainConfig(training_args=args)
    needed = need(SHAPES["gemma3-270m"], config, longest=342, tokens=0, device="cpu")
    assert peak < needed.memory / 1e9 < 1.45 * peak


def test_a_precision_that_this_machine_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    play_a_cpu(monkeypatch, 64, bf16=True)
    found = on_this("gemma3-270m", TrainConfig(training_args=TrainingArgs(precision="fp16")))
    assert (found.fits, found.change, found.precision) == (False, ["precision: auto"], "bf16")


def test_only_a_card_of_the_table_has_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    play_a_card(monkeypatch, "NVIDIA GeForce RTX 4090", 24)
    args = TrainingArgs(gradient_checkpointing=True)
    qlora = TrainConfig(load_in_4bit=True, training_args=args)
    known = on_this("gemma3-12b", qlora)
    play_a_card(monkeypatch, "NVIDIA GeForce GTX 1080", 8)
    other = on_this("gemma3-12b", qlora)
    assert known.fits and not known.refused
    # 10^18 operations at 30 % of 165 Tflops; no pod has to be started.
    assert known.hours == pytest.approx(1e18 / (0.3 * 165e12) / 3600)
    assert (other.fits, other.hours) == (False, None)


def test_device_cpu_looks_at_the_ram_of_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    play_a_mac(monkeypatch, 10)
    play_a_cpu(monkeypatch, 5, bf16=False)
    assert this_machine(TrainConfig(device="cpu")) == Machine("CPU", "cpu", 5)


@given(st.sampled_from(sorted(SHAPES)), st.integers(1, 2048), st.booleans())
def test_attention_that_keeps_its_probabilities_needs_more(
    base: str, longest: int, checkpointing: bool
) -> None:
    config = TrainConfig(training_args=TrainingArgs(gradient_checkpointing=checkpointing))
    shape = SHAPES[base]
    mac = need(shape, config, longest=longest, tokens=0, device="mps")
    cpu = need(shape, config, longest=longest, tokens=0, device="cpu")
    assert mac.activations > cpu.activations
    assert not any("4bit" in text for text, _ in easier(config, "mps"))


def dry_run(dataset: Path, base: Path, *options: str) -> Any:
    """The dry run of a tiny model."""
    settings = ["--dataset", str(dataset), "--base-model", str(base), *options]
    return CliRunner().invoke(command, ["--dry-run", *settings])


def test_a_dry_run_says_it_of_this_machine(
    dataset: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_a_cpu(monkeypatch, 9, bf16=True)
    shown = dry_run(dataset, base)
    assert shown.exit_code == 0, shown.output
    [line] = [line for line in shown.stdout.splitlines() if line.startswith("  this machine")]
    assert "9 GiB  time not measured, 0 USD (CPU: " in line
    found = json.loads(dry_run(dataset, base, "--json").stdout)["this_machine"]
    assert (found["fits"], found["usd"], found["memory_gb"]) == (True, 0, 9)
    monkeypatch.setenv("TAXQA_PRICE_PER_HOUR", "2")
    assert "time not measured, price not known" in dry_run(dataset, base).stdout


def test_too_little_free_memory_is_said(
    dataset: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_a_cpu(monkeypatch, 0.5, bf16=True)
    assert "does not fit; nothing in the config helps (CPU: " in dry_run(dataset, base).stdout


def test_without_pytorch_the_machine_is_not_guessed(
    dataset: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else find(name)
    )
    assert this_machine(TrainConfig()) is None
    assert "not known without PyTorch" in dry_run(dataset, base).stdout
