"""Whether this machine can train what a config asks for: its device, its memory, its arithmetic."""

import importlib.util
from dataclasses import dataclass
from typing import Any

from finetune.config import TrainConfig
from finetune.precision import precision, uses_gpu
from finetune.preflight import Device, advice, gpus, holds, need, training_seconds
from finetune.shapes import Shape
from taxqa.errors import ConfigError


@dataclass(frozen=True)
class Machine:
    """What a training here would run on."""

    name: str
    device: Device
    memory_gb: float
    """GiB that a training may take: of an NVIDIA GPU all it has; of a Mac's unified memory what
    Metal recommends (its recommendedMaxWorkingSetSize); of RAM what no program holds now."""


@dataclass(frozen=True)
class Here:
    """A training on this machine, the first line of the table."""

    machine: Machine
    precision: str
    """'bf16', 'fp16' or 'fp32'."""
    memory: int
    """Bytes at the peak, with what `change` names of `refused`."""
    fits: bool
    """As the config stands."""
    refused: list[str]
    """What has to be changed in the config before this machine trains it at all."""
    change: list[str]
    """All of `refused`, and what makes it fit; [] where it fits, or where nothing helps."""
    hours: float | None
    """None = no measurement of such a machine's speed."""


def this_machine(config: TrainConfig) -> Machine | None:
    """The device that would train here; None without PyTorch, which alone knows."""
    if importlib.util.find_spec("torch") is None:
        return None
    import psutil
    import torch

    if uses_gpu(config):
        found = torch.cuda.get_device_properties(0)
        return Machine(found.name, "cuda", found.total_memory / 2**30)
    if config.device == "auto" and torch.backends.mps.is_available():
        return Machine("Apple GPU", "mps", torch.mps.recommended_max_memory() / 2**30)
    return Machine("CPU", "cpu", psutil.virtual_memory().available / 2**30)


def trainable(config: TrainConfig, machine: Machine) -> tuple[TrainConfig, list[str]]:
    """(the config with the precision it has here, what had to be changed for that)."""
    changed: dict[str, Any] = {}
    if config.load_in_4bit and machine.device != "cuda":
        changed["load_in_4bit"] = False
    refused = ["load_in_4bit: false"] if changed else []
    args = config.training_args
    try:
        chosen = precision(config)
    except ConfigError:
        refused.append("precision: auto")
        auto = args.model_copy(update={"precision": "auto"})
        chosen = precision(config.model_copy(update={"training_args": auto}))
    changed["training_args"] = args.model_copy(update={"precision": chosen})
    return config.model_copy(update=changed), refused


def here(
    shape: Shape, config: TrainConfig, machine: Machine, longest: int, operations: float
) -> Here:
    """A training on this machine.

    Args:
        longest: tokens of the longest sequence.
        operations: floating-point operations of the whole training.
    """
    wanted, refused = trainable(config, machine)
    needed = need(shape, wanted, longest=longest, tokens=0, device=machine.device)
    fits = holds(needed, machine.memory_gb)
    more = advice(shape, wanted, machine.memory_gb, longest, machine.device)
    known = next((gpu for gpu in gpus() if gpu.id == machine.name), None)
    seconds = None if known is None else training_seconds(operations, known)
    return Here(
        machine,
        wanted.training_args.precision,
        needed.memory,
        fits and not refused,
        refused,
        refused + more if fits or more else [],
        None if seconds is None else seconds / 3600,
    )
