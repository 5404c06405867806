"""A law as the OpenAPI gives it (조문단위 in JSON) to the same record that a Markdown file gives.

Single parts come as an object, several as a list, and any text may be a list of lists of lines.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from taxlaw.acts import find_law, unknown_law
from taxlaw.addenda import terms
from taxlaw.grammar import CIRCLED, LETTERS
from taxlaw.statutes import (
    DELETED,
    Article,
    Item,
    Paragraph,
    Statute,
    StatuteError,
    Subitem,
    day,
    readable,
)

HEAD = re.compile(r"\s*제\d+조(?:의\d+)?")
NUMBER = re.compile(r"(\d+)(?:의(\d+))?")
MARK = re.compile(rf"^\s*([{CIRCLED}])\s*")
BLANKS = re.compile(r"(?<=\S)[ \u00a0]{2,}")
"""The API sets two blanks behind a number where a person writes one."""
Fields = Mapping[str, Any]


def statute_from_json(answer: Fields, mst: str) -> Statute:
    """The law in an answer of target eflaw.

    Args:
        mst: 법령일련번호 that was asked for; the answer does not repeat it.

    Raises:
        StatuteError: the answer lacks a name, a date or articles.
    """
    law = answer.get("법령")
    basics = law.get("기본정보") if isinstance(law, Mapping) else None
    if not isinstance(law, Mapping) or not isinstance(basics, Mapping):
        raise StatuteError("This is no statute: 법령 and its 기본정보 were expected.")
    name = one_line(basics.get("법령명_한글"))
    body = law.get("조문")
    units = parts(body, "조문단위") if isinstance(body, Mapping) else []
    articles = tuple(articles_of(units, one_line(basics.get("시행일자"))))
    if not name or not articles:
        raise StatuteError("This is no statute: its 법령명_한글 or its 조문단위 are missing.")
    named = find_law(name) or unknown_law(name)
    dates = {key: one_line(basics.get(key)) for key in ("시행일자", "공포일자")}
    in_force = day(dates, "시행일자")
    return Statute(
        act=named.act,
        level=named.level,
        in_force=in_force,
        promulgated=day(dates, "공포일자"),
        number=one_line(basics.get("공포번호")).lstrip("0"),
        mst=mst,
        articles=articles,
        terms=terms(addenda_of(law), named.name, in_force),
    )


def addenda_of(law: Fields) -> str:
    """부칙 of all amendments, a line for each of its lines."""
    addenda = law.get("부칙")
    units = parts(addenda, "부칙단위") if isinstance(addenda, Mapping) else []
    return "\n".join(line.strip() for unit in units for line in lines_of(unit.get("부칙내용")))


def articles_of(units: list[Fields], in_force: str) -> Iterator[Article]:
    """The articles among 조문단위, each number once; '전문' is the heading of a chapter.

    Where a number comes twice, the one of a later 시행일자 than the law's own is not in force yet.
    """
    kept: dict[str, Fields] = {}
    for unit in units:
        if unit.get("조문여부") == "전문":
            continue
        key = f"{one_line(unit.get('조문번호'))}-{one_line(unit.get('조문가지번호'))}"
        later = one_line(unit.get("조문시행일자")) > in_force
        if key not in kept or not later:
            kept[key] = unit
    yield from map(article, kept.values())


def article(unit: Fields) -> Article:
    """One 조문단위 as an article."""
    numbers = [one_line(unit.get(key)) or "0" for key in ("조문번호", "조문가지번호")]
    if not all(number.isdecimal() for number in numbers):
        raise StatuteError(f"This is no statute: an article has the number {numbers}.")
    title = one_line(unit.get("조문제목"))
    text = readable(list(article_lines(unit, title)))
    return Article(
        number=int(numbers[0]),
        branch=int(numbers[1]),
        title=title,
        deleted=text in ("", "삭제"),
        text=text,
        paragraphs=tuple(map(paragraph, parts(unit, "항"))),
    )


def article_lines(unit: Fields, title: str) -> Iterator[str]:
    """The lines of an article in the layout of a Markdown file, without number and title."""
    yield from blocks(without_head(lines_of(unit.get("조문내용")), title), "")
    for each in parts(unit, "항"):
        text = MARK.sub(r"\1 ", "\n".join(lines_of(each.get("항내용"))))
        yield from blocks(text.split("\n"), "")
        for item in parts(each, "호"):
            yield from indented(lines_of(item.get("호내용")), "  ")
            for subitem in parts(item, "목"):
                yield from indented(lines_of(subitem.get("목내용")), "    ")
        yield ""


def blocks(lines: list[str], indent: str) -> Iterator[str]:
    """Lines and a blank one behind them; nothing where there are none."""
    if any(map(str.strip, lines)):
        yield from indented(lines, indent)
        yield ""


def indented(lines: list[str], indent: str) -> Iterator[str]:
    """Lines at the depth of their part; drawings keep their own blanks."""
    for line in lines:
        drawn = re.search("[\u2500-\u257f]", line)
        yield line if drawn else indent + BLANKS.sub(" ", line.strip())


def without_head(lines: list[str], title: str) -> list[str]:
    """The lines of 조문내용 without '제1조(목적)'."""
    text = "\n".join(lines)
    rest = text[found.end() :] if (found := HEAD.match(text)) else text
    for head in (f"({title})", f" ({title})"):
        rest = rest.removeprefix(head) if title else rest
    return rest.strip().split("\n")


def paragraph(fields: Fields) -> Paragraph:
    """One 항; without a number it holds the items of an article that has no numbered 항."""
    text = "\n".join(lines_of(fields.get("항내용"))).strip()
    mark = one_line(fields.get("항번호")) or text[:1]
    number = CIRCLED.index(mark[0]) + 1 if mark and mark[0] in CIRCLED else 0
    items = tuple(map(item, parts(fields, "호")))
    return Paragraph(number, is_deleted(text[1:]) if number else False, items)


def item(fields: Fields) -> Item:
    """One 호: '15의2.' is number 15, branch 2."""
    text = "\n".join(lines_of(fields.get("호내용"))).strip()
    found = NUMBER.match(one_line(fields.get("호번호")) or text)
    if not found:
        raise StatuteError(f"This is no statute: an item has the number {fields.get('호번호')!r}.")
    subitems = tuple(subitem for each in parts(fields, "목") if (subitem := subitem_of(each)))
    rest = NUMBER.sub("", text, count=1).lstrip(".")
    return Item(int(found[1]), int(found[2] or 0), is_deleted(rest), subitems)


def subitem_of(fields: Fields) -> Subitem | None:
    """One 목; None where it has no letter."""
    text = "\n".join(lines_of(fields.get("목내용"))).strip()
    letter = (one_line(fields.get("목번호")) or text)[:1]
    return Subitem(letter, is_deleted(text[1:].lstrip("."))) if letter in set(LETTERS) else None


def is_deleted(text: str) -> bool:
    """Whether nothing but 삭제 (and its date) stands there."""
    return DELETED.match(text.strip()) is not None


def parts(fields: Fields, key: str) -> list[Fields]:
    """The parts under a key: none, one object, or a list of them."""
    value = fields.get(key)
    if isinstance(value, Mapping):
        return [value]
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def lines_of(value: object) -> list[str]:
    """The lines of a text that is a string, a list, or a list of lists."""
    if isinstance(value, list):
        return [line for each in value for line in lines_of(each)]
    return value.replace("\r\n", "\n").split("\n") if isinstance(value, str) else []


def one_line(value: object) -> str:
    """A short field on one line."""
    if isinstance(value, Mapping):
        return one_line(value.get("content"))
    return " ".join(" ".join(lines_of(value)).split()) if value is not None else ""
