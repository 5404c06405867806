"""What the API answered, kept raw in one SQLite file: a kill loses nothing, nothing comes twice.

Every answer is committed before the next request is sent. Pages of lists count for one round (a
list shifts as decisions are added), documents until their row in a list changes.
"""

import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from taxqa.folders import only_writer
from taxqa.records import parse_json, to_json
from taxqa.stores import StoreErrors

ROUND_SECONDS = 24 * 3600.0
"""A round that was cut off goes on with the pages it has, unless they are older than this."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS rounds (id INTEGER PRIMARY KEY, started REAL, finished REAL);
CREATE TABLE IF NOT EXISTS pages (
    round INTEGER, listing TEXT, page INTEGER, answer BLOB, PRIMARY KEY (round, listing, page));
CREATE TABLE IF NOT EXISTS bodies (
    target TEXT, id TEXT, row TEXT, answer BLOB, fetched REAL, PRIMARY KEY (target, id));
"""
ERRORS = StoreErrors(
    name="store of fetched law",
    kept="what was fetched before is kept",
    again="run the same command again",
    otherwise="Move it away and run the same command again; everything is then fetched anew.",
)


class RawStore:
    """The raw answers in one file."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        """Take an open database and begin a round, or go on with one that was cut off."""
        self.db, self.path = db, path
        with ERRORS.named(self.path), db:
            db.executescript(SCHEMA)
            self.round = self.current_round()

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        """The store at `path`, made where there is none.

        Raises:
            BusyError: another process uses it.
            InputError: the file is damaged or no such store.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with only_writer(path):
            with ERRORS.named(path):
                db = sqlite3.connect(path)
            try:
                with ERRORS.named(path):
                    db.execute("PRAGMA journal_mode=WAL")
                yield cls(db, path)
            finally:
                db.close()

    def current_round(self) -> int:
        """The last round where it was cut off lately; else a new one."""
        found = self.db.execute(
            "SELECT id FROM rounds WHERE finished IS NULL AND started > ? ORDER BY id DESC LIMIT 1",
            (time.time() - ROUND_SECONDS,),
        ).fetchone()
        if found:
            return int(found[0])
        made = self.db.execute("INSERT INTO rounds (started) VALUES (?)", (time.time(),)).lastrowid
        self.db.execute("DELETE FROM pages WHERE round < ?", (made,))
        return int(made or 0)

    def finish_round(self) -> None:
        """Say that everything asked for is here: the next run asks for the lists again."""
        with ERRORS.named(self.path), self.db:
            self.db.execute(
                "UPDATE rounds SET finished = ? WHERE id = ?", (time.time(), self.round)
            )

    def page(self, listing: str, page: int) -> dict[str, Any] | None:
        """A page of a list that this round has already fetched."""
        return self.one(
            "SELECT answer FROM pages WHERE round = ? AND listing = ? AND page = ?",
            (self.round, listing, page),
        )

    def keep_page(self, listing: str, page: int, answer: dict[str, Any]) -> None:
        """Keep a page of a list."""
        with ERRORS.named(self.path), self.db:
            self.db.execute(
                "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?)",
                (self.round, listing, page, packed(answer)),
            )

    def body(self, target: str, id: str, row: str = "") -> dict[str, Any] | None:
        """A document; None where there is none, or `row` (its row in the list) has changed.

        {} stands for a document that the API lists and does not hold.
        """
        return self.one(
            "SELECT answer FROM bodies WHERE target = ? AND id = ? AND (row = ? OR ? = '')",
            (target, id, row, row),
        )

    def keep_body(self, target: str, id: str, row: str, answer: dict[str, Any]) -> None:
        """Keep a document, in place of an older answer."""
        with ERRORS.named(self.path), self.db:
            self.db.execute(
                "INSERT OR REPLACE INTO bodies VALUES (?, ?, ?, ?, ?)",
                (target, id, row, packed(answer), time.time()),
            )

    def forget_body(self, target: str, id: str) -> None:
        """Drop a document that turned out to be another one."""
        with ERRORS.named(self.path), self.db:
            self.db.execute("DELETE FROM bodies WHERE target = ? AND id = ?", (target, id))

    def one(self, query: str, values: tuple[object, ...]) -> dict[str, Any] | None:
        """The answer in the one row that a query finds."""
        with ERRORS.named(self.path):
            found = self.db.execute(query, values).fetchone()
        if found is None:
            return None
        try:
            answer = parse_json(zlib.decompress(found[0]).decode("utf-8"), str(self.path))
        except (zlib.error, UnicodeDecodeError):
            raise ERRORS.unusable(self.path, "an answer in it cannot be unpacked") from None
        return dict(answer)


def packed(answer: dict[str, Any]) -> bytes:
    """An answer as compressed JSON."""
    return zlib.compress(to_json(answer).encode("utf-8"), 6)
