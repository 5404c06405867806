"""The training config: the sections and names of transformers and PEFT, nothing unknown.

Flag > YAML > default. Every field has its unit and default beside it.
"""

from collections.abc import Hashable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from taxqa.errors import ConfigError, InputError
from taxqa.records import first_problem, read_text

LAW_DATE = "{law_date}"
"""What `system` may hold for the day of the dataset's law, as in '2026년 6월 8일'."""


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
    packing: bool = False
    """Put short rows behind one another up to max_length, none seeing another; fewer, fuller
    sequences, so fewer steps an epoch. per_device_train_batch_size then counts sequences."""
    group_by_length: bool = False
    """Put rows of like length into one batch, which saves padding; their order is less random."""
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    """Arithmetic of the training: auto = bf16 where the GPU or CPU multiplies it, else fp16 on a
    GPU and fp32 on a CPU. The adapter's own weights are 32-bit in any case."""
    save_steps: int = Field(default=50, ge=1)
    """Optimizer steps between checkpoints: what a kill can cost."""
    seed: int = Field(default=42, ge=0, lt=2**32)
    """Of the adapter's first weights, of dropout and of the rows' order."""

    @field_validator("max_steps")
    @classmethod
    def some_steps(cls, steps: int) -> int:
        """ValueError for 0, of which transformers makes one step."""
        if steps == 0:
            raise ValueError("0 trains nothing; -1 = by epochs")
        return steps

    @model_validator(mode="after")
    def one_way_to_save_padding(self) -> Self:
        """Refuse packing together with group_by_length."""
        if self.packing and self.group_by_length:
            raise ValueError("packing leaves no padding for group_by_length to save; set one")
        return self


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
    system: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    """System message of every training prompt, and so of every prompt of the model; '' = none.
    '{law_date}' in it becomes the day of the dataset's law."""
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
    report_samples: int = Field(default=4, ge=0, le=50)
    """Held-out questions that base and trained model answer for report.html; 0 = none."""
    report_sample_tokens: int = Field(default=128, ge=1, le=2048)
    """Most tokens of such an answer."""
    report_to: tuple[str, ...] = ()
    """Trackers that transformers knows, e.g. [tensorboard] or [wandb]; none = nothing is sent."""
    price_per_hour: float | None = Field(default=None, ge=0)
    """USD an hour that this machine costs, for the cost shown; None = TAXQA_PRICE_PER_HOUR of the
    environment, else no cost is shown."""
    training_args: TrainingArgs = TrainingArgs()
    lora_config: LoraSettings = LoraSettings()

    @field_validator("system")
    @classmethod
    def survives_every_template(cls, text: str) -> str:
        """ValueError for what Jinja, a Go template or a Modelfile would read as its own."""
        bare = text.replace(LAW_DATE, "")
        if "{" in bare or "}" in bare:
            raise ValueError(f"braces other than {LAW_DATE} are not for a system message")
        if '"""' in bare:
            raise ValueError('three quotes """ would end it in a Modelfile')
        for letter in bare:
            if not letter.isprintable() and letter != "\n":
                raise ValueError(f"U+{ord(letter):04X} would be deleted by Ollama")
        return text


def system_on(system: str, day: date) -> str:
    """A system message with the day of the law in it, in Korean."""
    return system.replace(LAW_DATE, f"{day.year}년 {day.month}월 {day.day}일")


UNRELATED = {"report_samples", "report_sample_tokens", "report_to", "price_per_hour"}
"""Keys that may change between a killed run and the one that goes on with it."""


class OneOfEachKey(yaml.SafeLoader):
    """Refuses a key that is there twice, of which YAML's loader keeps the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping of a node.

        Raises:
            yaml.YAMLError: a key is there twice.
        """
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := [key for key in dict.fromkeys(keys) if keys.count(key) > 1]:
            raise yaml.YAMLError(f"'{twice[0]}' is there twice{node.start_mark}")
        return super().construct_mapping(node, deep)


def load_config(path: Path | None, **flags: Any) -> TrainConfig:
    """The config of a YAML file with the flags that were given put over it.

    Raises:
        ConfigError: no YAML, an unknown key, a value of the wrong type or out of range.
        InputError: no such file.
    """
    where = str(path) if path else "the options"
    if path and not path.exists():
        raise InputError(
            f"There is no file {path}.",
            hint="Write one as in README.md, Training settings, or take a ready one of"
            " finetune/configs, e.g. --config finetune/configs/gemma3-12b.yaml",
        )
    try:
        data = yaml.load(read_text(path), OneOfEachKey) if path else {}
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
