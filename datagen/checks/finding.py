"""What a check is given and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from taxqa.records import QARecord

if TYPE_CHECKING:
    from datagen.checks.evaluation import EvaluationQuestions
    from taxlaw.articles import ArticleIndex


@dataclass(frozen=True)
class Finding:
    """Why a record may not be taught."""

    reason: str
    """Short fixed name, e.g. 'gift-tax-wrong'."""
    found: str
    expected: str


@dataclass
class Context:
    """What the checks of one pass share."""

    index: "ArticleIndex"
    answers: dict[str, QARecord] = field(default_factory=dict)
    """What a question asks -> the first record kept that answers it."""
    near_answers: dict[str, QARecord] = field(default_factory=dict)
    """The same by the question without its particles."""
    evaluation: "EvaluationQuestions | None" = None
    """The questions that a model will be tested with; None where none are given."""
    source: str = ""
    """Text of the document that the record at hand names; '' where it is not known."""


Check = Callable[[QARecord, Context], Finding | None]
"""None where the record is right, or where the check does not understand it."""


def shortened(text: str, limit: int = 120) -> str:
    """`text` on one line, cut to `limit` characters, for a message."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
