"""Records to token ids: what the model sees and what it is trained to write.

Prompt and answer are tokenised apart, as they are when the model answers, and joined; so a row's
prompt is, token for token, what a server makes of the same question. Both trainers get these rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from finetune.prompts import PromptForm
from taxqa.records import Record

IGNORED = -100
"""Label of a token that carries no loss (PyTorch's ignore_index)."""


@dataclass(frozen=True)
class Row:
    """One training row; `input_ids` and `labels` have the same length (seq,)."""

    record: str
    """Id of the record."""
    input_ids: list[int]
    labels: list[int]
    """The answer's ids; IGNORED over the prompt."""


@dataclass(frozen=True)
class Rows:
    """The rows of one part of a dataset."""

    rows: list[Row]
    too_long: list[tuple[str, int]]
    """(record id, tokens) of what was left out because it exceeds the maximum length."""

    @property
    def tokens(self) -> int:
        """Tokens in all rows."""
        return sum(len(row.input_ids) for row in self.rows)


def prompt_ids(tokenizer: Any, form: PromptForm, question: str, system: str = "") -> list[int]:
    """The ids of the prompt for one question, BOS included where the base has one."""
    return list(tokenizer(form.prompt(question, system)).input_ids)


def make_rows(
    records: Iterable[Record], tokenizer: Any, form: PromptForm, max_length: int, system: str = ""
) -> Rows:
    """Tokenise records; an answer that would have to be cut is left out, and said.

    A cut answer would teach the model not to finish.
    """
    rows, too_long = [], []
    for record in records:
        prompt = prompt_ids(tokenizer, form, record.question, system)
        completion = form.completion(record.answer, tokenizer.eos_token)
        answer = list(tokenizer(completion, add_special_tokens=False).input_ids)
        if len(prompt) + len(answer) > max_length:
            too_long.append((record.id, len(prompt) + len(answer)))
        else:
            row = Row(record.id, prompt + answer, [IGNORED] * len(prompt) + answer)
            rows.append(row)
    return Rows(rows, too_long)
