"""What a training on this dataset will need: rows and tokens counted, then memory, time, price."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.bases import locate_base
from finetune.batches import fill, steps_an_epoch
from finetune.config import TrainConfig
from finetune.live import price_per_hour
from finetune.machine import Here, here, this_machine
from finetune.preflight import Gpu, Need, OnGpu, advice, gpus, need, on_gpu
from finetune.shapes import SHAPES, Shape, shape_of
from finetune.train import MAKE_DATASET, make_plan
from taxqa.errors import InputError, MissingExtraError, ServiceError
from taxqa.folders import read_manifest
from taxqa.records import Record, read_json, read_jsonl

TOKENS_PER_LETTER = {"gemma3": 0.74, "llama": 2.4, "phi": 2.3}
"""Of Korean text, by the families' tokenizers; used where no tokenizer is at hand."""
TEMPLATE_TOKENS = 20
"""What the prompt form adds to a row, roughly."""


@dataclass(frozen=True)
class Forecast:
    """Rows, tokens and needs of a training."""

    base_model: str
    shape: Shape
    config: TrainConfig
    rows: int
    tokens: int
    """In all training rows, once."""
    longest: int
    longest_sequence: int
    """Tokens of what is trained at once: of the longest row, or of rows packed together."""
    too_long: list[tuple[str, int]]
    """(record id, tokens) of the rows that are left out because they exceed max_length."""
    steps: int
    counted: bool
    """False where no tokenizer was at hand and tokens are estimated from letters."""
    need: Need

    def on(self, gpu: Gpu, usd_per_hour: float | None = None) -> OnGpu:
        """This training on a kind of GPU, at a live price where one is given."""
        return on_gpu(self.need, gpu, usd_per_hour)

    def advice(self, memory_gb: float) -> list[str]:
        """What to change in the config so that it fits a GPU of `memory_gb` GiB."""
        return advice(self.shape, self.config, memory_gb, self.longest_sequence)

    def here(self) -> Here | None:
        """This training on this machine; None where PyTorch is not installed."""
        machine = this_machine(self.config)
        if machine is None:
            return None
        operations = self.need.operations
        return here(self.shape, self.config, machine, self.longest_sequence, operations)

    def summary(self) -> dict[str, Any]:
        """The forecast as plain values; bytes, hours, USD."""
        names = ("weights", "adapter", "activations", "loss", "runtime", "memory")
        return {
            "base_model": self.base_model,
            "parameters": self.shape.parameters,
            "rows": self.rows,
            "tokens": self.tokens,
            "tokens_counted": self.counted,
            "longest_row": self.longest,
            "left_out_as_too_long": [
                {"record": record, "tokens": tokens} for record, tokens in self.too_long
            ],
            "steps": self.steps,
            "bytes": {name: getattr(self.need, name) for name in names},
            "this_machine": plain(self.here(), price_per_hour(self.config)),
            "gpus": [
                {
                    "gpu": line.gpu.id,
                    "memory_gb": line.gpu.memory_gb,
                    "fits": line.fits,
                    "hours": round(line.hours, 2),
                    "usd": None if line.usd is None else round(line.usd, 2),
                    "change": [] if line.fits else self.advice(line.gpu.memory_gb),
                }
                for line in map(self.on, gpus())
            ],
        }


def plain(found: Here | None, usd_per_hour: float | None) -> dict[str, Any] | None:
    """The line of this machine as plain values; bytes, GiB, hours, USD.

    Args:
        usd_per_hour: what this machine costs; None = nothing.
    """
    if found is None:
        return None
    hours = found.hours
    usd = 0 if not usd_per_hour else None if hours is None else round(usd_per_hour * hours, 2)
    return {
        "machine": found.machine.name,
        "device": found.machine.device,
        "memory_gb": round(found.machine.memory_gb, 1),
        "precision": found.precision,
        "bytes": found.memory,
        "fits": found.fits,
        "refused": found.refused,
        "change": found.change,
        "hours": None if hours is None else round(hours, 2),
        "usd": usd,
    }


def forecast(dataset: Path, config: TrainConfig) -> Forecast:
    """Count what a training on `dataset` would do; no weights are fetched or loaded.

    Raises:
        InputError: not a dataset folder, no rows, or a model of an unknown family.
    """
    read_manifest(dataset, stage="dataset", made_by=MAKE_DATASET)
    shape = base_shape(config.base_model)
    try:
        # The trainer is chosen where the training runs, not here.
        plan, _ = make_plan(dataset, config.model_copy(update={"trainer": "trl"}), weights=False)
    except (ServiceError, MissingExtraError, ImportError):
        return estimated(dataset, config, shape)
    lengths = [len(row.input_ids) for row in plan.train.rows]
    return made(config, shape, lengths, plan.train.too_long + plan.valid.too_long, counted=True)


def estimated(dataset: Path, config: TrainConfig, shape: Shape) -> Forecast:
    """The forecast by letters, where the base's tokenizer is not at hand.

    Raises:
        InputError: no training row, or all of them are too long.
    """
    each = TOKENS_PER_LETTER[shape.family]
    rows = [
        (
            record.id,
            math.ceil(each * len(config.system + record.question + record.answer))
            + TEMPLATE_TOKENS,
        )
        for record in read_jsonl(dataset / "train.jsonl", Record)
    ]
    kept = [tokens for _, tokens in rows if tokens <= config.max_length]
    if not kept:
        raise InputError(
            f"None of the {len(rows)} training rows of {dataset} is within max_length"
            f" {config.max_length} tokens.",
            hint="Raise max_length in the config.",
        )
    too_long = [row for row in rows if row[1] > config.max_length]
    return made(config, shape, kept, too_long, counted=False)


def made(
    config: TrainConfig,
    shape: Shape,
    lengths: list[int],
    too_long: list[tuple[str, int]],
    *,
    counted: bool,
) -> Forecast:
    """The forecast for rows of these lengths, tokens."""
    args = config.training_args
    sequences = lengths
    if args.packing:
        groups = fill(lengths, config.max_length)
        sequences = [sum(lengths[index] for index in group) for group in groups]
    per_epoch = steps_an_epoch(len(sequences), args)
    steps = args.max_steps if args.max_steps > 0 else math.ceil(per_epoch * args.num_train_epochs)
    tokens = sum(lengths)
    seen = round(tokens * steps / per_epoch)
    # A batch has no more rows than there are.
    batch = min(args.per_device_train_batch_size, len(sequences))
    args = args.model_copy(update={"per_device_train_batch_size": batch})
    config = config.model_copy(update={"training_args": args})
    return Forecast(
        base_model=config.base_model,
        shape=shape,
        config=config,
        rows=len(lengths),
        tokens=tokens,
        longest=max(lengths),
        longest_sequence=max(sequences),
        too_long=too_long,
        steps=steps,
        counted=counted,
        need=need(shape, config, longest=max(sequences), tokens=seen),
    )


def base_shape(base_model: str) -> Shape:
    """The shape of a known base, or of the model in a folder or a GGUF file.

    Raises:
        InputError: none of them, or a family that taxqa does not know.
    """
    if base_model in SHAPES:
        return SHAPES[base_model]
    path = locate_base(base_model).folder / "config.json"
    config = read_json(path)
    if not isinstance(config, dict):
        raise InputError(f"{path} holds no object with the model's sizes.")
    return shape_of(config, str(path))
