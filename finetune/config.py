"""The training config: the sections and names of transformers and PEFT, nothing unknown.

Flag > YAML > default. Every field has its unit and default beside it.
"""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from taxqa.errors import ConfigError
from taxqa.records import first_problem, read_text


class Section(BaseModel):
    """A part of the config; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TrainingArgs(Section):
    """How long and how fast to train; names as in transformers.TrainingArguments."""

    num_train_epochs: float = Field(default=3, gt=0)
    """Passes over the training rows."""
    max_steps: int = Field(default=-1, ge=-1)
    """Optimizer steps in all; -1 = by epochs."""
    per_device_train_batch_size: int = Field(default=4, ge=1)
    """Rows at once on a device; 2 where memory is short."""
    gradient_accumulation_steps: int = Field(default=4, ge=1)
    """Batches that make one optimizer step; 8 with batch size 2 trains the same."""
    learning_rate: float = Field(default=2e-5, gt=0, le=1)
    """Peak learning rate."""
    lr_scheduler_type: Literal["linear", "cosine", "constant", "constant_with_warmup"] = "linear"
    """How the learning rate goes on from its peak; linear and cosine end at 0."""
    warmup_ratio: float = Field(default=0.03, ge=0, lt=1)
    """Share of the steps in which the learning rate rises from 0."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Of the adapter's weights (AdamW); 0 = none."""
    max_grad_norm: float = Field(default=1.0, gt=0)
    """Longer gradients are cut to this norm."""
    gradient_checkpointing: bool = False
    """Less memory for about a third more time; on for 4B and larger on 24 GB."""
    save_steps: int = Field(default=50, ge=1)
    """Optimizer steps between checkpoints: what a kill can cost."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Of the adapter's first weights, of dropout and of the rows' order."""


class LoraSettings(Section):
    """The adapter; names as in peft.LoraConfig."""

    r: int = Field(default=16, ge=1, le=1024)
    """Rank."""
    lora_alpha: int = Field(default=32, ge=1)
    """Scale: the change is multiplied by lora_alpha / r."""
    lora_dropout: float = Field(default=0.1, ge=0, lt=1)
    """Share of the adapter's inputs that is left out in training."""


class TrainConfig(Section):
    """What `taxqa finetune --config` reads."""

    base_model: str = "gemma3-12b"
    """Short name (see `taxqa finetune --help`), a Hugging Face model's folder, or a GGUF file."""
    base_source: Literal["auto", "hub", "embedded"] = "auto"
    """Where a short name's weights come from; auto = the hub where it can be reached."""
    prompt_form: Literal["auto", "qa", "gemma3"] = "auto"
    """auto = the base model's own (finetune/bases.py)."""
    trainer: Literal["auto", "unsloth", "trl"] = "auto"
    """auto = unsloth where it is installed and can train here, else TRL + PEFT."""
    device: Literal["auto", "cpu"] = "auto"
    """auto = CUDA, then Apple's MPS, then the CPU; cpu where a GPU fails."""
    load_in_4bit: bool = False
    """QLoRA: the base in 4 bits (CUDA with bitsandbytes only)."""
    max_length: int = Field(default=2048, ge=16, le=131072)
    """Tokens of prompt and answer together; longer rows are left out and listed."""
    early_stopping_patience: int = Field(default=3, ge=1)
    """Evaluations (one an epoch) without gain after which training stops."""
    keep: Literal["best", "last"] = "best"
    """Which checkpoint's adapter is kept: the one with the lowest validation loss, or the last one
    (then nothing stops early), for learning a few answers by heart as the demo does."""
    training_args: TrainingArgs = TrainingArgs()
    lora_config: LoraSettings = LoraSettings()


def load_config(path: Path | None, **flags: Any) -> TrainConfig:
    """The config of a YAML file with the flags that were given put over it.

    Raises:
        ConfigError: no YAML, an unknown key, a value of the wrong type or out of range.
        InputError: no such file.
    """
    where = str(path) if path else "the options"
    try:
        data = yaml.safe_load(read_text(path)) if path else {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is not YAML: {' '.join(str(error).split())}") from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise ConfigError(f"{where} holds a {type(data).__name__}; keys with values were expected.")
    data |= {name: value for name, value in flags.items() if value is not None}
    try:
        return TrainConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{where}: {first_problem(error)}", hint=known_keys(error)) from None


def known_keys(error: ValidationError) -> str:
    """For an unknown key, the keys that would have been understood in its place."""
    problem = error.errors()[0]
    if problem["type"] != "extra_forbidden":
        return ""
    sections: dict[str, type[Section]] = {
        "training_args": TrainingArgs,
        "lora_config": LoraSettings,
    }
    place = str(problem["loc"][0]) if len(problem["loc"]) > 1 else ""
    section = sections.get(place, TrainConfig)
    return f"Known keys there: {', '.join(section.model_fields)}."
