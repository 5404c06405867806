"""The trainer that works everywhere: TRL's SFTTrainer with a PEFT LoRA adapter."""

from pathlib import Path
from typing import Any

from finetune.bases import target_modules
from finetune.config import TrainConfig
from finetune.precision import weights_dtype
from finetune.weights import load_weights


def load_trl(folder: Path, config: TrainConfig) -> Any:
    """The base model of `folder` with a fresh LoRA adapter, ready for training.

    The base's weights are 16-bit (4-bit with load_in_4bit; 32-bit with precision fp32), the
    adapter's 32-bit.
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import BitsAndBytesConfig, set_seed

    quantization = None
    if config.load_in_4bit:
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=weights_dtype(config),
        )
    set_seed(config.training_args.seed)
    model = load_weights(
        folder,
        dtype=weights_dtype(config),
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
