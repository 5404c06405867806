"""The adapter alone, on the base in llama.cpp, answers as the merged model does."""

from pathlib import Path

import pytest

from export.adapter_gguf import convert_adapter
from export.convert import convert
from export.gguf_model import few_cores, quiet, without_amx
from finetune.prompts import prompt_form
from taxqa.errors import ProofError

TEMPLATE = prompt_form("qa").chat_template("<eos>", adds_bos=True)


def logits(path: Path, adapter: Path | None) -> list[float]:
    """The logits after a prompt."""
    import llama_cpp

    with quiet(), without_amx():
        model = llama_cpp.Llama(
            str(path),
            n_ctx=64,
            n_threads=few_cores(),
            verbose=False,
            logits_all=True,
            lora_path=str(adapter) if adapter else None,
        )
        model.eval(model.tokenize("### 질문: 세율은?".encode()))
    found = [float(number) for number in model.scores[model.n_tokens - 1]]
    model.close()
    return found


def test_base_and_adapter_give_the_merged_model_s_logits(
    gemma: Path, gemma_adapter: Path, converter: Path, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    still = tmp_path / "still"
    still.mkdir()
    for path in gemma_adapter.iterdir():
        if path.suffix == ".json":
            (still / path.name).write_bytes(path.read_bytes())
    tensors = load_file(gemma_adapter / "adapter_model.safetensors")
    none = {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
    save_file(none, still / "adapter_model.safetensors")
    convert(gemma, still, TEMPLATE, {}, converter, tmp_path / "base.gguf")
    convert(gemma, gemma_adapter, TEMPLATE, {}, converter, tmp_path / "merged.gguf")
    convert_adapter(gemma, gemma_adapter, converter, tmp_path / "lora.gguf")
    merged = torch.tensor(logits(tmp_path / "merged.gguf", None))
    both = torch.tensor(logits(tmp_path / "base.gguf", tmp_path / "lora.gguf"))
    base = torch.tensor(logits(tmp_path / "base.gguf", None))
    assert int(both.argmax()) == int(merged.argmax())
    assert float((both - merged).abs().max()) < 0.05 * float((base - merged).abs().max())


def test_a_failure_names_the_reason_and_leaves_no_file(
    gemma: Path, converter: Path, tmp_path: Path
) -> None:
    (tmp_path / "adapter").mkdir()
    with pytest.raises(ProofError, match="converter failed"):
        convert_adapter(gemma, tmp_path / "adapter", converter, tmp_path / "lora.gguf")
    assert not (tmp_path / "lora.gguf").exists()
