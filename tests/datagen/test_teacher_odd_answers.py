"""Odd answers, full disks, kills: what is billed is counted, and what was heard is kept."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from asking import (
    MODELS,
    ToyTeacher,
    at_once_and_with_keys,
    questions,
    reasons,
    run,
    teacher_of,
)
from fake_teachers import FakeTeachers, Fault, served
from hypothesis import given
from hypothesis import strategies as st

from datagen.teachers.opening import open_teacher
from datagen.teachers.outcome import Outcome
from datagen.teachers.prices import Price, usd
from datagen.teachers.request import Reply, Request
from datagen.teachers.store import ReplyStore
from taxqa.errors import BusyError, InputError, ServiceError

ALL = pytest.mark.parametrize("name", MODELS)


ODD = [-1_000_000, "12", 1.5, 10**30, None]


USAGE = {
    "openai": ("input_tokens", "output_tokens"),
    "anthropic": ("input_tokens", "output_tokens"),
    "openai-compatible": ("prompt_tokens", "completion_tokens"),
}


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_once_and_with_keys(monkeypatch, tmp_path)


@pytest.fixture
def fake() -> Iterator[FakeTeachers]:
    with served(FakeTeachers()) as service:
        yield service


def good_answer(name: str) -> dict[str, Any]:
    """A right answer as the service gives it."""
    from fake_teachers import completion, message, response

    shape = {"openai": response, "anthropic": message, "openai-compatible": completion}[name]
    return shape({"model": MODELS[name]}, '{"answer": "답"}', "end")


@ALL
@pytest.mark.parametrize("tokens", ODD, ids=str)
@pytest.mark.parametrize("place", [0, 1])
def test_tokens_that_are_none_never_lower_the_ledger_nor_end_the_run(
    fake: FakeTeachers, tmp_path: Path, name: str, tokens: object, place: int
) -> None:
    answer = good_answer(name)
    answer["usage"][USAGE[name][place]] = tokens
    odd = json.dumps(answer)
    fake.fault = lambda question, times: Fault(raw=odd) if question.endswith(" 0") else None
    store = tmp_path / "답.db"
    price = Price(Decimal(1), Decimal(1))
    found = run(questions(6), teacher_of(name, fake), store, price=price)
    assert Counter(each.kept for each in found)[True] >= 5
    with ReplyStore.opened(store) as opened:
        spent = opened.spending()
        assert spent.usd >= 0
        if not reasons(found)["질문 0"]:
            assert isinstance(tokens, int)
        else:
            assert spent.uncertain > 0  # asked, perhaps billed: counted at the most it can cost


@ALL
def test_usage_without_the_fields_is_no_answer_for_nothing(
    fake: FakeTeachers, tmp_path: Path, name: str
) -> None:
    answer = good_answer(name)
    answer["usage"] = {}
    fake.fault = lambda question, times: Fault(raw=json.dumps(answer))
    price = Price(Decimal(1), Decimal(1))
    found = run(questions(1), teacher_of(name, fake), tmp_path / "답.db", price=price)
    assert not found[0].kept
    with ReplyStore.opened(tmp_path / "답.db") as opened:
        assert opened.spending().uncertain > 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


PLACES = [
    ("output",), ("output", 0), ("output", 1, "content"), ("output", 1, "content", 0, "text"),
    ("content",), ("content", 0), ("content", 0, "text"), ("choices",), ("choices", 0),
    ("choices", 0, "message"), ("choices", 0, "message", "content"), ("usage",), ("status",),
    ("incomplete_details",), ("model",), ("error",),
]  # fmt: skip


@ALL
@given(data=st.data())
def test_whatever_stands_in_an_answer_it_is_a_reply_or_one_clear_error(
    name: str, data: st.DataObject
) -> None:
    answer: Any = good_answer(name)
    place = data.draw(st.sampled_from(PLACES))
    value, inner = data.draw(JSON), answer
    for part in place[:-1]:
        inner = inner[part] if isinstance(part, int) or part in inner else None
        if inner is None:
            return
    if isinstance(inner, dict) or place[-1] == 0:
        inner[place[-1]] = value
    teacher: Any = open_teacher(name, MODELS[name], "http://127.0.0.1:9/v1")
    try:
        reply = teacher.reply(answer)
    except ServiceError:
        return
    assert isinstance(reply.text, str)
    assert 0 <= reply.input_tokens < 10**12
    assert 0 <= reply.output_tokens < 10**12


@ALL
@pytest.mark.parametrize("raw", ["[" * 100_000, '{"a":' * 100_000, '"\\ud800"', "null", "0"])
def test_an_answer_that_breaks_the_reader_is_tried_again(
    fake: FakeTeachers, tmp_path: Path, name: str, raw: str
) -> None:
    fake.fault = lambda question, times: Fault(raw=raw) if times == 0 else None
    found = run(questions(3), teacher_of(name, fake), tmp_path / "답.db")
    assert all(each.kept for each in found)


def test_half_a_letter_in_a_models_name_loses_no_reply(tmp_path: Path) -> None:
    def answer(asked: Request, times: int) -> Reply:
        return replace(ToyTeacher.plain(asked, times), model="m\ud800")

    found = run(questions(4), ToyTeacher(answer), tmp_path / "답.db")
    assert all(each.kept for each in found)


def test_one_reply_that_cannot_be_written_does_not_take_the_others_with_it(
    tmp_path: Path,
) -> None:
    def answer(asked: Request, times: int) -> Reply:
        tokens = 10**30 if asked.user == "질문 3" else 5
        return Reply('{"answer": ""}', "end", "toy", 40, tokens)

    free = Price(Decimal(0), Decimal(0))
    with pytest.raises((InputError, ServiceError, OverflowError)):
        run(questions(8), ToyTeacher(answer), tmp_path / "답.db", price=free)
    with ReplyStore.opened(tmp_path / "답.db") as store:
        assert store.spending().replies == 7


def test_a_full_disk_stops_the_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = ToyTeacher()
    flush = ReplyStore.flush
    failing: list[int] = []

    def full(store: ReplyStore) -> None:
        if sum(teacher.asked.values()) >= 5:
            failing.append(1)
            store.writer.execute("PRAGMA max_page_count = 1")
        flush(store)

    monkeypatch.setattr(ReplyStore, "flush", full)
    text = "가" * 50_000
    teacher.answer = lambda asked, times: Reply(json.dumps({"a": text}), "end", "toy", 4, 2)
    with pytest.raises((InputError, ServiceError, Exception), match="full"):
        run(questions(200), teacher, tmp_path / "답.db", concurrency=4)
    assert failing
    assert sum(teacher.asked.values()) <= 5 + 2 * 4
    monkeypatch.undo()
    with ReplyStore.opened(tmp_path / "답.db") as store:
        spent = store.spending()
        asked = sum(teacher.asked.values())
        in_ledger = store.reader.execute("SELECT count(*) FROM sent").fetchone()[0]
        assert spent.replies + in_ledger >= asked, "each request that was sent is in the ledger"


def test_a_kill_at_any_commit_leaves_a_ledger_that_covers_what_was_billed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the files before and after each commit is what SIGKILL would leave there."""
    price, budget = Price(Decimal(1), Decimal(1)), Decimal("0.006")
    billed: list[int] = []
    delivered: list[bool] = []
    moments: list[tuple[Path, int, int]] = []

    def answer(asked: Request, times: int) -> Reply:
        billed.append(price.pico(400, 200))
        text = ToyTeacher.plain(asked, times).text if times else "no JSON"
        return Reply(text, "end", "toy", 400, 200)

    def kill(path: Path) -> None:
        place = tmp_path / f"kill-{len(moments)}" / path.name
        place.parent.mkdir()
        moments.append((place, sum(billed), sum(delivered)))
        for end in ("", "-wal"):
            if (file := path.with_name(path.name + end)).exists():
                place.with_name(file.name).write_bytes(file.read_bytes())

    commit = ReplyStore.commit

    def watched(store: ReplyStore, group: Any) -> None:
        kill(store.path)
        commit(store, group)
        kill(store.path)

    def count(outcome: Outcome) -> Outcome:
        delivered.append(outcome.kept)
        return outcome

    settings: dict[str, Any] = {"price": price, "budget": budget, "concurrency": 3}
    with monkeypatch.context() as patch:
        patch.setattr(ReplyStore, "commit", watched)
        run(questions(12), ToyTeacher(answer), tmp_path / "답.db", after=count, **settings)
    assert any(delivered)
    assert not all(delivered), "the budget ended it"
    for number, (place, paid, used) in enumerate(moments):
        with ReplyStore.opened(place) as store:
            assert store.committed >= paid
            assert store.spending().replies >= used
        if number % 5 == 0:  # and gone on with
            billed.clear()
            run(questions(12), ToyTeacher(answer), place, **settings)
            assert usd(paid + sum(billed)) <= budget


def test_a_store_under_another_name_is_the_same_store(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "답.db")
    with (
        ReplyStore.opened(tmp_path / "답.db"),
        pytest.raises(BusyError),
        ReplyStore.opened(tmp_path / "link.db"),
    ):
        pass


def test_another_program_that_holds_the_file_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    with ReplyStore.opened(tmp_path / "답.db") as store:
        for connection in (store.writer, store.reader):
            assert connection.execute("PRAGMA busy_timeout").fetchone()[0] >= 60_000
