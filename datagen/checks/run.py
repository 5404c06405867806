"""All checks over a stream of records: each is kept, or dropped with the first finding.

A further check is a function in a file of its own and one more entry in CHECKS.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from datagen.checks.arithmetic import check_arithmetic
from datagen.checks.base_taxes import check_base_taxes
from datagen.checks.brackets import check_brackets
from datagen.checks.citations import check_cases, check_citations
from datagen.checks.deadlines import check_deadlines
from datagen.checks.duplicates import check_duplicate
from datagen.checks.evaluation import EvaluationQuestions, check_evaluation
from datagen.checks.facts import check_facts
from datagen.checks.finding import Check, Context, Finding, shortened
from datagen.checks.form import check_language, check_length, shape_problem
from datagen.checks.gift import check_gift
from datagen.checks.income import check_income
from datagen.checks.inheritance import check_inheritance
from datagen.checks.leftovers import check_broken_off, check_leftovers
from datagen.checks.mixed import check_mixed_language
from datagen.checks.sources import check_quotes, check_source_cases, check_source_figures
from datagen.checks.topics import check_topics
from datagen.checks.transfer import check_transfer
from datagen.checks.vat import check_vat
from datagen.checks.worded_sums import check_worded_sums
from taxlaw.articles import ArticleIndex
from taxqa.records import QARecord, Record, Rejection

CHECKS: tuple[tuple[str, Check], ...] = (
    ("language", check_language),
    ("mixed-language", check_mixed_language),
    ("length", check_length),
    ("leftovers", check_leftovers),
    ("broken-off", check_broken_off),
    ("gift", check_gift),
    ("income", check_income),
    ("base-taxes", check_base_taxes),
    ("inheritance", check_inheritance),
    ("vat", check_vat),
    ("transfer", check_transfer),
    ("brackets", check_brackets),
    ("facts", check_facts),
    ("deadlines", check_deadlines),
    ("arithmetic", check_arithmetic),
    ("worded-sums", check_worded_sums),
    ("citations", check_citations),
    ("topics", check_topics),
    ("cases", check_cases),
    ("quotes", check_quotes),
    ("source-cases", check_source_cases),
    ("source-figures", check_source_figures),
    ("evaluation", check_evaluation),
    # Last, so that a record which was dropped does not stand in the way of a right one.
    ("duplicates", check_duplicate),
)
CHECK_NAMES = ("format", *(name for name, _ in CHECKS))


def check_records(
    items: Iterable[object],
    index: ArticleIndex,
    sources: Mapping[str, str] | None = None,
    evaluation: EvaluationQuestions | None = None,
    checks: Sequence[tuple[str, Check]] = CHECKS,
) -> Iterator[QARecord | Rejection]:
    """Each item of a dataset, in order, as the record it is or as its rejection.

    Args:
        items: records, or what JSON gave; a shape that is no record is a rejection ('format').
        index: where citations are looked up.
        sources: document -> its text; a record that names one of them is compared with it.
        evaluation: questions that a model will be tested with; a record that asks one is rejected.
        checks: those to make; records are compared with each other by the last one alone.
    """
    context = Context(index, evaluation=evaluation)
    for position, item in enumerate(items):
        fields = item.model_dump(mode="json") if isinstance(item, QARecord) else item
        finding = shape_problem(fields)
        if finding is None:
            record = item if isinstance(item, QARecord) else as_record(fields)
            context.source = source_of(fields, sources or {})
            finding = first_finding(record, context, checks)
        yield rejection(position, finding, fields) if finding else with_checks(record)


def source_of(fields: Any, sources: Mapping[str, str]) -> str:
    """The text of the document that a record names; '' where it names none that is known."""
    return sources.get(str(fields.get("document")), "")


def as_record(fields: Any) -> QARecord:
    """The record that an item of the right shape is, without what the user's format lacks."""
    return QARecord(**{name: fields[name] for name in QARecord.model_fields})


def with_checks(record: QARecord) -> QARecord:
    """A record of our own notes the checks that it passed; the user's format has no such field."""
    if isinstance(record, Record):
        return record.model_copy(update={"checks": CHECK_NAMES})
    return record


def first_finding(
    record: QARecord, context: Context, checks: Sequence[tuple[str, Check]]
) -> Finding | None:
    """What the first check that objects says."""
    for _, check in checks:
        finding = check(record, context)
        if finding:
            return finding
    return None


def rejection(position: int, finding: Finding, item: object) -> Rejection:
    """The rejection of one item, with the item where it is an object."""
    return Rejection(
        index=position,
        reason=finding.reason,
        found=shortened(finding.found, 300),
        expected=shortened(finding.expected, 400),
        record=dict(item) if isinstance(item, Mapping) else {},
    )
