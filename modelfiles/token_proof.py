"""The proof by token ids: what training made of a conversation, and what the GGUF makes of it.

A prompt that reads the same may still be other tokens: a second BOS, a tokenizer that did not
survive the conversion, an end that is no end of generation. The GGUF's vocabulary alone is loaded.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from export.gguf_model import GgufModel
from finetune.prompts import Message
from modelfiles.model_folder import ExportReport, TrainedProof
from taxqa.errors import MissingExtraError, ProofError
from taxqa.progress import note

TEMPLATE_KEY = "tokenizer.chat_template"
SHOWN = 8
"""Tokens shown from the first that differs."""
EXPORT_AGAIN = "Export the model again; nothing was given to Ollama."


@contextmanager
def vocabulary(path: Path, proof: TrainedProof | None) -> Iterator[GgufModel | None]:
    """The GGUF's vocabulary; None, with a note why, where token ids cannot be compared.

    Raises:
        ProofError: llama.cpp cannot load the file, or the chat template in it.
    """
    from jinja2 import TemplateError

    if proof is None:
        note(
            "export.json has no token ids of training (an earlier version made it), so prompts are"
            " compared as text alone. Export again to have them compared."
        )
        yield None
        return
    try:
        model = GgufModel(path, context=8, vocabulary_only=True)
    except MissingExtraError as error:
        note(f"Token ids are not compared, prompts as text alone. {error}")
        yield None
        return
    except TemplateError as error:
        raise ProofError(
            f"The chat template in {path.name} is broken: {error}", hint=EXPORT_AGAIN
        ) from None
    try:
        yield model
    finally:
        model.close()


def prove_gguf(model: GgufModel, path: Path, report: ExportReport, proof: TrainedProof) -> None:
    """Compare the ids of the GGUF's own chat template, and of an answer, with training's.

    Raises:
        ProofError: one differs, or the answer's end does not end a generation.
    """
    for case in proof.cases:
        require_same_ids(
            model,
            case.ids,
            templated(model, path, case.turns),
            f"The chat template in {path.name} asks otherwise than training did ({case.name})",
        )
    end = report.prompts.stops(report.eos)[0]
    found = model.tokens(proof.answer.text, add_bos=False)
    what = f"{path.name} does not end an answer as training did"
    require_same_ids(model, proof.answer.ids, found, what)
    if not proof.answer.text.endswith(end) or model.tokens(end, add_bos=False) != found[-1:]:
        raise ProofError(f"{what}: its last token is not {end}.", hint=EXPORT_AGAIN)
    if not model.ends(found[-1]):
        raise ProofError(
            f"{what}: llama.cpp does not take {end} (token {found[-1]}) for an end of generation.",
            hint=EXPORT_AGAIN,
        )


def prove_served(
    model: GgufModel, name: str, case: str, expected: Sequence[int], rendered: str
) -> None:
    """Compare the ids of the prompt that the server rendered with training's.

    Args:
        rendered: without the one BOS that Ollama takes off and llama.cpp puts before it.

    Raises:
        ProofError: they differ.
    """
    require_same_ids(
        model,
        expected,
        model.tokens(rendered),
        f"Ollama's prompt of '{name}' is other tokens than training's ({case})",
        "Ollama",
        "The server's text is the trained one, so its BOS is one too many or missing: export the"
        " model again.",
    )


def templated(model: GgufModel, path: Path, messages: Sequence[Message]) -> list[int]:
    """A conversation's ids by the GGUF's own chat template, as llama.cpp's chat makes them.

    The template brings BOS, so none is added. Errors as `prove_gguf`.
    """
    from jinja2 import TemplateError
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = model.model.metadata.get(TEMPLATE_KEY, "")
    if not template:
        raise ProofError(
            f"{path.name} has no chat template: an app would fall back to ChatML.",
            hint=EXPORT_AGAIN,
        )
    formatter = Jinja2ChatFormatter(
        template, eos_token=text_of(model, "eos"), bos_token=text_of(model, "bos")
    )
    try:
        text = formatter(messages=list(messages)).prompt
    except (TemplateError, ValueError) as error:
        raise ProofError(
            f"The chat template in {path.name} fails: {error}", hint=EXPORT_AGAIN
        ) from None
    return model.tokens(text, add_bos=False)


def text_of(model: GgufModel, special: str) -> str:
    """The text of the token 'bos' or 'eos'; '' where the GGUF has none."""
    token = {"bos": model.model.token_bos, "eos": model.model.token_eos}[special]()
    return piece(model, token) if token >= 0 else ""


def piece(model: GgufModel, token: int) -> str:
    """A token as text."""
    return str(model.model.detokenize([token], special=True).decode("utf-8", errors="replace"))


def require_same_ids(
    model: GgufModel,
    trained: Sequence[int],
    found: Sequence[int],
    what: str,
    who: str = "GGUF",
    hint: str = EXPORT_AGAIN,
) -> None:
    """ProofError with both sides from the first token that differs."""
    if list(trained) == list(found):
        return
    same = 0
    while same < min(len(trained), len(found)) and trained[same] == found[same]:
        same += 1
    before = [f"    same    {shown(model, trained[max(0, same - 3) : same])}"] if same else []
    lines = [
        f"{what}, from token {same + 1} on:",
        *before,
        f"    trained {shown(model, trained[same : same + SHOWN])}",
        f"    {who:<7} {shown(model, found[same : same + SHOWN])}",
    ]
    raise ProofError("\n".join(lines), hint=hint)


def shown(model: GgufModel, ids: Sequence[int]) -> str:
    """Ids with their texts: "106 '<end_of_turn>' 107 '\\n'"; ⟨end⟩ for none."""
    return " ".join(f"{token} {piece(model, token)!r}" for token in ids) or "⟨end⟩"
