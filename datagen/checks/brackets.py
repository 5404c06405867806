"""A bracket that an answer states ('3억원 초과 5억원 이하에 40%') is compared with the rate table.

Judged is what names a row of the one table that the record is about: its limits with a rate, or a
rate with its 누진공제.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from datagen.checks.bracket_use import wrong_uses
from datagen.checks.finding import Context, Finding, shortened
from datagen.checks.statements import SENTENCE_END
from taxlaw.amounts import find_amounts, format_amount
from taxlaw.rates import CORPORATE, INCOME, INHERITANCE_AND_GIFT, Bracket, RateTable
from taxlaw.steps import percent
from taxqa.records import QARecord

TABLES: tuple[tuple[re.Pattern[str], tuple[RateTable, ...]], ...] = (
    (re.compile(r"상속세|증여세"), INHERITANCE_AND_GIFT),
    (re.compile(r"법인세"), CORPORATE),
    (re.compile(r"(?:종합|양도)소득|소득세"), INCOME[-1:]),
)
NOT_READ = re.compile(
    r"종전|개정 전|과거|예전|당시|인상|인하|오해|틀린|잘못|중과|비사업용|다주택|지방"
    r"|근로소득공제|근로소득세액공제"
    r"|퇴직|임대|종부|종합부동산|취득세|가산|할증|%p|더한|더하여|주식|(?:19\d\d|20[01]\d|202[0-2])\s?년"
)
RATE = re.compile(r"(?<![\d.])(\d{1,2}(?:\.\d+)?)\s?(?:%|％|퍼센트)")
LIMITS = re.compile(r"^\s?(?:을|를)?\s?초과(?:하고|하여|하며|,|~|-)?\s?$")
UP_TO = re.compile(r"^\s?이하")
NEXT_RATE = re.compile(
    r"^\s?이하[^.,\d%]{0,14}?(?:[^.,\d%]{0,6}(?:세율은?|구간은?|:)\s?)?(\d{1,2}(?:\.\d+)?)\s?(?:%|％|퍼센트)"
)
DEDUCTION = re.compile(r"누진\s?공제(?:액)?(?:은|는|이|:)?\s?(?:각각\s?)?$")


def check_brackets(record: QARecord, context: Context) -> Finding | None:
    """Each row of a rate table that the answer states is a row of the table."""
    if "%" not in record.answer and "퍼센트" not in record.answer:
        return None
    tables = tables_of(record)
    if not tables:
        return None
    for sentence in SENTENCE_END.split(record.answer):
        if not NOT_READ.search(sentence):
            for found, expected in (*wrong_rows(sentence, tables), *wrong_pairs(sentence, tables)):
                return Finding("bracket-wrong", shortened(found), expected)
            for found, table, row in wrong_uses(sentence, tables):
                return Finding("bracket-wrong", shortened(found), shown(table, row))
    return None


def tables_of(record: QARecord) -> tuple[RateTable, ...]:
    """The tables of the one tax that a record is about; none where it is about several."""
    text = f"{record.question} {record.answer}"
    found = [tables for pattern, tables in TABLES if pattern.search(text)]
    return found[0] if len(found) == 1 and not NOT_READ.search(record.question) else ()


def wrong_rows(sentence: str, tables: tuple[RateTable, ...]) -> Iterator[tuple[str, str]]:
    """(what is stated, what is right) for limits of a row with the rate of another."""
    amounts = find_amounts(sentence)
    for low, high in pairwise(amounts):
        if not LIMITS.match(sentence[low.end : high.start]):
            continue
        rate = NEXT_RATE.match(sentence[high.end :])
        if rate is None:
            continue
        stated = Fraction(rate[1]) / 100
        rows = rows_beside(tables, low.value, high.value, stated)
        if rows and (low.value, high.value, stated) not in map(row_key, rows):
            yield sentence[low.start : high.end + rate.end()], shown(tables[-1], rows[-1])


def rows_beside(
    tables: tuple[RateTable, ...], over: int, up_to: int, rate: Fraction
) -> list[Bracket]:
    """The rows that agree with two of what is stated: limits (KRW) and rate."""
    rows = (row for table in tables for row in table.brackets)
    return [
        row for row in rows if (row.over == over) + (row.up_to == up_to) + (row.rate == rate) >= 2
    ]


def row_key(row: Bracket) -> tuple[int, int | None, Fraction]:
    """The limits (KRW) and the rate of a row."""
    return row.over, row.up_to, row.rate


def wrong_pairs(sentence: str, tables: tuple[RateTable, ...]) -> Iterator[tuple[str, str]]:
    """(what is stated, what is right) for a rate with the 누진공제 of another."""
    rates = list(RATE.finditer(sentence))
    amounts = [
        amount
        for amount in find_amounts(sentence)
        if DEDUCTION.search(sentence[: amount.start])
        or sentence[amount.end :].lstrip().startswith(("누진공제", "의 누진공제"))
    ]
    if len(rates) != 1 or len(amounts) != 1:
        return
    rate = Fraction(rates[0][1]) / 100
    rows = [row for table in tables for row in table.brackets if row.rate == rate]
    if rows and amounts[0].value not in {row.deduction for row in rows}:
        yield f"{rates[0][0]}, 누진공제 {amounts[0].text}", shown(tables[-1], rows[-1])


def shown(table: RateTable, row: Bracket) -> str:
    """'3억원 초과 5억원 이하 40%, 누진공제 2,594만원 (소득세법 제55조제1항)'."""
    limits = f"{format_amount(row.over)} 초과" if row.over else ""
    limits += f" {format_amount(row.up_to)} 이하" if row.up_to else ""
    deduction = f", 누진공제 {format_amount(row.deduction)}" if row.deduction else ""
    return f"{limits.strip()} {percent(row.rate)}{deduction} ({table.citation})"
