"""Reviewers' decisions and drafts in one SQLite file: committed before the page hears of it.

Decisions are only ever added; undoing one notes when. Of a reviewer's decisions on a record the
latest in time counts, as some may come from another machine (`datagen.review.merging`). The file
lies beside the dataset, not in it, so that it outlives `taxqa generate --force`.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self

from taxqa.errors import InputError
from taxqa.folders import beside
from taxqa.records import parse_json, to_json
from taxqa.stores import StoreErrors

FILE = "review.sqlite3"
VERSION = 1
WAIT_SECONDS = 3.0
"""How long a write waits for another process that writes."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, reviewer TEXT NOT NULL,
    record TEXT NOT NULL, digest TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'edit', 'reject')),
    reason TEXT NOT NULL, note TEXT NOT NULL, edited TEXT, undone TEXT);
CREATE TABLE IF NOT EXISTS drafts (
    reviewer TEXT NOT NULL, digest TEXT NOT NULL, at TEXT NOT NULL, fields TEXT NOT NULL,
    PRIMARY KEY (reviewer, digest));
"""
ERRORS = StoreErrors(
    name="file of reviews",
    kept="every decision before this one is kept",
    again="decide again",
    otherwise="Choose another file with --reviews.",
)

Verdict = Literal["accept", "edit", "reject"]
VERDICTS: tuple[Verdict, ...] = ("accept", "edit", "reject")


@dataclass(frozen=True)
class Decision:
    """What one reviewer said of one record."""

    number: int
    at: datetime
    """UTC."""
    reviewer: str
    record: str
    digest: str
    verdict: Verdict
    reason: str = ""
    """Key of REASONS, for a rejection."""
    note: str = ""
    edited: Mapping[str, Any] | None = None
    """question, answer, type and source after an edit."""


Decisions = Mapping[str, Mapping[str, Decision]]
"""Digest -> reviewer -> the decision that counts, the reviewer's last."""


def reviews_path(dataset: Path) -> Path:
    """Where the decisions on a dataset are kept: beside it, shared by all datasets there."""
    return beside(dataset) / FILE


