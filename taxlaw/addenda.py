"""Which parts of a law are in force later than it, or only for a time: from its addenda (부칙).

A law is printed with what it will say: a paragraph that counts from next year stands in it today,
and only 부칙 제1조 (시행일) tells. The same goes for one that ends by itself (유효기간).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from taxlaw.citations import Citation, Mention, find_citations
from taxlaw.due_dates import period_end

OWN = re.compile(r"#* *부칙 *<제[^<>]*>$")
PROMULGATED = re.compile(r"(\d{4})\. ?(\d{1,2})\. ?(\d{1,2})\.?>$")
OTHERS = re.compile(r"#* *부칙 *\(")
"""Addenda of another law that amends this one: their articles are that law's."""
DAY = r"(\d{4})년 (\d{1,2})월 (\d{1,2})일"
PERIOD = (
    r"공포(?: ?후|일부터|한 날부터) ?(?:(\d{1,2})년)? ?(?:(\d{1,3})개?월)? ?(?:(\d{1,3})일)?"
    r"(?:이|을)? ?(?:경과한|지난) ?날"
)
FROM_DAY = re.compile(
    rf"{DAY}부터|(?:(?<=[은는,] )|(?<=이 법 )|(?<=이 영 )|(?<=이 규칙 )){PERIOD}부터(?=[^.]*시행)"
)
"""Of a period only one behind '…은', ',' or '이 법': '「지방세법」 공포 후' is another law's."""
TO_DAY = re.compile(rf"(.*){DAY}까지 효력을 가진다")
ITEM = re.compile(rf"^ *\d+(?:의\d+)?\\?\. (?P<parts>.*): *(?:{DAY}|{PERIOD})$")
OTHER_DAY = re.compile("날부터|(?:시행|적용)(?:한다|하고|하며|하되)")
"""'… 공포한 날부터, 제93조의 개정규정은 2027년 1월 1일부터': what stands before is of that day, or
says of what else the law applies to."""
HEAD = re.compile(r"^제\d+조(?:의\d+)? ?\([^()]*\)")
"""'제1조(시행일)': an article of the addenda, none of the law."""
REMARK = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a law and the days on which it is in force."""

    article: str
    """'제14조'."""
    part: str
    """'제3항제8호다목'; '' for the whole article."""
    first: date = date.min
    last: date = date.max


def terms(addenda: str, law: str, in_force: date) -> tuple[Term, ...]:
    """What is in force only from a day after `in_force`, the law's own, or ends after it.

    Args:
        addenda: all of 부칙. '공포 후 1년이 경과한 날' counts from the day in the heading of the
            addenda; other periods ('법 시행 후 1년') are passed over.
        law: '소득세법 시행령', whose addenda they are.
    """
    found: list[Term] = []
    for line, promulgated in own_lines(addenda):
        if ends := TO_DAY.search(line):
            last = day_of(ends.groups()[1:])
            if last >= in_force:
                found += [Term(at.key, at.part, last=last) for at in places(ends[1], law)]
        for clause, first in dated_clauses(line, promulgated):
            if first > in_force:
                found += [Term(at.key, at.part, first=first) for at in places(clause, law)]
    return tuple(dict.fromkeys(found))


def day_of(numbers: Sequence[str]) -> date:
    """('2027', '1', '1') as a day; the first of all days where there is no such day."""
    year, month, day = map(int, numbers)
    try:
        return date(year, month, day)
    except ValueError:
        return date.min


def day_told(found: re.Match[str], promulgated: date) -> date:
    """The day that the six last groups of a match tell: DAY, or PERIOD and so by promulgation."""
    *day, years, months, days = found.groups()[-6:]
    if day[0]:
        return day_of(day)
    return after_period(promulgated, 12 * int(years or 0) + int(months or 0), int(days or 0))


def after_period(promulgated: date, months: int, days: int) -> date:
    """The day after a period of months or of days, whose first day is not counted.

    민법 제157조, 제160조: of six months after 2024-12-31 the last is 2025-06-30, and 2025-07-01 the
    day on which they are over. The first of all days where it is not known: the period has both
    months and days or none of them, or there is no promulgation.
    """
    if promulgated == date.min or bool(months) == bool(days):
        return date.min
    try:
        last = period_end(promulgated, months) if months else promulgated + timedelta(days=days)
        return last + timedelta(days=1)
    except (OverflowError, ValueError):
        return date.min


def own_lines(addenda: str) -> Iterator[tuple[str, date]]:
    """(line, promulgation) of the addenda that are the law's own, not of a law that amends it."""
    own, promulgated = False, date.min
    for line in addenda.split("\n"):
        if OWN.match(line):
            own, heading = True, PROMULGATED.search(line)
            promulgated = day_of(heading.groups()) if heading else date.min
        elif OTHERS.match(line):
            own = False
        elif own:
            yield HEAD.sub("", line), promulgated


def dated_clauses(line: str, promulgated: date) -> Iterator[tuple[str, date]]:
    """(the words before it, a day from which they are in force) of one line."""
    if item := ITEM.match(line):
        yield item["parts"], day_told(item, promulgated)
        return
    end = 0
    for found in FROM_DAY.finditer(line):
        clause = OTHER_DAY.split(line[end : found.start()])[-1]
        yield clause, day_told(found, promulgated)
        end = found.end()


def places(clause: str, law: str) -> Iterator[Citation]:
    """The articles and parts that a clause names, ranges (제3조부터 제5조까지) written out."""
    while (shorter := REMARK.sub("", clause)) != clause:
        clause = shorter
    mentions = find_citations(clause, law)
    for mention in mentions:
        yield mention.citation
    for first, last in pairwise(mentions):
        if clause[first.end : last.start].strip() == "부터":
            yield from between(first, last)


def between(first: Mention, last: Mention) -> Iterator[Citation]:
    """What lies between the two ends of a range."""
    start, end = first.citation, last.citation
    if start.article != end.article:
        for number in range(start.article + 1, end.article):
            yield replace(start, article=number)
    elif start.branch != end.branch:
        for number in range(start.branch + 1, end.branch):
            yield replace(start, branch=number)
    else:
        for number in range(start.paragraph + 1, end.paragraph):
            yield replace(start, paragraph=number)
