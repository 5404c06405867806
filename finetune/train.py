"""A dataset folder to a run folder: rows, trainer, checkpoints, adapter, metrics, plot."""

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.bases import LocatedBase, locate_base
from finetune.config import TrainConfig
from finetune.memory import keep_freed_memory
from finetune.metrics import append_metrics, drop_after, plot_loss, read_metrics
from finetune.prompts import PromptForm, prompt_form
from finetune.rows import Rows, make_rows
from taxqa.errors import ConfigError, InputError, MissingExtraError, NoSpaceError
from taxqa.folders import Draft, digest, new_folder, partial_path, read_manifest, require_space
from taxqa.progress import bar, note
from taxqa.records import Record, read_jsonl

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
        InputError: no whole dataset folder, no rows, nothing to resume or another config or
            dataset than the killed run had.
        NoSpaceError: the disk would not hold the checkpoints.
    """
    require_packages()
    keep_freed_memory()
    plan, tokenizer = make_plan(dataset, config)
    print_plan(plan)
    started = time.monotonic()
    inputs = {"dataset": dataset}
    fingerprint = {"config": config.model_dump(mode="json"), "dataset": digest(dataset)}
    check_resume(partial_path(out), resume, fingerprint)
    settings = config.model_dump(mode="json") | {"base_model": config.base_model}
    with new_folder(
        out, stage="run", config=settings, inputs=inputs, force=force, resume=resume
    ) as draft:
        write_fingerprint(draft.path, fingerprint)
        require_space(draft.path, 3_000_000_000, "Training (adapter and checkpoints)")
        losses = train(draft.path, plan, tokenizer, config, resume)
        for name in ("valid.jsonl", "heldout.jsonl"):
            if (dataset / name).is_file():
                shutil.copyfile(dataset / name, draft.path / name)
        shutil.rmtree(draft.path / "checkpoints", ignore_errors=True)
        (draft.path / "resume.json").unlink()
        fill_manifest(draft, plan, losses)
    return plan.summary() | losses | {"seconds": round(time.monotonic() - started, 1)}


def plan_only(dataset: Path, config: TrainConfig) -> dict[str, Any]:
    """What `finetune` would do, as plain values and on stderr; nothing is written."""
    require_packages()
    plan, _ = make_plan(dataset, config)
    print_plan(plan)
    return plan.summary()


def require_packages() -> None:
    """MissingExtraError unless what training needs is installed."""
    import importlib.util

    for package in ("torch", "transformers", "trl", "peft", "datasets", "accelerate"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(package, "finetune")


def make_plan(dataset: Path, config: TrainConfig) -> tuple[Plan, Any]:
    """What a run will do, and the tokenizer with the trained chat template.

    Raises:
        InputError: not a dataset folder, or no row left to train on.
    """
    read_manifest(dataset, stage="dataset", made_by=MAKE_DATASET)
    trainer = choose_trainer(config.trainer)
    from transformers import AutoTokenizer

    train_records = list(read_jsonl(dataset / "train.jsonl", Record))
    valid_records = list(read_jsonl(dataset / "valid.jsonl", Record))
    if not train_records:
        raise InputError(f"{dataset} has no training rows.", hint=f"Make it anew: {MAKE_DATASET}")
    base = locate_base(config.base_model, config.base_source)
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


def choose_trainer(wanted: str) -> str:
    """'unsloth' or 'trl', by what was asked for and what can train here.

    Raises:
        ConfigError: unsloth was asked for and cannot train here.
    """
    if wanted == "trl":
        return "trl"
    from finetune.unsloth_trainer import prepare_unsloth, unsloth_ready

    reason = unsloth_ready()
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


def check_resume(draft: Path, resume: bool, fingerprint: dict[str, Any]) -> None:
    """InputError where a killed run cannot be gone on with, or would be thrown away."""
    import json

    has_checkpoint = any((draft / "checkpoints").glob("checkpoint-*"))
    if not resume:
        if has_checkpoint:
            raise InputError(
                f"A killed run left checkpoints in {draft}.",
                hint=f"Go on with it: add --resume. To start over, delete that folder: {draft}",
            )
        return
    if not has_checkpoint:
        note("Nothing to resume (no checkpoint was written yet); starting from the beginning.")
    elif json.loads((draft / "resume.json").read_text(encoding="utf-8")) != fingerprint:
        raise InputError(
            "The killed run had another config or dataset than this one.",
            hint=f"Give the same --config and --dataset, or delete {draft} to start over.",
        )


def write_fingerprint(draft: Path, fingerprint: dict[str, Any]) -> None:
    """Remember what the checkpoints in `draft` belong to."""
    from taxqa.records import write_json

    write_json(draft / "resume.json", fingerprint)


def train(
    draft: Path, plan: Plan, tokenizer: Any, config: TrainConfig, resume: bool
) -> dict[str, Any]:
    """Train, keep the best checkpoint's adapter in draft/adapter; the losses."""
    if plan.trainer == "unsloth":
        from finetune.unsloth_trainer import load_unsloth as load
    else:
        from finetune.trl_trainer import load_trl as load
    from finetune.loop import checkpoint_to_resume, make_trainer

    checkpoints = draft / "checkpoints"
    checkpoint = checkpoint_to_resume(checkpoints) if resume else None
    metrics = draft / "metrics.jsonl"
    drop_after(metrics, int(checkpoint.name.split("-")[1]) if checkpoint else 0)
    model = load(plan.base.folder, tokenizer, config)
    with bar("Training", total=plan.steps) as progress:
        trainer = make_trainer(
            model, tokenizer, plan, config, checkpoints, metrics_writer(metrics, progress.update)
        )
        try:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        except RuntimeError as error:
            raise training_error(error) from error
    trainer.model.save_pretrained(draft / "adapter", safe_serialization=True)
    tokenizer.save_pretrained(draft / "adapter")
    lines = read_metrics(metrics)
    plot_loss(lines, draft / "loss.svg")
    return losses(lines)


