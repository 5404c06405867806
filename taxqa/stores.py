"""SQLite's errors as ours, for the files in which what was paid for or decided is kept."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from taxqa.errors import BusyError, InputError, NoSpaceError, TaxqaError

RESULT = 0xFF
"""The part of SQLite's extended result codes that says the kind (sqlite.org/rescode.html)."""
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
CLOSED = (
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH,
)  # fmt: skip


@dataclass(frozen=True)
class StoreErrors:
    """What to say of one kind of file where SQLite cannot use it."""

    name: str
    """As in 'The NAME PATH cannot be used'."""
    kept: str
    """What a full disk does not take."""
    again: str
    """What to do once there is room, or the other process is done."""
    otherwise: str
    """What to do with a file that is damaged or something else."""

    @contextmanager
    def named(self, path: Path) -> Iterator[None]:
        """Within this, an error of SQLite is raised as what a user can act on.

        Raises:
            NoSpaceError: the disk is full.
            BusyError: another process writes the file.
            InputError: the file may not be written, is damaged, or is no such file.
        """
        try:
            yield
        except sqlite3.Error as error:
            raise self.of(error, path) from None

    def of(self, error: sqlite3.Error, path: Path) -> TaxqaError:
        """The error to show for one of SQLite's."""
        kind = getattr(error, "sqlite_errorcode", 0) & RESULT
        if kind == sqlite3.SQLITE_FULL:
            return NoSpaceError(
                f"The disk of {path} is full; {self.kept}.",
                hint=f"Free some space and {self.again}.",
            )
        if kind in LOCKED:
            return BusyError(
                f"Another process is writing {path}.", hint=f"When it is done, {self.again}."
            )
        if kind in CLOSED:
            return InputError(
                f"The {self.name} {path} cannot be opened and written: {error}.",
                hint=f"Look at the rights of the file and its folder, and {self.again}.",
            )
        return self.unusable(path, str(error))

    def unusable(self, path: Path, why: str) -> InputError:
        """The error for a file that is damaged or something else."""
        return InputError(f"The {self.name} {path} cannot be used: {why}.", hint=self.otherwise)
