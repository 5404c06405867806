"""Recomputes the formulas that steps are written in: '19억 5,000만원 × 40% - 1억 6,000만원'.

A formula holds amounts, percentages, plain numbers, + - × ÷, parentheses, and the functions
작은 값(a, b, ...) and 큰 값(a, b, ...). Its result is rounded down to a whole won, as each step is.
"""

import math
import re
from fractions import Fraction
from typing import Final

from taxlaw.amounts import parse_amount
from taxqa.errors import InputError

_DIGITS: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
_AMOUNT: Final = rf"(?=[0-9])(?:{_DIGITS}조 ?)?(?:{_DIGITS}억 ?)?(?:{_DIGITS}만 ?)?(?:{_DIGITS})?원"
_TOKEN: Final = re.compile(
    rf" *(?:(?P<amount>{_AMOUNT})|(?P<percent>[0-9]+(?:\.[0-9]+)?)%"
    rf"|(?P<number>{_DIGITS})(?:년|일|명|개월)?"
    r"|(?P<call>작은 값|큰 값)|(?P<sign>[-+×÷(),]))"
)


def recompute(formula: str) -> int:
    """The whole won that `formula` gives (rounded down).

    Raises:
        InputError: it is no such formula.
    """
    return math.floor(_Reader(_tokens(formula), formula).whole())


def _tokens(formula: str) -> list[Fraction | str]:
    """The numbers and signs of a formula."""
    tokens: list[Fraction | str] = []
    place = 0
    while place < len(formula):
        match = _TOKEN.match(formula, place)
        if not match:
            raise InputError(f"'{formula}' is no formula from column {place + 1} on.")
        place = match.end()
        if match["amount"]:
            tokens.append(Fraction(parse_amount(match["amount"])))
        elif match["percent"]:
            tokens.append(Fraction(match["percent"]) / 100)
        elif match["number"]:
            tokens.append(Fraction(match["number"].replace(",", "")))
        else:
            tokens.append(match["call"] or match["sign"])
    return tokens


class _Reader:
    """Reads the tokens of one formula from left to right."""

    def __init__(self, tokens: list[Fraction | str], formula: str) -> None:
        self.tokens = tokens
        self.formula = formula
        self.place = 0

    def whole(self) -> Fraction:
        """The value of all tokens."""
        value = self.sum()
        if self.place < len(self.tokens):
            raise self.broken()
        return value

    def sum(self) -> Fraction:
        """Products joined by + and -."""
        value = self.product()
        while self.peek() in ("+", "-"):
            sign = self.take()
            value += self.product() if sign == "+" else -self.product()
        return value

    def product(self) -> Fraction:
        """Single values joined by × and ÷."""
        value = self.single()
        while self.peek() in ("×", "÷"):
            sign = self.take()
            other = self.single()
            if sign == "÷" and not other:
                raise self.broken()
            value = value * other if sign == "×" else value / other
        return value

    def single(self) -> Fraction:
        """A number, a negative one, a parenthesis or a function call."""
        token = self.take()
        if isinstance(token, Fraction):
            return token
        if token == "-":
            return -self.single()
        if token == "(":
            value = self.sum()
            self.expect(")")
            return value
        if token in ("작은 값", "큰 값"):
            values = self.arguments()
            return min(values) if token == "작은 값" else max(values)
        raise self.broken()

    def arguments(self) -> list[Fraction]:
        """The values of a function call."""
        self.expect("(")
        values = [self.sum()]
        while self.peek() == ",":
            self.take()
            values.append(self.sum())
        self.expect(")")
        return values

    def peek(self) -> Fraction | str | None:
        """The next token; None at the end."""
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self) -> Fraction | str:
        """The next token, passed over."""
        token = self.peek()
        if token is None:
            raise self.broken()
        self.place += 1
        return token

    def expect(self, sign: str) -> None:
        """Pass over `sign`, which has to come next."""
        if self.take() != sign:
            raise self.broken()

    def broken(self) -> InputError:
        """The error for a formula that does not read."""
        return InputError(f"'{self.formula}' is no formula that can be recomputed.")
