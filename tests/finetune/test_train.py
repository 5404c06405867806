"""A dataset folder to a run folder, by the real trainer on a tiny model."""

import errno
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_runs import record, settings, write_dataset

from finetune import fit
from finetune.config import TrainConfig
from finetune.forecast import forecast
from finetune.metrics import read_metrics
from finetune.prompts import prompt_form
from finetune.proof_cases import trained_proof
from finetune.rows import Row, make_rows
from finetune.space import space_error
from finetune.train import finetune, make_plan
from taxqa.errors import ConfigError, InputError, MissingExtraError, NoSpaceError, ProofError
from taxqa.folders import digest
from taxqa.records import write_json

ONE_STEP = {"max_steps": 1, "lora_dropout": 0.0, "warmup_ratio": 0.0}


def losses(run: Path, key: str = "loss") -> list[float]:
    return [line[key] for line in read_metrics(run / "metrics.jsonl") if key in line]


def rows_of(base: Path, dataset: Path, part: str) -> list[Row]:
    from transformers import AutoTokenizer

    from taxqa.records import Record, read_jsonl

    tokenizer = AutoTokenizer.from_pretrained(base)
    records = list(read_jsonl(dataset / f"{part}.jsonl", Record))
    return make_rows(records, tokenizer, prompt_form("qa"), 4096).rows


