"""Statutes in Markdown (front matter, one ##### heading an article) as numbered articles.

The layout is that of the law.go.kr mirrors: paragraphs begin with **①**, items with '  1\\.',
subitems with '    가\\.'. Everything from '## 부칙' on is left out: its articles are none of the
law's own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from pathlib import Path

from taxlaw.acts import Level, find_law, law_name, unknown_law
from taxlaw.addenda import Term, terms
from taxlaw.grammar import CIRCLED, LETTERS
from taxqa.errors import InputError

HEADING = re.compile(r"#{1,6} ")
ARTICLE = re.compile(r"#{1,6} +제(\d+)조(?:의(\d+))? *(?:\((.*)\))? *$")
PARAGRAPH = re.compile(rf"\*\*([{CIRCLED}])\*\* *\1? *")
ITEM = re.compile(r" {2}(\d+)(?:의(\d+))?\\?\. *")
SUBITEM = re.compile(rf" +([{LETTERS}])\\?\. *")
ROW = re.compile(rf" *│ *([{LETTERS}])(?:\.| *│)")
"""A row of a table that is a 목, as in 조세특례제한법 제100조의5제1항제1호."""
ADDENDA = re.compile(r"^#{1,6} *부칙", re.MULTILINE)
DELETED = re.compile(r"삭제 *(?:<[^<>]*>)? *$")
NOTE = re.compile(r" *<(?:개정|신설)?[\d.,ㆍ ]+>")
IMAGE = re.compile(r"</?img\b[^<>]*>")
TABLE_GAP = re.compile(r"([\u2500-\u257f])\n\n(?=[ \u3000]*[\u2500-\u257f])")
ANNOTATION = re.compile(r"\s*\[(?:전문개정|본조신설|제목개정|법률 제\d)")
"""What the publisher adds below an article; it may quote an older text of it."""
ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


class StatuteError(InputError):
    """A text is not a statute in Markdown."""


@dataclass(frozen=True, slots=True)
class Subitem:
    """목 of an item."""

    letter: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """호 of a paragraph."""

    number: int
    branch: int = 0
    deleted: bool = False
    subitems: tuple[Subitem, ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """항 of an article; number 0 holds the items of an article without numbered 항."""

    number: int
    deleted: bool = False
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the body of a law."""

    number: int
    branch: int
    title: str
    deleted: bool
    """삭제, or nothing but its number is left."""
    text: str
    """Readable: no Markdown marks, no <개정 …> notes; tables as they are drawn."""
    paragraphs: tuple[Paragraph, ...]

    @property
    def key(self) -> str:
        """'제55조의2'."""
        return f"제{self.number}조의{self.branch}" if self.branch else f"제{self.number}조"


@dataclass(frozen=True, slots=True)
class Statute:
    """One act, decree or rule as in force from one day."""

    act: str
    """Official name of the act: '소득세법'."""
    level: Level
    in_force: date
    """시행일자; may lie in the future."""
    promulgated: date
    number: str
    """공포번호 without leading zeros: '21548'."""
    mst: str
    """법령MST, the serial of this version at law.go.kr."""
    articles: tuple[Article, ...]
    terms: tuple[Term, ...] = ()
    """Its parts that are in force from a later day than the law, or not for good."""

    @property
    def law(self) -> str:
        """Full name: '소득세법 시행령'."""
        return law_name(self.act, self.level)


def read_statute(path: Path) -> Statute:
    """The statute in a Markdown file; errors as `parse_statute`, with the file's name."""
    from taxqa.records import read_text

    try:
        return parse_statute(read_text(path))
    except StatuteError as error:
        raise StatuteError(f"{path}: {error.message}") from None


