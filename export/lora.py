"""A LoRA adapter as it lies in safetensors, and the one place that merges it into a weight.

merged = W + (lora_alpha / r) · B A   (LoRA, arXiv:2106.09685), in 32 bits, rounded once to the
base's own 16 bits. The base is never the 4-bit one: merging there would lose most of the change.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taxqa.errors import InputError, ProofError

ADAPTER_FILE = "adapter_model.safetensors"


@dataclass(frozen=True)
class Adapter:
    """The low-rank change of every adapted weight."""

    pairs: dict[str, tuple[Any, Any]]
    """Plain weight name -> (A of shape (r, in), B of shape (out, r)), 32-bit."""
    scale: float
    """lora_alpha / r, or lora_alpha / sqrt(r) with rank-stabilised LoRA."""


def read_adapter(folder: Path) -> Adapter:
    """The adapter of a PEFT folder.

    Raises:
        InputError: not a LoRA adapter in safetensors, or of a kind that merges differently.
    """
    from safetensors.torch import load_file

    try:
        settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / ADAPTER_FILE)
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} holds no LoRA adapter in safetensors: {error}.") from None
    for key in ("use_dora", "rank_pattern", "alpha_pattern", "modules_to_save"):
        if settings.get(key):
            raise InputError(f"The adapter in {folder} uses {key}, which cannot be merged here.")
    rank = settings["r"]
    pairs = {}
    for name, tensor in tensors.items():
        if name.endswith(".lora_A.weight"):
            module = name.removesuffix(".lora_A.weight")
            other = tensors.get(f"{module}.lora_B.weight")
            if other is None or tensor.shape[0] != rank or other.shape[1] != rank:
                raise InputError(f"The adapter in {folder} is broken at {module}.")
            pairs[plain_name(f"{module}.weight")] = (tensor.float(), other.float())
    if not pairs or 2 * len(pairs) != len(tensors):
        raise InputError(f"{folder / ADAPTER_FILE} holds other tensors than LoRA's A and B.")
    root = rank**0.5 if settings.get("use_rslora") else rank
    return Adapter(pairs, settings["lora_alpha"] / root)


def plain_name(name: str) -> str:
    """A weight's name without the wrappers that PEFT and multimodal models put around it."""
    name = name.removeprefix("base_model.model.").replace("language_model.", "")
    return name.removeprefix("model.")


def merged_weight(weight: Any, pair: tuple[Any, Any], scale: float) -> Any:
    """W + scale · B A, shape (out, in), rounded once to W's own type."""
    a, b = pair
    return weight.float().addmm(b, a, alpha=scale).to(weight.dtype)


def merge_into(model: Any, adapter: Adapter) -> None:
    """Merge the adapter into a transformers model in memory.

    Raises:
        ProofError: a weight of the adapter is not in the model.
    """
    import torch

    left = dict(adapter.pairs)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            pair = left.pop(plain_name(name), None)
            if pair is not None:
                parameter.copy_(merged_weight(parameter, pair, adapter.scale))
    require_all_merged(left)


def require_all_merged(left: dict[str, Any]) -> None:
    """ProofError unless every weight of the adapter found its place."""
    if left:
        raise ProofError(
            f"{len(left)} weights of the adapter are not in the base model, {next(iter(left))}"
            " among them.",
            hint="The run was trained on another base model than this one.",
        )
