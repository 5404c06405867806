"""In what arithmetic this machine trains: bf16, fp16 or fp32."""

from typing import Any

from finetune.config import TrainConfig
from taxqa.errors import ConfigError


def uses_gpu(config: TrainConfig) -> bool:
    """True where the training runs on CUDA."""
    import torch

    return config.device == "auto" and torch.cuda.is_available()


def precision(config: TrainConfig) -> str:
    """'bf16', 'fp16' or 'fp32': what the config asks for, or the best that this machine can.

    bf16 needs no loss scaling and so comes first; a GPU or CPU that only imitates it is slower
    with it than without, and counts as one that cannot.

    Raises:
        ConfigError: the config asks for what this machine cannot multiply.
    """
    possible = ["bf16"] if multiplies_bf16(config) else []
    possible += ["fp16", "fp32"] if uses_gpu(config) else ["fp32"]
    wanted = config.training_args.precision
    if wanted == "auto":
        return possible[0]
    if wanted not in possible:
        raise ConfigError(
            f"precision: {wanted} was asked for, but this machine trains in"
            f" {' or '.join(possible)}.",
            hint="Set precision: auto.",
        )
    return wanted


def multiplies_bf16(config: TrainConfig) -> bool:
    """Whether the device that trains has bf16 in hardware."""
    import torch

    if uses_gpu(config):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if config.device == "auto" and torch.backends.mps.is_available():
        return True
    mkldnn = torch.backends.mkldnn.is_available()
    return bool(mkldnn and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def weights_dtype(config: TrainConfig) -> Any:
    """The torch type of the base's weights in training."""
    import torch

    types = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
    return types[precision(config)]
