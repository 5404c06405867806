"""Batches whose service errs, and keys: nothing is paid twice, and no key gets out."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from asking import MODELS, asked_once, at_once_and_with_keys, questions, request, run, teacher_of
from fake_teachers import KEY, FakeTeachers, Fault, served
from hypothesis import given
from hypothesis import strategies as st

from datagen.teachers.batch import collect_batches, submit_batches
from datagen.teachers.batch_ledger import open_batches
from datagen.teachers.failures import Service
from datagen.teachers.opening import open_teacher
from datagen.teachers.prices import Price, load_prices
from datagen.teachers.store import ReplyStore
from taxqa.errors import InputError, ServiceError

ALL = pytest.mark.parametrize("name", MODELS)


PAID = pytest.mark.parametrize("name", ["openai", "anthropic"])


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_once_and_with_keys(monkeypatch, tmp_path)


@pytest.fixture
def fake() -> Iterator[FakeTeachers]:
    with served(FakeTeachers()) as service:
        yield service


@dataclass
class Desk:
    """One teacher, its server and a store."""

    fake: FakeTeachers
    name: str
    store: Path

    @property
    def price(self) -> Price:
        return load_prices().price(f"{self.name}:{MODELS[self.name]}", batch=True)

    def submit(self, *numbers: int) -> Any:
        asked = [request(f"질문 {number}") for number in numbers]
        with ReplyStore.opened(self.store) as store:
            return submit_batches(asked, teacher_of(self.name, self.fake), store, price=self.price)

    def collect(self) -> Any:
        with ReplyStore.opened(self.store) as store:
            return collect_batches(teacher_of(self.name, self.fake), store, price=self.price)

    def kept(self, *numbers: int) -> list[bool]:
        asked = [request(f"질문 {number}") for number in numbers]
        teacher = teacher_of(self.name, self.fake)
        return [each.kept for each in run(asked, teacher, self.store, send=False, price=self.price)]

    def open(self) -> int:
        with ReplyStore.opened(self.store) as store:
            return len(open_batches(store, f"{self.name}:{MODELS[self.name]}"))


@pytest.fixture
def desk(fake: FakeTeachers, tmp_path: Path, name: str) -> Desk:
    return Desk(fake, name, tmp_path / "답.db")


@PAID
def test_a_batch_that_cannot_be_had_keeps_no_other_from_being_fetched(desk: Desk) -> None:
    desk.submit(0, 1)
    desk.submit(2, 3)
    first = next(iter(desk.fake.batches))
    gone = desk.fake.batches.pop(first)
    with pytest.raises(ServiceError):
        desk.collect()
    assert desk.kept(2, 3) == [True, True]
    assert desk.open() == 1
    desk.fake.batches[first] = gone  # it was another key's, or a bad moment
    desk.collect()
    assert desk.kept(0, 1) == [True, True]


def spoiled(desk: Desk, spoil: Callable[[list[str]], list[str]]) -> None:
    """Change the lines of the results as the provider hands them out."""

    def meddle(asked: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        if not asked.path.endswith(("/content", "/results")):
            return answer
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        lines = answer.body.decode().strip().split("\n")
        return web.Response(text="\n".join(spoil(lines)) + "\n")

    desk.fake.meddle = meddle


def created_but_said(desk: Desk, odd: web.Response) -> None:
    """Answer the first creation of a batch, which is carried out, by something else."""
    times: list[int] = []

    def meddle(asked: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        if asked.method == "POST" and asked.path.endswith("/batches"):
            times.append(1)
            return odd if len(times) == 1 else answer
        return answer

    desk.fake.meddle = meddle


def ended(desk: Desk) -> None:
    """Let all batches have ended: only then Anthropic tells the ids of their requests."""
    for found in desk.fake.batches.values():
        if desk.name == "anthropic":
            found["processing_status"] = "ended"


LINES: dict[str, Callable[[list[str]], list[str]]] = {
    "not JSON": lambda lines: ['{"custom_id": "ha', *lines],
    "no object": lambda lines: ["[1, 2]", "null", *lines],
    "no id": lambda lines: ['{"response": {"status_code": 200, "body": {}}}', *lines],
    "another's id": lambda lines: [
        json.dumps(json.loads(lines[0]) | {"custom_id": "0000-1"}), *lines
    ],
    "an id beyond the batch": lambda lines: [
        json.dumps(json.loads(lines[0]) | {"custom_id": json.loads(lines[0])["custom_id"] + "9"}),
        *lines,
    ],
    "each twice": lambda lines: [*lines, *lines],
    "no result in it": lambda lines: [
        json.dumps({"custom_id": json.loads(lines[0])["custom_id"]}), *lines[1:], lines[0]
    ],
}  # fmt: skip


@PAID
@pytest.mark.parametrize("how", LINES)
def test_a_line_of_the_results_that_is_none_loses_no_other_reply(desk: Desk, how: str) -> None:
    desk.submit(0, 1, 2, 3)
    spoiled(desk, LINES[how])
    [report] = desk.collect()
    assert report.state == "done"
    assert desk.kept(0, 1, 2, 3) == [True] * 4
    assert (report.answered, report.failed) == (4, {})
    with ReplyStore.opened(desk.store) as store:
        assert store.spending().replies == 4


@PAID
def test_fewer_results_than_requests_can_be_asked_again(desk: Desk) -> None:
    desk.submit(0, 1, 2, 3)
    spoiled(desk, lambda lines: lines[:2])
    [report] = desk.collect()
    assert (report.answered, report.failed) == (2, {"no-result": 2})
    assert desk.submit(0, 1, 2, 3).requests == 2


ANSWERS = {"503": (503, "upstream"), "nothing": (200, "{}"), "null": (200, '{"id": null}')}
ANSWERS |= {"error": (200, '{"error": "oops"}'), "number": (200, '{"id": 7}')}


@PAID
@pytest.mark.parametrize("how", ANSWERS)
def test_a_batch_created_by_a_call_that_seemed_to_fail_is_found_and_not_made_twice(
    desk: Desk, how: str
) -> None:
    """503 may come from something that stands before the service and has let the call through."""
    status, text = ANSWERS[how]
    created_but_said(desk, web.Response(status=status, text=text, content_type="application/json"))
    with pytest.raises(ServiceError):
        desk.submit(0, 1, 2)
    ended(desk)
    desk.submit(0, 1, 2)
    desk.collect()
    assert len(desk.fake.batches) == 1
    assert desk.kept(0, 1, 2) == [True] * 3


@pytest.mark.parametrize("status", [302, 307])
@ALL
def test_neither_key_nor_question_follows_a_redirect_to_another_host(
    fake: FakeTeachers, monkeypatch: pytest.MonkeyPatch, name: str, status: int
) -> None:
    monkeypatch.setenv("TAXQA_TEACHER_API_KEY", KEY)
    with served(FakeTeachers()) as other:

        async def redirected(request: Any, *rest: Any) -> Any:
            target = f"{other.url}{request.path}"
            return web.Response(status=status, headers={"Location": target})

        fake.answered = redirected  # type: ignore[method-assign]
        with pytest.raises(ServiceError):
            asked_once(teacher_of(name, fake), request())
    assert other.headers == []


@pytest.mark.parametrize("variable, name", [
    ("OPENAI_BASE_URL", "openai"), ("ANTHROPIC_BASE_URL", "anthropic"),
])  # fmt: skip
@pytest.mark.parametrize(
    "url", ["http://203.0.113.7/v1", "https://me:pass42@example.org/v1", "file:///x"]
)
def test_an_address_from_the_environment_is_checked_as_one_from_the_command_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, name: str, url: str
) -> None:
    monkeypatch.setenv(variable, url)
    with pytest.raises(InputError) as error:
        open_teacher(name, MODELS[name])
    assert "pass42" not in str(error.value)


@given(
    before=st.integers(min_value=0, max_value=400),
    key=st.text("abcdefgh0123456789-_", min_size=12, max_size=60),
)
def test_no_part_of_a_key_is_left_where_a_message_is_cut(before: int, key: str) -> None:
    service = Service("OpenAI", "openai:gpt-6-luna", secret=key)
    shown = service.told("." * before + key + " is no key")
    assert key[:8] not in shown.replace("…", "")


def test_an_answer_that_echoes_the_key_is_not_repeated(
    fake: FakeTeachers, monkeypatch: pytest.MonkeyPatch
) -> None:
    echoed = f"{'.' * 65}{KEY} was refused by the gateway"
    fake.fault = lambda question, times: Fault(raw=echoed)
    with pytest.raises(ServiceError) as error:
        asked_once(teacher_of("openai", fake), request())
    assert KEY[:10] not in str(error.value)


@pytest.mark.parametrize(
    "variable", ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"]
)
def test_no_key_of_a_provider_goes_to_an_own_server(
    fake: FakeTeachers, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "sk-other-secret-9")
    asked_once(teacher_of("openai-compatible", fake), request())
    assert "sk-other-secret-9" not in json.dumps(fake.headers)


def test_an_anthropic_token_in_the_environment_does_not_go_beside_the_key(
    fake: FakeTeachers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "sk-other-secret-9")
    asked_once(teacher_of("anthropic", fake), request())
    assert "sk-other-secret-9" not in json.dumps(fake.headers)


@ALL
def test_no_key_is_in_the_store(
    fake: FakeTeachers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TAXQA_TEACHER_API_KEY", KEY)
    run(questions(3), teacher_of(name, fake), tmp_path / "답.db")
    with sqlite3.connect(tmp_path / "답.db") as db:
        assert KEY not in "\n".join(db.iterdump())
