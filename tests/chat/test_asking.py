"""The model that is meant is the one that answers."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_ollama import FakeOllama, fake_ollama
from model_folders import make_model_folder

from chat import ask as asking
from chat.ask import ask, open_backend
from chat.backends import LlamaBackend, OllamaBackend, PromptOfModel
from modelfiles.register import register
from taxqa.errors import InputError, ServiceError


class LoadedInProcess(Exception):
    """Stands for a model that would be loaded here."""


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with fake_ollama() as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, where loading a GGUF says so in place of doing it."""

    def load(path: Path, prompt: PromptOfModel | None, label: str) -> LlamaBackend:
        raise LoadedInProcess(path.name)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(asking, "LlamaBackend", load)
    return tmp_path / "work" / "models"


@pytest.fixture
def nowhere() -> str:
    """A host on which nothing listens."""
    with fake_ollama() as fake:
        return fake.url


def test_an_answer_comes_from_ollama_in_pieces(fake: FakeOllama, place: Path) -> None:
    register(make_model_folder(place / "taxqa"), host=fake.url)
    pieces = list(ask("세율은?", "taxqa", host=fake.url))
    assert "".join(pieces) == "10%입니다."
    assert len(pieces) > 1


def test_the_newest_folder_is_asked_by_default(fake: FakeOllama, place: Path) -> None:
    with pytest.raises(InputError, match="model"):
        open_backend(host=fake.url)
    make_model_folder(place / "taxqa")
    with pytest.raises(LoadedInProcess, match=r"taxqa-q8_0\.gguf"):
        open_backend(host=fake.url)


def test_a_folder_that_ollama_has_is_asked_there(fake: FakeOllama, place: Path) -> None:
    folder = make_model_folder(place / "taxqa")
    register(folder, host=fake.url)
    for model in ("", "taxqa", str(folder)):
        backend = open_backend(model, host=fake.url)
        assert isinstance(backend, OllamaBackend)
        assert backend.label == "taxqa (Ollama 0.34.1)"
        backend.close()


def test_a_folder_that_was_exported_again_is_not_taken_for_the_registered_one(
    fake: FakeOllama, place: Path, tmp_path: Path
) -> None:
    register(make_model_folder(tmp_path / "old" / "taxqa"), host=fake.url)
    folder = make_model_folder(place / "taxqa", form="gemma3")
    with pytest.raises(LoadedInProcess):
        open_backend(str(folder), host=fake.url)


@pytest.mark.parametrize("part", ["template", "system"])
def test_a_model_that_is_asked_otherwise_than_trained_is_not_taken_for_the_folder(
    part: str, fake: FakeOllama, place: Path
) -> None:
    folder = make_model_folder(place / "taxqa")
    register(folder, host=fake.url)
    setattr(fake.models["taxqa:latest"], part, "{{ .Prompt }}")
    with pytest.raises(LoadedInProcess, match=r"taxqa-q8_0\.gguf"):
        open_backend(str(folder), host=fake.url)


def test_a_version_that_rewrites_files_is_trusted_by_name(place: Path) -> None:
    folder = make_model_folder(place / "taxqa")
    with fake_ollama(version="0.33.0") as fake:
        register(folder, host=fake.url)
        backend = open_backend(str(folder), host=fake.url)
        assert isinstance(backend, OllamaBackend)
        backend.close()


def test_a_name_without_ollama_is_looked_for_among_the_folders(place: Path, nowhere: str) -> None:
    make_model_folder(place / "taxqa")
    with pytest.raises(LoadedInProcess, match="taxqa-q8_0"):
        open_backend("taxqa", host=nowhere)


def test_a_gguf_is_asked_in_this_process(place: Path, nowhere: str) -> None:
    folder = make_model_folder(place / "taxqa")
    with pytest.raises(LoadedInProcess, match="taxqa-q4_k_m"):
        open_backend(str(folder / "taxqa-q4_k_m.gguf"), host=nowhere)


def test_a_model_that_is_nowhere_is_told_with_what_there_is(
    fake: FakeOllama, place: Path, nowhere: str
) -> None:
    register(make_model_folder(place / "taxqa"), host=fake.url)
    with pytest.raises(InputError, match="has no model 'other'") as refused:
        open_backend("other", host=fake.url)
    assert "taxqa:latest" in refused.value.hint
    with pytest.raises(ServiceError, match="'other' is no model folder") as unreachable:
        open_backend("other", host=nowhere)
    assert "ollama serve" in unreachable.value.hint


WRONG_QUESTIONS = [
    ("", "question is empty"),
    ("  \n ", "question is empty"),
    ("세\udcbc율", "no UTF-8 text: letter 2"),
]


@pytest.mark.parametrize(("question", "message"), WRONG_QUESTIONS)
def test_what_is_no_question_is_refused(
    fake: FakeOllama, place: Path, question: str, message: str
) -> None:
    register(make_model_folder(place / "taxqa"), host=fake.url)
    with pytest.raises(InputError, match=message):
        list(ask(question, "taxqa", host=fake.url))


def test_a_question_in_decomposed_letters_is_asked_as_questions_were_trained(
    fake: FakeOllama, place: Path
) -> None:
    fake.replies["세율은?"] = " 같은 질문입니다.<eos>"
    decomposed = unicodedata.normalize("NFD", "세율은?")
    assert decomposed != "세율은?"
    register(make_model_folder(place / "taxqa"), host=fake.url)
    assert "".join(ask(decomposed, "taxqa", host=fake.url)) == "같은 질문입니다."


@pytest.mark.parametrize(("question", "message"), WRONG_QUESTIONS)
def test_a_question_is_looked_at_before_a_model_is_looked_for(
    place: Path, nowhere: str, question: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        list(ask(question, host=nowhere))


def test_a_question_that_does_not_fit_into_ollamas_context_is_refused(
    fake: FakeOllama, place: Path
) -> None:
    register(make_model_folder(place / "taxqa", max_length=300), host=fake.url)
    with pytest.raises(ServiceError, match="exceeds the available context size"):
        list(ask("가" * 400, "taxqa", host=fake.url))
