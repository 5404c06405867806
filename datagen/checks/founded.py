"""What an answer may say though no document has it: what it supposes, and what plainly follows.

An answer shows by example ('예를 들어 … 400만원이라면'), names a share with its result ('20%인
6,000만원') or the rest of two amounts, and counts months from a day. Each such figure rests on
figures that are known; a figure that rests on none stays unfounded.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from datagen.checks.statements import SENTENCE_END
from taxlaw.amounts import AmountMention, find_amounts
from taxlaw.due_dates import end_of_month

EXAMPLE = re.compile(r"예를\s?들(?:어|면|자면)|예컨대|가령|이를테면|예시")
SUPPOSED_END = re.compile(
    r"(?:이?라면|[었았였했왔갔]다면|다고\s?(?:가정|치면|하면)|라고\s?(?:가정|치면|하면))"
)
CASE_END = re.compile(rf"{SUPPOSED_END.pattern}|이면|(?:인|한|은|는|할)\s?(?:경우|때)")
THRESHOLD = re.compile(r"\s?(?:이상|이하|초과|미만|이내|까지|을 넘|를 넘)")
CLAUSE = re.compile(r"[,;]\s|지만\s|는데\s")
RATE = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d+)?)\s?(?:%|％|퍼센트)(?!포인트|p)")
LOCAL = re.compile(r"지방\s?소득세")
ONE_TENTH = Fraction(1, 10)
"""Local income tax is a tenth of the national one (지방세법 제92조, 제103조의13)."""
MOST_AMOUNTS = 12
"""Amounts of a sentence that are tried with one another."""
LINES_BACK = 6
"""Amounts of the lines before that an amount may follow from."""
MOST_DAYS_OFF = 5
"""Days by which days off may move a last day."""


def suppositions(answer: str) -> Iterator[str]:
    """The parts of an answer that suppose a case; what stands in them is claimed of nothing."""
    for sentence in SENTENCE_END.split(answer):
        example = EXAMPLE.search(sentence)
        ends = list((CASE_END if example else SUPPOSED_END).finditer(sentence))
        if not ends:
            continue
        end = ends[-1].start()
        if example:
            yield sentence[example.end() : end] if example.end() < end else ""
        else:
            starts = [match.end() for match in CLAUSE.finditer(sentence, 0, end)]
            yield sentence[starts[-1] if starts else 0 : end]


def without_thresholds(text: str, ends: Iterable[tuple[int, int]]) -> str:
    """`text` without the figures (start, end) that bound something: '3년 이상'."""
    for start, end in sorted(ends, reverse=True):
        if THRESHOLD.match(text, end):
            text = f"{text[:start]} {text[end:]}"
    return text


def implied(answer: str, known: set[Fraction]) -> Iterator[Fraction]:
    """Amounts that follow from known ones beside them: a share, a rest, a tenth for 지방소득세."""
    before: list[AmountMention] = []
    rates_before: list[Fraction] = []
    for sentence in SENTENCE_END.split(answer):
        amounts = find_amounts(sentence)
        rates = [Fraction(match[1]) / 100 for match in RATE.finditer(sentence)]
        near = [each for each in (*before, *amounts) if each.value in known][-MOST_AMOUNTS:]
        bases = known if len(known) <= MOST_AMOUNTS * 4 else {Fraction(a.value) for a in near}
        shares = {rate for rate in (*rates_before, *rates) if rate in known}
        if LOCAL.search(sentence):
            shares |= {ONE_TENTH, 1 + ONE_TENTH}
        for amount in amounts:
            value = Fraction(amount.value)
            if value not in known and (
                any(value == base * share for base in bases for share in shares)
                or is_sum_or_rest(value, near)
            ):
                yield value
        if LOCAL.search(sentence):
            yield from (rate for rate in rates if is_with_local(rate, known))
        if amounts or rates:
            before, rates_before = [*before, *amounts][-LINES_BACK:], rates


def sums_of_two(answer: str, known: set[Fraction]) -> set[Fraction]:
    """What two known amounts of an answer come to, in case a step takes them together (KRW)."""
    near = [Fraction(each.value) for each in find_amounts(answer) if each.value in known]
    return {one + other for one, other in pairwise(near[-MOST_AMOUNTS:])}


def is_sum_or_rest(value: Fraction, near: list[AmountMention]) -> bool:
    """Whether an amount (KRW) is the sum or the difference of two amounts near it."""
    values = {Fraction(each.value) for each in near}
    return any(value - one in values or value + one in values for one in values)


def is_with_local(rate: Fraction, known: set[Fraction]) -> bool:
    """Whether a rate is a known one with its tenth, or the tenth of one: 16.5% of 15%."""
    return rate == ONE_TENTH or any(rate in (one * (1 + ONE_TENTH), one / 10) for one in known)


def last_days(days: Iterable[date], months: Iterable[int]) -> Iterator[date]:
    """The ends of months that are counted from a day, and what follows days off."""
    for day in days:
        yield end_of_month(day)
        for each in months:
            due = end_of_month(day, each)
            yield from (due + timedelta(days=later) for later in range(MOST_DAYS_OFF + 1))
