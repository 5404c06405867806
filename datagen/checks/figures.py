"""The figures of a text, amounts, rates, dates and numbers with a unit, and what follows from them.

A figure follows by arithmetic where it stands after '=' and the left side comes to it out of known
figures, or where it is the result of a sum that is put in words.
"""

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise

from datagen.checks.arithmetic import is_rounded, last_expression, sides_of, without_about
from datagen.checks.expressions import evaluate
from datagen.checks.founded import (
    implied,
    last_days,
    sums_of_two,
    suppositions,
    without_thresholds,
)
from datagen.checks.statements import SENTENCE_END
from datagen.checks.worded_sums import stated_sums
from taxlaw.amounts import find_amounts
from taxlaw.cases import find_cases
from taxlaw.citations import find_citations

Figures = dict[tuple[str, str], str]
"""(kind, value) -> how it is written."""

DATE = re.compile(r"(\d{4})\s?[.년]\s?(\d{1,2})\s?[.월]\s?(\d{1,2})")
SHORT_DATE = re.compile(r"[’'](\d{2})\.\s?(\d{1,2})\.\s?(\d{1,2})")
DAY_OF_YEAR = re.compile(r"(?<!\d)(\d{1,2})\s?월\s?(\d{1,2})\s?일")
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|％|퍼센트|프로)(?!포인트)")
PARTS = re.compile(
    r"(?<![\d천백])(10|100|1,?000|10,?000|1천|1만|10만|천|백|만)분의\s?(\d+(?:\.\d+)?)"
)
HUNDREDTHS = re.compile(r"(?<![\d./])(\d{1,3}(?:\.\d+)?)\s?/\s?100(?![\d,])")
FRACTION = re.compile(r"(?<![\d,.천만])(\d{1,6})\s?분의\s?(\d{1,6})(?![\d,])")
SIZES = {"천": 1000, "1천": 1000, "백": 100, "만": 10_000, "1만": 10_000, "10만": 100_000}
UNITS = {
    "년": "년", "해": "년", "개월": "개월", "달": "개월", "주일": "주", "주": "주", "일": "일",
    "영업일": "일", "시간": "시간", "분기": "분기", "세": "세", "살": "세", "명": "명", "인": "명",
    "사람": "명", "배": "배", "회": "회", "번": "회", "차례": "회", "채": "채", "주택": "채",
    "필지": "필지", "㎡": "㎡", "제곱미터": "㎡", "평": "평", "킬로미터": "km", "km": "km",
    "%포인트": "%p", "퍼센트포인트": "%p", "톤": "톤",
}  # fmt: skip
"""How a unit is written -> the unit. What a text lists may be counted, so 개 and 가지 are none."""
NOT_UNIT = {
    "일": "부|반|괄",
    "인": "당",
    "명": "당",
    "주": "택|식",
    "배": "우",
    "세": "무|금|액|법|율",
}
"""What follows where the letter is no unit: '2주택' is no two weeks."""
NATIVE = {
    "두": 2, "둘": 2, "세": 3, "셋": 3, "석": 3, "네": 4, "넷": 4, "넉": 4, "다섯": 5, "여섯": 6,
    "일곱": 7, "여덟": 8, "아홉": 9, "열": 10,
}  # fmt: skip
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
COUNTED = re.compile(
    rf"(?<![\d.,제])(?P<number>{NUMBER})\s?(?P<unit>"
    + "|".join(
        f"{re.escape(unit)}(?!{NOT_UNIT[unit]})" if unit in NOT_UNIT else re.escape(unit)
        for unit in sorted(UNITS, key=len, reverse=True)
    )
    + ")"
)
SPOKEN = re.compile(
    rf"(?<![가-힣])(?P<number>{'|'.join(NATIVE)})\s?"
    "(?P<unit>해|달|주|시간|살|명|사람|배|번|차례|채|주택|필지)(?![가-힣]{2})"
)
LIST_MARK = re.compile(r"^\s*(?:\d{1,2}[.)]|\(\d{1,2}\))\s", re.MULTILINE)
LAST_YEAR = 9000
CALENDAR = 1000
"""From here on a number of years is a year of the calendar."""
PLAIN = frozenset(map(Fraction, (1, 12, 100)))
"""What an expression may hold though its source does not: a year's months, a percentage's base."""


def figures(text: str) -> Figures:
    """Each amount, rate, date and number with a unit of a text."""
    text = without_numbers_of_law(text)
    found: Figures = {("KRW", str(each.value)): each.text for each in find_amounts(text)}
    for match in PERCENT.finditer(text):
        found["rate", f"{float(match[1]):g}"] = match[0]
    for match in HUNDREDTHS.finditer(text):
        found["rate", f"{float(match[1]):g}"] = match[0]
    for match in PARTS.finditer(text):
        size = SIZES.get(match[1]) or int(match[1].replace(",", ""))
        found["rate", f"{float(match[2]) * 100 / size:g}"] = match[0]
    for match in FRACTION.finditer(text):
        if int(match[1]) and not PARTS.match(text, match.start()):
            found["fraction", str(Fraction(int(match[2]), int(match[1])))] = match[0]
    return found | dates(text) | counts(text)


def dates(text: str) -> Figures:
    """Whole dates, and days of any year; a whole date is that day as well."""
    found: Figures = {}
    for pattern, century in ((DATE, 0), (SHORT_DATE, 2000)):
        for match in pattern.finditer(text):
            year, month, day = (int(part) for part in match.groups())
            found["date", f"{year + century}-{month}-{day}"] = match[0]
    for match in DAY_OF_YEAR.finditer(text):
        found["day", f"{int(match[1])}-{int(match[2])}"] = match[0]
    return found


