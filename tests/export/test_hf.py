"""The merged Hugging Face folder is the model that PEFT merges, bit by bit."""

import shutil
from pathlib import Path

import pytest
from tiny_models import KINDS, tiny_model
from tiny_runs import random_adapter

from export.hf import export_hf, merge_to_hf, read_header
from export.lora import ADAPTER_FILE, read_adapter
from taxqa.errors import InputError, ProofError
from taxqa.folders import digest, read_manifest


def split_in_two(base: Path, folder: Path) -> Path:
    """The same model with its weights in two files and an index, as large ones come."""
    import json

    from safetensors.torch import load_file, save_file

    shutil.copytree(base, folder)
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    places = {}
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        file = f"model-{number:05}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, folder / file, {"format": "pt"})
        places |= dict.fromkeys(part, file)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_it_holds_the_weights_that_peft_merges(kind: str, tiny: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = split_in_two(tiny_model(kind, tiny), tmp_path / "base")
    adapter = random_adapter(base, tmp_path / "adapter")
    out = tmp_path / "합친 모델"
    out.mkdir()
    assert merge_to_hf(base, adapter, adapter, out) == len(read_adapter(adapter).pairs)
    whole = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    expected = PeftModel.from_pretrained(whole, adapter).merge_and_unload().to(torch.bfloat16)
    found = AutoModelForCausalLM.from_pretrained(out, dtype=torch.bfloat16)
    weights = dict(found.named_parameters())
    for name, weight in expected.named_parameters():
        torch.testing.assert_close(weights[name], weight, rtol=2**-8, atol=1e-6)


def test_it_carries_the_trained_template_and_the_base_s_own_vocabulary(
    run: Path, gemma: Path, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    merge_to_hf(gemma, run / "adapter", run / "adapter", tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    trained = AutoTokenizer.from_pretrained(run / "adapter")
    assert tokenizer.chat_template == trained.chat_template
    text = "증여세는 얼마인가요? 😀"
    assert tokenizer(text).input_ids == trained(text).input_ids
    assert (tmp_path / "tokenizer.model").read_bytes() == (gemma / "tokenizer.model").read_bytes()


def test_the_folder_is_made_whole_and_says_what_it_was_made_from(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "hf"
    merged = export_hf(run, out)
    manifest = read_manifest(out, stage="merged", made_by="")
    assert manifest["counts"] == {"merged_tensors": merged}
    assert manifest["inputs"]["run"]["sha256"] == digest(run)
    with pytest.raises(InputError, match="already there"):
        export_hf(run, out)


def test_an_adapter_of_another_model_is_refused(
    gemma_adapter: Path, tiny: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProofError):
        merge_to_hf(tiny_model("phi", tiny), gemma_adapter, gemma_adapter, tmp_path)


def test_a_merge_that_leaves_the_range_of_the_base_is_refused(
    gemma: Path, adapter: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(adapter / ADAPTER_FILE)
    large = {name: part * (1e30 if "lora_A" in name else 1e10) for name, part in weights.items()}
    save_file(large, adapter / ADAPTER_FILE, {"format": "pt"})
    out = tmp_path / "hf"
    out.mkdir()
    with pytest.raises(ProofError, match=r"The weight model\.layers\..* no numbers"):
        merge_to_hf(gemma, adapter, adapter, out)


@pytest.mark.parametrize("content", [b"", b"12345678", b"\xff" * 64, b"\x04" + b"\0" * 7 + b"{]}x"])
def test_what_is_no_safetensors_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match="no safetensors file"):
        read_header(path)
