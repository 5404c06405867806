"""The checks of a dataset, run on one record for the person who looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datagen.checks.duplicates import question_key
from datagen.checks.finding import Context, Finding
from datagen.checks.form import shape_problem
from datagen.checks.run import CHECKS
from datagen.example import cited
from taxlaw.amounts import find_amounts
from taxlaw.articles import ArticleIndex
from taxqa.records import QARecord, Record

EDITABLE = ("question", "answer", "type", "source")
EVALUATION = "evaluation"
EDITED = "+reviewer"
"""Added to the teacher of a record that a person changed."""


@dataclass(frozen=True)
class Checked:
    """What one check says of a record."""

    name: str
    finding: Finding | None


def check_one(
    record: Record, index: ArticleIndex, source: str, others: Mapping[str, QARecord]
) -> list[Checked]:
    """What each check says of a record, all of them and not only the first that objects.

    The questions that a model will be tested with are not at hand here, so that check is left out.

    Args:
        source: text of the document it rests on; '' = not known.
        others: what a question asks -> another record of the dataset that answers it.
    """
    shape = shape_problem(record.model_dump(mode="json"))
    if shape:
        return [Checked("format", shape)]
    key = question_key(record.question)
    earlier = {key: others[key]} if key in others else {}
    context = Context(index, earlier, source=source)
    return [
        Checked("format", None),
        *(Checked(name, check(record, context)) for name, check in CHECKS if name != EVALUATION),
        Checked("amount", amount_problem(record)),
    ]


def amount_problem(record: Record) -> Finding | None:
    """The figure that a right answer has to give, as the teacher computed it, is in the answer."""
    amount = record.amount
    if amount is None or amount in {each.value for each in find_amounts(record.answer)}:
        return None
    return Finding("amount-missing", "an answer without it", f"{amount:,} KRW, as computed")


def edited_record(record: Record, fields: Mapping[str, Any]) -> Record:
    """A record after an edit, with what follows from its new text.

    The computed amount belongs to the question: it is dropped where that was changed.
    """
    values = {name: fields[name] for name in EDITABLE}
    teacher = record.teacher
    return record.model_copy(
        update={
            **values,
            "amount": record.amount if values["question"] == record.question else None,
            "citations": cited(values["answer"]),
            "teacher": teacher if teacher.endswith(EDITED) else teacher + EDITED,
            "checks": (),
        }
    )
