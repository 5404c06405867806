"""A killed training goes on to the same adapter, and is never thrown away unasked."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_runs import settings, trained_run

from finetune import fit
from finetune.config import TrainConfig
from finetune.metrics import MEASURED, read_metrics
from finetune.resume import FINGERPRINT, checkpoint_to_resume
from finetune.train import finetune
from taxqa.errors import InputError
from taxqa.folders import partial_path

ROOT = Path(fit.__file__).resolve().parent.parent
KILLED = """
import os, signal, sys
from pathlib import Path
from finetune import fit, train
from finetune.config import TrainConfig

append = fit.append_metrics

def append_and_die(path, step, *rest):
    append(path, step, *rest)
    if step == 5:
        os.kill(os.getpid(), signal.SIGKILL)

fit.append_metrics = append_and_die
config = TrainConfig.model_validate_json(sys.argv[3])
train.finetune(Path(sys.argv[1]), Path(sys.argv[2]), config)
"""


@pytest.fixture(scope="module")
def whole(base: Path, tiny: Path) -> Path:
    """The run folder of a training that nothing disturbed."""
    return trained_run(base, tiny)


class Killed(BaseException):
    """Ends a training where a signal would."""


def killed(dataset: Path, out: Path, config: TrainConfig, at: int, monkeypatch: Any) -> Path:
    """The partial folder of a training that ended right after it logged step `at`."""
    append = fit.append_metrics

    def append_and_stop(path: Path, step: int, *rest: Any) -> None:
        append(path, step, *rest)
        if step == at:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(fit, "append_metrics", append_and_stop)
        with pytest.raises(Killed):
            finetune(dataset, out, config)
    return partial_path(out)


def learned(run: Path) -> list[dict[str, Any]]:
    """metrics.jsonl without what depends on how fast the machine was."""
    return [
        {key: value for key, value in line.items() if key not in MEASURED}
        for line in read_metrics(run / "metrics.jsonl")
    ]


def adapter(run: Path) -> bytes:
    return (run / "adapter" / "adapter_model.safetensors").read_bytes()


def test_a_killed_run_goes_on_to_the_adapter_of_an_undisturbed_one(
    whole: Path, base: Path, tmp_path: Path
) -> None:
    dataset, out, config = whole.parent / "dataset", tmp_path / "run", settings(base)
    command = [sys.executable, "-c", KILLED, str(dataset), str(out), config.model_dump_json()]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    draft = partial_path(out)
    checkpoint = checkpoint_to_resume(draft / "checkpoints")
    assert checkpoint == draft / "checkpoints" / "checkpoint-4"
    assert not out.exists()

    result = finetune(dataset, out, config, resume=True)
    assert result["steps"] == 9
    assert learned(out) == learned(whole)
    assert adapter(out) == adapter(whole)
    assert not draft.exists()
    assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}


def test_a_killed_run_is_not_thrown_away_unasked(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(base)
    draft = killed(dataset, tmp_path / "run", config, 5, monkeypatch)
    before = {path: path.stat().st_mtime_ns for path in draft.rglob("*")}
    for force in (False, True):
        with pytest.raises(InputError, match="A killed run left checkpoints") as error:
            finetune(dataset, tmp_path / "run", config, force=force)
        assert "--resume" in error.value.hint
        assert str(draft) in error.value.hint
    assert {path: path.stat().st_mtime_ns for path in draft.rglob("*")} == before


def test_a_killed_run_goes_on_only_with_its_own_config_and_rows(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(base)
    draft = killed(dataset, tmp_path / "run", config, 5, monkeypatch)
    fingerprint = (draft / FINGERPRINT).read_bytes()

    def refused(other: TrainConfig, what: str) -> None:
        with pytest.raises(InputError, match=f"The killed run had another {what} than this one"):
            finetune(dataset, tmp_path / "run", other, resume=True)

    refused(settings(base, learning_rate=1e-3), "config")
    with pytest.raises(
        InputError, match=r"\(training_args.learning_rate: 0.01 then, 0.001 now\)\."
    ):
        finetune(dataset, tmp_path / "run", settings(base, learning_rate=1e-3), resume=True)
    rows = (dataset / "train.jsonl").read_text(encoding="utf-8")
    # By hand, as after a review: the manifest stays as it was.
    (dataset / "train.jsonl").write_text(rows.replace("2억원", "3억원"), encoding="utf-8")
    refused(config, "dataset")
    (dataset / "train.jsonl").write_text(rows, encoding="utf-8")
    for broken in (b"", b'{"config"'):
        (draft / FINGERPRINT).write_bytes(broken)
        refused(
            config,
            "config or system message or trainer or dataset or base model or number of processes",
        )
    (draft / FINGERPRINT).write_bytes(fingerprint)
    # What is only looked at may change: a dearer machine, no samples.
    cheaper = settings(base, price_per_hour=0.5, report_samples=0)
    assert finetune(dataset, tmp_path / "run", cheaper, resume=True)["steps"] == 9


def test_a_killed_run_does_not_go_on_with_a_base_that_was_edited(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = shutil.copytree(base, tmp_path / "base")
    config = settings(edited)
    killed(dataset, tmp_path / "run", config, 5, monkeypatch)
    settings_file = edited / "tokenizer_config.json"
    settings_file.write_text(settings_file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="another base model than this one"):
        finetune(dataset, tmp_path / "run", config, resume=True)


def test_evaluations_without_gain_are_counted_on_over_a_kill(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(base, num_train_epochs=9, learning_rate=1e-12)
    killed(dataset, tmp_path / "run", config, 10, monkeypatch)
    assert finetune(dataset, tmp_path / "run", config, resume=True)["steps"] == 12


def test_a_half_written_checkpoint_is_passed_over(
    whole: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, config = whole.parent / "dataset", settings(base)
    draft = killed(dataset, tmp_path / "run", config, 5, monkeypatch)
    state = draft / "checkpoints" / "checkpoint-4" / "trainer_state.json"
    state.write_bytes(state.read_bytes()[:100])
    finetune(dataset, tmp_path / "run", config, resume=True)
    assert adapter(tmp_path / "run") == adapter(whole)


def test_a_run_killed_before_its_first_checkpoint_starts_over(
    whole: Path,
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dataset, config = whole.parent / "dataset", settings(base)
    for resume in (True, False):
        out = tmp_path / f"run-{resume}"
        draft = killed(dataset, out, config, 1, monkeypatch)
        (draft / "checkpoints" / "checkpoint-2").mkdir(parents=True)
        finetune(dataset, out, config, resume=resume)
        assert ("Nothing to resume" in capsys.readouterr().err) == resume
        assert learned(out) == learned(whole)
        assert adapter(out) == adapter(whole)


def test_a_run_that_failed_after_its_last_step_trains_no_step_again(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Killed

    config = settings(base)
    with monkeypatch.context() as patch:
        patch.setattr(fit, "plot_loss", fail)
        with pytest.raises(Killed):
            finetune(dataset, tmp_path / "run", config)
    lines = learned(partial_path(tmp_path / "run"))
    steps: list[int] = []
    append = fit.append_metrics
    monkeypatch.setattr(
        fit,
        "append_metrics",
        lambda path, step, *rest: (steps.append(step), append(path, step, *rest)),
    )
    finetune(dataset, tmp_path / "run", config, resume=True)
    assert learned(tmp_path / "run") == lines
    assert set(steps) <= {9}


def test_the_newest_whole_checkpoint_is_found(tmp_path: Path) -> None:
    assert checkpoint_to_resume(tmp_path) is None
    for name, state in {"9": "{}", "10": "{}", "11": "", "best": "{}"}.items():
        (tmp_path / f"checkpoint-{name}").mkdir()
        (tmp_path / f"checkpoint-{name}" / "trainer_state.json").write_text(state, "utf-8")
    (tmp_path / "checkpoint-12").mkdir()
    assert checkpoint_to_resume(tmp_path) == tmp_path / "checkpoint-10"
    shutil.rmtree(tmp_path / "checkpoint-10")
    assert checkpoint_to_resume(tmp_path) == tmp_path / "checkpoint-9"


def test_what_a_killed_run_belongs_to_is_plain_json(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = killed(dataset, tmp_path / "run", settings(base), 3, monkeypatch)
    found = json.loads((draft / FINGERPRINT).read_text(encoding="utf-8"))
    assert set(found) == {"config", "system", "trainer", "rows", "base", "processes"}
    assert TrainConfig.model_validate(found["config"]) == settings(base)
