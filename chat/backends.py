"""Where an answer comes from: a model in Ollama, or a GGUF in this process by llama.cpp.

Both are asked by the same prompt, the one that the model was trained with: Ollama by the TEMPLATE
that was proven at registration, llama.cpp by the prompt specification named in export.json.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from chat.pieces import Counted, decoded, until_stop
from export.gguf_model import GgufModel
from finetune.prompts import FORMS, Message, PromptForm
from modelfiles.model_folder import EXPORT, ModelFolder
from modelfiles.ollama_api import Ollama
from taxqa.errors import InputError, MissingExtraError, ProofError

USUAL_LENGTH = 2048
"""Tokens; for a GGUF that does not say how long its training prompts were."""


@dataclass(frozen=True)
class Usage:
    """What an answer took."""

    prompt_tokens: int
    tokens: int
    """Tokens of the answer."""
    seconds: float
    """Time spent on the answer's tokens, reading the question left out."""
    whole: bool
    """The model ended the answer by itself; False = it was cut at the limit."""

    @property
    def tokens_per_second(self) -> float:
        """Speed of the answer; 0 where it was too short to measure."""
        return self.tokens / self.seconds if self.seconds > 0 else 0.0


class Backend(Protocol):
    """A model that can be asked."""

    label: str
    """What answers, for people: 'taxqa-gemma3 (Ollama 0.34.1)'."""
    usage: Usage | None
    """Of the last answer that was read to its end."""

    def stream(
        self, messages: Sequence[Message], *, temperature: float, max_tokens: int | None
    ) -> Iterator[str]:
        """The model's text, piece by piece, leading blanks and all."""
        ...

    def close(self) -> None:
        """Give the memory or the connection back."""
        ...


class OllamaBackend:
    """A model in Ollama."""

    def __init__(self, server: Ollama, name: str, version: str) -> None:
        """`server` is closed with this."""
        self.server = server
        self.name = name
        self.label = f"{name} (Ollama {version})"
        self.usage: Usage | None = None

    def stream(
        self, messages: Sequence[Message], *, temperature: float, max_tokens: int | None
    ) -> Iterator[str]:
        """The answer; ServiceError where the conversation is longer than the context."""
        options: dict[str, Any] = {"temperature": temperature}
        if max_tokens is not None:
            options["num_predict"] = max_tokens
        for part in self.server.chat(self.name, messages, options):
            if part.text:
                yield part.text
            if part.done:
                whole = part.done_reason == "stop"
                self.usage = Usage(part.prompt_tokens, part.tokens, part.seconds, whole)

    def close(self) -> None:
        """Close the connection; Ollama keeps the model loaded for a while by itself."""
        self.server.http.close()


@dataclass(frozen=True)
class PromptOfModel:
    """How a GGUF wants to be asked."""

    form: PromptForm
    eos: str
    system: str = ""
    """Of every training prompt; '' = none."""
    max_length: int = USUAL_LENGTH
    """Tokens of prompt and answer in training."""

    def text(self, messages: Sequence[Message]) -> str:
        """The prompt of a conversation, without BOS."""
        if self.system and messages[0]["role"] != "system":
            messages = [{"role": "system", "content": self.system}, *messages]
        return self.form.conversation(messages, self.eos)

    @property
    def stops(self) -> tuple[str, ...]:
        """What ends an answer, as text."""
        return tuple({*self.form.stops(self.eos), self.eos})


class LlamaBackend:
    """A GGUF in this process; about as much memory as the file is large."""

    def __init__(self, path: Path, prompt: PromptOfModel | None, label: str) -> None:
        """Load the model.

        Args:
            prompt: how to ask it; None = by the chat template in the GGUF, if it is one of ours.

        Raises:
            MissingExtraError: llama-cpp-python is not installed.
            InputError: no GGUF that llama.cpp can load, or one that was not made here.
        """
        self.gguf = load(path, prompt.max_length if prompt else USUAL_LENGTH)
        try:
            self.prompt = prompt or prompt_in(self.gguf, path)
        except InputError:
            self.gguf.close()
            raise
        self.label = f"{label} (llama.cpp)"
        self.usage: Usage | None = None

    def stream(
        self, messages: Sequence[Message], *, temperature: float, max_tokens: int | None
    ) -> Iterator[str]:
        """The answer.

        Raises:
            InputError: the conversation leaves no room for an answer; it is not cut.
        """
        llama = self.gguf.model
        tokens = self.gguf.tokens(self.prompt.text(messages))
        room = llama.n_ctx() - len(tokens)
        if room < 1:
            raise InputError(
                f"The question has {len(tokens)} tokens with its prompt; the model reads"
                f" {llama.n_ctx()}, its answer included.",
                hint="Ask a shorter question.",
            )
        limit = min(room, max_tokens or room)
        counted = Counted(llama.generate(tokens, temp=temperature, repeat_penalty=1.0), limit)
        yield from until_stop(decoded(self.until_end(counted)), self.prompt.stops)
        self.usage = Usage(len(tokens), counted.count, counted.seconds, not counted.cut)

    def until_end(self, tokens: Iterable[int]) -> Iterator[bytes]:
        """The bytes of each token, up to one that ends an answer."""
        for token in tokens:
            if self.gguf.ends(token):
                return
            yield self.gguf.model.detokenize([token], special=True)

    def close(self) -> None:
        """Free the model's memory."""
        self.gguf.close()


def load(path: Path, max_length: int) -> GgufModel:
    """The GGUF, to read and write `max_length` tokens, with llama.cpp's log switched off."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        import llama_cpp
    except ImportError:
        raise MissingExtraError("llama-cpp-python", "chat") from None
    llama_cpp.llama_log_set(silence(), None)
    try:
        return GgufModel(path, max_length)
    except ProofError as error:
        raise InputError(
            error.message,
            hint="Either the file is no GGUF or broken, or there is too little memory for it.",
        ) from None


@cache
def silence() -> Any:
    """The callback for llama.cpp's log, which it would write to stderr even when not verbose.

    Kept as long as the process: llama.cpp calls it whenever it likes.
    """
    import llama_cpp

    return llama_cpp.llama_log_callback(lambda level, text, data: None)


def prompt_in(gguf: GgufModel, path: Path) -> PromptOfModel:
    """How to ask a GGUF that stands alone: by its chat template, which this project wrote.

    Raises:
        InputError: it has none, or another project's.
    """
    llama = gguf.model
    eos = llama.detokenize([llama.token_eos()], special=True).decode(errors="replace")
    found = llama.metadata.get("tokenizer.chat_template", "")
    for form in FORMS.values():
        system = form.system_in(found, eos)
        if system is not None:
            return PromptOfModel(form, eos, system)
    raise InputError(
        f"{path} does not say how it was trained to be asked: there is no {EXPORT} beside it, and"
        " its chat template is not one of this project's.",
        hint="Ask a model folder made by taxqa export, or register the model with Ollama.",
    )


def prompt_of(folder: ModelFolder) -> PromptOfModel:
    """How the model of a folder was trained to be asked."""
    report = folder.report
    return PromptOfModel(report.prompts, report.eos, report.system, report.max_length)
