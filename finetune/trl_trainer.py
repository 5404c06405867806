"""The trainer that works everywhere: TRL's SFTTrainer with a PEFT LoRA adapter."""

from pathlib import Path
from typing import Any

from finetune.bases import target_modules
from finetune.config import TrainConfig
from finetune.weights import load_weights


def load_trl(folder: Path, config: TrainConfig) -> Any:
    """The base model of `folder` with a fresh LoRA adapter, ready for training.

    The base's weights are 16-bit (4-bit with load_in_4bit; 32-bit on a CPU that cannot multiply
    bf16), the adapter's 32-bit.
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import BitsAndBytesConfig, set_seed

    quantization = None
    if config.load_in_4bit:
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=weights_dtype(),
        )
    set_seed(config.training_args.seed)
    model = load_weights(
        folder,
        dtype=weights_dtype(config.device),
        quantization_config=quantization,
        attn_implementation="sdpa",
    )
    if config.load_in_4bit:
        checkpointing = config.training_args.gradient_checkpointing
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=checkpointing)
    model.config.use_cache = False
    lora = LoraConfig(
        task_type="CAUSAL_LM",
        target_modules=target_modules(model.config),
        **config.lora_config.model_dump(),
    )
    return get_peft_model(model, lora)


def weights_dtype(device: str = "auto") -> Any:
    """bf16 where the processor multiplies it, else fp16 on a GPU and fp32 on a CPU."""
    import torch

    if device == "auto" and torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device == "auto" and torch.backends.mps.is_available():
        return torch.bfloat16
    mkldnn = torch.backends.mkldnn.is_available()
    if mkldnn and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return torch.bfloat16
    return torch.float32
