"""Merging here is merging as PEFT does it, and nothing that merges otherwise is let in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import KINDS, tiny_model
from tiny_runs import random_adapter

from export.lora import (
    ADAPTER_FILE,
    F16_MOST,
    merge_into,
    merged_weight,
    plain_name,
    read_adapter,
    require_numbers,
)
from taxqa.errors import InputError, ProofError

CONFIG = "adapter_config.json"


def load(base: Path, dtype: str = "float32") -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(base, dtype=dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rslora", [False, True], ids=["lora", "rslora"])
def test_a_merge_in_32_bits_is_pefts(kind: str, rslora: bool, tiny: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel

    base = tiny_model(kind, tiny)
    folder = random_adapter(base, tmp_path / "adapter", use_rslora=rslora)
    ours, before = load(base), load(base).state_dict()
    merge_into(ours, read_adapter(folder))
    theirs = PeftModel.from_pretrained(load(base), folder).merge_and_unload().state_dict()
    found = ours.state_dict()
    changed = [name for name in before if not torch.equal(before[name], found[name])]
    assert len(changed) == len(read_adapter(folder).pairs)
    assert set(found) == set(theirs)
    for name in found:
        torch.testing.assert_close(found[name], theirs[name], rtol=1e-5, atol=1e-6)


def test_a_merge_in_16_bits_is_rounded_once(gemma: Path, adapter: Path) -> None:
    import torch

    rounded, exact = load(gemma, "bfloat16"), load(gemma)
    for model in (rounded, exact):
        merge_into(model, read_adapter(adapter))
    expected = exact.state_dict()
    for name, weight in rounded.state_dict().items():
        assert weight.dtype == torch.bfloat16
        assert torch.equal(weight, expected[name].bfloat16()), name


@given(rows=st.integers(1, 5), columns=st.integers(1, 5), rank=st.integers(1, 3))
def test_a_merged_weight_is_the_formula(rows: int, columns: int, rank: int) -> None:
    import torch

    a, b = torch.randn(rank, columns), torch.randn(rows, rank)
    weight = torch.randn(rows, columns)
    expected = weight.double() + 0.5 * b.double() @ a.double()
    torch.testing.assert_close(
        merged_weight(weight, (a, b), 0.5), expected.float(), rtol=1e-4, atol=1e-5
    )
    for wrong in ((rows + 1, columns), (rows, columns + 1), (1, rows, columns)):
        with pytest.raises(ProofError, match="trained on another base"):
            merged_weight(torch.randn(wrong), (a, b), 0.5)


def change_settings(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        settings = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        (folder / CONFIG).write_text(json.dumps(settings | changes), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"rank_pattern": {"q_proj": 2}}, "rank_pattern"),
        ({"alpha_pattern": {"q_proj": 2}}, "alpha_pattern"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"fan_in_fan_out": True}, "fan_in_fan_out"),
        ({"target_parameters": ["experts"]}, "target_parameters"),
        ({"alora_invocation_tokens": [1]}, "alora_invocation_tokens"),
        ({"layer_replication": [[0, 2], [1, 3]]}, "layer_replication"),
        ({"trainable_token_indices": [5]}, "trainable_token_indices"),
        ({"lora_bias": True}, "lora_bias"),
        ({"use_qalora": True}, "use_qalora"),
        ({"bias": "all"}, "bias all"),
        ({"peft_type": "LOHA"}, "peft_type LOHA"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights pissa"),
        ({"init_lora_weights": "olora"}, "init_lora_weights olora"),
    ],
)
def test_an_adapter_that_merges_otherwise_is_refused(
    changes: dict[str, Any], found: str, adapter: Path
) -> None:
    change_settings(**changes)(adapter)
    with pytest.raises(InputError, match=f"uses {found}, which cannot be merged here"):
        read_adapter(adapter)


def change_tensors(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        from safetensors.torch import load_file, save_file

        tensors = load_file(folder / ADAPTER_FILE)
        change(tensors)
        save_file(tensors, folder / ADAPTER_FILE)

    return changed


def drop(part: str) -> Callable[[dict[str, Any]], None]:
    return lambda tensors: tensors.__delitem__(next(name for name in tensors if part in name))


def add(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda tensors: tensors.__setitem__(name, next(iter(tensors.values())).clone())


def cut_a(tensors: dict[str, Any]) -> None:
    name = next(name for name in tensors if ".lora_A." in name)
    tensors[name] = tensors[name][:2].clone()


def no_number(tensors: dict[str, Any]) -> None:
    next(tensor for name, tensor in tensors.items() if ".lora_B." in name)[0, 0] = float("nan")


def truncate(folder: Path) -> None:
    path = folder / ADAPTER_FILE
    path.write_bytes(path.read_bytes()[:-100])


BROKEN: dict[str, Callable[[Path], None]] = {
    "no config": lambda folder: (folder / CONFIG).unlink(),
    "no weights": lambda folder: (folder / ADAPTER_FILE).unlink(),
    "half a config": lambda folder: (folder / CONFIG).write_bytes(b'{"r": '),
    "a list as config": lambda folder: (folder / CONFIG).write_bytes(b"[]"),
    "not LoRA": lambda folder: (folder / CONFIG).write_bytes(b'{"peft_type": "PROMPT_TUNING"}'),
    "truncated weights": truncate,
    "no weights at all": lambda folder: (folder / ADAPTER_FILE).write_bytes(b""),
    "no tensors": change_tensors(dict.clear),
    "A without B": change_tensors(drop(".lora_B.")),
    "B without A": change_tensors(drop(".lora_A.")),
    "another rank": change_settings(r=8),
    "a cut A": change_tensors(cut_a),
    "no numbers": change_tensors(no_number),
    "a bias": change_tensors(add("base_model.model.model.layers.0.mlp.up_proj.bias")),
    "an embedding": change_tensors(add("base_model.model.model.embed_tokens.lora_embedding_A")),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_adapter_is_one_message(how: str, adapter: Path) -> None:
    BROKEN[how](adapter)
    with pytest.raises(InputError) as error:
        read_adapter(adapter)
    assert str(adapter) in error.value.message


def test_an_adapter_of_another_model_is_not_merged(
    tiny: Path, tmp_path: Path, adapter: Path
) -> None:
    smaller, other = load(tiny_model("llama", tiny)), load(tiny_model("phi", tiny))
    with pytest.raises(ProofError, match="28 weights of the adapter are not in the base") as error:
        merge_into(smaller, read_adapter(adapter))
    assert "another base model" in error.value.hint
    llama = random_adapter(tiny_model("llama", tiny), tmp_path / "llama")
    with pytest.raises(ProofError, match="the adapter was trained for"):
        merge_into(other, read_adapter(llama))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("base_model.model.model.layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight"),
        ("model.layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight"),
        (
            "base_model.model.model.language_model.layers.0.mlp.up_proj.weight",
            "layers.0.mlp.up_proj.weight",
        ),
        ("language_model.model.layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight"),
        ("model.language_model.layers.0.mlp.up_proj.weight", "layers.0.mlp.up_proj.weight"),
        (
            "vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight",
            "vision_tower.vision_model.encoder.layers.0.mlp.fc1.weight",
        ),
    ],
)
def test_a_weight_has_one_plain_name_whatever_is_around_it(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@given(
    values=st.lists(st.floats(width=32), min_size=1, max_size=6),
    kind=st.sampled_from(["bfloat16", "float16", "float32"]),
)
def test_a_weight_passes_where_f16_holds_each_of_its_values(values: list[float], kind: str) -> None:
    import torch

    weight = torch.tensor(values).to(getattr(torch, kind))
    held = bool((weight.double().abs() <= F16_MOST).all())
    assert bool(weight.half().isfinite().all()) or not held
    if held:
        assert require_numbers(weight, "a.weight", F16_MOST) is weight
    else:
        with pytest.raises(ProofError, match=r"The weight a\.weight"):
            require_numbers(weight, "a.weight", F16_MOST)


def test_whole_numbers_and_empty_weights_pass() -> None:
    import torch

    for weight in (torch.tensor([3, 4]), torch.empty(0, 4), torch.ones(2).to(torch.float8_e4m3fn)):
        assert require_numbers(weight, "a.weight", 1.0) is weight
