"""Reviews of two machines become one: the latest verdict of each reviewer, all or nothing."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.review import store
from datagen.review.merging import FIELDS, TakenOver, read_rows, take_over
from datagen.review.store import Reviews, moment
from taxqa.errors import InputError, NoSpaceError

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT = {"question": "질문인가요?", "answer": "네.", "type": "student", "source": "practical"}
ALL = frozenset({"d1", "d2", "d3"})


def at(minutes: int) -> str:
    return moment(DAY + timedelta(minutes=minutes))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Minutes since DAY, which a test sets."""
    minutes = [0]
    monkeypatch.setattr(store, "now", lambda: at(minutes[0]))
    return minutes


def counting(reviews: Reviews) -> set[tuple[str, str, str, str]]:
    """(record, reviewer, verdict, time) of what counts."""
    return {
        (digest, name, decision.verdict, moment(decision.at))
        for digest, given in reviews.current().items()
        for name, decision in given.items()
    }


def test_each_reviewers_latest_decision_counts_whichever_machine_it_was_made_on(
    tmp_path: Path, clock: list[int]
) -> None:
    with Reviews.opened(tmp_path / "집.sqlite3") as home, Reviews.opened(tmp_path / "b") as office:
        office.decide("가", "r1", "d1", "accept")
        office.decide("나", "r1", "d1", "reject", reason="outdated", note="2025년 개정")
        office.decide("가", "r9", "d9", "accept")
        clock[0] = 5
        home.decide("가", "r1", "d1", "reject", reason="other")
        home.decide("가", "r2", "d2", "reject", reason="other")
        clock[0] = 9
        office.decide("가", "r2", "d2", "edit", edited=TEXT)
        office.save_draft("나", "d3", {"answer": "초안"})
        assert take_over(home, office.path, ALL) == TakenOver(3, 0, 0, 1, ("가", "나"))
        assert {found[:3] for found in counting(home)} == {
            ("d1", "가", "reject"),
            ("d1", "나", "reject"),
            ("d2", "가", "edit"),
        }
        assert home.current()["d1"]["나"].note == "2025년 개정"
        assert home.current()["d2"]["가"].edited == TEXT
        assert home.draft("나", "d3") is None
        assert take_over(home, office.path, ALL) == TakenOver(0, 0, 3, 1, ())
        assert (undone := home.undo("가", ALL)) and undone.digest == "d2"


def test_what_was_taken_back_on_either_machine_stays_so(tmp_path: Path, clock: list[int]) -> None:
    with Reviews.opened(tmp_path / "a") as home, Reviews.opened(tmp_path / "b") as office:
        office.decide("가", "r1", "d1", "accept")
        office.decide("나", "r2", "d2", "accept")
        take_over(home, office.path, ALL)
        clock[0] = 3
        home.undo("나", ALL)
        office.undo("가", ALL)
        assert take_over(home, office.path, ALL) == TakenOver(0, 1, 2, 0, ())
        assert home.current() == {}
        assert take_over(home, office.path, ALL).undone == 0


def test_a_decision_after_one_of_a_faster_clock_still_counts(
    tmp_path: Path, clock: list[int]
) -> None:
    with Reviews.opened(tmp_path / "a") as home, Reviews.opened(tmp_path / "b") as office:
        clock[0] = 30
        office.decide("가", "r1", "d1", "accept")
        take_over(home, office.path, ALL)
        clock[0] = 10
        home.decide("가", "r1", "d1", "reject", reason="other")
        assert home.current()["d1"]["가"].verdict == "reject"
        take_over(office, home.path, ALL)
        assert counting(office) == counting(home)


ROWS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from("가나"),
        st.sampled_from(sorted(ALL)),
        st.sampled_from(("accept", "reject")),
        st.booleans(),
    ),
    unique_by=lambda row: row[:3],
)


def write(path: Path, rows: list[tuple[int, str, str, str, bool]]) -> None:
    with Reviews.opened(path) as reviews, reviews.db:
        reviews.db.executemany(
            f"INSERT INTO decisions ({FIELDS}) VALUES (?, ?, ?, ?, ?, '', '', NULL, ?)",
            [
                (at(minute), name, digest, digest, verdict, at(60) if undone else None)
                for minute, name, digest, verdict, undone in rows
            ],
        )


@settings(deadline=None, max_examples=40)
@given(rows=ROWS, cut=st.integers(0, 30))
def test_both_machines_come_to_the_same_reviews(
    rows: list[tuple[int, str, str, str, bool]], cut: int
) -> None:
    with TemporaryDirectory() as folder:
        one, two = Path(folder, "1.sqlite3"), Path(folder, "2.sqlite3")
        write(one, rows[:cut])
        write(two, rows[cut // 2 :])
        with Reviews.opened(one) as first, Reviews.opened(two) as second:
            take_over(first, two, ALL)
            take_over(second, one, ALL)
            assert counting(first) == counting(second)
            wanted = {}
            for minute, name, digest, verdict, undone in sorted(rows, key=lambda row: row[0]):
                if not undone:
                    wanted[digest, name] = (digest, name, verdict, at(minute))
            assert counting(first) == set(wanted.values())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE decisions SET verdict = 'edit' WHERE digest = 'd2'", "does not fit"),
        ("UPDATE decisions SET edited = '{}' WHERE digest = 'd2'", "does not fit"),
        ("UPDATE decisions SET edited = '{}' WHERE digest = 'd3'", "no record"),
        ("UPDATE decisions SET at = '내일' WHERE digest = 'd2'", "no time"),
        ("UPDATE decisions SET at = '2026-03-02T18:00:00+09:00' WHERE digest = 'd2'", "no time"),
        ("UPDATE decisions SET at = '2999-01-01T00:00:00.000+00:00'", "yet to come"),
        ("UPDATE decisions SET note = x'ff' WHERE digest = 'd2'", "no text"),
        ("PRAGMA user_version = 2", "version 2"),
        ("ALTER TABLE decisions RENAME TO others", "no such table"),
    ],
)
def test_of_a_file_with_a_fault_nothing_is_taken(tmp_path: Path, change: str, why: str) -> None:
    other = tmp_path / "other.sqlite3"
    with Reviews.opened(other) as office:
        office.decide("가", "r1", "d1", "accept")
        office.decide("가", "r2", "d2", "accept")
        office.decide("가", "r3", "d3", "edit", edited=TEXT)
    with closing(sqlite3.connect(other)) as db, db:
        db.execute(change)
    with Reviews.opened(tmp_path / "r.sqlite3") as home:
        with pytest.raises(InputError, match=why):
            take_over(home, other, ALL)
        assert home.all() == ()


def test_what_is_no_file_of_reviews_is_said_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_rows(tmp_path / "없음.sqlite3")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "글.sqlite3").write_text("데이터베이스가 아니다. " * 100, encoding="utf-8")
    with pytest.raises(InputError, match="not a database"):
        read_rows(tmp_path / "글.sqlite3")


def test_a_full_disk_takes_all_or_nothing(tmp_path: Path) -> None:
    with Reviews.opened(tmp_path / "a") as home, Reviews.opened(tmp_path / "b") as office:
        for number in range(200):
            office.decide("가", f"r{number}", f"d{number}", "reject", note="긴 메모 " * 50)
        (pages,) = home.db.execute("PRAGMA page_count").fetchone()
        home.db.execute(f"PRAGMA max_page_count={pages + 3}")
        with pytest.raises(NoSpaceError):
            take_over(home, office.path, {f"d{number}" for number in range(200)})
        assert home.all() == ()
