"""An article as passages that follow its 항, 호 and 목, each with its citation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from datagen.passage import Passage, first_sentence, pieces
from taxlaw.citations import numbered
from taxlaw.grammar import CIRCLED, LETTERS
from taxqa.records import Document

MARKS = (
    re.compile(rf"^([{CIRCLED}]) *"),
    re.compile(r"^ {2}(\d+)(?:의(\d+))?\. *"),
    re.compile(rf"^ {{4}}([{LETTERS}])\. *"),
)
"""How 항, 호 and 목 begin, as `taxlaw.statutes` leaves them."""
DELETED = re.compile(r"\s*삭제\s*(?:<[^<>]*>)?\s*")


@dataclass
class Part:
    """An article, 항, 호 or 목: its own lines and the parts within it."""

    citation: str
    level: int
    """0 article, 1 항, 2 호, 3 목."""
    lines: list[str] = field(default_factory=list)
    parts: list["Part"] = field(default_factory=list)

    @property
    def own(self) -> str:
        """Its lines up to the first part within it."""
        return "\n".join(self.lines).strip("\n")

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(filter(None, (self.own, *(part.text for part in self.parts))))

    def all_parts(self) -> Iterator["Part"]:
        """Itself and every part within it."""
        yield self
        for part in self.parts:
            yield from part.all_parts()


@dataclass(frozen=True)
class Piece:
    """Parts of an article that go together."""

    text: str
    citation: str
    lead: str
    parts: tuple[Part, ...]


def article_passages(document: Document, letters: int) -> Iterator[Passage]:
    """The passages of one article; deleted parts, and those not in force, give none."""
    whole = standing_article(document)
    if not whole.text.strip():
        return
    for number, piece in enumerate(cut(whole, letters, ""), start=1):
        places = ((part.citation, part.text) for top in piece.parts for part in top.all_parts())
        yield Passage(
            document, number, piece.citation, piece.text, piece.lead, places=tuple(places)
        )


def read_article(document: Document) -> Part:
    """The parts of an article from its text."""
    whole = Part(document.id, 0)
    path = [whole]
    for line in document.text.split("\n"):
        level = next((n for n, mark in enumerate(MARKS, start=1) if mark.match(line)), 0)
        if level and (level < 3 or path[-1].level >= 2):
            while path[-1].level >= level:
                path.pop()
            part = Part(path[-1].citation + name_of(line, level), level)
            path[-1].parts.append(part)
            path.append(part)
        path[-1].lines.append(line)
    return whole


def name_of(line: str, level: int) -> str:
    """'제1항', '제2호의3' or '가목', from the mark that a line begins with."""
    found = MARKS[level - 1].match(line)
    assert found is not None
    if level == 1:
        return f"제{CIRCLED.index(found[1]) + 1}항"
    return numbered(int(found[1]), int(found[2] or 0), "호") if level == 2 else f"{found[1]}목"


def standing_article(document: Document) -> Part:
    """The article without what is deleted and what is not in force; empty where nothing stands."""
    if "" in document.not_in_force:
        return Part(document.id, 0)
    return in_force_parts(without_deleted(read_article(document)), document)


def without_deleted(part: Part) -> Part:
    """`part` without the 항, 호 and 목 of which nothing but 삭제 is left."""
    inside = map(without_deleted, part.parts)
    return replace(part, parts=[each for each in inside if not is_deleted(each)])


def in_force_parts(part: Part, document: Document) -> Part:
    """`part` without the 항, 호 and 목 that the document names as not in force."""
    out = {document.id + name for name in document.not_in_force}
    inside = (in_force_parts(each, document) for each in part.parts if each.citation not in out)
    return replace(part, parts=list(inside))


def is_deleted(part: Part) -> bool:
    """Whether nothing but 삭제 stands after its mark."""
    text = MARKS[part.level - 1].sub("", part.own, count=1)
    return not part.parts and bool(DELETED.fullmatch(text))


def cut(part: Part, letters: int, lead: str) -> Iterator[Piece]:
    """A part as one piece, or where it is too long as several that follow its parts."""
    if len(part.text) <= letters:
        yield Piece(part.text, part.citation, lead, (part,))
    elif part.parts:
        yield from cut_parts(part, letters, lead)
    else:
        for number, text in enumerate(pieces(part.own, letters)):
            hangs_on = joined(lead, first_sentence(part.own)) if number else lead
            yield Piece(text, part.citation, hangs_on, (part,))


def cut_parts(part: Part, letters: int, lead: str) -> Iterator[Piece]:
    """The parts within a part in groups that fit; its own words lead every group."""
    own = part.own
    below = joined(lead, own if len(own) <= letters // 2 else first_sentence(own))
    group: list[Part] = []
    first = True
    for each in [*part.parts, None]:
        size = sum(len(other.text) + 1 for other in group)
        if group and (each is None or size + len(each.text) > letters):
            yield grouped(part, group, lead if first else below, own if first else "")
            group, first = [], False
        if each is None:
            continue
        if len(each.text) <= letters:
            group.append(each)
            continue
        if first and own:
            yield Piece(own, part.citation, lead, (replace(part, parts=[]),))
        first = False
        yield from cut(each, letters, below)


def grouped(part: Part, group: list[Part], lead: str, own: str) -> Piece:
    """Parts side by side as one piece, with the words before them where they come first."""
    text = "\n".join(filter(None, (own, *(each.text for each in group))))
    citation = group[0].citation if len(group) == 1 and not own else part.citation
    return Piece(text, citation, lead, (replace(part, parts=group),))


def joined(*texts: str) -> str:
    """Texts on lines of their own."""
    return "\n".join(filter(None, texts))
