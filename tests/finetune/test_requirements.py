"""What a machine cannot do is said in one message, before anything is fetched or trained."""

from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model
from tiny_runs import settings

from finetune.config import TrainConfig
from finetune.loop import sft_config
from finetune.precision import precision, weights_dtype
from finetune.requirements import require_trackers
from finetune.train import finetune, make_plan
from taxqa.errors import ConfigError, TaxqaError


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what torch says of this machine's processors."""
    import torch

    def be(gpu: str, cpu_bf16: bool = True) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu in ("new", "old"))
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: gpu == "apple")
        monkeypatch.setattr(
            torch.cuda,
            "is_bf16_supported",
            # An old card imitates bf16, slowly, and says so only when asked.
            lambda including_emulation=True: gpu == "new" or including_emulation,
        )
        monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: cpu_bf16)

    return be


@pytest.mark.parametrize(
    ("gpu", "cpu_bf16", "device", "expected"),
    [
        ("new", False, "auto", "bf16"),
        ("old", True, "auto", "fp16"),
        ("old", True, "cpu", "bf16"),
        ("apple", False, "auto", "bf16"),
        ("apple", False, "cpu", "fp32"),
        ("none", True, "auto", "bf16"),
        ("none", False, "auto", "fp32"),
    ],
)
def test_precision_is_the_best_that_the_processor_multiplies(
    gpu: str, cpu_bf16: bool, device: str, expected: str, machine: Any
) -> None:
    import torch

    machine(gpu, cpu_bf16)
    config = TrainConfig.model_validate({"device": device})
    assert precision(config) == expected
    types = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
    assert weights_dtype(config) == types[expected]


@pytest.mark.parametrize(
    ("gpu", "wanted", "others"),
    [("old", "bf16", "fp16 or fp32"), ("none", "fp16", "bf16 or fp32"), ("apple", "fp16", "bf16")],
)
def test_a_precision_that_the_machine_lacks_is_refused(
    gpu: str, wanted: str, others: str, machine: Any
) -> None:
    machine(gpu)
    config = TrainConfig.model_validate({"training_args": {"precision": wanted}})
    with pytest.raises(ConfigError, match=f"this machine trains in {others}") as error:
        precision(config)
    assert error.value.hint == "Set precision: auto."


def test_the_loop_trains_in_that_precision(
    dataset: Path, base: Path, tmp_path: Path, machine: Any
) -> None:
    import torch

    plan, _ = make_plan(dataset, settings(base))
    machine("none")
    made = sft_config(plan, settings(base), tmp_path, has_valid=True)
    assert (made.bf16, made.fp16, made.use_cpu) == (False, False, True)
    for wanted, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        out = tmp_path / wanted
        config = settings(base, precision=wanted, max_steps=1, report_samples=0)
        assert weights_dtype(config) == dtype
        assert finetune(dataset, out, config)["steps"] == 1


def test_an_unknown_tracker_is_refused_with_the_known_ones(
    dataset: Path, base: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="knows no tracker 'wandbee'") as error:
        finetune(dataset, tmp_path / "run", settings(base, report_to=["wandbee"]))
    assert "tensorboard" in error.value.hint
    assert not (tmp_path / ".run.partial").exists()


def test_a_tracker_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.integrations import integration_utils

    monkeypatch.setattr(
        integration_utils, "get_available_reporting_integrations", lambda: ["tensorboard"]
    )
    require_trackers(TrainConfig(report_to=("tensorboard",)))
    with pytest.raises(TaxqaError, match="wandb was asked for and is not installed"):
        require_trackers(TrainConfig(report_to=("tensorboard", "wandb")))


def test_a_tracker_gets_what_transformers_gives_it_and_nothing_is_sent_unasked(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import TrainerCallback
    from transformers.integrations import integration_utils

    logged: list[dict[str, Any]] = []

    class Tracker(TrainerCallback):  # type: ignore[misc]
        """Writes where transformers' own file trackers do, below output_dir."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            logged.append(logs)
            (Path(args.output_dir) / "runs").mkdir(parents=True, exist_ok=True)
            (Path(args.output_dir) / "runs" / "events").write_text("x", encoding="utf-8")

    monkeypatch.setitem(integration_utils.INTEGRATION_TO_CALLBACK, "tensorboard", Tracker)
    monkeypatch.setattr(
        integration_utils, "get_available_reporting_integrations", lambda: ["tensorboard"]
    )
    finetune(dataset, tmp_path / "quiet", settings(base, max_steps=1, report_samples=0))
    assert logged == []
    config = settings(base, max_steps=2, report_to=["tensorboard"], report_samples=0)
    finetune(dataset, tmp_path / "run", config)
    assert len([logs for logs in logged if "loss" in logs]) == 2
    assert (tmp_path / "run" / "tensorboard" / "events").read_text(encoding="utf-8") == "x"
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.parametrize(("kind", "form"), [("phi", "gemma3")])
def test_a_form_whose_end_the_tokenizer_does_not_have_is_refused(
    kind: str, form: str, dataset: Path, tiny: Path, tmp_path: Path
) -> None:
    config = settings(tiny_model(kind, tiny), prompt_form=form, max_length=512)
    with pytest.raises(ConfigError, match="ends an answer with <end_of_turn>, which the") as error:
        finetune(dataset, tmp_path / "run", config)
    assert "prompt_form: auto" in error.value.hint
    assert not (tmp_path / ".run.partial").exists()


def test_a_tokenizer_without_an_end_of_text_token_is_refused(
    dataset: Path, base: Path, tmp_path: Path
) -> None:
    import json
    import shutil

    other = shutil.copytree(base, tmp_path / "base")
    path = other / "tokenizer_config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values["eos_token"] = None
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(ConfigError, match="does not have as one token"):
        finetune(dataset, tmp_path / "run", settings(other))
