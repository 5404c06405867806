"""Which articles, paragraphs, items and subitems exist: numbers only, no statute text.

The index that ships lies in data/articles.json; it is rebuilt from a folder of statutes in
Markdown with

    python -m taxlaw.articles STATUTES taxlaw/data/articles.json
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Literal

from taxlaw.acts import BY_NAME
from taxlaw.citations import Citation, numbered
from taxlaw.packing import DELETED, pack, short, split, unpack
from taxlaw.statutes import Paragraph, Statute, read_statute
from taxqa.errors import InputError, TaxqaError

FORMAT = 1

Status = Literal[
    "exists",
    "deleted",
    "no_article",
    "no_paragraph",
    "no_item",
    "no_subitem",
    "not_in_force",
    "former",
    "unknown_act",
]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an index knows of a citation."""

    status: Status
    message: str
    """What was found and, where it was not, what does exist."""

    @property
    def ok(self) -> bool:
        """Not to be called wrong: it exists, or it is of a former act that nobody can look up."""
        return self.status in ("exists", "former")


@dataclass(frozen=True, slots=True)
class Version:
    """The articles of a law as in force from one day."""

    law: str
    """Full name: '소득세법 시행령'."""
    in_force: str
    """ISO date."""
    number: str
    """공포번호."""
    articles: dict[str, str]
    """'55의2' -> its parts, as taxlaw.packing writes them."""


