"""What a training will need before it starts: memory, time and price on each kind of GPU.

The memory of weights, adapter and activations is arithmetic on the model's real sizes; what
PyTorch keeps for the backward pass was counted tensor by tensor (tests/finetune/test_preflight.py
counts it again). Time is an estimate: a share of the GPU's peak that is assumed, not measured.
"""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from finetune.config import TrainConfig
from finetune.shapes import Family, Shape

KEPT_BYTES: dict[Family, tuple[int, int, int, int]] = {
    "gemma3": (36, 12, 8, 10),
    "llama": (28, 8, 4, 10),
    "phi": (18, 8, 4, 12),
}
"""Bytes that a layer keeps for the backward pass, per token: times hidden size, width of the
queries, width of the keys, intermediate size. 16-bit weights, 32-bit adapter, SDPA attention."""
DROPOUT_BYTES: dict[Family, tuple[int, int, int, int]] = {
    "gemma3": (20, 4, 0, 4),
    "llama": (20, 4, 0, 4),
    "phi": (16, 4, 0, 4),
}
"""What LoRA's dropout adds to them: PEFT draws a mask for each matrix."""
NF4_BYTES = 0.5 + 0.127 / 8
"""Bytes of a weight in 4 bits with double quantization (QLoRA, arXiv:2305.14314, section 3)."""
ADAPTER_BYTES = 16
"""Of an adapter's weight: itself, its gradient and two moments of AdamW, 32 bits each."""
LOSS_CHUNK = 256
"""Tokens whose logits exist at once (TRL's chunked_nll)."""
LOGIT_BYTES = 18
"""Of one logit: 16-bit, 32-bit, its logarithm, both gradients."""
RUNTIME_BYTES = 900_000_000
"""CUDA's context and libraries."""
FRAGMENTATION = 0.05
"""Share of a GPU's memory that PyTorch's allocator cannot use."""
PEAK_SHARE = 0.3
"""Share of a GPU's peak that LoRA training is taken to reach: an assumption. Half of it to one
and a half times it is what is usually seen, so times are right to about a factor of two."""
START_SECONDS = 600
"""From the creation of a pod to its first step: image, packages, weights."""


class Gpu(BaseModel):
    """A kind of GPU, a line of gpus.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """RunPod's name."""
    memory_gb: float = Field(gt=0)
    """GiB, as the name says it."""
    tflops: float = Field(gt=0)
    """Dense bf16 peak, 10^12 operations a second."""
    usd_per_hour: float | None = Field(default=None, ge=0)
    """None = not known without the live catalogue."""
    seen: date | None = None
    """When that price was seen."""


@dataclass(frozen=True)
class Need:
    """What a training needs, whatever it runs on; bytes."""

    weights: int
    adapter: int
    """With gradients and AdamW's moments."""
    activations: int
    """Of the largest batch."""
    loss: int
    runtime: int
    operations: float
    """Floating-point operations of the whole training."""

    @property
    def memory(self) -> int:
        """Bytes on one GPU at the peak."""
        return self.weights + self.adapter + self.activations + self.loss + self.runtime


@dataclass(frozen=True)
class OnGpu:
    """One line of the table: a training on a kind of GPU."""

    gpu: Gpu
    fits: bool
    hours: float
    """Starting the machine included."""
    usd: float | None


def gpus() -> list[Gpu]:
    """The kinds of GPU of gpus.yaml."""
    text = files("finetune").joinpath("gpus.yaml").read_text(encoding="utf-8")
    return [Gpu.model_validate(line) for line in yaml.safe_load(text)]


def need(shape: Shape, config: TrainConfig, *, longest: int, tokens: int) -> Need:
    """Memory at the peak and work in all.

    Args:
        longest: tokens of the longest row; a batch is padded to its longest.
        tokens: tokens of all training steps together, padding left out.
    """
    args = config.training_args
    in_batch = args.per_device_train_batch_size * longest
    adapter = shape.lora_parameters(config.lora_config.r)
    vocabulary = shape.vocab_size * shape.hidden_size
    passes = 6 if args.gradient_checkpointing else 4  # forward, (again,) gradients of activations
    work = shape.linear_parameters + adapter + vocabulary
    return Need(
        weights=weight_bytes(shape, four_bit=config.load_in_4bit),
        adapter=ADAPTER_BYTES * adapter,
        activations=in_batch * activation_bytes(shape, config),
        loss=min(LOSS_CHUNK, in_batch) * shape.vocab_size * LOGIT_BYTES,
        runtime=RUNTIME_BYTES,
        operations=float(passes) * work * tokens,
    )


