"""Arithmetic as Korean answers write it: amounts, numbers, percentages, operators, brackets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from taxlaw.amounts import AmountMention, find_amounts

SYMBOLS = {"×": "×", "x": "×", "X": "×", "*": "×", "✕": "×", "÷": "÷", "/": "÷"}
SYMBOLS |= {"+": "+", "＋": "+", "-": "−", "−": "−", "–": "−", "—": "−", "－": "−"}
SYMBOLS |= {"=": "=", "＝": "=", "(": "(", ")": ")", "{": "(", "}": ")", "[": "(", "]": ")"}
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
COUNTED = "명|인|개월|개|년|월|일|건|배|주|회|채|분기"
TOKEN = re.compile(
    rf"100분의\s*(?P<part>{NUMBER})"
    rf"|(?P<percent>{NUMBER})\s*(?:%|％|퍼센트)"
    rf"|(?P<number>{NUMBER})\s*(?:(?:{COUNTED})(?![가-힣]))?"
    r"|(?P<symbol>(?<![A-Za-z])[xX](?![A-Za-z])|[×*✕÷/+＋−–—－\-=＝(){}\[\]])"
    r"|(?P<word>[^\W\d_]+|\S)"
)
MARKUP = re.compile(r"\*\*|__|\$|`|\\(?=[()\[\]%])|(?<=원)\s*\(원\)")
LATEX = {r"\times": "×", r"\div": "÷"}
BULLET = re.compile(r"\s*(?:[-*•·▶○●□■※]|\d{1,2}[.)]|[①-⑳]|[가-하][.)])\s+")
PRECEDENCE = {"+": 1, "−": 1, "×": 2, "÷": 2}
MAX_LINE = 400
"""Characters of a line that are read; nobody writes an equation longer than that."""


@dataclass(frozen=True)
class Token:
    """A value, an operator or bracket, or a word, which ends an expression."""

    text: str
    value: Fraction | None = None
    symbol: str = ""
    unit: Fraction = Fraction(0)
    """The smallest difference that the way of writing can show; 0 for none."""


def tokens(line: str) -> list[Token]:
    """The tokens of one line; bullets, bold marks and remarks in brackets are left out."""
    line = BULLET.sub("", line[:MAX_LINE], count=1) if BULLET.match(line) else line[:MAX_LINE]
    for command, symbol in LATEX.items():
        line = line.replace(command, symbol)
    line = MARKUP.sub("", line)
    found: list[Token] = []
    position = 0
    for amount in find_amounts(line):
        found += plain_tokens(line[position : amount.start])
        found.append(amount_token(amount))
        position = amount.end
    return without_remarks([*found, *plain_tokens(line[position:])])


def amount_token(amount: AmountMention) -> Token:
    """An amount of money; below 10 won, or 1만 where written in 만, it may have been rounded."""
    in_units = amount.text.removesuffix("원").rstrip().endswith(("만", "억", "조", "천", "백"))
    return Token(amount.text, Fraction(amount.value), unit=Fraction(10_000 if in_units else 10))


def plain_tokens(text: str) -> Iterator[Token]:
    """The tokens of text in which no amount of money stands."""
    for match in TOKEN.finditer(text):
        shown = match[0]
        if match["symbol"]:
            yield Token(shown, symbol=SYMBOLS[shown])
        elif match["word"]:
            yield Token(shown)
        else:
            digits = (match["part"] or match["percent"] or match["number"]).replace(",", "")
            unit = Fraction(1, 10 ** len(digits.partition(".")[2]))
            scale = 1 if match["number"] else Fraction(1, 100)
            yield Token(shown, Fraction(digits) * scale, unit=unit * scale)


def without_remarks(line: list[Token]) -> list[Token]:
    """`line` without brackets that hold words or a single value: '5,000만원(공제)'.

    Where such a bracket stands for an operand, a word takes its place.
    """
    kept: list[Token] = []
    for token in line:
        if token.symbol != ")":
            kept.append(token)
            continue
        start = next((i for i in range(len(kept) - 1, -1, -1) if kept[i].symbol == "("), None)
        if start is None:
            kept.append(token)
            continue
        inside = kept[start + 1 :]
        is_sum = any(t.symbol in PRECEDENCE for t in inside)
        if is_sum and all(t.symbol or t.value is not None for t in inside):
            kept.append(token)
        else:
            operand = start == 0 or bool(kept[start - 1].symbol)
            del kept[start:]
            kept += [Token("()")] if operand else []
    return kept


def evaluate(expression: list[Token]) -> Fraction | None:
    """What a whole list of tokens comes to; None where it is no complete expression.

    Raises:
        ZeroDivisionError: it divides by zero.
    """
    value, end = sum_at(expression, 0, 1)
    return value if end == len(expression) else None


def sum_at(line: list[Token], start: int, precedence: int) -> tuple[Fraction | None, int]:
    """The longest expression from `start` of operators that bind at least so; and its end.

    Errors as `evaluate`.
    """
    value, end = operand_at(line, start)
    while value is not None and end < len(line):
        symbol = line[end].symbol
        if PRECEDENCE.get(symbol, 0) < precedence:
            break
        right, after = sum_at(line, end + 1, PRECEDENCE[symbol] + 1)
        if right is None:
            break
        value, end = combined(value, symbol, right), after
    return value, end


def operand_at(line: list[Token], start: int) -> tuple[Fraction | None, int]:
    """A value, or a sum in brackets."""
    if start >= len(line):
        return None, start
    if line[start].symbol != "(":
        return line[start].value, start + 1
    value, end = sum_at(line, start + 1, 1)
    closed = end < len(line) and line[end].symbol == ")"
    return (value, end + 1) if closed else (None, start)


def combined(left: Fraction, symbol: str, right: Fraction) -> Fraction:
    """left + − × ÷ right; ZeroDivisionError for a division by zero."""
    if symbol == "+":
        return left + right
    if symbol == "−":
        return left - right
    if symbol == "×":
        return left * right
    return left / right
