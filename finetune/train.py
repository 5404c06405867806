"""A dataset folder to a run folder: rows, trainer, checkpoints, adapter, metrics, plot."""

import math
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.bases import LocatedBase, locate_base
from finetune.config import TrainConfig
from finetune.memory import keep_freed_memory
from finetune.metrics import append_metrics, drop_after, plot_loss, read_metrics
from finetune.prompts import PromptForm, prompt_form
from finetune.resume import FINGERPRINT, check_resume, checkpoint_to_resume
from finetune.rows import Rows, make_rows
from finetune.space import space_errors_named
from taxqa.errors import ConfigError, InputError, MissingExtraError, ProofError
from taxqa.folders import (
    Draft,
    digest,
    new_folder,
    partial_path,
    read_manifest,
    refuse_existing,
    require_space,
)
from taxqa.progress import bar, note
from taxqa.records import Record, read_jsonl, write_json

MAKE_DATASET = "taxqa generate --out work/dataset"


@dataclass(frozen=True)
class Plan:
    """What a run will do; what --dry-run prints."""

    base: LocatedBase
    form: PromptForm
    trainer: str
    train: Rows
    valid: Rows
    steps_per_epoch: int
    steps: int

    def summary(self) -> dict[str, Any]:
        """The plan as plain values."""
        return {
            "base_model": self.base.name,
            "base_source": self.base.source,
            "prompt_form": self.form.name,
            "trainer": self.trainer,
            "train_rows": len(self.train.rows),
            "valid_rows": len(self.valid.rows),
            "train_tokens": self.train.tokens,
            "longest_row": max(len(row.input_ids) for row in self.train.rows),
            "left_out_as_too_long": [
                {"record": record, "tokens": tokens}
                for record, tokens in self.train.too_long + self.valid.too_long
            ],
            "steps": self.steps,
        }


def finetune(
    dataset: Path,
    out: Path,
    config: TrainConfig,
    *,
    resume: bool = False,
    force: bool = False,
) -> dict[str, Any]:
    """Train an adapter and write the run folder `out`; returns its plan and last losses.

    A killed run leaves its checkpoints in `.NAME.partial` beside `out`; with `resume` it goes on
    from the last one to the same adapter.

    Raises:
        ConfigError: the config asks for what this machine does not have.
        InputError: no whole dataset folder, no rows, nothing to resume or another config or
            dataset than the killed run had.
        NoSpaceError: the disk or the memory would not hold the training; checkpoints are kept.
        ProofError: the training diverged; checkpoints are kept.
    """
    refuse_existing(out, "run", force)
    require_packages()
    keep_freed_memory()
    require_4bit(config)
    plan, tokenizer = make_plan(dataset, config)
    print_plan(plan)
    started = time.monotonic()
    inputs = {"dataset": dataset}
    settings = config.model_dump(mode="json")
    rows = {name: digest(dataset / name) for name in ("train.jsonl", "valid.jsonl")}
    fingerprint = {"config": settings, "trainer": plan.trainer, "rows": rows}
    check_resume(partial_path(out), resume, fingerprint)
    with new_folder(
        out, stage="run", config=settings, inputs=inputs, force=force, resume=resume
    ) as draft:
        write_json(draft.path / FINGERPRINT, fingerprint)
        require_space(draft.path, 3_000_000_000, "Training (adapter and checkpoints)")
        # Unsloth prints; stdout is for results.
        with redirect_stdout(sys.stderr), space_errors_named():
            result = train(draft.path, plan, tokenizer, config, resume)
        for name in ("valid.jsonl", "heldout.jsonl"):
            if (dataset / name).is_file():
                shutil.copyfile(dataset / name, draft.path / name)
        shutil.rmtree(draft.path / "checkpoints", ignore_errors=True)
        (draft.path / FINGERPRINT).unlink()
        fill_manifest(draft, plan, result)
    return plan.summary() | result | {"seconds": round(time.monotonic() - started, 1)}


def require_packages() -> None:
    """MissingExtraError unless what training needs is installed."""
    import importlib.util

    packages = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "matplotlib")
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(package, "finetune")


