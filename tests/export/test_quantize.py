"""Each type is what its name says, loads, and a failure leaves nothing behind."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import write_gguf

from export import gguf_model
from export.gguf_model import GgufModel, load_llama
from export.quantize import QUANTS, quant_names, quantize
from taxqa.errors import InputError, ProofError

TENSORS = {
    "f16": {"F16"},
    "bf16": {"BF16"},
    "q8_0": {"Q8_0"},
    "q6_k": {"Q8_0"},
    "q5_k_m": {"Q5_1", "Q8_0"},
    "q4_k_m": {"Q5_0", "Q8_0"},
    "q4_0": {"Q4_0", "Q8_0"},
    "iq4_xs": {"IQ4_NL", "Q8_0"},
}
"""Types of the matrices: k-quants want rows of 256 weights, the tiny Gemma's have 64."""


@pytest.fixture(scope="module")
def source(gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("원본 gguf") / "source.gguf"
    write_gguf(gemma, path)
    return path


@pytest.mark.parametrize("quant", QUANTS)
def test_each_type_is_written_and_answers(quant: str, source: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader

    out = tmp_path / f"out-{quant}.gguf"
    quantize(source, out, quant)
    assert out.stat().st_size < source.stat().st_size
    reader = GGUFReader(out)
    assert reader.fields["general.file_type"].contents() == QUANTS[quant][0]
    matrices = {t.tensor_type.name for t in reader.tensors if "norm" not in t.name}
    assert matrices == TENSORS[quant]
    model = GgufModel(out, context=64)
    try:
        assert model.answer(model.tokens("세율은?"), 4).tokens > 0
    finally:
        model.close()


def types(path: Path) -> dict[str, str]:
    from gguf import GGUFReader

    return {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(path).tensors}


def test_a_type_may_be_another_for_some_tensors(source: Path, tmp_path: Path) -> None:
    quantize(source, tmp_path / "plain.gguf", "q4_0")
    quantize(source, tmp_path / "kept.gguf", "q4_0", kept={r"attn_v\.weight": "q8_0"})
    plain, kept = types(tmp_path / "plain.gguf"), types(tmp_path / "kept.gguf")
    changed = {name for name in plain if plain[name] != kept[name]}
    assert changed == {f"blk.{layer}.attn_v.weight" for layer in range(6)}
    assert {kept[name] for name in changed} == {"Q8_0"}


@pytest.mark.parametrize("content", [None, b"", b"GGUF", b"not a model" * 100])
def test_a_source_that_is_no_model_leaves_nothing(content: bytes | None, tmp_path: Path) -> None:
    source, out = tmp_path / "source.gguf", tmp_path / "out.gguf"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(ProofError, match=r"could not quantize source\.gguf to q8_0"):
        quantize(source, out, "q8_0")
    assert not out.exists()
    with pytest.raises(ProofError, match=r"llama\.cpp cannot load"):
        load_llama(source, 16)


def test_a_source_that_ends_early_leaves_nothing(source: Path, tmp_path: Path) -> None:
    short, out = tmp_path / "short.gguf", tmp_path / "out.gguf"
    short.write_bytes(source.read_bytes()[:-10_000])
    with pytest.raises(ProofError):
        quantize(short, out, "q8_0")
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_said(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ProofError, match="could not quantize"):
        quantize(source, tmp_path / "no" / "folder" / "out.gguf", "q8_0")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("q4_k_m", ["q4_k_m"]),
        ("q4_k_m,q8_0", ["q8_0", "q4_k_m"]),
        (" Q8_0 , q8_0,,F16 ", ["f16", "q8_0"]),
    ],
)
def test_types_are_read_as_a_person_writes_them(text: str, names: list[str]) -> None:
    assert quant_names(text) == names


@pytest.mark.parametrize("text", ["", " , ", "q4", "q8_0,q3_k_m", "q4_k_m;q8_0"])
def test_an_unknown_type_or_none_is_refused_with_those_that_are_known(text: str) -> None:
    with pytest.raises(
        InputError, match="known: f16, bf16, q8_0, q6_k, q5_k_m, q4_k_m, q4_0, iq4_xs"
    ):
        quant_names(text)


@given(names=st.lists(st.sampled_from(sorted(QUANTS)), min_size=1))
def test_types_come_once_each_and_in_order_of_falling_size(names: list[str]) -> None:
    found = quant_names(",".join(names))
    assert set(found) == set(names)
    for larger, smaller in itertools.pairwise(found):
        assert QUANTS[larger][1] >= QUANTS[smaller][1]


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (4, 4), (8, None), (None, 1)])
def test_a_model_uses_all_of_few_cores(
    cores: int | None,
    threads: int | None,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gguf_model.os, "cpu_count", lambda: cores)
    assert gguf_model.few_cores() == threads
    if threads == 2:
        model = load_llama(source, 16)
        assert model.n_threads == 2
        model.close()
