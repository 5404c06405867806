"""The memory formula against what PyTorch really keeps, and what is said where it is too much."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.bases import target_modules
from finetune.config import LoraSettings, TrainConfig, TrainingArgs, load_config
from finetune.preflight import (
    Gpu,
    activation_bytes,
    advice,
    easier,
    gpus,
    kept_by_layer,
    need,
    on_gpu,
    weight_bytes,
)
from finetune.shapes import SHAPES, Family, Shape, shape_of

SEQ = 192
RTX_4090 = Gpu(id="NVIDIA GeForce RTX 4090", memory_gb=24, tflops=165)


def adapted(
    family: Family, layers: int, sizes: dict[str, int], dropout: float, wide: bool = False
) -> Any:
    """A random model in bf16 (wide: fp32) with LoRA as the trainer puts it."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import (
        Gemma3ForCausalLM,
        Gemma3TextConfig,
        LlamaConfig,
        LlamaForCausalLM,
        PhiConfig,
        PhiForCausalLM,
    )

    common: dict[str, Any] = {"vocab_size": 128, "num_hidden_layers": layers, "pad_token_id": 0}
    model: Any
    if family == "gemma3":
        model = Gemma3ForCausalLM(Gemma3TextConfig(**common, **sizes))
    elif family == "llama":
        model = LlamaForCausalLM(LlamaConfig(**common, **sizes, tie_word_embeddings=True))
    else:
        model = PhiForCausalLM(PhiConfig(**common, **sizes))
    lora = LoraConfig(
        r=4,
        lora_dropout=dropout,
        target_modules=target_modules(model.config),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model.to(torch.float32 if wide else torch.bfloat16), lora).train()


def bytes_kept(model: Any, checkpointing: bool) -> int:
    """Bytes of what the forward pass of one row of SEQ tokens keeps for the backward pass."""
    import torch

    own = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept: dict[int, int] = {}
    alive = []

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    if checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model.base_model.model.model(input_ids=torch.zeros(1, SEQ, dtype=torch.long))
    return sum(kept.values())


