"""Each equation 'A × r% − B = C' of an answer, computed again.

Only what is arithmetic from end to end is judged. A word in it, as in '산출세액 × 3% = …', makes
it something that is not understood, and that passes.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from datagen.checks.expressions import NUMBER, PRECEDENCE, Token, evaluate, sum_at, tokens
from datagen.checks.finding import Context, Finding, shortened
from taxlaw.amounts import format_amount
from taxqa.records import QARecord

APPROXIMATION = Fraction(3, 100)
ABOUT = {"약", "대략"}
MAX_DIGITS = 40
BARE = re.compile(NUMBER)
PER_CENT = ("%", "％", "퍼센트")


def check_arithmetic(record: QARecord, context: Context) -> Finding | None:
    """Every equation in the answer holds."""
    for line in record.answer.splitlines():
        if "=" in line or "＝" in line:
            for written, value in wrong_equations(line):
                expected = "no division by zero" if value is None else f"= {result_text(value)}"
                return Finding("arithmetic", shortened(written), expected)
    return None


def wrong_equations(line: str) -> Iterator[tuple[str, Fraction | None]]:
    """(the equation as written, what its left side comes to) for each that does not hold.

    A division by zero comes to nothing (None): any value that is stated for it is wrong.
    """
    for left, right in pairwise(sides_of(line)):
        expression = last_expression(left)
        if len(expression) < 3:
            continue
        try:
            expected = evaluate(expression)
            wrong = expected is not None and not any(
                may_equal(value, right) for value in meanings(expected, expression, right)
            )
        except ZeroDivisionError:
            expected, wrong = None, states_value(right)
        if wrong:
            yield " ".join(token.text for token in [*expression, Token("="), *right[:1]]), expected


def sides_of(line: str) -> list[list[Token]]:
    """The tokens of a line between its signs of equality."""
    sides: list[list[Token]] = [[]]
    for token in tokens(line):
        if token.symbol == "=":
            sides.append([])
        else:
            sides[-1].append(token)
    return sides


def states_value(side: list[Token]) -> bool:
    """Whether a side begins with a value or a sum, and not with a word."""
    first = without_about(side)[:1]
    return bool(first) and (first[0].value is not None or first[0].symbol == "(")


def last_expression(side: list[Token]) -> list[Token]:
    """The tokens after the last word of a side; none where the word belongs to the expression."""
    start = len(side)
    while start > 0 and (side[start - 1].symbol or side[start - 1].value is not None):
        start -= 1
    begins_with_operator = start < len(side) and side[start].symbol in PRECEDENCE
    return [] if begins_with_operator else side[start:]


def meanings(expected: Fraction, expression: list[Token], right: list[Token]) -> list[Fraction]:
    """What the left side may be meant to come to.

    '7.5 × 2 ÷ 3 − 3 = 2%' counts in per cent: bare numbers on the left, a percentage on the right.
    """
    bare = all(token.symbol or BARE.fullmatch(token.text.strip()) for token in expression)
    stated = without_about(right)[:1]
    per_cent = bare and stated and stated[0].text.endswith(PER_CENT)
    return [expected, expected / 100] if per_cent else [expected]


def may_equal(expected: Fraction, right: list[Token]) -> bool:
    """Whether the right side may be meant as `expected`: its first value, or all of it computed.

    People write 'A × r = B − C = D' both for A × r = B and for A × r = B − C.

    Raises:
        ZeroDivisionError: it divides by zero, and does not begin with `expected`.
    """
    if not states_value(right):
        return True
    stated = without_about(right)
    about = len(stated) < len(right)
    if stated[0].value is not None and is_rounded(expected, stated[0], about):
        return True
    computed, end = sum_at(stated, 0, 1)
    unfinished = end < len(stated) and bool(stated[end].symbol)
    return unfinished or computed is None or computed == expected


def without_about(side: list[Token]) -> list[Token]:
    """A side without the '약' that it begins with."""
    return side[1:] if side and side[0].text in ABOUT else side


def is_rounded(expected: Fraction, written: Token, about: bool) -> bool:
    """Whether `written` is `expected`, or what remains of it in the unit it is written in."""
    difference = abs((written.value or 0) - expected)
    if about and difference <= abs(expected) * APPROXIMATION:
        return True
    return difference == 0 or (expected % written.unit != 0 and difference < written.unit)


def result_text(value: Fraction) -> str:
    """A value as the message shows it."""
    if len(str(value.numerator)) > MAX_DIGITS:
        return "a number of more than 40 digits"
    if abs(value) < 1000:
        return f"{float(value):g}"
    return format_amount(round(value))
