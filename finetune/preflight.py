"""What a training will need before it starts: memory, time and price on each kind of GPU.

The memory of weights, adapter and activations is arithmetic on the model's real sizes; what
PyTorch keeps for the backward pass was counted tensor by tensor (tests/finetune/test_preflight.py
counts it again). Time is an estimate: a share of the GPU's peak that is assumed, not measured.
"""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Literal

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
FP32_BYTES: dict[Family, tuple[int, int, int, int]] = {
    "gemma3": (-12, 0, 4, 6),
    "llama": (-12, 0, 4, 6),
    "phi": (-2, 0, 0, 8),
}
"""What 32-bit weights add: wider values, but the 32-bit adapter needs no copy of its inputs."""
FP32_DROPOUT_BYTES: dict[Family, tuple[int, int, int, int]] = {
    "gemma3": (12, 4, 0, 0),
    "llama": (12, 4, 0, 0),
    "phi": (12, 0, 0, 0),
}
"""And what they add to dropout's."""
SCORE_BYTES, SCORES_QUERY_BYTES = 4, 6
"""Where attention keeps its probabilities: bytes a head and token that is looked at, and a unit of
the queries' width. PyTorch's kernels that keep none do not train on Apple's MPS."""
NF4_BYTES = 0.5 + 0.127 / 8
"""Bytes of a weight in 4 bits with double quantization (QLoRA, arXiv:2305.14314, section 3)."""
ADAPTER_BYTES = 16
"""Of an adapter's weight: itself, its gradient and two moments of AdamW, 32 bits each."""
LOSS_CHUNK = 256
"""Tokens whose logits exist at once (TRL's chunked_nll)."""
LOGIT_BYTES = 18
"""Of one logit: 16-bit, 32-bit, its logarithm, both gradients."""
RUNTIME_BYTES = 900_000_000
"""CUDA's context and libraries; without it Python, PyTorch and their libraries."""
HEAP_SHARE = {"16": 0.6, "32": 3.3}
"""On a CPU, by the weights' bits: what the heap holds of freed blocks beside those in use, times
the loss's bytes. Measured (docs/preflight.md): it covers six peaks of Gemma 3 270M."""
FRAGMENTATION = 0.05
"""Share of a GPU's memory that PyTorch's allocator cannot use."""
PEAK_SHARE = 0.3
"""Share of a GPU's peak that LoRA training is taken to reach: an assumption. Half of it to one
and a half times it is what is usually seen, so times are right to about a factor of two."""
START_SECONDS = 600
"""From the creation of a pod to its first step: image, packages, weights."""


Device = Literal["cuda", "mps", "cpu"]
"""What multiplies: an NVIDIA GPU, Apple's GPU, the CPU."""


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
        """Bytes at the peak, on one GPU or in RAM."""
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


def need(
    shape: Shape, config: TrainConfig, *, longest: int, tokens: int, device: Device = "cuda"
) -> Need:
    """Memory at the peak and work in all; 16-bit arithmetic unless precision is fp32.

    Args:
        longest: tokens of the longest row; a batch is padded to its longest.
        tokens: tokens of all training steps together, padding left out.
    """
    args = config.training_args
    in_batch = args.per_device_train_batch_size * longest
    adapter = shape.lora_parameters(config.lora_config.r)
    vocabulary = shape.vocab_size * shape.hidden_size
    loss = min(LOSS_CHUNK, in_batch) * shape.vocab_size * LOGIT_BYTES
    heap = HEAP_SHARE["32" if is_wide(config) else "16"] * loss if device == "cpu" else 0
    passes = 6 if args.gradient_checkpointing else 4  # forward, (again,) gradients of activations
    work = shape.linear_parameters + adapter + vocabulary
    return Need(
        weights=weight_bytes(shape, four_bit=config.load_in_4bit, wide=is_wide(config)),
        adapter=ADAPTER_BYTES * adapter,
        activations=in_batch * activation_bytes(shape, config, longest if device == "mps" else 0),
        loss=loss,
        runtime=RUNTIME_BYTES + round(heap),
        operations=float(passes) * work * tokens,
    )


