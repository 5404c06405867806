"""What gave no document: files and their parts, each with a reason, alike parts summed up."""

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from taxqa.errors import InputError

READ_ERRORS = (InputError, OSError, ValueError, RecursionError)
"""What reading one file or row can end with; the others are read all the same."""


@dataclass
class Entry:
    """Parts of one file that gave no document for one reason."""

    path: str
    kind: str
    reason: str
    part: str
    """The first of them: ', line 7'; '' for the whole file."""
    count: int = 1


@dataclass
class Tally:
    """Entries in the order in which they were met."""

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Note a file or part; a later part of the same file and kind only counts."""
        known = self.entries.setdefault((entry.path, entry.kind), entry)
        if known is not entry:
            known.count += entry.count

    def note(self, path: Path, reason: str, part: str = "", kind: str = "") -> None:
        """Note a file or part; parts of one `kind` (else: with one reason) are summed up."""
        name = unicodedata.normalize("NFC", str(path))
        self.add(Entry(name, kind or reason, reason, part))

    def lines(self) -> list[tuple[str, str]]:
        """(file or part of one, why) of each entry."""
        return [
            (f"{each.path}{each.part}" + (f" and {each.count - 1} more" if each.count > 1 else ""),
             each.reason)
            for each in self.entries.values()
        ]  # fmt: skip


def reason_of(error: Exception, where: str) -> str:
    """Why something could not be read, without the path that stands before it."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    message = error.message if isinstance(error, InputError) else f"cannot be read: {error}"
    return message.removeprefix(where).lstrip(":, ").removesuffix(".")
