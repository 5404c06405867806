"""Reviews of the same dataset from another machine, taken over into this one's."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from datagen.checks.form import shape_problem
from datagen.review.checking import EDITABLE
from datagen.review.store import ERRORS, VERDICTS, VERSION, Reviews, moment
from taxqa.errors import InputError
from taxqa.records import parse_json

FIELDS = "at, reviewer, record, digest, verdict, reason, note, edited, undone"
Row = tuple[str, str, str, str, str, str, str, str | None, str | None]
AHEAD = timedelta(hours=1)
"""A decision may be so much later than this machine's clock; of two, the later one counts."""


@dataclass(frozen=True)
class TakenOver:
    """What became of the decisions in the other file."""

    taken: int
    """New here, those included that were undone there."""
    undone: int
    """Here already, and undone there since."""
    known: int
    other_records: int
    """Of records that this dataset does not have."""
    reviewers: tuple[str, ...]
    """Who decided what is taken."""


def take_over(reviews: Reviews, other: Path, digests: Collection[str]) -> TakenOver:
    """Add the decisions of another file on the records with these digests; all of them or none.

    A reviewer's latest decision on a record counts, whichever machine it was made on. A decision
    that is here already is not added again. Drafts stay where they are.

    Raises:
        InputError: the other file is missing or damaged, or holds no reviews.
        NoSpaceError, BusyError: as `Reviews.decide`.
    """
    found = read_rows(other)
    rows = [row for row in found if row[3] in digests]
    with ERRORS.named(reviews.path), reviews.db:
        reviews.db.execute("BEGIN IMMEDIATE")
        here = {
            (at, name, digest): undone
            for at, name, digest, undone in reviews.db.execute(
                "SELECT at, reviewer, digest, undone FROM decisions"
            )
        }
        new = [row for row in rows if key(row) not in here]
        undone = [row for row in rows if row[8] and here.get(key(row), "") is None]
        marks = ", ".join("?" * len(FIELDS.split()))
        reviews.db.executemany(f"INSERT INTO decisions ({FIELDS}) VALUES ({marks})", new)
        reviews.db.executemany(
            "UPDATE decisions SET undone = ? WHERE at = ? AND reviewer = ? AND digest = ?",
            [(row[8], *key(row)) for row in undone],
        )
    return TakenOver(
        taken=len(new),
        undone=len(undone),
        known=len(rows) - len(new),
        other_records=len(found) - len(rows),
        reviewers=tuple(sorted({row[1] for row in new})),
    )


def key(row: Row) -> tuple[str, str, str]:
    """When, who, and which record: no reviewer decides a record twice in one moment."""
    return row[0], row[1], row[3]


def read_rows(path: Path) -> list[Row]:
    """Every decision in a file of reviews, which is left as it is.

    Raises:
        InputError: there is none, or it is damaged, or of a newer version.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.", hint="Name the other review.sqlite3.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version != VERSION:
                raise unreadable(path, f"it is of version {version}, this taxqa knows {VERSION}")
            rows = db.execute(f"SELECT {FIELDS} FROM decisions ORDER BY number").fetchall()
    except sqlite3.Error as error:
        raise unreadable(path, str(error)) from None
    latest = datetime.now(UTC) + AHEAD
    for row in rows:
        if problem := row_problem(row, latest):
            raise unreadable(path, f"{problem} (a decision on '{row[2]}')")
    return rows


def row_problem(row: tuple[Any, ...], latest: datetime) -> str:
    """What is wrong with a decision that another file holds; '' = nothing."""
    at, *texts, edited, undone = row
    if not all(isinstance(text, str) for text in (at, *texts)):
        return "a field is no text"
    if texts[3] not in VERDICTS or (texts[3] == "edit") != (edited is not None):
        return f"the verdict {texts[3]} does not fit its text"
    for time in filter(None, (at, undone)):
        if not is_moment(time):
            return f"'{time}' is no time"
    if datetime.fromisoformat(at) > latest:
        return f"it is of {at}, which is yet to come: set the clocks"
    if edited is None:
        return ""
    fields = parse_json(edited, "The edited text of a decision")
    problem = shape_problem(fields)
    if problem or set(fields) != set(EDITABLE):
        return "its edited text is no record"
    return ""


def is_moment(text: object) -> bool:
    """Whether a text is a time as the store writes it, so that later ones sort after it."""
    try:
        return text == moment(datetime.fromisoformat(str(text)))
    except (ValueError, OverflowError):
        return False


def unreadable(path: Path, why: str) -> InputError:
    """The error for a file that cannot be taken over."""
    return InputError(
        f"The reviews {path} cannot be taken over: {why}.",
        hint="End `taxqa review` there (Ctrl-C), then copy review.sqlite3 again.",
    )
