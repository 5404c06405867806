"""A dataset folder to a run folder: rows, trainer, checkpoints, adapter, metrics, plot."""

import math
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from finetune.answer_losses import ROWS, answer_losses
from finetune.bases import LocatedBase, locate_base, model_files
from finetune.batches import pack, steps_an_epoch
from finetune.config import LAW_DATE, UNRELATED, TrainConfig, system_on
from finetune.fit import train, train_along
from finetune.live import price_per_hour
from finetune.memory import keep_freed_memory
from finetune.metrics import read_metrics, training_result
from finetune.processes import this_process
from finetune.prompts import PromptForm, prompt_form
from finetune.report import report_run
from finetune.requirements import require_machine, require_packages
from finetune.resume import FINGERPRINT, check_resume
from finetune.rows import Row, Rows, make_rows
from finetune.samples import form_end, held_out, sample_answers
from finetune.space import training_errors_named
from taxqa.errors import ConfigError, InputError
from taxqa.folders import (
    Draft,
    digest,
    new_folder,
    partial_path,
    read_manifest,
    refuse_existing,
    require_space,
)
from taxqa.progress import note
from taxqa.records import Record, read_jsonl, write_json

MAKE_DATASET = "taxqa generate --out work/dataset"


@dataclass(frozen=True)
class Plan:
    """What a run will do; what --dry-run prints."""

    base: LocatedBase
    form: PromptForm
    system: str
    """System message of every prompt, its date filled in; '' = none."""
    law_date: date | None
    """Day whose law the dataset states; None where its manifest does not say."""
    trainer: str
    train: Rows
    valid: Rows
    sequences: Sequence[Sequence[Row]]
    """What is trained: each row by itself, or several packed together."""
    steps_per_epoch: int
    steps: int

    def summary(self) -> dict[str, Any]:
        """The plan as plain values."""
        return {
            "base_model": self.base.name,
            "base_source": self.base.source,
            "prompt_form": self.form.name,
            "system": self.system,
            "law_date": self.law_date and self.law_date.isoformat(),
            "trainer": self.trainer,
            "train_rows": len(self.train.rows),
            "valid_rows": len(self.valid.rows),
            "train_tokens": self.train.tokens,
            "train_sequences": len(self.sequences),
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
    from the last one to the same adapter. Of several processes (finetune/processes.py) each calls
    this; the first one writes, and the others return {}.

    Raises:
        ConfigError: the config asks for what this machine does not have.
        InputError: no whole dataset folder, no rows, nothing to resume or another config, dataset
            or base model than the killed run had.
        NoSpaceError: the disk or the memory would not hold the training; checkpoints are kept.
        ProofError: the training diverged, its checkpoints are kept; or packing would leak.
    """
    started = time.monotonic()
    refuse_existing(out, "run", force, resume=resume)
    plan, tokenizer = prepare(dataset, config)
    if not this_process().is_first:
        train_along(partial_path(out), plan, tokenizer, config, resume)
        return {}
    print_plan(plan)
    origin = {
        "rows": {name: digest(dataset / name) for name in ("train.jsonl", "valid.jsonl")},
        "base": model_files(plan.base.folder),
    }
    fingerprint = origin | {
        "config": config.model_dump(mode="json", exclude=UNRELATED),
        "system": plan.system,
        "trainer": plan.trainer,
        "processes": this_process().count,
    }
    check_resume(partial_path(out), resume, fingerprint)
    settings = config.model_dump(mode="json")
    inputs = {"dataset": dataset}
    with new_folder(
        out, stage="run", config=settings, inputs=inputs, force=force, resume=resume
    ) as draft:
        write_json(draft.path / FINGERPRINT, fingerprint)
        require_space(draft.path, 3_000_000_000, "Training (adapter and checkpoints)")
        # Unsloth prints; stdout is for results.
        with redirect_stdout(sys.stderr), training_errors_named():
            model = train(draft.path, plan, tokenizer, config, resume, started)
            asked = make_rows(
                held_out(dataset, ROWS), tokenizer, plan.form, config.max_length, plan.system
            )
            losses = answer_losses(model, asked.rows)
            records = held_out(dataset, config.report_samples)
            samples = sample_answers(
                model, tokenizer, plan.form, records, config.report_sample_tokens, plan.system
            )
        result = training_result(read_metrics(draft.path / "metrics.jsonl"), price_per_hour(config))
        report_run(draft.path, out.name, plan.summary(), result, settings, samples)
        for name in ("valid.jsonl", "heldout.jsonl"):
            if (dataset / name).is_file():
                shutil.copyfile(dataset / name, draft.path / name)
        clear_away(draft.path)
        fill_manifest(draft, plan, result, origin["base"])
        draft.details["answer_losses"] = losses
        draft.details["adapter"] = adapter_files(draft.path / "adapter")
    return plan.summary() | result | {"seconds": round(time.monotonic() - started, 1)}


def prepare(dataset: Path, config: TrainConfig) -> tuple[Plan, Any]:
    """The plan and the tokenizer, on a machine that was found fit for the config."""
    require_packages()
    keep_freed_memory()
    price_per_hour(config)
    require_machine(config)
    return make_plan(dataset, config)


def make_plan(dataset: Path, config: TrainConfig, *, weights: bool = True) -> tuple[Plan, Any]:
    """What a run will do, and the tokenizer with the trained chat template.

    Args:
        weights: False = fetch no weights from the hub; the plan is for reading only.

    Raises:
        InputError: not a dataset folder, or no row left to train on.
    """
    manifest = read_manifest(dataset, stage="dataset", made_by=MAKE_DATASET)
    law_date = law_date_of(manifest, dataset)
    system = system_of(config, law_date, dataset)
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
    require_form_fits(form, tokenizer, base.name)
    tokenizer.chat_template = form.chat_template(tokenizer.eos_token, adds_bos(tokenizer), system)
    rows = make_rows(train_records, tokenizer, form, config.max_length, system)
    if not rows.rows:
        raise InputError(
            f"All {len(train_records)} training rows are longer than max_length"
            f" {config.max_length} tokens.",
            hint="Raise max_length in the config.",
        )
    args = config.training_args
    sequences = [[row] for row in rows.rows]
    if args.packing:
        sequences = pack(rows.rows, config.max_length)
    per_epoch = steps_an_epoch(len(sequences), args, this_process().count)
    steps = args.max_steps if args.max_steps > 0 else math.ceil(per_epoch * args.num_train_epochs)
    valid = make_rows(valid_records, tokenizer, form, config.max_length, system)
    plan = Plan(base, form, system, law_date, trainer, rows, valid, sequences, per_epoch, steps)
    return plan, tokenizer


def law_date_of(manifest: dict[str, Any], dataset: Path) -> date | None:
    """The day whose law a dataset states, from its manifest; None where that does not say.

    Raises:
        InputError: what it says is no day.
    """
    found = manifest.get("law_date")
    try:
        return None if found is None else date.fromisoformat(found)
    except (TypeError, ValueError):
        raise InputError(
            f"{dataset}/manifest.json has the law_date {found!r}; a day as in 2026-06-08 was"
            " expected.",
            hint=f"Make the dataset anew: {MAKE_DATASET}",
        ) from None


def system_of(config: TrainConfig, law_date: date | None, dataset: Path) -> str:
    """The config's system message with the day of the law in it.

    Raises:
        ConfigError: it names that day, and the dataset does not.
    """
    if LAW_DATE not in config.system:
        return config.system
    if law_date is None:
        raise ConfigError(
            f"system names {LAW_DATE}, and {dataset}/manifest.json has no law_date.",
            hint=f"Make the dataset anew ({MAKE_DATASET}), or write the day into the config.",
        )
    return system_on(config.system, law_date)


def form_name(config: TrainConfig, base: LocatedBase) -> str:
    """The config's prompt form, or the base model's own."""
    if config.prompt_form != "auto":
        return config.prompt_form
    return base.base.prompt_form if base.base else "qa"


def require_form_fits(form: PromptForm, tokenizer: Any, base: str) -> None:
    """ConfigError unless the tokenizer has one token for what ends an answer of this form.

    Spelled out in letters, the end would be taught and yet stop no server.
    """
    if tokenizer.eos_token is None or len(form_end(tokenizer, form)) != 1:
        end = form.end.replace("{eos}", tokenizer.eos_token or "an end-of-text token")
        raise ConfigError(
            f"prompt_form: {form.name} ends an answer with {end}, which the tokenizer of {base}"
            " does not have as one token.",
            hint="Set prompt_form: auto, or the form that this base model was made for.",
        )


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
            hint="Use trainer: auto or trl. pip install 'taxqa[unsloth]' may bring 2026.10.7, which"
            " needs a CUDA GPU; `make unsloth` in a clone brings 2026.10.9, which also trains on a"
            " CPU.",
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
    if len(plan.sequences) < len(plan.train.rows):
        note(f"packed: {len(plan.train.rows)} rows in {len(plan.sequences)} sequences")
    if plan.system:
        note(f"system message of every prompt: {plan.system}")
    for left_out in summary["left_out_as_too_long"]:
        note(f"left out, too long: {left_out['record']} ({left_out['tokens']} tokens)")


def clear_away(draft: Path) -> None:
    """Delete what only an unfinished run needs; what a tracker wrote among it is kept."""
    tracked = draft / "checkpoints" / "runs"
    if tracked.is_dir():
        tracked.rename(draft / "tensorboard")
    shutil.rmtree(draft / "checkpoints", ignore_errors=True)
    (draft / FINGERPRINT).unlink()


def adapter_files(folder: Path) -> dict[str, str]:
    """Name and SHA-256 of each file of an adapter and its tokenizer; its README is the user's."""
    found = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".md")
    return {path.name: digest(path) for path in found}


def fill_manifest(
    draft: Draft, plan: Plan, result: dict[str, Any], base_files: dict[str, str]
) -> None:
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
            "files": base_files,
        },
        "trainer": plan.trainer,
        "prompt_form": plan.form.name,
        "system": plan.system,
        "law_date": plan.law_date and plan.law_date.isoformat(),
        "losses": {name: result[name] for name in ("train_loss", "valid_loss")},
        "training": {
            "processes": this_process().count,
            "tokens_per_second": result["tokens_per_second"],
            "peak_memory_bytes": result["peak_memory_bytes"],
            "cost_usd": result["cost_usd"],
        },
    }
