"""LoRA sits on attention and MLP of the language model, in each architecture, and nowhere else."""

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_models import tiny_model
from tiny_runs import settings

from finetune.bases import LLAMA_TARGETS, PHI_TARGETS, target_modules
from finetune.trl_trainer import load_trl
from taxqa.errors import InputError


def adapted(base: Path) -> list[str]:
    """The names of the base's modules that carry LoRA."""
    model = load_trl(base, settings(base))
    trained = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert all(".lora_A." in name or ".lora_B." in name for name in trained)
    found = sorted({re.split(r"\.lora_[AB]\.", name)[0] for name in trained})
    assert 2 * len(found) == len(trained)
    return found


@pytest.mark.parametrize(
    ("kind", "layers", "targets"),
    [
        ("gemma", 6, LLAMA_TARGETS),
        ("multimodal", 6, LLAMA_TARGETS),
        ("llama", 2, LLAMA_TARGETS),
        ("phi", 2, PHI_TARGETS),
    ],
)
def test_every_projection_of_every_layer_is_adapted(
    kind: str, layers: int, targets: tuple[str, ...], tiny: Path
) -> None:
    found = adapted(tiny_model(kind, tiny))
    assert Counter(name.rpartition(".")[2] for name in found) == dict.fromkeys(targets, layers)


def test_a_vision_tower_is_never_adapted(tiny: Path) -> None:
    found = adapted(tiny_model("multimodal", tiny))
    assert found
    assert [name for name in found if "language_model" not in name] == []
    model = load_trl(tiny_model("multimodal", tiny), settings(tiny))
    vision = [name for name, _ in model.named_modules() if "vision" in name]
    # It has projections of the same names, which a suffix would have met.
    assert [name for name in vision if name.endswith("q_proj")]


def test_the_adapter_is_32_bit_and_starts_as_no_change(gemma: Path) -> None:
    import torch

    model = load_trl(gemma, settings(gemma))
    for name, weight in model.named_parameters():
        if ".lora_" in name:
            assert weight.dtype == torch.float32
            assert (".lora_B." in name) == (not weight.any())


def test_the_same_seed_starts_the_same_adapter(gemma: Path) -> None:
    def start(seed: int) -> float:
        model = load_trl(gemma, settings(gemma, seed=seed))
        return sum(
            float(p.detach().abs().sum()) for n, p in model.named_parameters() if ".lora_A." in n
        )

    assert start(1) == start(1) != start(2)


def test_an_architecture_that_was_not_tried_is_refused() -> None:
    with pytest.raises(InputError, match="'mamba'; taxqa knows gemma3, gemma3_text, llama and phi"):
        target_modules(SimpleNamespace(model_type="mamba"))
