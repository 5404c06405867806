"""A rate that an answer uses where another row of the rate table applies.

'9,000만원 × 24% − 576만원' takes a row that 9,000만원 does not lie in; '30억원을 초과하는 부분은
45%' and '2억원까지 9%' give a row the rate of none.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from taxlaw.amounts import AmountMention, find_amounts
from taxlaw.rates import Bracket, RateTable

Wrong = tuple[str, RateTable, Bracket]
"""What is stated, and the table and row that apply."""

TIMES_LESS = re.compile(
    r"\s?(?:[×*xX]|에|의)\s?(?P<rate>\d{1,2}(?:\.\d+)?)\s?%(?:를 곱하고|를 적용하고)?"
    r"\s?[−\-–—－]\s?(?:누진\s?공제(?:액)?\s?)?"
)
LESS = re.compile(r"\s?[−\-–—－]\s?$")
TIMES = re.compile(r"\s?\)\s?[×*xX]\s?(?P<rate>\d{1,2}(?:\.\d+)?)\s?%")
BASE_IN_ROW = re.compile(
    r"(?:은|는|이므로|이면|이라면|에는|이고|:)\s[^.\n%\d]{0,12}"
    r"(?P<rate>\d{1,2}(?:\.\d+)?)\s?%\s?(?:의\s)?(?:구간|세율)"
)
BASE = re.compile(r"과세\s?표준(?:금액|액)?(?:이|은|는|인|:)?\s?$")
OVER = re.compile(r"\s?(?:을|를)?\s?(?:초과|넘)")
UP_TO = re.compile(r"\s?(?:까지|이하)")
PLAIN = r"[^.;\n%]{0,40}?"
NEXT_RATE = re.compile(
    rf"{PLAIN}(?<![\d.])(?P<rate>\d{{1,2}}(?:\.\d+)?)\s?(?:%|％|퍼센트)(?!포인트|p)"
)
OTHER_RATE = re.compile(
    r"공제|주식|대주주|복권|연금|원천|가산|할증|감면|신고|비율|한도|환급|미만|이상|지방|채권|과소|부터|경우|평균|각각|나머지"
)


def wrong_uses(sentence: str, tables: tuple[RateTable, ...]) -> Iterator[Wrong]:
    """Each use of a row of one tax's tables where another applies."""
    amounts = find_amounts(sentence)
    yield from wrong_formulas(sentence, amounts, tables)
    for amount in amounts:
        stated = BASE_IN_ROW.match(sentence, amount.end)
        if stated and BASE.search(sentence[: amount.start]):
            found = misplaced(amount.value, Fraction(stated["rate"]) / 100, tables)
            if found:
                yield sentence[amount.start : stated.end()], *found
    yield from wrong_edges(sentence, amounts, tables)


def wrong_formulas(
    sentence: str, amounts: list[AmountMention], tables: tuple[RateTable, ...]
) -> Iterator[Wrong]:
    """'base × rate − 누진공제' and '(base − limit) × rate' with the rate of another row."""
    for base, less in pairwise(amounts):
        between = sentence[base.end : less.start]
        quick = TIMES_LESS.fullmatch(between)
        if quick and less.value in {row.deduction for table in tables for row in table.brackets}:
            found = misplaced(base.value, Fraction(quick["rate"]) / 100, tables)
            if found:
                yield sentence[base.start : less.end], *found
        slice_of = TIMES.match(sentence, less.end) if LESS.fullmatch(between) else None
        if slice_of and less.value in {row.over for table in tables for row in table.brackets}:
            found = misplaced(base.value, Fraction(slice_of["rate"]) / 100, tables)
            if found:
                yield sentence[base.start : slice_of.end()], *found


def misplaced(
    base: int, rate: Fraction, tables: tuple[RateTable, ...]
) -> tuple[RateTable, Bracket] | None:
    """The table and row that `base` KRW lies in, where no table has `rate` there but one has it."""
    if base <= 0 or any(table.bracket(base).rate == rate for table in tables):
        return None
    if rate not in {row.rate for table in tables for row in table.brackets}:
        return None
    return tables[-1], tables[-1].bracket(base)


def wrong_edges(
    sentence: str, amounts: list[AmountMention], tables: tuple[RateTable, ...]
) -> Iterator[Wrong]:
    """A limit of the table with a rate that the row beyond it, or below it, does not have."""
    if not OF_RATES.search(sentence):
        return
    for position, amount in enumerate(amounts):
        if OTHER_MEASURE.search(sentence[: amount.start]):
            continue
        over = OVER.match(sentence, amount.end)
        side = over or UP_TO.match(sentence, amount.end)
        if side is None or (not over and follows_over(sentence, amounts[:position])):
            continue
        rate = NEXT_RATE.match(sentence, side.end())
        if rate is None or OTHER_RATE.search(rate[0]) or (over and has_other_limit(rate[0])):
            continue
        rows = [
            (table, row)
            for table in tables
            for row in table.brackets
            if (row.over if over else row.up_to) == amount.value
        ]
        stated = Fraction(rate["rate"]) / 100
        if rows and stated >= LEAST and all(row.rate != stated for _, row in rows):
            yield sentence[amount.start : rate.end()], *rows[-1]


OF_RATES = re.compile(r"세율|과세\s?표준|구간|누진|이하분|초과분")
OTHER_MEASURE = re.compile(
    r"(?:급여|연봉|소득금액|수입|매출|공급|이자|배당|금융소득|가액|차익|당첨금)[^.;\n]{0,12}$"
)
"""What a limit of another rule is measured by."""
LEAST = Fraction(5, 100)
"""A rate below it is another thing than one of the tables that are read here."""


def follows_over(sentence: str, before: list[AmountMention]) -> bool:
    """Whether the amount before is a lower limit, so that what follows is the end of its row."""
    return bool(before) and bool(OVER.match(sentence, before[-1].end))


def has_other_limit(text: str) -> bool:
    """Whether a further '초과' stands in a piece of text: its rate belongs to that."""
    return "초과" in text or "넘" in text