def require_4bit(config: TrainConfig) -> None:
    """Refuse load_in_4bit where it cannot be, before gigabytes are fetched for it.

    Raises:
        ConfigError: no CUDA GPU.
        MissingExtraError: no bitsandbytes.
    """
    import importlib.util

    import torch

    if not config.load_in_4bit:
        return
    if config.device == "cpu" or not torch.cuda.is_available():
        raise ConfigError(
            "load_in_4bit: true needs a CUDA GPU, and this run would have none.",
            hint="Set load_in_4bit: false, or train on a machine with such a GPU.",
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingExtraError("bitsandbytes", "unsloth")


def make_plan(dataset: Path, config: TrainConfig, *, weights: bool = True) -> tuple[Plan, Any]:
    """What a run will do, and the tokenizer with the trained chat template.

    Args:
        weights: False = fetch no weights from the hub; the plan is for reading only.

    Raises:
        InputError: not a dataset folder, or no row left to train on.
    """
    read_manifest(dataset, stage="dataset", made_by=MAKE_DATASET)
    trainer = choose_trainer(config.trainer, config.device)
    from transformers import AutoTokenizer

    train_records = list(read_jsonl(dataset / "train.jsonl", Record))
    valid_records = list(read_jsonl(dataset / "valid.jsonl", Record))
    if not train_records:
        raise InputError(f"{dataset} has no training rows.", hint=f"Make it anew: {MAKE_DATASET}")
    base = locate_base(config.base_model, config.base_source, weights=weights)
    tokenizer = AutoTokenizer.from_pretrained(base.folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    form = prompt_form(form_name(config, base))
    tokenizer.chat_template = form.chat_template(tokenizer.eos_token, adds_bos(tokenizer))
    rows = make_rows(train_records, tokenizer, form, config.max_length)
    if not rows.rows:
        raise InputError(
            f"All {len(train_records)} training rows are longer than max_length"
            f" {config.max_length} tokens.",
            hint="Raise max_length in the config.",
        )
    args = config.training_args
    batches = math.ceil(len(rows.rows) / args.per_device_train_batch_size)
    per_epoch = max(1, math.ceil(batches / args.gradient_accumulation_steps))
    steps = args.max_steps if args.max_steps > 0 else math.ceil(per_epoch * args.num_train_epochs)
    valid = make_rows(valid_records, tokenizer, form, config.max_length)
    return Plan(base, form, trainer, rows, valid, per_epoch, steps), tokenizer


def form_name(config: TrainConfig, base: LocatedBase) -> str:
    """The config's prompt form, or the base model's own."""
    if config.prompt_form != "auto":
        return config.prompt_form
    return base.base.prompt_form if base.base else "qa"


def adds_bos(tokenizer: Any) -> bool:
    """True where the tokenizer puts BOS before a text (Gemma does, Phi-2 and SmolLM2 do not)."""
    ids = tokenizer("a").input_ids
    return tokenizer.bos_token_id is not None and ids[0] == tokenizer.bos_token_id


def choose_trainer(wanted: str, device: str) -> str:
    """'unsloth' or 'trl', by what was asked for and what can train here.

    Raises:
        ConfigError: unsloth was asked for and cannot train here.
    """
    if wanted == "trl":
        return "trl"
    from finetune.unsloth_trainer import prepare_unsloth, unsloth_ready

    reason = unsloth_ready(device)
    if wanted == "unsloth" and reason:
        raise ConfigError(
            f"trainer: unsloth was asked for, but {reason}.",
            hint="Use trainer: auto or trl, or: pip install 'taxqa[unsloth]'",
        )
    if reason:
        return "trl"
    prepare_unsloth()
    return "unsloth"


def print_plan(plan: Plan) -> None:
    """The plan on stderr; each row that is left out is named."""
    summary = plan.summary()
    note(
        f"{summary['base_model']} ({summary['base_source']}), {plan.trainer}, prompt form"
        f" {plan.form.name}: {summary['train_rows']} training and {summary['valid_rows']}"
        f" validation rows, {summary['train_tokens']:,} tokens, {plan.steps} steps"
    )
    for left_out in summary["left_out_as_too_long"]:
        note(f"left out, too long: {left_out['record']} ({left_out['tokens']} tokens)")


def train(
    draft: Path, plan: Plan, tokenizer: Any, config: TrainConfig, resume: bool
) -> dict[str, Any]:
    """Train, put the adapter into draft/adapter; steps and losses."""
    if plan.trainer == "unsloth":
        from finetune.unsloth_trainer import load_unsloth as load
    else:
        from finetune.trl_trainer import load_trl as load
    from finetune.loop import make_trainer

    checkpoints = draft / "checkpoints"
    checkpoint = checkpoint_to_resume(checkpoints) if resume else None
    metrics = draft / "metrics.jsonl"
    drop_after(metrics, int(checkpoint.name.split("-")[1]) if checkpoint else 0)
    model = load(plan.base.folder, config)
    with bar("Training", total=plan.steps) as progress:
        trainer = make_trainer(
            model, tokenizer, plan, config, checkpoints, metrics_writer(metrics, progress.update)
        )
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    require_numbers(trainer.model)
    trainer.model.save_pretrained(draft / "adapter", safe_serialization=True)
    tokenizer.save_pretrained(draft / "adapter")
    lines = read_metrics(metrics)
    plot_loss(lines, draft / "loss.svg")
    return training_result(lines)


def metrics_writer(
    path: Path, update: Callable[[float, str], None]
) -> Callable[[int, float, dict[str, Any]], None]:
    """What the loop calls with each log: a line of metrics.jsonl and the live view.

    It raises ProofError at the first loss that is no number: nothing good comes after it, and the
    best adapter of before is no proof of a training.
    """

    def write(step: int, epoch: float, logs: dict[str, Any]) -> None:
        append_metrics(path, step, epoch, logs)
        losses = {key: logs[key] for key in ("loss", "eval_loss") if key in logs}
        update(step, " ".join(f"{key} {loss:.3f}" for key, loss in losses.items()))
        if not all(map(math.isfinite, losses.values())):
            raise diverged(f"the loss is no number at step {step}")

    return write


def training_result(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Steps done, last training loss and best validation loss, nats per answer token."""
    train_losses = [line["loss"] for line in lines if line.get("loss") is not None]
    valid_losses = [line["eval_loss"] for line in lines if line.get("eval_loss") is not None]
    return {
        "steps": lines[-1]["step"] if lines else 0,
        "train_loss": train_losses[-1] if train_losses else None,
        "valid_loss": min(valid_losses) if valid_losses else None,
    }


def require_numbers(model: Any) -> None:
    """ProofError where the adapter's weights are not numbers, as after a training that diverged."""
    trained = (weight for weight in model.parameters() if weight.requires_grad)
    if not all(bool(weight.isfinite().all()) for weight in trained):
        raise diverged("the adapter's weights are not numbers any more")


def diverged(what: str) -> ProofError:
    """The error for a training that diverged, with what to do."""
    return ProofError(
        f"The training diverged: {what}. Its checkpoints are kept.",
        hint="Set a lower learning_rate; if the loss was never a number, the base model's weights"
        " are broken: fetch them again.",
    )


def fill_manifest(draft: Draft, plan: Plan, result: dict[str, Any]) -> None:
    """What export needs to know of the run, beside its files."""
    base = plan.base.base
    draft.counts |= {
        "train_rows": len(plan.train.rows),
        "valid_rows": len(plan.valid.rows),
        "too_long": len(plan.train.too_long) + len(plan.valid.too_long),
        "steps": result["steps"],
    }
    draft.details |= {
        "base_model": {
            "name": plan.base.name,
            "folder": str(plan.base.folder),
            "source": plan.base.source,
            "repo": base.repo if base else "",
            "license_name": base.license_name if base else "",
            "license_url": base.license_url if base else "",
        },
        "trainer": plan.trainer,
        "prompt_form": plan.form.name,
        "system": "",
        "losses": {name: result[name] for name in ("train_loss", "valid_loss")},
    }
