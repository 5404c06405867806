"""The store of replies: on the disk before it is used, for one process at a time."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from asking import ToyTeacher, questions, request, run
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.teachers.prices import usd
from datagen.teachers.request import Reply
from datagen.teachers.store import ReplyStore, Statement
from taxqa.errors import BusyError, InputError, NoSpaceError

REPLY = Reply('{"answer": "답"}', "end", "toy", 7, 3)
TEACHER = "openai:gpt-6-luna"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "새 폴더" / "답.db"


def test_a_reply_comes_back_as_it_was(path: Path) -> None:
    odd = Reply("가\0나\n\u2028", "length", "모델", 0, 10**9)
    with ReplyStore.opened(path) as store:
        asyncio.run(store.keep(TEACHER, "k", 1, REPLY, pico=11, seconds=0.5))
        asyncio.run(store.keep(TEACHER, "k", 2, odd, pico=12, seconds=0.5))
    with ReplyStore.opened(path) as store:
        assert store.replies(TEACHER, "k") == [REPLY, odd]
        assert store.replies("openai:other", "k") == []
        assert store.replies(TEACHER, "other") == []


def test_a_reply_is_on_the_disk_when_keep_returns(path: Path) -> None:
    async def kept_and_seen(store: ReplyStore) -> int:
        await store.keep(TEACHER, "k", 1, REPLY, pico=11, seconds=0.5)
        with sqlite3.connect(path) as other:
            count = other.execute("SELECT count(*) FROM replies").fetchone()[0]
        other.close()
        return int(count)

    with ReplyStore.opened(path) as store:
        assert asyncio.run(kept_and_seen(store)) == 1


def test_a_second_process_is_kept_out(path: Path) -> None:
    with ReplyStore.opened(path), pytest.raises(BusyError), ReplyStore.opened(path):
        pass
    with ReplyStore.opened(path):
        pass


@pytest.mark.parametrize("content", [b"no database, but long enough to be one" * 30, b"\0" * 5000])
def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be used"), ReplyStore.opened(path):
        pass
    assert path.read_bytes() == content


def test_a_full_disk_ends_the_run_with_one_message_and_what_came_before_is_kept(
    path: Path,
) -> None:
    run(questions(3), ToyTeacher(), path)
    with ReplyStore.opened(path) as store:
        pages = store.writer.execute("PRAGMA page_count").fetchone()[0]
        store.writer.execute(f"PRAGMA max_page_count = {pages}")
        big = Reply("가" * 100_000, "end", "toy", 1, 1)
        with pytest.raises(NoSpaceError, match="is full"):
            asyncio.run(store.keep(TEACHER, "big", 1, big, pico=1, seconds=0.1))
    with ReplyStore.opened(path) as store:
        assert store.spending().replies == 3


def test_one_statement_that_fails_does_not_leave_half_of_a_group(path: Path) -> None:
    good: Statement = ("INSERT INTO sent VALUES (1, 'a', 'b', 5, 0)", ())
    with ReplyStore.opened(path) as store:
        with pytest.raises(InputError):
            asyncio.run(store.write([good, ("INSERT INTO nowhere VALUES (1)", ())]))
        assert store.pico_spent() == 0
        asyncio.run(store.write([good]))
        assert store.pico_spent() == 5


def test_what_was_sent_and_not_answered_counts_until_it_is_known(path: Path) -> None:
    with ReplyStore.opened(path) as store:
        id = asyncio.run(store.note(TEACHER, "k", 100))
        assert store.committed == 100
    with ReplyStore.opened(path) as store:
        assert store.committed == 100
        assert store.spending(TEACHER).uncertain == usd(100)
        assert store.spending("other").uncertain == 0
        second = asyncio.run(store.note(TEACHER, "k", 50))
        assert second != id
        asyncio.run(store.keep(TEACHER, "k", 1, REPLY, pico=9, seconds=1.0, noted=(second, 50)))
        assert store.committed == 109
        asyncio.run(store.take_back(id, 100))
        assert store.committed == store.pico_spent() == 9


def test_spending_is_summed_over_all_runs_and_by_teacher(path: Path) -> None:
    run(questions(4), ToyTeacher(), path)
    run(questions(6), ToyTeacher(name="openai:gpt-5.6-luna"), path)
    with ReplyStore.opened(path) as store:
        assert store.spending().replies == 10
        assert store.spending(TEACHER).replies == 4
        assert store.spending(TEACHER).input_tokens == 160
        whole, part = store.spending().usd, store.spending(TEACHER).usd
        assert whole == usd(store.committed) == part + store.spending("openai:gpt-5.6-luna").usd


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["note", "keep", "take back", "reopen"]), st.integers(0, 10**15)),
    max_size=20,
)


@given(actions=ACTIONS)
@settings(max_examples=25, deadline=None)
def test_the_ledger_in_memory_is_the_one_on_the_disk(
    actions: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "replies.db"
    noted: list[tuple[int, int]] = []
    kept, expected = 0, 0
    opened = ReplyStore.opened(path)
    store = opened.__enter__()
    try:
        for action, pico in actions:
            if action == "note":
                noted.append((asyncio.run(store.note(TEACHER, "k", pico)), pico))
                expected += pico
            elif action == "keep" and noted:
                note = noted.pop()
                kept += 1
                asyncio.run(store.keep(TEACHER, "k", kept, REPLY, pico=pico, seconds=0, noted=note))
                expected += pico - note[1]
            elif action == "take back" and noted:
                id, most = noted.pop(0)
                asyncio.run(store.take_back(id, most))
                expected -= most
            elif action == "reopen":
                opened.__exit__(None, None, None)
                opened = ReplyStore.opened(path)
                store = opened.__enter__()
            assert store.committed == store.pico_spent() == expected
    finally:
        opened.__exit__(None, None, None)


def test_a_reply_handed_over_is_written_though_the_one_who_waits_is_cancelled(path: Path) -> None:
    async def cancelled(store: ReplyStore) -> None:
        task = asyncio.create_task(store.keep(TEACHER, request().key, 1, REPLY, pico=1, seconds=0))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with ReplyStore.opened(path) as store:
        asyncio.run(cancelled(store))
    with ReplyStore.opened(path) as store:
        assert store.replies(TEACHER, request().key) == [REPLY]
