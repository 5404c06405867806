"""Ask a model one question: find the model, stream its answer."""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from chat.backends import Backend, LlamaBackend, OllamaBackend, prompt_of
from finetune.prompts import Message
from modelfiles.model_folder import EXPORT, MADE_BY, ModelFolder, read_model_folder
from modelfiles.ollama_api import Ollama
from modelfiles.register import rewrites
from taxqa.errors import InputError, ServiceError
from taxqa.folders import newest_folder
from taxqa.ollama_address import START_HINT

MODELS = Path("work/models")
"""Where export leaves models, seen from where the command is run."""
LOOK_SECONDS = 1.0
"""How long to wait for an Ollama that may not be running."""


def ask(
    question: str,
    model: str = "",
    *,
    temperature: float = 0.0,
    max_tokens: int | None = None,
    host: str = "",
) -> Iterator[str]:
    """The answer to a question, piece by piece.

    Args:
        model: a name in Ollama, a model folder or a .gguf file; '' = the newest model folder.
        temperature: 0 = the same question always gets the same answer.
        max_tokens: longest answer; None = as long as the model's context allows.

    Raises:
        InputError: a question that is empty, no text or too long, or no such model.
        ServiceError: Ollama is needed and does not answer.
        MissingExtraError: llama.cpp is needed and not installed.
    """
    question = question_text(question)
    with closing(open_backend(model, host=host)) as backend:
        yield from answer(backend, question, temperature=temperature, max_tokens=max_tokens)


def question_text(given: str) -> str:
    """A question without the blanks around it, NFC-normalised as all that was trained; worth
    calling before a model is loaded for it.

    Raises:
        InputError: it is empty, or holds bytes that the terminal could not read as text.
    """
    question = unicodedata.normalize("NFC", given.strip())
    if not question:
        raise InputError(
            "The question is empty.", hint='Try: taxqa ask "부가가치세율은 얼마인가요?"'
        )
    try:
        question.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"The question is no UTF-8 text: letter {error.start + 1} cannot be read.",
            hint="Convert it first, e.g.: iconv -f cp949 -t utf-8 question.txt | taxqa ask -",
        ) from None
    return question


def answer(
    backend: Backend,
    question: str,
    *,
    before: Sequence[Message] = (),
    temperature: float = 0.0,
    max_tokens: int | None = None,
) -> Iterator[str]:
    """The answer of an open backend, without the blanks before its first letter.

    The question/answer form trains an answer with a space before it, which is no part of it.

    Args:
        before: the conversation so far.
    """
    messages: list[Message] = [*before, {"role": "user", "content": question_text(question)}]
    started = False
    for piece in backend.stream(messages, temperature=temperature, max_tokens=max_tokens):
        text = piece if started else piece.lstrip()
        if text:
            started = True
            yield text


def open_backend(model: str = "", *, host: str = "") -> Backend:
    """The model to ask, loaded or connected; close it after use. Arguments and errors as `ask`."""
    path = (
        Path(model).expanduser() if model else newest_folder(MODELS, stage="model", made_by=MADE_BY)
    )
    if path.suffix.lower() == ".gguf":
        return open_gguf(path)
    if path.is_dir():
        return open_folder(read_model_folder(path), host)
    if found := in_ollama(model, host):
        return found
    if (MODELS / model).is_dir():
        return open_folder(read_model_folder(MODELS / model), host)
    raise missing(model, host)


def open_gguf(path: Path) -> Backend:
    """A GGUF file in this process; export.json beside it, if it is there, says how to ask."""
    if (path.parent / EXPORT).is_file():
        folder = read_model_folder(path.parent)
        if path.name in (quant.file for quant in folder.report.quants):
            return LlamaBackend(path, prompt_of(folder), path.name)
    return LlamaBackend(path, None, path.name)


def open_folder(folder: ModelFolder, host: str) -> Backend:
    """The model of a folder: in Ollama where that has this very file, else in this process."""
    found = in_ollama(folder.report.name, host)
    if found and is_same(found, folder):
        return found
    if found:
        found.close()
    return LlamaBackend(folder.gguf(), prompt_of(folder), folder.report.name)


def in_ollama(name: str, host: str) -> OllamaBackend | None:
    """The model of that name in Ollama; None where Ollama does not answer or lacks it."""
    server = Ollama(host, connect_seconds=LOOK_SECONDS)
    try:
        if server.has(name):
            return OllamaBackend(server, name, server.version())
    except ServiceError:
        pass
    server.http.close()
    return None


def is_same(backend: OllamaBackend, folder: ModelFolder) -> bool:
    """Whether Ollama's model is the folder's file, asked as the folder says, and not one
    registered from an earlier export or made by hand in another way.

    The versions that rewrite a GGUF cannot tell its file; there the name decides.
    """
    report, shown = folder.report, backend.server.show(backend.name)
    asked = (shown.get("template") or "", shown.get("system") or "")
    if asked != (report.prompts.go_template(report.eos), report.system):
        return False
    blob = f"sha256-{report.quant().sha256}"
    return rewrites(backend.server.version()) or blob in str(shown.get("modelfile", ""))


def missing(model: str, host: str) -> InputError | ServiceError:
    """The error for a name that is no file, no folder and no model in a running Ollama."""
    with Ollama(host, connect_seconds=LOOK_SECONDS) as server:
        try:
            names = server.names()
        except ServiceError as error:
            return ServiceError(
                f"'{model}' is no model folder and no .gguf file, and {error.message}",
                hint=START_HINT,
            )
    return InputError(
        f"Ollama at {server.url} has no model '{model}', and there is no such folder or file.",
        hint=f"It has: {', '.join(sorted(names)) or 'none'}."
        " Register one: taxqa register --model FOLDER",
    )