def metrics_writer(
    path: Path, update: Callable[[float, str], None]
) -> Callable[[int, float, dict[str, Any]], None]:
    """What the loop calls with each log: a line of metrics.jsonl and the live view."""

    def write(step: int, epoch: float, logs: dict[str, Any]) -> None:
        append_metrics(path, step, epoch, logs)
        shown = [f"{key} {logs[key]:.3f}" for key in ("loss", "eval_loss") if key in logs]
        update(step, " ".join(shown))

    return write


def losses(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Last training loss and best validation loss, nats per answer token."""
    train_losses = [line["loss"] for line in lines if "loss" in line]
    valid_losses = [line["eval_loss"] for line in lines if "eval_loss" in line]
    return {
        "train_loss": train_losses[-1] if train_losses else None,
        "valid_loss": min(valid_losses) if valid_losses else None,
    }


def training_error(error: RuntimeError) -> Exception:
    """Out of memory as a message that says what to change; anything else as it is."""
    if "out of memory" not in str(error).lower() and "can't allocate" not in str(error):
        return error
    return NoSpaceError(
        "The model and its rows did not fit into memory; the checkpoints are kept.",
        hint="Set per_device_train_batch_size: 2 and gradient_accumulation_steps: 8 (the same"
        " training), gradient_checkpointing: true, or load_in_4bit: true on a GPU.",
    )


def fill_manifest(draft: Draft, plan: Plan, losses: dict[str, Any]) -> None:
    """What export needs to know of the run, beside its files."""
    base = plan.base.base
    draft.counts |= {
        "train_rows": len(plan.train.rows),
        "valid_rows": len(plan.valid.rows),
        "too_long": len(plan.train.too_long) + len(plan.valid.too_long),
        "steps": plan.steps,
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
        "losses": losses,
    }