def counts(text: str) -> Figures:
    """Numbers with a unit: '3개월', '19세', '두 차례'; days and years of dates are none."""
    for pattern in (DATE, SHORT_DATE, DAY_OF_YEAR):
        text = pattern.sub(" ", text)
    found: Figures = {}
    for match in COUNTED.finditer(text):
        value = Fraction(match["number"].replace(",", ""))
        unit = UNITS[match["unit"]]
        kind = "calendar" if unit == "년" and value >= CALENDAR else unit
        found[kind, str(value)] = match[0]
    for match in SPOKEN.finditer(text):
        found[UNITS[match["unit"]], str(NATIVE[match["number"]])] = match[0]
    return found


def without_numbers_of_law(text: str) -> str:
    """`text` without articles, case numbers and list marks: their digits are no figures."""
    spans = [(each.start, each.end) for each in find_citations(text)]
    spans += [(each.start, each.end) for each in find_cases(text)]
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return LIST_MARK.sub(" ", text)


def known_in(text: str) -> Figures:
    """The figures that a text lets its answers use, calendar years and days of dates among them."""
    found = figures(text)
    # Dates of cases are no figures of an answer, but may be said in words of it.
    found |= dates(text)
    for kind, value in list(found):
        if kind == "date":
            year, month, day = value.split("-")
            found["calendar", year] = found["day", f"{month}-{day}"] = value
        elif kind == "개월" and Fraction(value) % 12 == 0:
            found.setdefault(("년", str(Fraction(value) / 12)), value)
        elif kind == "년":
            found.setdefault(("개월", str(Fraction(value) * 12)), value)
    for match in FRACTION.finditer(text):
        found |= {("number", each): match[0] for each in match.groups()}
    return found


def counted_from(question: str, known: Figures) -> Figures:
    """The last days of the known periods of months that begin with a day of the question."""
    days = [as_date(value) for kind, value in dates(question) if kind == "date"]
    months = [int(value) for kind, value in known if kind == "개월" and value.isdigit()]
    found: Figures = {}
    for day in last_days((day for day in days if day), months):
        found["date", f"{day.year}-{day.month}-{day.day}"] = f"{day}"
        found["day", f"{day.month}-{day.day}"] = f"{day}"
    return found


def as_date(value: str) -> date | None:
    """The day of '2026-3-5'; None where no calendar has it, or where it is too late to count."""
    try:
        day = date(*map(int, value.split("-")))
    except ValueError:
        return None
    return day if day.year < LAST_YEAR else None


def supposed(answer: str) -> Figures:
    """The figures of the cases that an answer supposes, but for what bounds them ('3년 이상')."""
    found: Figures = {}
    for part in suppositions(answer):
        spans = [(each.start, each.end) for each in find_amounts(part)]
        spans += [match.span() for match in (*PERCENT.finditer(part), *COUNTED.finditer(part))]
        found |= figures(without_thresholds(part, spans))
    return found


def foreign(answer: str, known: Figures) -> list[tuple[tuple[str, str], str]]:
    """(figure, how it is written) for each figure of an answer that is not known."""
    return [
        (figure, shown)
        for sentence in SENTENCE_END.split(answer)
        for figure, shown in figures(sentence).items()
        if figure not in known
    ]


def unfounded(answer: str, known: Figures) -> Iterator[str]:
    """Each figure of an answer that is neither known nor follows by a shown step, as written."""
    unknown = foreign(answer, known)
    if not unknown:
        return
    known = known | supposed(answer)
    values = {value for figure in known if (value := value_of(*figure)) is not None}
    results = results_of(answer, values)
    for figure, shown in unknown:
        if figure not in known and value_of(*figure) not in results:
            yield shown


def results_of(answer: str, values: set[Fraction]) -> set[Fraction]:
    """What the steps of an answer come to; a step may build on any other, whichever comes first."""
    results: set[Fraction] = set()
    lines = answer.splitlines()
    sums = [each for sentence in SENTENCE_END.split(answer) for each in stated_sums(sentence)]
    while True:
        known = values | results
        operands = known | sums_of_two(answer, known)
        found = {result for line in lines for result in equated(line, operands)}
        found |= {Fraction(result) for operands, result in sums if set(operands) <= known}
        found |= set(implied(answer, known))
        if found <= results:
            return results
        results |= found


def equated(line: str, values: set[Fraction]) -> Iterator[Fraction]:
    """What the equations of a line come to, where all that they compute with is known."""
    if "=" not in line and "＝" not in line:
        return
    known = values | PLAIN
    for left, right in pairwise(sides_of(line)):
        expression, stated = last_expression(left), without_about(right)
        operands = {token.value for token in expression if token.value is not None}
        if len(expression) < 3 or not operands <= known or not stated:
            continue
        value = stated[0].value
        try:
            result = evaluate(expression)
        except ZeroDivisionError:
            continue
        if result is None or value is None:
            continue
        if is_rounded(result, stated[0], about=len(stated) < len(right)):
            known = known | {value}
            yield value


def value_of(kind: str, value: str) -> Fraction | None:
    """The number that a figure computes with; None for dates and years."""
    if kind in ("date", "day", "calendar"):
        return None
    return Fraction(value) / 100 if kind == "rate" else Fraction(value)
