"""Which parts of a law are in force later than it, or only for a time: from its addenda (부칙).

A law is printed with what it will say: a paragraph that counts from next year stands in it today,
and only 부칙 제1조 (시행일) tells. The same goes for one that ends by itself (유효기간).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from taxlaw.citations import Citation, Mention, find_citations

OWN = re.compile(r"#* *부칙 *<제[^<>]*>$")
OTHERS = re.compile(r"#* *부칙 *\(")
"""Addenda of another law that amends this one: their articles are that law's."""
DAY = r"(\d{4})년 (\d{1,2})월 (\d{1,2})일"
FROM_DAY = re.compile(rf"{DAY}부터")
TO_DAY = re.compile(rf"(.*){DAY}까지 효력을 가진다")
ITEM = re.compile(rf"^ *\d+(?:의\d+)?\\?\. (?P<parts>.*): *{DAY}$")
OTHER_DAY = "날부터"
"""'… 공포한 날부터, 제93조의 개정규정은 2027년 1월 1일부터': what stands before is of that day."""
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
        addenda: all of 부칙; days that are told by a period ('공포 후 1년이 경과한 날') are passed
            over.
        law: '소득세법 시행령', whose addenda they are.
    """
    found: list[Term] = []
    for line in own_lines(addenda):
        if ends := TO_DAY.search(line):
            last = day_of(ends.groups()[1:])
            if last >= in_force:
                found += [Term(at.key, at.part, last=last) for at in places(ends[1], law)]
        for clause, first in dated_clauses(line):
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


def own_lines(addenda: str) -> Iterator[str]:
    """The lines of the addenda that are the law's own, not those of a law that amends it."""
    own = False
    for line in addenda.split("\n"):
        if OWN.match(line):
            own = True
        elif OTHERS.match(line):
            own = False
        elif own:
            yield HEAD.sub("", line)


def dated_clauses(line: str) -> Iterator[tuple[str, date]]:
    """(the words before it, a day from which they are in force) of one line."""
    if item := ITEM.match(line):
        yield item["parts"], day_of(item.groups()[1:])
        return
    end = 0
    for found in FROM_DAY.finditer(line):
        clause = line[end : found.start()].rpartition(OTHER_DAY)[2]
        yield clause, day_of(found.groups())
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