def parse_statute(text: str) -> Statute:
    """The law in a Markdown text with front matter.

    Raises:
        StatuteError: the front matter lacks 제목 or a date, or no article follows it.
    """
    matter, body = split_front_matter(text.replace("\r\n", "\n"))
    title = matter.get("제목", "")
    law = find_law(title) or unknown_law(title)
    end = found.start() if (found := ADDENDA.search(body)) else len(body)
    articles = tuple(parse_articles(body[:end]))
    if not title or not articles:
        raise StatuteError(
            "This is no statute: its front matter needs 제목, and '##### 제1조 (…)' must follow."
        )
    in_force = day(matter, "시행일자")
    return Statute(
        act=law.act,
        level=law.level,
        in_force=in_force,
        promulgated=day(matter, "공포일자"),
        number=matter.get("공포번호", "").lstrip("0"),
        mst=matter.get("법령MST", ""),
        articles=articles,
        terms=terms(body[end:], law.name, in_force),
    )


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """The 'key: value' lines between two lines of ---, and what follows them."""
    head, mark, body = text.removeprefix("---\n").partition("\n---\n")
    if not mark or not text.startswith("---\n"):
        raise StatuteError("This is no statute: it does not begin with front matter (---).")
    # Indented keys belong to a list of attachments.
    pairs = (line.partition(":") for line in head.split("\n") if line[:1] not in " -")
    return {key.strip(): value.strip().strip("'\"") for key, _, value in pairs}, body


def day(matter: dict[str, str], key: str) -> date:
    """The date under `key`: 2026-01-01, 20260101 or 2026.1.1."""
    found = re.fullmatch(r"(\d{4})[-.]?\s*(\d{1,2})[-.]?\s*(\d{1,2})\.?", matter.get(key, ""))
    try:
        return date(*map(int, found.groups())) if found else date.fromisoformat("")
    except ValueError:
        raise StatuteError(
            f"The front matter has no date under {key}: found '{matter.get(key, '')}'."
        ) from None


def parse_articles(body: str) -> Iterator[Article]:
    """The articles of a body without addenda, in order."""
    heading: re.Match[str] | None = None
    lines: list[str] = []
    for line in [*body.split("\n"), "# "]:
        if not HEADING.match(line):
            lines.append(line)
            continue
        if heading:
            yield parse_article(heading, lines)
        heading, lines = ARTICLE.match(line), []


def parse_article(heading: re.Match[str], lines: list[str]) -> Article:
    """One article from its heading and the lines below it."""
    lines = list(takewhile(lambda line: not ANNOTATION.match(line), lines))
    text = readable(lines)
    return Article(
        number=int(heading[1]),
        branch=int(heading[2] or 0),
        title=(heading[3] or "").strip(),
        # A heading with nothing below it is a number whose article was moved to another one.
        deleted=text in ("", "삭제"),
        text=text,
        paragraphs=parse_paragraphs(lines),
    )


def readable(lines: list[str]) -> str:
    """Lines as a person reads them: no Markdown marks, images or notes of amendment."""
    cleaned: list[str] = []
    for line in lines:
        line = PARAGRAPH.sub(r"\1 ", IMAGE.sub("", line).replace("\t", ""))
        line = ESCAPE.sub(r"\1", NOTE.sub("", line)).rstrip()
        if line.strip() or (cleaned and cleaned[-1]):
            cleaned.append(line)
    return TABLE_GAP.sub(r"\1\n", "\n".join(cleaned).strip("\n"))


def parse_paragraphs(lines: list[str]) -> tuple[Paragraph, ...]:
    """The numbered parts of an article; () where it has none."""
    paragraphs: list[Paragraph] = []
    for line in lines:
        if found := PARAGRAPH.match(line):
            number = CIRCLED.index(found[1]) + 1
            paragraphs.append(Paragraph(number, is_deleted(line, found)))
        elif found := ITEM.match(line):
            item = Item(int(found[1]), int(found[2] or 0), is_deleted(line, found))
            last = paragraphs.pop() if paragraphs else Paragraph(0)
            paragraphs.append(replace(last, items=(*last.items, item)))
        elif (found := SUBITEM.match(line) or ROW.match(line)) and paragraphs:
            paragraphs[-1] = with_subitem(paragraphs[-1], found[1], is_deleted(line, found))
    return tuple(paragraphs)


def is_deleted(line: str, mark: re.Match[str]) -> bool:
    """Whether nothing but 삭제 stands after a number."""
    return DELETED.match(line, mark.end()) is not None


def with_subitem(paragraph: Paragraph, letter: str, deleted: bool) -> Paragraph:
    """`paragraph` with one more 목 under its last item; a letter out of order is no 목."""
    if not paragraph.items or letter != LETTERS[len(paragraph.items[-1].subitems)]:
        return paragraph
    item = paragraph.items[-1]
    item = replace(item, subitems=(*item.subitems, Subitem(letter, deleted)))
    return replace(paragraph, items=(*paragraph.items[:-1], item))