@dataclass(slots=True)
class ArticleIndex:
    """Laws by name, each in one or more versions, the oldest first."""

    laws: dict[str, list[Version]] = field(default_factory=dict)

    @classmethod
    def from_statutes(cls, statutes: Iterable[Statute]) -> "ArticleIndex":
        """The index of whole laws."""
        index = cls()
        for statute in statutes:
            index.add(version_of(statute))
        return index

    @classmethod
    def load(cls, path: Path) -> "ArticleIndex":
        """The index in a file that `save` wrote.

        Raises:
            InputError: no such file, or it holds something else.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            versions = [Version(**version) for version in data["laws"]]
            if data["format"] != FORMAT or not all(isinstance(v.articles, dict) for v in versions):
                raise ValueError
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from None
        except (ValueError, TypeError, KeyError):
            raise InputError(
                f"{path} is no article index of format {FORMAT}.",
                hint="Make one with: python -m taxlaw.articles STATUTES INDEX",
            ) from None
        index = cls()
        for version in versions:
            index.add(version)
        return index

    @staticmethod
    def default() -> "ArticleIndex":
        """The index that ships: the twelve tax acts with their decrees and rules, June 2026.

        It is read once and shared: `merged` adds to it without changing it.
        """
        return shipped()

    def save(self, path: Path) -> None:
        """Write the index as JSON, one article a line."""
        laws = [asdict(version) for versions in self.laws.values() for version in versions]
        text = json.dumps({"format": FORMAT, "laws": laws}, ensure_ascii=False, indent=0)
        path.write_text(text + "\n", encoding="utf-8")

    def add(self, version: Version) -> None:
        """Take in a version; one of the same law and day is replaced."""
        known = self.laws.get(version.law, [])
        others = [other for other in known if other.in_force != version.in_force]
        self.laws[version.law] = sorted([*others, version], key=attrgetter("in_force"))

    def merged(self, other: "ArticleIndex") -> "ArticleIndex":
        """A new index of both; where they hold the same law and day, `other` wins."""
        index = ArticleIndex({law: list(versions) for law, versions in self.laws.items()})
        for versions in other.laws.values():
            for version in versions:
                index.add(version)
        return index

    def resolve(self, citation: Citation, on: date | None = None) -> Resolution:
        """Whether what `citation` names exists, in the newest version or in the one of a day.

        Args:
            on: the day that counts; a law that the index holds only from a later day on is
                `not_in_force`.
        """
        versions = self.laws.get(citation.law)
        if citation.former and (versions or citation.act in BY_NAME):
            return Resolution("former", f"{citation} is of a former act, which is not looked up.")
        if not versions:
            return Resolution("unknown_act", f"The index does not hold {citation.law}.")
        version = newest(versions, on)
        if version is None:
            return Resolution(
                "not_in_force",
                f"The index holds {citation.law} from {versions[0].in_force} on, not of {on}.",
            )
        return resolve_in(version, citation)


def newest(versions: list[Version], on: date | None) -> Version | None:
    """The last version, or the last that was in force on a day; None where there is none."""
    known = [version for version in versions if on is None or version.in_force <= on.isoformat()]
    return known[-1] if known else None


def resolve_in(version: Version, citation: Citation) -> Resolution:
    """The resolution of a citation in one version of its law."""
    text = version.articles.get(short(citation.article, citation.branch))
    if text is None:
        return Resolution("no_article", missing_article(version, citation))
    if text == DELETED:
        return gone(citation, citation.key, beside(version, citation))
    paragraphs = unpack(text)
    if citation.paragraph not in paragraphs and (citation.paragraph or citation.item):
        return missing_paragraph(citation, paragraphs)
    if not citation.paragraph and not citation.item:
        return found(citation)
    paragraph = paragraphs[citation.paragraph]
    where = citation.key + (f"제{citation.paragraph}항" if citation.paragraph else "")
    if paragraph.deleted:
        return gone(
            citation, where, [f"제{p.number}항" for p in paragraphs.values() if not p.deleted]
        )
    if not citation.item:
        return found(citation)
    return resolve_item(citation, paragraph, where)


def resolve_item(citation: Citation, paragraph: Paragraph, where: str) -> Resolution:
    """The resolution of the item and subitem of a citation; `where` names what holds them."""
    items = {(item.number, item.branch): item for item in paragraph.items}
    item = items.get((citation.item, citation.item_branch))
    name = where + numbered(citation.item, citation.item_branch, "호")
    if item is None:
        has = listed([numbered(*key, "호") for key in items])
        return Resolution("no_item", f"{citation.law} {where} has {has or 'no items (호)'}.")
    if item.deleted:
        left = [numbered(*key, "호") for key, each in items.items() if not each.deleted]
        return gone(citation, name, left)
    if not citation.subitem:
        return found(citation)
    subitems = {subitem.letter: subitem for subitem in item.subitems}
    subitem = subitems.get(citation.subitem)
    if subitem is None:
        has = listed([f"{letter}목" for letter in subitems])
        return Resolution("no_subitem", f"{citation.law} {name} has {has or 'no subitems (목)'}.")
    if not subitem.deleted:
        return found(citation)
    left = [f"{letter}목" for letter, each in subitems.items() if not each.deleted]
    return gone(citation, f"{name}{citation.subitem}목", left)


def found(citation: Citation) -> Resolution:
    """It exists."""
    return Resolution("exists", f"{citation} exists.")


def gone(citation: Citation, what: str, left: list[str]) -> Resolution:
    """It, or what holds it, is deleted; `left` is what stands beside it."""
    has = f" There is {listed(left)}." if left else ""
    return Resolution("deleted", f"{citation.law} {what} is deleted (삭제).{has}")


def beside(version: Version, citation: Citation) -> list[str]:
    """The articles before and after one that is deleted."""
    place = (citation.article, citation.branch)
    known = sorted(split(key) for key, text in version.articles.items() if text != DELETED)
    before = [key for key in known if key < place][-1:]
    after = [key for key in known if key > place][:1]
    return [numbered(*key, "조") for key in (*before, *after)]


def missing_article(version: Version, citation: Citation) -> str:
    """What the law has in place of an article that does not exist."""
    number = str(citation.article)
    near = [key for key in version.articles if key.partition("의")[0] == number]
    if near:
        has = listed([numbered(*split(key), "조") for key in near])
        return f"{citation.law} has no {citation.key}; it has {has}."
    last = numbered(*split(max(version.articles, key=split)), "조")
    return f"{citation.law} has no {citation.key}; its last article is {last}."


def missing_paragraph(citation: Citation, paragraphs: dict[int, Paragraph]) -> Resolution:
    """The paragraph of a citation does not exist, or its item lacks one."""
    law, key = citation.law, citation.key
    item = citation.part.partition("항")[2] if citation.paragraph else citation.part
    if not citation.paragraph:
        within = [p.number for p in paragraphs.values() if has_item(p, citation)]
        meant = [f"{key}제{number}항{item}" for number in within]
        has = f"its items are in paragraphs; did you mean {' or '.join(meant)}?" if meant else ""
        return Resolution("no_item", f"{law} {key} has no {item} of its own; {has or 'no items.'}")
    numbers = [number for number in paragraphs if number]
    if numbers:
        has = listed([f"제{number}항" for number in numbers])
        return Resolution("no_paragraph", f"{law} {key} has {has}.")
    whole = paragraphs.get(0)
    meant_item = item if whole and citation.item and has_item(whole, citation) else ""
    return Resolution(
        "no_paragraph",
        f"{law} {key} has no numbered 항; did you mean {key}{meant_item}?",
    )


def has_item(paragraph: Paragraph, citation: Citation) -> bool:
    """Whether a paragraph has the item of a citation."""
    wanted = (citation.item, citation.item_branch)
    return any((item.number, item.branch) == wanted for item in paragraph.items)


def listed(names: list[str]) -> str:
    """'제1호 to 제4호' or '제1호, 제3호'; '' for none."""
    return f"{names[0]} to {names[-1]} ({len(names)})" if len(names) > 4 else ", ".join(names)


def version_of(statute: Statute) -> Version:
    """A statute without its text."""
    articles = {short(a.number, a.branch): pack(a) for a in statute.articles}
    return Version(statute.law, statute.in_force.isoformat(), statute.number, articles)


@cache
def shipped() -> ArticleIndex:
    """The index in this package, read once."""
    return ArticleIndex.load(Path(__file__).with_name("data") / "articles.json")


def main(folder: str, out: str) -> None:
    """Write the index of all statutes in Markdown under `folder` to the file `out`."""
    statutes = [read_statute(path) for path in sorted(Path(folder).rglob("*.md"))]
    if not statutes:
        raise InputError(f"There is no statute in Markdown (*.md) under {folder}.")
    ArticleIndex.from_statutes(statutes).save(Path(out))
    sys.stderr.write(f"{len(statutes)} laws written to {out}\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: python -m taxlaw.articles STATUTES INDEX")
    try:
        main(sys.argv[1], sys.argv[2])
    except TaxqaError as error:
        raise SystemExit(str(error)) from None