def weight_bytes(shape: Shape, *, four_bit: bool) -> int:
    """Bytes of the base model; embeddings, head and norms stay in 16 bits."""
    if not four_bit:
        return 2 * shape.parameters
    rest = shape.parameters - shape.linear_parameters
    return 2 * rest + round(NF4_BYTES * shape.linear_parameters)


def activation_bytes(shape: Shape, config: TrainConfig) -> int:
    """Bytes a token of the batch needs on its way through all layers and back.

    With gradient checkpointing only each layer's input stays, and one layer is computed anew;
    the gradients on their way back need about as much as one layer keeps.
    """
    one = kept_by_layer(shape, config.lora_config.r, dropout=config.lora_config.lora_dropout > 0)
    if config.training_args.gradient_checkpointing:
        return 2 * shape.hidden_size * shape.num_hidden_layers + 2 * one
    return one * shape.num_hidden_layers + one


def kept_by_layer(shape: Shape, r: int, *, dropout: bool) -> int:
    """Bytes that one layer keeps of one token for the backward pass."""
    widths = (shape.hidden_size, shape.query_width, shape.key_width, shape.intermediate_size)
    kept = sum(map(int.__mul__, KEPT_BYTES[shape.family], widths))
    if dropout:
        kept += sum(map(int.__mul__, DROPOUT_BYTES[shape.family], widths))
    return kept + 4 * r * len(shape.linears)


def on_gpu(needed: Need, gpu: Gpu, usd_per_hour: float | None = None) -> OnGpu:
    """Whether a training fits a GPU, how long it takes there and what that costs.

    Args:
        usd_per_hour: a live price; None = the one of the table, where it has one.
    """
    room = gpu.memory_gb * 2**30 * (1 - FRAGMENTATION)
    seconds = START_SECONDS + needed.operations / (PEAK_SHARE * gpu.tflops * 1e12)
    price = gpu.usd_per_hour if usd_per_hour is None else usd_per_hour
    hours = seconds / 3600
    return OnGpu(gpu, needed.memory <= room, hours, None if price is None else price * hours)


def advice(shape: Shape, config: TrainConfig, memory_gb: float, longest: int) -> list[str]:
    """What to change, in this order and together, until it fits; [] where nothing helps or need be.

    The smaller batch with more accumulation trains the same; 4 bits cost a little precision.
    """
    gpu = Gpu(id="", memory_gb=memory_gb, tflops=1)
    if on_gpu(need(shape, config, longest=longest, tokens=0), gpu).fits:
        return []
    taken: dict[str, str] = {}
    for text, changed in easier(config):
        taken[text.split(":")[0]] = text  # a batch of 1 takes the place of a batch of 2
        if on_gpu(need(shape, changed, longest=longest, tokens=0), gpu).fits:
            return list(taken.values())
    return []


def easier(config: TrainConfig) -> list[tuple[str, TrainConfig]]:
    """(what is changed, the config with it and all before it), from the least price on."""
    args = config.training_args
    rows = args.per_device_train_batch_size * args.gradient_accumulation_steps
    found: list[tuple[str, TrainConfig]] = []

    def change(text: str, training: dict[str, Any] | None = None, **top: Any) -> None:
        now = found[-1][1] if found else config
        changed = now.training_args.model_copy(update=training or {})
        found.append((text, now.model_copy(update={"training_args": changed, **top})))

    if not args.gradient_checkpointing:
        change("gradient_checkpointing: true", {"gradient_checkpointing": True})
    for batch in (2, 1):
        if args.per_device_train_batch_size > batch:
            steps = -(-rows // batch)
            change(
                f"per_device_train_batch_size: {batch}, gradient_accumulation_steps: {steps}",
                {"per_device_train_batch_size": batch, "gradient_accumulation_steps": steps},
            )
    if not config.load_in_4bit:
        change("load_in_4bit: true", load_in_4bit=True)
    return found
