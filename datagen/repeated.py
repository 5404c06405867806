"""Documents of a corpus that say the same as another: one judgment out of two collections.

Articles of statutes are never compared: each is what its law and number say it is.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from datagen.distinctions import normalised
from datagen.near_duplicates import NearDuplicates
from taxqa.records import Document

if TYPE_CHECKING:
    from rensa import RMinHash

LEAST_LETTERS = 100
"""Letters; '삭제' stands for many rulings and makes them no duplicates."""


@dataclass(frozen=True)
class Repeat:
    """A document left out, and the one that stays."""

    line: int
    """Its place among all documents, from 0."""
    document: str
    kind: str
    same_as: str


class Repeats:
    """Notes each document on its way into a file, and then knows which lines repeat another.

    A context manager; the texts wait in a temporary file in `folder`.
    """

    def __init__(self, folder: Path) -> None:
        """Begin without a document."""
        self.texts = NearDuplicates(folder)
        self.taken: list[tuple[int, str, str, int]] = []
        """(line, id, kind, letters) of each document that is compared."""
        self.lines = 0

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Remove the temporary file."""
        self.texts.spool.close()

    def note(self, document: Document, sketch: "RMinHash | None" = None) -> None:
        """Take in the next document, with the sketch of its text where it was made before."""
        if is_compared(document):
            self.texts.take(document.text, sketch)
            self.taken.append((self.lines, document.id, document.kind, len(document.text)))
        self.lines += 1

    def found(self) -> list[Repeat]:
        """What to leave out; of documents that are the same the longest stays, or the first."""
        repeats = []
        for cluster in self.texts.clusters():
            members = [self.taken[number] for number in cluster]
            stays = max(members, key=lambda member: (member[3], -member[0]))
            repeats += [
                Repeat(line, name, kind, stays[1])
                for line, name, kind, _ in members
                if line != stays[0]
            ]
        return sorted(repeats, key=lambda repeat: repeat.line)


def is_compared(document: Document) -> bool:
    """Whether a document may be left out for saying the same as another."""
    letters = len(normalised(document.text[: 2 * LEAST_LETTERS]))
    return document.kind != "statute" and letters >= LEAST_LETTERS


def leave_out(path: Path, repeats: list[Repeat]) -> Counter[str]:
    """Write a file of documents anew without these lines; returns how many of each kind."""
    if not repeats:
        return Counter()
    lines = {repeat.line for repeat in repeats}
    shorter = path.with_suffix(".shorter")
    with path.open("rb") as file, shorter.open("wb") as kept:
        kept.writelines(line for number, line in enumerate(file) if number not in lines)
    shorter.replace(path)
    return Counter(repeat.kind for repeat in repeats)