@pytest.mark.parametrize(("wide", "scores"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("family", ["gemma3", "llama", "phi"])
def test_a_layer_keeps_what_the_formula_says(
    family: Family, dropout: float, wide: bool, scores: bool
) -> None:
    from torch.nn.attention import SDPBackend, sdpa_kernel

    sizes = {
        "hidden_size": 128,
        "num_attention_heads": 4,
        "num_key_value_heads": 4 if family == "phi" else 2,
        "intermediate_size": 384,
    }
    if family != "phi":
        sizes["head_dim"] = 64
    shape = shape_of({"model_type": "gemma3_text" if family == "gemma3" else family, **sizes,
                      "num_hidden_layers": 1, "vocab_size": 128}, "sizes")  # fmt: skip
    # What PyTorch takes where none of its kernels is for training, as on Apple's MPS.
    kernels = [SDPBackend.MATH] if scores else [SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]
    with sdpa_kernel(kernels):
        more, fewer = (
            bytes_kept(adapted(family, layers, sizes, dropout, wide), False) for layers in (5, 2)
        )
    measured = (more - fewer) / 3 / SEQ
    kept = kept_by_layer(shape, 4, dropout=dropout > 0, wide=wide, scores=SEQ if scores else 0)
    assert kept == pytest.approx(measured, rel=0.05)


def test_with_checkpointing_a_layer_keeps_only_its_input() -> None:
    sizes = {"hidden_size": 128, "num_attention_heads": 4, "intermediate_size": 384}
    more, fewer = (bytes_kept(adapted("llama", layers, sizes, 0.1), True) for layers in (5, 2))
    assert (more - fewer) / 3 / SEQ == pytest.approx(2 * 128, rel=0.01)
    checkpointed = TrainConfig(training_args=TrainingArgs(gradient_checkpointing=True))
    shapes = [Shape("llama", 128, layers, 4, 4, 32, 384, 128) for layers in (5, 2)]
    five, two = (activation_bytes(shape, checkpointed) for shape in shapes)
    assert five - two == 3 * 2 * 128


def test_qlora_of_12b_fits_a_4090_and_16_bit_lora_does_not() -> None:
    # Published for 2,048 tokens and a batch of 2: about 11.3 GB and 26 GB, by Unsloth's formula,
    # whose kernels keep less than PEFT's; ours must not promise less than theirs.
    args = TrainingArgs(per_device_train_batch_size=2, gradient_checkpointing=True)
    four_bit = TrainConfig(load_in_4bit=True, training_args=args)
    qlora = need(SHAPES["gemma3-12b"], four_bit, longest=2048, tokens=0)
    lora = need(SHAPES["gemma3-12b"], TrainConfig(training_args=args), longest=2048, tokens=0)
    assert 11.3e9 < qlora.memory < 1.5 * 11.3e9
    assert 26e9 < lora.memory < 1.25 * 26e9
    assert on_gpu(qlora, RTX_4090).fits
    assert not on_gpu(lora, RTX_4090).fits
    assert advice(SHAPES["gemma3-12b"], TrainConfig(training_args=args), 24, 2048) == [
        "per_device_train_batch_size: 1, gradient_accumulation_steps: 8",
        "load_in_4bit: true",
    ]


def test_the_shipped_configs_fit_the_card_they_name() -> None:
    from importlib.resources import as_file, files

    for name in ("gemma3-12b", "phi-2"):
        with as_file(files("finetune") / "configs" / f"{name}.yaml") as path:
            config = load_config(path)
        needed = need(SHAPES[name], config, longest=config.max_length, tokens=0)
        assert on_gpu(needed, RTX_4090).fits, (name, needed.memory / 2**30)


def test_the_table_of_gpus_is_whole_and_its_prices_are_dated() -> None:
    table = gpus()
    assert len({gpu.id for gpu in table}) == len(table)
    assert all((gpu.usd_per_hour is None) == (gpu.seen is None) for gpu in table)


@given(
    st.sampled_from(sorted(SHAPES)),
    st.integers(1, 16),
    st.integers(1, 16),
    st.booleans(),
    st.integers(64, 2048),
)
def test_every_change_that_is_advised_needs_less_and_trains_no_fewer_rows(
    name: str, batch: int, accumulation: int, four_bit: bool, longest: int
) -> None:
    shape = SHAPES[name]
    args = TrainingArgs(per_device_train_batch_size=batch, gradient_accumulation_steps=accumulation)
    config = TrainConfig(load_in_4bit=four_bit, training_args=args, lora_config=LoraSettings())
    before = need(shape, config, longest=longest, tokens=0).memory
    for _, changed in easier(config):
        after = need(shape, changed, longest=longest, tokens=0).memory
        # A chunk of the loss that the batch does not fill is all that never shrinks.
        assert after <= before
        before = after
        rows = changed.training_args
        at_once = rows.per_device_train_batch_size * rows.gradient_accumulation_steps
        assert at_once >= batch * accumulation
    assert weight_bytes(shape, four_bit=True) < weight_bytes(shape, four_bit=False)


def test_time_and_price_follow_the_work() -> None:
    shape, config = SHAPES["phi-2"], TrainConfig()
    gpu = Gpu(id="x", memory_gb=80, tflops=312, usd_per_hour=2.0)
    short = on_gpu(need(shape, config, longest=512, tokens=10**6), gpu)
    long = on_gpu(need(shape, config, longest=512, tokens=10**8), gpu)
    assert long.hours > short.hours > 0
    assert long.usd == pytest.approx(2 * long.hours)
    assert on_gpu(need(shape, config, longest=512, tokens=10**6), RTX_4090).usd is None
    assert on_gpu(need(shape, config, longest=512, tokens=10**6), gpu, 3.0).usd == pytest.approx(
        3 * short.hours
    )
