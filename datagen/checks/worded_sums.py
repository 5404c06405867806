"""Arithmetic in words: 'A에서 B를 빼면 C', 'A에 B를 더하면 C', 'A의 r%는 C'."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from datagen.checks.finding import Context, Finding, shortened
from datagen.checks.statements import ABOUT, APPROXIMATION, OR_SO, SENTENCE_END, TOLERANCE
from datagen.checks.totals import wrong_total
from taxlaw.amounts import AmountMention, find_amounts, format_amount
from taxqa.records import QARecord

NAME = r"(?:인\s|라는\s)?(?:[가-힣ㆍ]{1,12}\s?){0,3}"
"""What the second amount is called: '매입세액 300만원'."""
FIRST = r"\s?(?:{particle})\s{name}$"
RESULT = (
    r"^\s?(?:을|를)?\s?(?:{verb})(?:면|서|고|여|니)?,?\s?(?:[가-힣ㆍ]{{1,8}}(?:은|는|이|가)?\s){{0,2}}"
    r"(?:총\s?|모두\s?|합계\s?)?$"
)
PATTERNS = (
    (
        re.compile(FIRST.format(particle="에서", name=NAME)),
        re.compile(RESULT.format(verb="빼|뺀|차감하|공제하")),
        -1,
    ),
    (
        re.compile(FIRST.format(particle="에|과|와|에다", name=NAME)),
        re.compile(RESULT.format(verb="더하|더해|합하|합쳐|합치|합산하")),
        1,
    ),
)
SHARE = re.compile(
    r"^\s?(?:의|에)\s(?P<rate>\d{1,3}(?:\.\d+)?)\s?(?:%|퍼센트)(?:\s?(?:는|은|인|를 곱하면"
    r"|을 곱하면|를 적용하면|을 적용하면)"
    r"|(?:를|을) 곱한)\s?(?:약\s?)?$"
)
END_OF_RESULT = re.compile(
    r"^[*\s]*(?:$|[.,)]|입니다|이에요|예요|이며|이고|이 됩|이 되|이 나옵|을 (?:내|냅|납부|떼|뺀"
    r"|받)|를|정도)"
)
JOINED = re.compile(r"[×÷*/+＋]|초과|이하|미만|한도|최대|최소|누진|이상|각각|씩|만큼|월|매달")


def check_worded_sums(record: QARecord, context: Context) -> Finding | None:
    """Each sum, difference and percentage that the answer puts in words comes out."""
    if "합" in record.answer or "총" in record.answer:
        finding = wrong_total(record.answer)
        if finding:
            return finding
    if not re.search(r"빼|뺀|더하|더해|합하|합쳐|차감|%|퍼센트", record.answer):
        return None
    for sentence in SENTENCE_END.split(record.answer):
        amounts = find_amounts(sentence)
        for finding in (wrong_sum(sentence, amounts), wrong_share(sentence, amounts)):
            if finding:
                return finding
    return None


def wrong_sum(sentence: str, amounts: list[AmountMention]) -> Finding | None:
    """A wrong result of three amounts after one another with the words of a sum between them."""
    for first, second, third, sign in worded_sums(sentence, amounts):
        return compared(sentence, first, third, Fraction(first.value + sign * second.value))
    return None


def worded_sums(
    sentence: str, amounts: list[AmountMention]
) -> Iterator[tuple[AmountMention, AmountMention, AmountMention, int]]:
    """(first, second, result, sign of the second) of each sum that is put in words."""
    for first, second, third in zip(amounts, amounts[1:], amounts[2:], strict=False):
        between = sentence[first.end : second.start]
        after = sentence[second.end : third.start]
        if JOINED.search(between) or JOINED.search(after):
            continue
        for words, verb, sign in PATTERNS:
            if words.search(between) and words.match(between) and verb.search(after):
                yield first, second, third, sign


def wrong_share(sentence: str, amounts: list[AmountMention]) -> Finding | None:
    """A wrong percentage of an amount."""
    for first, second, rate in worded_shares(sentence, amounts):
        finding = compared(sentence, first, second, first.value * rate)
        if finding:
            return finding
    return None


def worded_shares(
    sentence: str, amounts: list[AmountMention]
) -> Iterator[tuple[AmountMention, AmountMention, Fraction]]:
    """(amount, result, rate) of each percentage of an amount that is put in words."""
    for first, second in pairwise(amounts):
        match = SHARE.match(sentence[first.end : second.start])
        if match and END_OF_RESULT.match(sentence[second.end :]):
            yield first, second, Fraction(match["rate"]) / 100


def stated_sums(sentence: str) -> Iterator[tuple[tuple[Fraction, ...], int]]:
    """(what it computes with, the result as stated in KRW) of each sum in words that comes out."""
    amounts = find_amounts(sentence)
    for first, second, third, sign in worded_sums(sentence, amounts):
        if not compared(sentence, first, third, Fraction(first.value + sign * second.value)):
            yield (Fraction(first.value), Fraction(second.value)), third.value
    for first, second, rate in worded_shares(sentence, amounts):
        if not compared(sentence, first, second, first.value * rate):
            yield (Fraction(first.value), rate), second.value


def compared(
    sentence: str, first: AmountMention, result: AmountMention, value: Fraction
) -> Finding | None:
    """A finding where `result` is not `value`, rounded as it is written."""
    about = ABOUT.search(sentence[: result.start]) or OR_SO.match(sentence, result.end)
    unit = (
        10_000
        if result.text.removesuffix("원").rstrip().endswith(("만", "억", "천"))
        else TOLERANCE
    )
    slack = max(
        unit if value % unit else TOLERANCE, value * Fraction(APPROXIMATION) if about else 0
    )
    if value < 0 or abs(value - result.value) < slack:
        return None
    return Finding(
        "arithmetic", shortened(sentence[first.start : result.end]), format_amount(int(value))
    )
