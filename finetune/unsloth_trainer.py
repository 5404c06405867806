"""Unsloth, where it is installed and can train: the same rows, the same adapter.

Its packages are partly AGPL-3.0, so it is imported only where the user installed it.
"""

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from finetune.bases import target_modules
from finetune.config import TrainConfig
from finetune.precision import weights_dtype


def unsloth_ready(device: str) -> str:
    """'' where Unsloth is installed and can train here, else the reason why not.

    Args:
        device: 'auto' or 'cpu', as in the config.
    """
    import importlib.util
    from importlib.metadata import PackageNotFoundError, version

    import torch
    from packaging.version import Version

    if importlib.util.find_spec("unsloth") is None:
        return "it is not installed"
    try:
        found = version("unsloth")
    except PackageNotFoundError:
        return "it is not installed"
    if torch.backends.mps.is_available():
        return "on Apple Silicon it trains through MLX, which this project does not use"
    if device == "cpu" and torch.cuda.is_available():
        return "it would train on the GPU, and device: cpu was asked for"
    if not torch.cuda.is_available() and Version(found) < Version("2026.10.9"):
        return f"version {found} needs a GPU (2026.10.9 and later do not)"
    return ""


def prepare_unsloth() -> None:
    """Import Unsloth; it has to come before transformers' and TRL's trainers."""
    os.environ.setdefault("UNSLOTH_DISABLE_STATISTICS", "1")
    os.environ.setdefault("UNSLOTH_COMPILE_DISABLE", "1")
    with redirect_stdout(sys.stderr):  # it prints a banner; stdout is for results
        import unsloth  # noqa: F401


def load_unsloth(folder: Path, config: TrainConfig) -> Any:
    """The base model of `folder` with a fresh LoRA adapter, through Unsloth's FastModel.

    On a GPU the vision tower of a multimodal model is left out, and its text model has other
    module names than the whole; Unsloth's CPU path knows no such choice.
    """
    import torch
    from transformers import AutoConfig
    from unsloth import FastModel

    args = config.training_args
    model_config = AutoConfig.from_pretrained(folder)
    multimodal = getattr(model_config, "vision_config", None) is not None
    model, _ = FastModel.from_pretrained(
        model_name=str(folder),
        max_seq_length=config.max_length,
        dtype=weights_dtype(config),
        load_in_4bit=config.load_in_4bit,
        load_in_16bit=not config.load_in_4bit,
        use_gradient_checkpointing="unsloth" if args.gradient_checkpointing else False,
        random_state=args.seed,
        **({"text_only": True} if multimodal and torch.cuda.is_available() else {}),
    )
    return FastModel.get_peft_model(
        model,
        target_modules=target_modules(model.config),
        finetune_vision_layers=False,
        random_state=args.seed,
        use_gradient_checkpointing="unsloth" if args.gradient_checkpointing else False,
        bias="none",
        **config.lora_config.model_dump(),
    )
