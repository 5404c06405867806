"""Figures that an answer may give though its document lacks them, because the law gives them.

They come from the tables of taxlaw alone, and only where the other checks compare them: behind the
name they belong to, in the rate table of the one tax a record is about, in the case its question
states, as the deadline of the tax that is named.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from datagen.checks.base_taxes import asked_tax, right_taxes
from datagen.checks.brackets import tables_of
from datagen.checks.deadlines import right_deadlines
from datagen.checks.facts import right_facts
from datagen.checks.figures import Figures, figures
from datagen.checks.gift_question import gift_cases
from datagen.checks.statements import SENTENCE_END
from taxlaw.amounts import find_amounts
from taxlaw.gift import gift_tax
from taxlaw.rates import Bracket, RateTable
from taxqa.records import QARecord

OF_A_TABLE = re.compile(r"세율|구간|누진|과세\s?표준|초과|[×*]")
ROW_AFTER = re.compile(r"\s?(?:초과|이하|까지|(?:을|를) (?:넘|초과)|구간|에 초과분|[+＋])")
ROW_BEFORE = re.compile(
    r"(?:누진\s?공제(?:액)?(?:은|는|인|이|:)?|[−\-–]|까지의 (?:산출)?세액(?:은|이|인|:)?)\s?$"
)


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
    asked = asked_tax(record.question)
    tables = (*tables_of(record), *(asked.tables(record.question) if asked else ()))
    for sentence in SENTENCE_END.split(record.answer):
        yield from right_facts(sentence)
        yield from of_tables(sentence, tables)
    yield from right_taxes(record.question)


def of_tables(sentence: str, tables: tuple[RateTable, ...]) -> Iterator[int | Fraction]:
    """The rates and amounts of rate tables (KRW) that a sentence gives as such."""
    if not tables or not OF_A_TABLE.search(sentence):
        return
    rows = [row for table in tables for row in table.brackets]
    yield from (row.rate for row in rows)
    of_rows = {each for row in rows for each in amounts_of(row)}
    for amount in find_amounts(sentence):
        as_row = ROW_AFTER.match(sentence, amount.end) or ROW_BEFORE.search(
            sentence[: amount.start]
        )
        if as_row and amount.value in of_rows:
            yield amount.value


def amounts_of(row: Bracket) -> set[int]:
    """Limits, tax below and 누진공제 of a row (KRW)."""
    return {each for each in (row.over, row.up_to, row.tax_below, row.deduction) if each}


def as_figure(value: int | Fraction) -> Figures:
    """An amount or a rate as the figures of a text are kept."""
    if isinstance(value, Fraction):
        return {("rate", f"{float(value) * 100:g}"): "law"}
    return {("KRW", str(value)): "law"}
