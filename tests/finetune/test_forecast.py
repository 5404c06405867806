"""What `taxqa finetune --dry-run` says before anything is spent."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny_runs import record, settings, write_dataset

from cli.finetune import finetune as command
from finetune import forecast as module
from finetune.forecast import forecast
from finetune.train import finetune
from taxqa.errors import InputError, ServiceError


def test_a_forecast_counts_the_rows_and_steps_of_the_training(
    dataset: Path, base: Path, tmp_path: Path
) -> None:
    config = settings(base)
    found = forecast(dataset, config)
    result = finetune(dataset, tmp_path / "run", config)
    assert found.counted
    assert (found.steps, found.rows, found.tokens, found.longest) == (
        result["steps"], result["train_rows"], result["train_tokens"], result["longest_row"],
    )  # fmt: skip


def test_without_a_tokenizer_tokens_are_estimated_and_said_so(
    dataset: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = forecast(dataset, settings(base))

    def unreachable(*args: object, **kwargs: object) -> None:
        raise ServiceError("The hub could not be reached.")

    monkeypatch.setattr(module, "make_plan", unreachable)
    about = forecast(dataset, settings(base, max_length=4096))
    assert not about.counted
    assert (about.rows, about.steps) == (exact.rows, exact.steps)
    with pytest.raises(InputError, match="max_length 16"):
        forecast(dataset, settings(base, max_length=16))


def test_rows_that_are_left_out_are_named_and_nothing_is_written(
    base: Path, tmp_path: Path
) -> None:
    long = record(99, answer="법인세. " * 60)
    dataset = write_dataset(tmp_path / "dataset", train=[*(record(n) for n in range(6)), long])
    config = tmp_path / "config.yaml"
    config.write_text(f"base_model: '{base}'\nmax_length: 64\n", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(
        command, ["--dry-run", "--dataset", str(dataset), "--config", str(config)]
    )
    assert result.exit_code == 0, result.output
    assert "left out, too long: t99" in result.stdout
    assert "NVIDIA GeForce RTX 4090" in result.stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_a_batch_beyond_the_rows_needs_no_more_than_all_of_them(dataset: Path, base: Path) -> None:
    all_rows = forecast(dataset, settings(base, per_device_train_batch_size=12))
    beyond = forecast(dataset, settings(base, per_device_train_batch_size=100_000))
    assert beyond.need == all_rows.need
    assert beyond.steps == all_rows.steps


def test_a_dry_run_of_several_processes_is_refused(dataset: Path, base: Path) -> None:
    options = ["--dataset", str(dataset), "--base-model", str(base), "--processes", "2"]
    result = CliRunner().invoke(command, ["--dry-run", *options])
    assert (result.exit_code, "--dry-run reckons with one process" in result.stderr) == (2, True)


def test_a_folder_without_a_model_is_refused(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a known base model"):
        forecast(dataset, settings(tmp_path / "nothing"))