class Reviews:
    """The decisions and drafts in one file."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        """Take an open database."""
        self.db, self.path = db, path
        self.state: tuple[int, int] | None = None
        self.rows: tuple[Decision, ...] = ()
        self.counting: Decisions = {}

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        """The reviews at `path`, made where there are none; several processes may use them.

        Raises:
            InputError: the file is damaged, of a newer version, or something else.
            NoSpaceError: the disk is full.
        """
        if not path.parent.is_dir():
            raise InputError(f"There is no folder {path.parent} to keep {path.name} in.")
        with ERRORS.named(path):
            # The server's thread is one, but need not be the one that opens the file.
            db = sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)
        try:
            with ERRORS.named(path):
                prepare(db, path)
            yield cls(db, path)
        finally:
            db.close()

    def all(self) -> tuple[Decision, ...]:
        """Every decision that was not undone, the oldest first."""
        self.refresh()
        return self.rows

    def current(self) -> Decisions:
        """The decisions that count now, also those another process wrote."""
        self.refresh()
        return self.counting

    def refresh(self) -> None:
        """Read the decisions again where they changed."""
        with ERRORS.named(self.path):
            (outside,) = self.db.execute("PRAGMA data_version").fetchone()
            state = (outside, self.db.total_changes)
            if state == self.state:
                return
            found = self.db.execute(
                "SELECT number, at, reviewer, record, digest, verdict, reason, note, edited"
                " FROM decisions WHERE undone IS NULL ORDER BY at, number"
            ).fetchall()
        self.rows = tuple(decision_of(row, self.path) for row in found)
        counting: dict[str, dict[str, Decision]] = {}
        for decision in self.rows:
            counting.setdefault(decision.digest, {})[decision.reviewer] = decision
        self.state, self.counting = state, counting

    def decide(
        self,
        reviewer: str,
        record: str,
        digest: str,
        verdict: Verdict,
        *,
        reason: str = "",
        note: str = "",
        edited: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a decision; the reviewer's draft of the record is done with."""
        with ERRORS.named(self.path), self.db:
            self.db.execute(
                "INSERT INTO decisions (at, reviewer, record, digest, verdict, reason, note,"
                " edited) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self.after_all(), reviewer, record, digest, verdict, reason, note,
                 None if edited is None else to_json(dict(edited))),
            )  # fmt: skip
            self.db.execute(
                "DELETE FROM drafts WHERE reviewer = ? AND digest = ?", (reviewer, digest)
            )

    def after_all(self) -> str:
        """Now, or just after the last decision where a clock was set back: the last one counts."""
        (last,) = self.db.execute("SELECT MAX(at) FROM decisions").fetchone()
        time = now()
        if last is None or time > last:
            return time
        return moment(datetime.fromisoformat(last) + timedelta(milliseconds=1))

    def undo(self, reviewer: str, digests: Collection[str]) -> Decision | None:
        """Take back the reviewer's last decision on one of these records; None = there is none.

        An edit's text becomes the draft again.
        """
        mine = [d for d in self.all() if d.reviewer == reviewer and d.digest in digests]
        if not mine:
            return None
        last = mine[-1]
        with ERRORS.named(self.path), self.db:
            self.db.execute(
                "UPDATE decisions SET undone = ? WHERE number = ?", (now(), last.number)
            )
            if last.edited is not None:
                self.put_draft(reviewer, last.digest, last.edited)
        return last

    def save_draft(self, reviewer: str, digest: str, fields: Mapping[str, Any]) -> None:
        """Keep the text of an edit that is not finished."""
        with ERRORS.named(self.path), self.db:
            self.put_draft(reviewer, digest, fields)

    def put_draft(self, reviewer: str, digest: str, fields: Mapping[str, Any]) -> None:
        """The same, inside a transaction."""
        self.db.execute(
            "INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, ?)",
            (reviewer, digest, now(), to_json(dict(fields))),
        )

    def drop_draft(self, reviewer: str, digest: str) -> None:
        """Forget a draft."""
        with ERRORS.named(self.path), self.db:
            self.db.execute(
                "DELETE FROM drafts WHERE reviewer = ? AND digest = ?", (reviewer, digest)
            )

    def draft(self, reviewer: str, digest: str) -> dict[str, Any] | None:
        """The reviewer's unfinished edit of a record; None where there is none."""
        with ERRORS.named(self.path):
            found = self.db.execute(
                "SELECT fields FROM drafts WHERE reviewer = ? AND digest = ?", (reviewer, digest)
            ).fetchone()
        return None if found is None else dict(parse_json(found[0], str(self.path)))


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables where the file is new; refuse a file that holds something else."""
    # In this order: another process may be making the tables just now.
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ERRORS.unusable(path, f"it is of version {version}, this taxqa knows {VERSION}")
    if tables and version == 0:
        raise ERRORS.unusable(path, "it holds other tables")
    db.execute("PRAGMA journal_mode=WAL")
    # Also a power cut takes nothing that the page was told is kept.
    db.execute("PRAGMA synchronous=FULL")
    if version == 0:
        db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT;")


def decision_of(row: tuple[Any, ...], path: Path) -> Decision:
    """A decision as the database has it."""
    number, at, reviewer, record, digest, verdict, reason, note, edited = row
    fields = None if edited is None else parse_json(edited, str(path))
    time = datetime.fromisoformat(at)
    return Decision(number, time, reviewer, record, digest, verdict, reason, note, fields)


def now() -> str:
    """This moment in UTC, as the database has it."""
    return moment(datetime.now(UTC))


def moment(time: datetime) -> str:
    """A time as the database has it: in UTC, and as text in the order of time."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
