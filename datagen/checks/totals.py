"""A total under a table or a list: the rows above it come to it."""

import re

from datagen.checks.finding import Finding, shortened
from datagen.checks.statements import ABOUT, OR_SO
from taxlaw.amounts import AmountMention, find_amounts, format_amount

TOTAL = re.compile(r"^[|*\s\-•·]*(?:총\s?)?(?:합계(?:액)?|총계|총액|합)[*\s]*(?:\(|:|：|\|)")
ROW = re.compile(r"\s*(?:[|*•·-]|\d[.)]|[가-힣 ]{1,12}[:：])")
LESS = re.compile(r"공제|감면|차감|빼|기납부|경비|비용|[△▲−-]\s?\d")
NO_ITEM = re.compile(r"^[|\s:-]*$|과세\s?표준|세율|기준|한도|^\s*$")
MOST_ITEMS = 8
"""Rows above a total that are tried."""


def wrong_total(answer: str) -> Finding | None:
    """A line '합계' that no run of the rows right above it comes to.

    A row counts with its last amount, or with all of them where it lists several; one that names
    a deduction may count as less.
    """
    items: list[set[int]] = []
    for line in answer.splitlines():
        amounts = find_amounts(line)
        if not amounts or not ROW.match(line):
            if not NO_ITEM.match(line):
                items = []
        elif not TOTAL.match(line):
            items.append(values_of(line, amounts))
        elif len(amounts) == 1 and len(items) > 1 and is_exact(line, amounts[0]):
            if amounts[0].value not in possible_totals(items[-MOST_ITEMS:]):
                expected = format_amount(max(possible_totals(items[-MOST_ITEMS:])))
                return Finding("arithmetic", shortened(line), f"{expected} (위 줄들의 합계)")
            return None
        else:
            return None
    return None


def is_exact(line: str, amount: AmountMention) -> bool:
    """Whether an amount is not said to be about that."""
    return not ABOUT.search(line[: amount.start]) and not OR_SO.match(line, amount.end)


def values_of(line: str, amounts: list[AmountMention]) -> set[int]:
    """What a row may count with (KRW)."""
    values = {amounts[-1].value}
    if "=" not in line:
        values.add(sum(each.value for each in amounts))
    return values | {-value for value in values} if LESS.search(line) else values


def possible_totals(items: list[set[int]]) -> set[int]:
    """What the last rows may come to, two of them or more (KRW)."""
    sums, totals = {0}, set[int]()
    for count, values in enumerate(reversed(items), start=1):
        sums = {each + value for each in sums for value in values}
        totals |= sums if count > 1 else set()
    return totals
