"""In this process a model is asked by the prompt that export.json names, and by no other."""

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from model_folders import make_model_folder

from chat import backends
from chat.ask import answer, open_backend
from chat.backends import LlamaBackend, PromptOfModel, Usage, prompt_of
from finetune.prompts import FORMS, GEMMA3, QA, Message
from modelfiles.model_folder import read_model_folder
from taxqa.errors import InputError, MissingExtraError

QUESTION: list[Message] = [{"role": "user", "content": "세율은?"}]
END = 1


@dataclass
class ToyLlama:
    """A GGUF whose tokens are letters and which writes a fixed text."""

    reply: str = " 10%입니다."
    context: int = 100
    ends_by_itself: bool = True
    metadata: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    settings: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False

    @property
    def model(self) -> "ToyLlama":
        return self

    def tokens(self, text: str) -> list[int]:
        self.asked.append(text)
        return [2] + [ord(letter) for letter in text]

    def ends(self, token: int) -> bool:
        return token == END

    def generate(self, tokens: Sequence[int], **settings: Any) -> Iterator[int]:
        self.settings.append(settings)
        yield from (ord(letter) for letter in self.reply)
        if self.ends_by_itself:
            yield END
        yield from (ord(letter) for letter in "### 질문: 그 다음" * 100)

    def detokenize(self, tokens: Sequence[int], special: bool) -> bytes:
        return b"<eos>" if list(tokens) == [END] else "".join(map(chr, tokens)).encode()

    def n_ctx(self) -> int:
        return self.context

    def token_eos(self) -> int:
        return END

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def llama(monkeypatch: pytest.MonkeyPatch) -> ToyLlama:
    toy = ToyLlama()
    monkeypatch.setattr(backends, "load", lambda path, max_length: toy)
    return toy


def backend(form: str = "qa", system: str = "") -> LlamaBackend:
    return LlamaBackend(Path("m.gguf"), PromptOfModel(FORMS[form], "<eos>", system), "m")


@pytest.mark.parametrize("form", sorted(FORMS))
def test_the_prompt_is_that_of_the_specification(llama: ToyLlama, form: str) -> None:
    assert "".join(answer(backend(form), "세율은?")) == "10%입니다."
    assert llama.asked == [FORMS[form].prompt("세율은?")]


def test_the_system_message_of_training_is_added_unless_there_is_one(llama: ToyLlama) -> None:
    model = backend(system="짧게.")
    list(model.stream(QUESTION, temperature=0, max_tokens=None))
    own: list[Message] = [{"role": "system", "content": "길게."}, *QUESTION]
    list(model.stream(own, temperature=0, max_tokens=None))
    assert llama.asked == [QA.prompt("세율은?", system) for system in ("짧게.", "길게.")]


def test_the_blank_before_the_first_letter_is_no_part_of_an_answer(llama: ToyLlama) -> None:
    llama.reply = "  \n 첫째 줄\n 둘째 줄"
    assert "".join(answer(backend(), "세율은?")) == "첫째 줄\n 둘째 줄"


def test_the_same_question_gets_the_same_answer_by_default(llama: ToyLlama) -> None:
    "".join(answer(backend(), "세율은?"))
    assert llama.settings == [{"temp": 0.0, "repeat_penalty": 1.0}]


@pytest.mark.parametrize("reply", [" 10%<end_of_turn>그 다음", " 10%<eos>그 다음"])
def test_an_answer_ends_at_a_stop_string(llama: ToyLlama, reply: str) -> None:
    llama.reply = reply
    model = backend("gemma3")
    assert "".join(answer(model, "세율은?")) == "10%"
    assert model.usage is not None
    assert model.usage.whole


def test_an_answer_that_does_not_end_is_cut_and_said(llama: ToyLlama) -> None:
    llama.ends_by_itself = False
    model = backend()
    prompt_tokens = len("<" + QA.prompt("세율은?"))
    text = "".join(answer(model, "세율은?"))
    assert len(" " + text) == llama.context - prompt_tokens
    assert model.usage is not None
    assert (model.usage.prompt_tokens, model.usage.whole) == (prompt_tokens, False)
    assert len("".join(answer(model, "세율은?", max_tokens=5))) == 4


def test_a_question_that_does_not_fit_is_an_error_and_no_cut(llama: ToyLlama) -> None:
    with pytest.raises(InputError, match="has 118 tokens with its prompt; the model reads 100"):
        "".join(answer(backend(), "가" * 100))
    assert llama.settings == []


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("adds_bos", [True, False])
@pytest.mark.parametrize("system", ["", "짧게 답하세요."])
def test_a_gguf_alone_is_asked_by_the_chat_template_in_it(
    llama: ToyLlama, form: str, adds_bos: bool, system: str
) -> None:
    template = FORMS[form].chat_template("<eos>", adds_bos, system)
    llama.metadata = {"tokenizer.chat_template": template}
    model = LlamaBackend(Path("m.gguf"), None, "m")
    assert model.prompt == PromptOfModel(FORMS[form], "<eos>", system)


@pytest.mark.parametrize(
    "template", ["", "{{ messages }}", GEMMA3.chat_template("<eos>", True) + " "]
)
def test_a_gguf_of_another_project_is_not_asked_by_guess(llama: ToyLlama, template: str) -> None:
    llama.metadata = {"tokenizer.chat_template": template}
    with pytest.raises(InputError, match="does not say how it was trained to be asked"):
        LlamaBackend(Path("m.gguf"), None, "m")
    assert llama.closed


def test_a_model_folder_says_how_it_is_asked(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "phi", eos="<|endoftext|>", bos="", max_length=1024)
    assert prompt_of(read_model_folder(folder)) == PromptOfModel(
        QA, "<|endoftext|>", system="", max_length=1024
    )


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    path = tmp_path / "a.gguf"
    with pytest.raises(InputError, match="There is no file"):
        open_backend(str(path))
    path.write_bytes(b"no model")
    with pytest.raises(InputError, match=r"llama\.cpp cannot load .*a\.gguf"):
        open_backend(str(path))


def test_a_missing_llama_cpp_is_told_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if importlib.util.find_spec("llama_cpp"):
        monkeypatch.setitem(sys.modules, "llama_cpp", None)
    (tmp_path / "a.gguf").touch()
    with pytest.raises(MissingExtraError, match=r"taxqa\[chat\]"):
        open_backend(str(tmp_path / "a.gguf"))


def test_speed_is_tokens_over_seconds() -> None:
    assert Usage(10, 30, 1.5, whole=True).tokens_per_second == 20
    assert Usage(10, 1, 0.0, whole=True).tokens_per_second == 0
