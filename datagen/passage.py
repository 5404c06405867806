"""What a language model is asked about at a time: a part of a document with its citation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from datagen.checks.sources import bare
from datagen.tables import FRACTION_BAR
from taxqa.records import Document

SENTENCE_END = re.compile(
    r"(?<=[가-힣)\]」][가-힣]\.)[ \n]+|(?<=[가-힣][)\]」”’\"]\.)[ \n]+|(?<=[가-힣]\.[”’\"])[ \n]+"
)
HEADING = re.compile(r"(?:\d{1,2}|[가-하]|\(\d{1,2}\)|\([가-하]\))[.)]? ?[^\n|]{1,40}(?<![.다])$")
"""A numbered line that says what the next one is about."""
FORMULA = re.compile(r"(?:다음|아래)(?:의|과 같은| 각 호의)?\s?(?:계산식|산식|표)")
SHOWN_FORMULA = re.compile(r"[=＝×÷]|\s\|\s")


@dataclass(frozen=True)
class Passage:
    """A part of a document that can be asked about by itself."""

    document: Document
    number: int
    """Its place in the document, from 1."""
    citation: str
    """How an answer names it: '소득세법 제55조제1항', '대법원 2025. 6. 12. 선고 2025두1 판결';
    '' for a guide."""
    text: str
    """Its own part of the document, letter for letter."""
    lead: str = ""
    """What it hangs on, repeated from the document: '다음 각 호의 소득에는 …'."""
    section: str = ""
    """'판결요지' of a judgment; '' elsewhere."""
    places: tuple[tuple[str, str], ...] = ()
    """(citation, text) of each 항, 호 and 목 within it."""

    @property
    def id(self) -> str:
        """Unique in a corpus."""
        return f"{self.document.id}#{self.number}"

    @property
    def shown(self) -> str:
        """All that the teacher reads of the document, and may quote."""
        return f"{self.lead}\n{self.text}".strip("\n")

    @property
    def is_whole(self) -> bool:
        """Whether its words say all that they speak of.

        A formula in two dimensions cannot be told from its lines, and one that was a picture is
        not there at all.
        """
        if FRACTION_BAR in self.shown:
            return False
        return not FORMULA.search(self.shown) or bool(SHOWN_FORMULA.search(self.shown))

    def place_of(self, quote: str) -> str:
        """The citation of the smallest part that holds a quotation; its own where none does."""
        words = bare(quote)
        holding = [(len(text), citation) for citation, text in self.places if words in bare(text)]
        return min(holding)[1] if holding else self.citation


def pieces(text: str, limit: int) -> list[str]:
    """`text` cut into pieces of at most `limit` letters, at ends of lines or of sentences.

    One sentence, or one table, that is longer stays whole.
    """
    found: list[str] = []
    for unit in units(text, limit):
        if found and len(found[-1]) + len(unit) + 1 <= limit:
            found[-1] += f"\n{unit}"
        else:
            found.append(unit)
    return found


def units(text: str, limit: int) -> Iterator[str]:
    """The lines of a text; a table and a heading with its line as one, long lines as sentences."""
    held: list[str] = []
    for line in text.split("\n"):
        in_table = " | " in f" {line} "
        if held and not in_table and not HEADING.match(held[-1]):
            yield "\n".join(held)
            held = []
        if in_table or HEADING.match(line):
            held.append(line)
        elif len(line) > limit:
            first, *rest = SENTENCE_END.split(line)
            yield "\n".join((*held, first))
            yield from rest
            held = []
        elif line.strip():
            yield "\n".join((*held, line))
            held = []
    if held:
        yield "\n".join(held)


def first_sentence(text: str) -> str:
    """What a text begins with, to its first end of a sentence or line."""
    return SENTENCE_END.split(text.strip(), maxsplit=1)[0].split("\n", 1)[0]
