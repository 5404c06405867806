"""Each error of SQLite says what happened to the file and what to do, also where it is whole."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from taxqa.errors import BusyError, InputError, NoSpaceError
from taxqa.stores import StoreErrors

ERRORS = StoreErrors(
    name="store", kept="the rest is kept", again="run it again", otherwise="Move it away."
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one table."""
    path = tmp_path / "창고.sqlite3"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE kept (text TEXT)")
    return path


def write(path: Path, text: str, settings: str = "") -> None:
    """One row, under the errors' names."""
    with ERRORS.named(path), closing(sqlite3.connect(path, timeout=0)) as db, db:
        db.execute(f"PRAGMA {settings or 'user_version'}")
        db.execute("INSERT INTO kept VALUES (?)", (text,))


def test_without_an_error_nothing_is_raised(path: Path) -> None:
    write(path, "글")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT text FROM kept").fetchall() == [("글",)]


def test_a_full_disk_says_what_is_kept(path: Path) -> None:
    with pytest.raises(NoSpaceError, match="is full; the rest is kept") as caught:
        write(path, "글" * 100_000, "max_page_count = 2")
    assert caught.value.hint == "Free some space and run it again."


def test_a_store_that_another_process_writes_is_not_called_damaged(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match="Another process is writing") as caught:
            write(path, "글")
    assert caught.value.hint == "When it is done, run it again."


def test_a_store_that_may_not_be_written_is_not_called_damaged(path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened and written") as caught:
        write(path, "글", "query_only = ON")
    assert "rights of the file" in caught.value.hint
    with pytest.raises(InputError, match="cannot be opened and written"):
        write(path / "below a file", "글")


def test_a_file_that_is_something_else_is_said_to_be_unusable(path: Path) -> None:
    path.write_bytes(b"no database at all " * 99)
    with pytest.raises(InputError, match=r"store .* cannot be used: .*not a database") as caught:
        write(path, "글")
    assert caught.value.hint == "Move it away."
