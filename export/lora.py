"""A LoRA adapter as it lies in safetensors, and the one place that merges it into a weight.

merged = W + (lora_alpha / r) · B A   (LoRA, arXiv:2106.09685), in 32 bits, rounded once to the
base's own 16 bits. The base is never the 4-bit one: merging there would lose most of the change.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taxqa.errors import InputError, ProofError

ADAPTER_FILE = "adapter_model.safetensors"
F16_MOST = 65_504.0
"""Largest number of f16, where bf16 and f32 go on to 3.4e38."""
REFUSED = (
    "use_dora",
    "rank_pattern",
    "alpha_pattern",
    "modules_to_save",
    "fan_in_fan_out",
    "target_parameters",
    "alora_invocation_tokens",
    "layer_replication",
    "trainable_token_indices",
    "lora_bias",
    "use_qalora",
    "use_bdlora",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
)
"""Settings of PEFT with which a merge is more, or other, than adding B A."""
PLAIN_STARTS = (None, True, False, "gaussian", "orthogonal", "eva")
"""Values of init_lora_weights that leave the base's own weights as they are."""


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
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / ADAPTER_FILE)
        kind, rank, alpha = (settings[key] for key in ("peft_type", "r", "lora_alpha"))
    except (OSError, ValueError, SafetensorError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder} holds no LoRA adapter in safetensors ({type(error).__name__}: {error})."
        ) from None
    require_plain(settings, kind, folder)
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
    if not all(bool(part.isfinite().all()) for pair in pairs.values() for part in pair):
        raise InputError(
            f"{folder / ADAPTER_FILE} holds values that are no numbers: its training diverged."
        )
    root = rank**0.5 if settings.get("use_rslora") else rank
    return Adapter(pairs, alpha / root)


def require_plain(settings: dict[str, Any], kind: str, folder: Path) -> None:
    """InputError unless merging the adapter means adding B A to the base's own weights."""
    found = [key for key in REFUSED if settings.get(key)]
    if kind != "LORA":
        found.append(f"peft_type {kind}")
    if settings.get("init_lora_weights") not in PLAIN_STARTS:
        found.append(f"init_lora_weights {settings['init_lora_weights']}")
    if settings.get("bias", "none") != "none":
        found.append(f"bias {settings['bias']}")
    if found:
        raise InputError(f"The adapter in {folder} uses {found[0]}, which cannot be merged here.")


def plain_name(name: str) -> str:
    """A weight's name without the wrappers that PEFT and multimodal models put around it."""
    name = name.removeprefix("base_model.model.").replace("language_model.", "")
    return name.removeprefix("model.")


def merged_weight(weight: Any, pair: tuple[Any, Any], scale: float) -> Any:
    """W + scale · B A, shape (out, in), rounded once to W's own type.

    Raises:
        ProofError: the shapes do not fit.
    """
    a, b = pair
    if tuple(weight.shape) != (b.shape[0], a.shape[1]):
        raise ProofError(
            f"A weight of the base model is {tuple(weight.shape)}; the adapter was trained for"
            f" {(b.shape[0], a.shape[1])}.",
            hint="The run was trained on another base model than this one.",
        )
    return weight.float().addmm(b, a, alpha=scale).to(weight.dtype)


def require_numbers(weight: Any, name: str, most: float = math.inf) -> Any:
    """The weight, where all its values are finite and none is further from 0 than `most`.

    Raises:
        ProofError: one is not; it names the weight.
    """
    if weight.element_size() == 1 or not weight.is_floating_point() or not weight.numel():
        return weight
    low, high = weight.aminmax()  # both NaN where any value is
    largest = max(-float(low), float(high))
    if not math.isfinite(largest):
        raise ProofError(
            f"The weight {name} of the merged model holds values that are no numbers ({largest}).",
            hint="The base model's file or the training is broken: train again on a whole base.",
        )
    if largest > most:
        raise ProofError(
            f"The weight {name} of the merged model reaches {largest:,.0f}; f16, from which every"
            f" GGUF is made here (bf16 too), ends at {most:,.0f}.",
            hint="taxqa export --hf keeps the base's own 16 bits, for vLLM or MLX.",
        )
    return weight


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
