"""Citations of law in Korean text: read one, print one, find all that a text makes."""

from dataclasses import dataclass

from taxlaw.acts import LEVELS, Level, find_law, law_name, unknown_law
from taxlaw.reader import Reader, Reference
from taxqa.errors import InputError


class CitationError(InputError):
    """A text is not one citation of law, or the parts of one do not fit together."""


@dataclass(frozen=True, slots=True)
class Citation:
    """One article of a law, or a part of it; `str()` prints it as statutes do."""

    act: str
    """Official name of the act; the name as written where it is none of the twelve."""
    level: Level
    article: int
    branch: int = 0
    """제55조의2 is article 55, branch 2; 0 = none."""
    paragraph: int = 0
    """항; 0 = none."""
    item: int = 0
    """호; 0 = none."""
    item_branch: int = 0
    """제1호의2 is item 1, branch 2; 0 = none."""
    subitem: str = ""
    """목, its letter: '가'; '' = none."""
    former: bool = False
    """The act is cited as it stood before an amendment (구 …법), or under a former name."""

    def __post_init__(self) -> None:
        """Refuse parts that no statute has."""
        if self.level not in LEVELS or self.article < 1 or (self.subitem and not self.item):
            raise CitationError(
                f"A citation needs a level of {', '.join(LEVELS)}, an article from 1 and an item"
                f" before a subitem; found {self.level}, {self.article}, {self.item},"
                f" '{self.subitem}'."
            )

    def __str__(self) -> str:
        """The statute's own form: '소득세법 시행령 제118조의2제1항제3호가목'."""
        return f"{'구 ' if self.former else ''}{self.law} {self.key}{self.part}"

    @property
    def law(self) -> str:
        """Full name of the law: '소득세법 시행령'."""
        return law_name(self.act, self.level)

    @property
    def key(self) -> str:
        """The article alone: '제55조의2'."""
        return numbered(self.article, self.branch, "조")

    @property
    def part(self) -> str:
        """What it names within the article: '제1항제3호가목'; '' for the whole article."""
        paragraph = f"제{self.paragraph}항" if self.paragraph else ""
        item = numbered(self.item, self.item_branch, "호") if self.item else ""
        subitem = f"{self.subitem}목" if self.subitem else ""
        return paragraph + item + subitem


@dataclass(frozen=True, slots=True)
class Mention:
    """A citation where a text makes it: `text` is its words from `start` to `end`."""

    citation: Citation
    start: int
    end: int
    text: str


def numbered(number: int, branch: int, unit: str) -> str:
    """(55, 2, '조') -> '제55조의2'."""
    return f"제{number}{unit}의{branch}" if branch else f"제{number}{unit}"


def parse_citation(text: str) -> Citation:
    """The one citation that `text` is, in any form that `find_citations` reads.

    Raises:
        CitationError: it is no citation, names no law, or is more than one.
    """
    stripped = text.strip()
    mentions = find_citations(stripped)
    if len(mentions) == 1 and mentions[0].text == stripped:
        return mentions[0].citation
    raise CitationError(
        f"'{stripped}' is not one citation of an article; expected a form such as"
        " '상속세 및 증여세법 제53조제2호'."
    )


def find_citations(text: str, act: str | None = None) -> list[Mention]:
    """Every article of law that `text` cites, in order; nothing raises.

    Only what can be attributed is given: an article after a law's name, one listed with it, one
    that points back (같은 법, 같은 조), and, where `act` says whose text this is ('소득세법
    시행령'), its own articles, 법, 영 and 규칙. A range gives its first and its last article. The
    act of a citation of any other law (민법 제1000조) is its name as written.
    """
    own = (find_law(act) or unknown_law(act)) if act else None
    return [mention_of(found, text) for found in Reader(text, own).read()]


def mention_of(found: Reference, text: str) -> Mention:
    """The mention that a reference of `text` is."""
    law = found.law
    citation = Citation(law.act, law.level, *found.place, former=law.former)
    return Mention(citation, found.start, found.end, text[found.start : found.end])
