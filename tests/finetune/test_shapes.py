"""Parameters by the config alone, against the models themselves."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import KINDS, random_model, tiny_model

from finetune.bases import BASES, target_modules
from finetune.shapes import SHAPES, shape_of
from taxqa.errors import InputError

VISION = 416_866_032
KNOWN = {
    "gemma3-12b": 12_187_325_040 - VISION - 1152 * (3840 + 1),
    "gemma3-4b": 4_300_079_472 - VISION - 1152 * (2560 + 1),
    "gemma3-1b": 999_885_952,
    "gemma3-270m": 268_098_176,
    "phi-2": 2_779_683_840,
    "smollm2-135m": 134_515_008,
}
"""Weights in the published checkpoints, less vision tower and projector."""


def test_every_known_base_has_the_parameters_of_its_checkpoint() -> None:
    assert {name: shape.parameters for name, shape in SHAPES.items()} == KNOWN
    assert SHAPES.keys() == BASES.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_the_parameters_of_a_folder_are_those_of_its_model(kind: str, tiny: Path) -> None:
    folder = tiny_model(kind, tiny)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    shape = shape_of(config, "config.json")
    model = random_model(kind, shape.vocab_size)
    text = [
        weight
        for name, weight in model.named_parameters()
        if "vision" not in name and "multi_modal" not in name
    ]
    tied = kind == "llama" and not config.get("tie_word_embeddings", False)
    head = shape.vocab_size * shape.hidden_size if tied else 0
    assert shape.parameters + head == sum(weight.numel() for weight in text)


@pytest.mark.parametrize("kind", KINDS)
def test_the_adapter_is_as_large_as_peft_makes_it(kind: str, tiny: Path) -> None:
    from peft import LoraConfig, get_peft_model

    folder = tiny_model(kind, tiny)
    shape = shape_of(json.loads((folder / "config.json").read_text(encoding="utf-8")), "")
    model = random_model(kind, shape.vocab_size)
    lora = LoraConfig(r=3, target_modules=target_modules(model.config), task_type="CAUSAL_LM")
    trained = [
        weight for weight in get_peft_model(model, lora).parameters() if weight.requires_grad
    ]
    assert shape.lora_parameters(3) == sum(weight.numel() for weight in trained)


def test_a_gemma_config_that_leaves_out_its_defaults_is_read_as_transformers_reads_it() -> None:
    text = {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34,
            "sliding_window": 1024}  # fmt: skip
    config = {"model_type": "gemma3", "text_config": text}
    assert shape_of(config, "config.json") == SHAPES["gemma3-4b"]


@given(
    st.dictionaries(
        st.sampled_from(
            ["model_type", "text_config", "hidden_size", "num_attention_heads", "head_dim"]
        ),
        st.none() | st.integers(-3, 3) | st.sampled_from(["gemma3", "phi"]) | st.just({}),
    )
)
def test_a_config_that_is_no_model_gets_one_clear_error(config: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"config\.json"):
        shape_of(config, "config.json")