def is_wide(config: TrainConfig) -> bool:
    """Whether the weights have 32 bits."""
    return config.training_args.precision == "fp32"


def weight_bytes(shape: Shape, *, four_bit: bool, wide: bool = False) -> int:
    """Bytes of the base model; embeddings, head and norms have 16 (wide: 32) bits in any case."""
    each = 4 if wide else 2
    if not four_bit:
        return each * shape.parameters
    rest = shape.parameters - shape.linear_parameters
    return each * rest + round(NF4_BYTES * shape.linear_parameters)


def activation_bytes(shape: Shape, config: TrainConfig, scores: int = 0) -> int:
    """Bytes a token of the batch needs on its way through all layers and back.

    With gradient checkpointing only each layer's input stays, and one layer is computed anew;
    the gradients on their way back need about as much as one layer keeps.

    Args:
        scores: tokens that attention keeps a probability of; 0 = its kernel keeps none.
    """
    dropout, wide = config.lora_config.lora_dropout > 0, is_wide(config)
    one = kept_by_layer(shape, config.lora_config.r, dropout=dropout, wide=wide, scores=scores)
    if config.training_args.gradient_checkpointing:
        each = 4 if wide else 2
        return each * shape.hidden_size * shape.num_hidden_layers + 2 * one
    return one * shape.num_hidden_layers + one


def kept_by_layer(
    shape: Shape, r: int, *, dropout: bool, wide: bool = False, scores: int = 0
) -> int:
    """Bytes that one layer keeps of one token for the backward pass.

    Args:
        wide: the weights have 32 bits.
        scores: tokens that attention keeps a probability of; 0 = its kernel keeps none.
    """
    widths = (shape.hidden_size, shape.query_width, shape.key_width, shape.intermediate_size)
    tables = [KEPT_BYTES] + [DROPOUT_BYTES] * dropout + [FP32_BYTES] * wide
    tables += [FP32_DROPOUT_BYTES] * (wide and dropout)
    kept = sum(sum(map(int.__mul__, table[shape.family], widths)) for table in tables)
    if scores:
        kept += SCORE_BYTES * shape.num_attention_heads * scores
        kept += SCORES_QUERY_BYTES * shape.query_width
    return kept + 4 * r * len(shape.linears)


def holds(needed: Need, memory_gb: float) -> bool:
    """Whether a training fits into `memory_gb` GiB."""
    return needed.memory <= memory_gb * 2**30 * (1 - FRAGMENTATION)


def on_gpu(needed: Need, gpu: Gpu, usd_per_hour: float | None = None) -> OnGpu:
    """Whether a training fits a GPU, how long it takes there and what that costs.

    Args:
        usd_per_hour: a live price; None = the one of the table, where it has one.
    """
    seconds = START_SECONDS + training_seconds(needed.operations, gpu)
    price = gpu.usd_per_hour if usd_per_hour is None else usd_per_hour
    hours = seconds / 3600
    usd = None if price is None else price * hours
    return OnGpu(gpu, holds(needed, gpu.memory_gb), hours, usd)


def training_seconds(operations: float, gpu: Gpu) -> float:
    """Seconds of the steps alone, at the assumed share of the GPU's peak."""
    return operations / (PEAK_SHARE * gpu.tflops * 1e12)


def advice(
    shape: Shape, config: TrainConfig, memory_gb: float, longest: int, device: Device = "cuda"
) -> list[str]:
    """What to change, in this order and together, until it fits; [] where nothing helps or need be.

    The smaller batch with more accumulation trains the same; 4 bits cost a little precision.
    """

    def fits(changed: TrainConfig) -> bool:
        return holds(need(shape, changed, longest=longest, tokens=0, device=device), memory_gb)

    if fits(config):
        return []
    taken: dict[str, str] = {}
    for text, changed in easier(config, device):
        taken[text.split(":")[0]] = text  # a batch of 1 takes the place of a batch of 2
        if fits(changed):
            return list(taken.values())
    return []


def easier(config: TrainConfig, device: Device = "cuda") -> list[tuple[str, TrainConfig]]:
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
    if not config.load_in_4bit and device == "cuda":
        change("load_in_4bit: true", load_in_4bit=True)
    return found
