"""Figures that an answer may give though its document lacks them, because the law gives them.

They come from the tables of taxlaw alone, and only where the other checks compare them: behind the
name they belong to, in the rate table of the one tax a record is about, in the case its question
states, as the deadline of the tax that is named.
"""

from collections.abc import Iterator
from fractions import Fraction

from datagen.checks.base_taxes import asked_tax, right_taxes
from datagen.checks.brackets import tables_of
from datagen.checks.deadlines import right_deadlines
from datagen.checks.facts import right_facts
from datagen.checks.figures import Figures, figures
from datagen.checks.gift_question import gift_cases
from datagen.checks.statements import SENTENCE_END
from taxlaw.gift import gift_tax
from taxlaw.rates import Bracket
from taxqa.records import QARecord


def lawful_figures(record: QARecord) -> Figures:
    """What the law itself gives to the names, the tables and the case of a record."""
    found: Figures = {}
    for value in lawful_values(record):
        found |= as_figure(value)
    for case in gift_cases(record.question):
        for step in gift_tax(case).steps:
            found |= figures(f"{step.formula} {step.amount}원")
    for sentence in SENTENCE_END.split(record.answer):
        found |= figures(" ".join(right_deadlines(sentence, record.question)))
    return found


def lawful_values(record: QARecord) -> Iterator[int | Fraction]:
    """Amounts in KRW, and rates as fractions."""
    for sentence in SENTENCE_END.split(record.answer):
        yield from right_facts(sentence)
    asked = asked_tax(record.question)
    for table in (*tables_of(record), *(asked.tables(record.question) if asked else ())):
        for row in table.brackets:
            yield from row_values(row)
    yield from right_taxes(record.question)


def row_values(row: Bracket) -> Iterator[int | Fraction]:
    """The rate and the amounts (KRW) of a row of a rate table."""
    yield row.rate
    yield from (each for each in (row.over, row.up_to, row.tax_below, row.deduction) if each)


def as_figure(value: int | Fraction) -> Figures:
    """An amount or a rate as the figures of a text are kept."""
    if isinstance(value, Fraction):
        return {("rate", f"{float(value) * 100:g}"): "law"}
    return {("KRW", str(value)): "law"}
