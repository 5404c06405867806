"""Datasets of a few rows and runs of a few steps, through the real trainer."""

from pathlib import Path
from typing import Any

from finetune.config import TrainConfig
from taxqa.records import Record, write_json, write_jsonl

ROWS = {"train.jsonl": 12, "valid.jsonl": 4, "heldout.jsonl": 4}
ANSWERS = ("10퍼센트입니다.", "5월에 신고합니다.", "2억원입니다.")


def record(number: int, part: str = "t", **changes: Any) -> Record:
    """A record with one of three answers."""
    values: dict[str, Any] = {
        "question": f"세율은 {number}퍼센트입니까?",
        "answer": ANSWERS[number % len(ANSWERS)],
        "type": "student",
        "source": "practical",
        "id": f"{part}{number}",
        "document": f"d{number}",
        "teacher": "worked",
    }
    return Record.model_validate(values | changes)


def write_dataset(folder: Path, **rows: list[Record]) -> Path:
    """A whole dataset folder.

    Args:
        rows: records of a part (train, valid, heldout) that differ from the usual.
    """
    folder.mkdir(parents=True)
    first = 0
    for name, count in ROWS.items():
        part = name.removesuffix(".jsonl")
        usual = [record(number, part[0]) for number in range(first, first + count)]
        write_jsonl(folder / name, rows.get(part, usual))
        first += count
    write_json(folder / "manifest.json", {"stage": "dataset", "made": "2026-11-20T00:00:00Z"})
    return folder


def settings(base: Path, *, trainer: str = "trl", **changes: Any) -> TrainConfig:
    """A config that trains `base` in seconds: three steps an epoch, a checkpoint every two.

    Args:
        changes: keys of any section that differ from the usual.
    """
    values: dict[str, Any] = {
        "base_model": str(base),
        "trainer": trainer,
        "max_length": 64,
        "training_args": {
            "num_train_epochs": 3,
            "per_device_train_batch_size": 2,
            "gradient_accumulation_steps": 2,
            "learning_rate": 1e-2,
            "save_steps": 2,
        },
        "lora_config": {"r": 4, "lora_alpha": 8, "lora_dropout": 0.1},
    }
    for key, value in changes.items():
        section = next((part for part in ("training_args", "lora_config") if key in keys(part)), "")
        (values[section] if section else values)[key] = value
    return TrainConfig.model_validate(values)


def keys(section: str) -> set[str]:
    """The keys of a section of the config."""
    return set(TrainConfig().model_dump()[section])


def trained_run(base: Path, parent: Path) -> Path:
    """The run folder of `base` under `parent`, trained once and never disturbed."""
    from finetune.train import finetune

    run = parent / f"run-{base.name}"
    if not run.is_dir():
        dataset = parent / "dataset"
        finetune(dataset if dataset.is_dir() else write_dataset(dataset), run, settings(base))
    return run


def random_adapter(base: Path, folder: Path, **lora: Any) -> Path:
    """A PEFT folder whose change of `base` is as large as its weights, as no training makes it.

    Args:
        lora: arguments of peft.LoraConfig that differ from the usual.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from finetune.bases import target_modules

    torch.manual_seed(11)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    usual = {"r": 4, "lora_alpha": 8, "target_modules": target_modules(model.config)}
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **(usual | lora)))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if ".lora_B." in name:
                weight.normal_(std=0.1)
    adapted.save_pretrained(folder)
    return folder
