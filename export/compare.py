"""What quantization cost: the same questions to the merged model and to each GGUF, greedily."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from export.gguf_model import Answer, GgufModel
from finetune.prompts import PromptForm
from finetune.rows import prompt_ids
from taxlaw.amounts import find_amounts
from taxqa.errors import ProofError
from taxqa.progress import bar
from taxqa.records import Record

GOLDEN = 3
"""Questions that a registration asks again."""


@dataclass(frozen=True)
class Comparison:
    """How a GGUF answered beside the merged model."""

    asked: int
    same: int
    """Answers equal to the merged model's, to the letter."""
    right: int
    """Answers with the right figure, or the taught text where there is no figure."""
    stopped: int
    """Answers that ended by themselves."""
    tokens_per_second: float
    """Tokens of answers over all the time it took, reading the questions included."""
    same_prompt: int
    """Questions whose prompt had the same token ids in llama.cpp as in training."""
    golden: tuple[dict[str, str], ...] = ()
    """Questions with the answers given, for the registration to ask them again."""


def is_right(answer: str, record: Record) -> bool:
    """Whether an answer gives what was taught.

    For a calculation every figure has to be there and no other: the taught amount alone may stand
    in a wrong answer too, as a step of another calculation. Elsewhere the text has to be the same.
    """
    if record.amount is not None:
        return amounts(answer) == amounts(record.answer)
    return answer.strip() == record.answer.strip()


def amounts(text: str) -> set[int]:
    """The amounts in a text, KRW."""
    return {mention.value for mention in find_amounts(text)}


def compare(
    answers: Sequence[Answer], reference: Sequence[str], records: Sequence[Record], prompts: int
) -> Comparison:
    """Count; all sequences have the length (questions,)."""
    pairs = list(zip(answers, records, strict=True))
    seconds = sum(answer.seconds for answer in answers)
    return Comparison(
        asked=len(answers),
        same=sum(a.text == text for a, text in zip(answers, reference, strict=True)),
        right=sum(is_right(answer.text, record) for answer, record in pairs),
        stopped=sum(answer.stopped for answer in answers),
        tokens_per_second=round(sum(a.tokens for a in answers) / seconds, 1) if seconds else 0.0,
        same_prompt=prompts,
        golden=golden(pairs),
    )


def golden(pairs: Sequence[tuple[Answer, Record]]) -> tuple[dict[str, str], ...]:
    """At most GOLDEN questions whose answers ended by themselves, right ones first."""
    ended = [pair for pair in pairs if pair[0].stopped and pair[0].text]
    ended.sort(key=lambda pair: not is_right(pair[0].text, pair[1]))
    return tuple(
        {"question": record.question, "answer": answer.text} for answer, record in ended[:GOLDEN]
    )


def ask_gguf(
    model: GgufModel,
    records: Sequence[Record],
    trained: Sequence[list[int]],
    form: PromptForm,
    cut: int,
    system: str = "",
) -> tuple[list[Answer], int]:
    """A GGUF's greedy answers, and how many prompts it tokenises as training did.

    Args:
        trained: the prompts' ids as training made them.
        cut: most tokens of an answer.
    """
    answers, same = [], 0
    with bar(f"Asking {model.name}", total=len(records)) as progress:
        for record, expected in zip(records, trained, strict=True):
            ids = model.tokens(form.prompt(record.question, system))
            same += ids == expected
            answers.append(model.answer(ids, cut))
            progress.advance()
    return answers, same


def require_same_prompts(same: int, asked: int, file: str) -> None:
    """ProofError where a prompt's token ids differ between training and llama.cpp."""
    if same != asked:
        raise ProofError(
            f"llama.cpp makes other token ids than training did of {asked - same} of {asked}"
            f" prompts ({file}).",
            hint="The base model's tokenizer did not survive the conversion; nothing was written.",
        )


def trained_prompts(
    records: Sequence[Record], tokenizer: Any, form: PromptForm, system: str = ""
) -> list[list[int]]:
    """The prompts' token ids as training made them, per record."""
    return [prompt_ids(tokenizer, form, record.question, system) for record in records]