def loss_by_hand(base: Path, adapter: Path | None, rows: list[Row]) -> float:
    """Mean loss in nats per answer token, row by row, without trainer, collator or padding."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from finetune.precision import weights_dtype

    model = AutoModelForCausalLM.from_pretrained(base, dtype=weights_dtype(TrainConfig()))
    if adapter:
        model = PeftModel.from_pretrained(model, adapter)
    model.eval()
    total, tokens = 0.0, 0
    for row in rows:
        with torch.inference_mode():
            logits = model(torch.tensor([row.input_ids])).logits[0, :-1].float()
        labels = torch.tensor(row.labels[1:])
        total += float(torch.nn.functional.cross_entropy(logits, labels, reduction="sum"))
        tokens += int((labels >= 0).sum())
    return total / tokens


def test_a_run_folder_holds_the_adapter_and_how_it_came_about(run: Path, gemma: Path) -> None:
    names = {path.name for path in run.iterdir()}
    assert names == {
        "adapter", "metrics.jsonl", "loss.svg", "report.html", "config.yaml", "manifest.json",
        "valid.jsonl", "heldout.jsonl",
    }  # fmt: skip
    assert {"adapter_config.json", "adapter_model.safetensors", "chat_template.jinja"} <= {
        path.name for path in (run / "adapter").iterdir()
    }
    for name in ("valid.jsonl", "heldout.jsonl"):
        assert (run / name).read_bytes() == (run.parent / "dataset" / name).read_bytes()
    written = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    assert TrainConfig.model_validate(written) == settings(gemma)
    assert [path.name for path in run.parent.glob(f".{run.name}.*")] == []


def test_a_manifest_says_what_export_has_to_know(run: Path, gemma: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["counts"] == {"train_rows": 12, "valid_rows": 4, "too_long": 0, "steps": 9}
    assert manifest["base_model"]["folder"] == str(gemma)
    assert manifest["base_model"]["source"] == "folder"
    assert (manifest["trainer"], manifest["prompt_form"]) == ("trl", "qa")
    assert manifest["losses"]["train_loss"] == losses(run)[-1]
    assert manifest["losses"]["valid_loss"] == min(losses(run, "eval_loss"))


def test_a_manifest_holds_what_an_export_has_to_find_again(run: Path, gemma: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    files = {path.name: digest(path) for path in (run / "adapter").iterdir()}
    assert files.pop("README.md")
    assert manifest["adapter"] == files
    rows = rows_of(gemma, run.parent / "dataset", "heldout")
    assert set(manifest["answer_losses"]) == {row.record for row in rows}
    for row in rows:
        by_hand = loss_by_hand(gemma, run / "adapter", [row])
        assert manifest["answer_losses"][row.record] == pytest.approx(by_hand, rel=0.02)
        assert by_hand < loss_by_hand(gemma, None, [row]) - 0.1


def test_a_manifest_holds_the_token_ids_of_training(run: Path) -> None:
    from transformers import AutoTokenizer

    kept = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["prompt"]
    assert (kept["eos"], kept["bos"]) == ("<eos>", "<bos>")
    saved = AutoTokenizer.from_pretrained(run / "adapter")
    assert kept["proof"] == trained_proof(saved, prompt_form("qa"), "", 64)


def test_the_loss_falls_and_is_logged_at_every_step(run: Path) -> None:
    lines = read_metrics(run / "metrics.jsonl")
    assert [line["step"] for line in lines if "loss" in line] == list(range(1, 10))
    assert [line["step"] for line in lines if "eval_loss" in line] == [3, 6, 9]
    first, *_, last = losses(run)
    assert last < 0.85 * first
    assert losses(run, "eval_loss")[-1] < losses(run, "eval_loss")[0]


def test_the_saved_tokenizer_asks_as_training_did(run: Path, gemma: Path) -> None:
    from transformers import AutoTokenizer

    saved, base = (AutoTokenizer.from_pretrained(path) for path in (run / "adapter", gemma))
    assert saved.chat_template == prompt_form("qa").chat_template("<eos>", adds_bos=True)
    for text in ("### 질문: 세율은?\n\n### 답변:", "😀 漢字\n  <end_of_turn>"):
        assert saved(text).input_ids == base(text).input_ids


def test_only_answers_carry_loss_whatever_the_batches(
    dataset: Path, base: Path, tmp_path: Path
) -> None:
    expected = loss_by_hand(base, None, rows_of(base, dataset, "train"))
    for batch, together in ((12, 1), (2, 6)):
        out = tmp_path / f"batch{batch}"
        changes = {"per_device_train_batch_size": batch, "gradient_accumulation_steps": together}
        finetune(dataset, out, settings(base, **ONE_STEP, **changes))
        assert losses(out) == [pytest.approx(expected, rel=0.01)]


def test_gradient_checkpointing_trains_the_same(dataset: Path, base: Path, tmp_path: Path) -> None:
    curves = []
    for on in (False, True):
        out = tmp_path / f"checkpointing-{on}"
        config = settings(base, max_steps=3, lora_dropout=0.0, gradient_checkpointing=on)
        finetune(dataset, out, config)
        curves.append(losses(out))
    assert curves[1] == pytest.approx(curves[0], rel=0.01)


def test_the_adapter_with_the_lowest_validation_loss_is_kept(base: Path, tmp_path: Path) -> None:
    # What validation asks is answered otherwise than in training: learning makes it worse.
    other = [record(number, "v", answer="a b c d e f g h") for number in range(12, 16)]
    dataset = write_dataset(tmp_path / "dataset", valid=other)
    changes: dict[str, Any] = {"num_train_epochs": 5, "per_device_train_batch_size": 4}
    result = finetune(dataset, tmp_path / "best", settings(base, learning_rate=0.05, **changes))
    curve = losses(tmp_path / "best", "eval_loss")
    assert result["valid_loss"] == min(curve) < curve[-1]
    rows = rows_of(base, dataset, "valid")
    kept = loss_by_hand(base, tmp_path / "best" / "adapter", rows)
    assert kept == pytest.approx(min(curve), rel=0.01)
    last = settings(base, learning_rate=0.05, keep="last", **changes)
    finetune(dataset, tmp_path / "last", last)
    kept = loss_by_hand(base, tmp_path / "last" / "adapter", rows)
    assert kept == pytest.approx(losses(tmp_path / "last", "eval_loss")[-1], rel=0.01)


@pytest.mark.parametrize("patience", [1, 3])
def test_training_stops_after_evaluations_without_gain(
    patience: int, dataset: Path, base: Path, tmp_path: Path
) -> None:
    # Nothing is learned with such a rate, so the first evaluation stays the best.
    config = settings(
        base, num_train_epochs=9, learning_rate=1e-12, early_stopping_patience=patience
    )
    result = finetune(dataset, tmp_path / "run", config)
    assert len(losses(tmp_path / "run", "eval_loss")) == 1 + patience
    assert result["steps"] == 3 * (1 + patience)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["counts"]["steps"] == 3 * (1 + patience)


def test_the_plan_counts_steps_as_the_trainer_does(base: Path, tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", train=[record(n) for n in range(7)])
    config = settings(base, num_train_epochs=2.5, gradient_accumulation_steps=3)
    planned = make_plan(dataset, config)[0].steps
    assert planned == 5
    assert finetune(dataset, tmp_path / "run", config)["steps"] == planned


def test_a_dry_run_writes_nothing(dataset: Path, base: Path, tmp_path: Path) -> None:
    plan = forecast(dataset, settings(base, max_length=28)).summary()
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]
    assert plan["rows"] < 12
    assert plan["longest_row"] <= 28
    assert {row["record"] for row in plan["left_out_as_too_long"]} >= {"t10"}


def test_without_validation_rows_training_runs_to_its_end(base: Path, tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", valid=[])
    result = finetune(dataset, tmp_path / "run", settings(base))
    assert (result["steps"], result["valid_loss"]) == (9, None)


def test_a_row_that_is_too_long_is_left_out_and_named(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = record(99, answer="법인세. " * 60)
    dataset = write_dataset(tmp_path / "dataset", train=[*(record(n) for n in range(6)), long])
    result = finetune(dataset, tmp_path / "run", settings(base, max_steps=1))
    assert result["train_rows"] == 6
    assert [row["record"] for row in result["left_out_as_too_long"]] == ["t99"]
    printed = capsys.readouterr()
    assert "left out, too long: t99" in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "train.jsonl").write_bytes(b""), "has no training rows"),
        (shutil.rmtree, "There is no folder"),
        (lambda folder: (folder / "manifest.json").unlink(), "is no dataset folder"),
        (lambda folder: write_json(folder / "manifest.json", {"stage": "run"}), "is a run folder"),
        (lambda folder: (folder / "valid.jsonl").unlink(), "There is no file"),
        (lambda folder: (folder / "train.jsonl").write_bytes(b"{}\n"), "line 1, is not a Record"),
    ],
)
def test_a_dataset_that_cannot_be_used_is_said_and_nothing_is_written(
    change: Any, message: str, dataset: Path, base: Path, tmp_path: Path
) -> None:
    change(dataset)
    with pytest.raises(InputError, match=message):
        finetune(dataset, tmp_path / "runs" / "run", settings(base))
    assert not (tmp_path / "runs").exists()


def test_rows_that_are_all_too_long_are_said(dataset: Path, base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="All 12 training rows are longer than max_length 16"):
        finetune(dataset, tmp_path / "run", settings(base, max_length=16))


def test_a_whole_run_is_refused_before_anything_is_fetched(dataset: Path, run: Path) -> None:
    before = (run / "manifest.json").read_bytes()
    with pytest.raises(InputError, match="is already there, whole"):
        # gemma3-12b is neither here nor to be had in a test.
        finetune(dataset, run, TrainConfig(trainer="trl"))
    assert (run / "manifest.json").read_bytes() == before


def test_a_whole_run_is_replaced_by_force(dataset: Path, base: Path, tmp_path: Path) -> None:
    finetune(dataset, tmp_path / "run", settings(base, max_steps=1))
    finetune(dataset, tmp_path / "run", settings(base, max_steps=2), force=True)
    assert len(losses(tmp_path / "run")) == 2


def test_a_training_that_diverged_makes_no_run(dataset: Path, base: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    broken = shutil.copytree(base, tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    weights["model.layers.0.mlp.up_proj.weight"] += torch.nan
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(ProofError, match="diverged"):
        finetune(dataset, tmp_path / "run", settings(broken, max_steps=2))
    assert not (tmp_path / "run").exists()


def test_a_training_that_diverges_after_a_good_epoch_stops_there(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import TrainerCallback

    from finetune import loop

    class Diverge(TrainerCallback):  # type: ignore[misc]
        def on_step_begin(self, args: Any, state: Any, *rest: Any, **given: Any) -> None:
            if state.global_step == 4:
                for weight in given["model"].parameters():
                    weight.data += torch.nan

    make = loop.make_trainer

    def make_diverging(*given: Any) -> Any:
        trainer = make(*given)
        trainer.add_callback(Diverge())
        return trainer

    monkeypatch.setattr(loop, "make_trainer", make_diverging)
    with pytest.raises(ProofError, match=r"diverged: the loss is no number at step 5\.") as stopped:
        finetune(dataset, tmp_path / "run", settings(base))
    assert "lower learning_rate" in stopped.value.hint
    assert not (tmp_path / "run").exists()
    partial = tmp_path / ".run.partial"
    assert (partial / "checkpoints" / "checkpoint-4").is_dir()
    lines = read_metrics(partial / "metrics.jsonl")
    assert [line["loss"] is None for line in lines if "loss" in line] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "did not fit into memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "did not fit into memory"),
        (MemoryError(), "did not fit into memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk of .* is full"),
        (RuntimeError("Error while serializing: No space left on device"), "disk is full"),
        (
            RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576"),
            "disk is full",
        ),
    ],
)
def test_a_full_disk_or_memory_is_a_message_and_the_checkpoints_stay(
    error: Exception,
    message: str,
    dataset: Path,
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep = fit.append_metrics

    def fail(path: Path, step: int, *rest: Any) -> None:
        keep(path, step, *rest)
        if step == 5:
            raise error

    monkeypatch.setattr(fit, "append_metrics", fail)
    with pytest.raises(NoSpaceError, match=message):
        finetune(dataset, tmp_path / "run", settings(base))
    assert (tmp_path / ".run.partial" / "checkpoints" / "checkpoint-4").is_dir()


def test_another_error_of_the_trainer_is_not_swallowed() -> None:
    assert space_error(RuntimeError("shapes do not match")) is None


def test_a_missing_package_is_one_message(
    dataset: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "peft" else find(name)
    )
    with pytest.raises(MissingExtraError, match="'peft'") as error:
        finetune(dataset, tmp_path / "run", settings(base))
    assert "taxqa[finetune]" in error.value.hint


def test_4_bits_are_refused_without_a_gpu_before_anything_is_fetched(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    # gemma3-12b is neither here nor to be had in a test.
    config = TrainConfig(load_in_4bit=True, trainer="trl")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="needs a CUDA GPU") as error:
        finetune(dataset, tmp_path / "run", config)
    assert "load_in_4bit: false" in error.value.hint
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(ConfigError, match="needs a CUDA GPU"):
        finetune(dataset, tmp_path / "run", config.model_copy(update={"device": "cpu"}))
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "bitsandbytes" else find(name)
    )
    with pytest.raises(MissingExtraError, match="'bitsandbytes'"):
        finetune(dataset, tmp_path / "run", config)


def test_the_prompt_form_is_the_configs_or_the_base_models_own(
    dataset: Path, base: Path, tmp_path: Path
) -> None:
    config = settings(base, prompt_form="gemma3", max_steps=1, max_length=96)
    assert finetune(dataset, tmp_path / "run", config)["prompt_form"] == "gemma3"
    template = (tmp_path / "run" / "adapter" / "chat_template.jinja").read_text(encoding="utf-8")
    assert template == prompt_form("gemma3").chat_template("<eos>", adds_bos=True)
    assert make_plan(dataset, settings(base))[0].form.name == "qa"


def test_unsloth_is_refused_with_the_reason_where_it_cannot_train(
    dataset: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune import unsloth_trainer

    monkeypatch.setattr(unsloth_trainer, "unsloth_ready", lambda _: "it is not installed")
    with pytest.raises(ConfigError, match="but it is not installed") as error:
        make_plan(dataset, settings(base, trainer="unsloth"))
    assert "2026.10.7, which needs a CUDA GPU" in error.value.hint
    assert make_plan(dataset, settings(base, trainer="auto"))[0].trainer == "trl"


SYSTEM = "{law_date} 기준으로 답하세요."


def test_the_system_message_is_in_every_prompt_with_the_day_of_the_law(
    dataset: Path, base: Path, tmp_path: Path
) -> None:
    write_json(dataset / "manifest.json", {"stage": "dataset", "law_date": "2026-06-08"})
    config = settings(base, system=SYSTEM, max_length=128, max_steps=1)
    plain, _ = make_plan(dataset, settings(base, max_length=128))
    plan, tokenizer = make_plan(dataset, config)
    assert plan.system == "2026년 6월 8일 기준으로 답하세요."
    for row in [*plan.train.rows, *plan.valid.rows]:
        assert tokenizer.decode(row.input_ids).count(plan.system) == 1
    assert plan.train.tokens > plain.train.tokens
    asked = tokenizer.apply_chat_template([{"role": "user", "content": "세율은?"}], tokenize=False)
    assert asked.removeprefix("<bos>") == plan.form.prompt("세율은?", plan.system)
    finetune(dataset, tmp_path / "run", config)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["system"], manifest["law_date"]) == (plan.system, "2026-06-08")


def test_a_day_that_the_dataset_does_not_name_is_not_invented(dataset: Path, base: Path) -> None:
    with pytest.raises(ConfigError, match="has no law_date") as error:
        make_plan(dataset, settings(base, system=SYSTEM))
    assert "taxqa generate" in error.value.hint
    for broken in ("2026-13-01", 20260608, ["2026-06-08"]):
        write_json(dataset / "manifest.json", {"stage": "dataset", "law_date": broken})
        with pytest.raises(InputError, match="a day as in 2026-06-08 was expected"):
            make_plan(dataset, settings(base))
