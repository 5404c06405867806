"""Batches: submitted once, picked up in another run, whatever was lost on the way."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from asking import ToyTeacher, at_once_and_with_keys, questions, reasons, request, run
from fake_teachers import KEY, FakeTeachers, Fault, served

from datagen.teachers import batch
from datagen.teachers.batch import BatchReport, Submitted, collect_batches, submit_batches
from datagen.teachers.batch_ledger import Batch, open_batches, set_batch
from datagen.teachers.opening import open_teacher
from datagen.teachers.outcome import Outcome
from datagen.teachers.prices import Price, load_prices, usd
from datagen.teachers.request import Reply, Request, Teacher
from datagen.teachers.store import ReplyStore
from datagen.teachers.tokens import most_input_tokens
from taxqa.errors import InputError, ServiceError

BOTH = pytest.mark.parametrize("provider", ["openai", "anthropic"], indirect=True)
MODELS = {"openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5"}


@dataclass
class Desk:
    """One teacher, its server and a store; each step is a run of its own."""

    fake: FakeTeachers
    provider: str
    store: Path

    @property
    def teacher(self) -> Teacher:
        url = self.fake.openai_url if self.provider == "openai" else self.fake.url
        return open_teacher(self.provider, MODELS[self.provider], url)

    @property
    def price(self) -> Price:
        return load_prices().price(self.teacher.name, batch=True)

    def submit(self, count: int, budget: Decimal | None = None) -> Submitted:
        with ReplyStore.opened(self.store) as store:
            return submit_batches(
                questions(count), self.teacher, store, price=self.price, budget=budget
            )

    def collect(self) -> list[BatchReport]:
        with ReplyStore.opened(self.store) as store:
            return collect_batches(self.teacher, store, price=self.price)

    def outcomes(self, count: int) -> list[Outcome]:
        return run(questions(count), self.teacher, self.store, send=False, price=self.price)

    def open(self) -> list[Batch]:
        with ReplyStore.opened(self.store) as store:
            return open_batches(store, self.teacher.name)

    def committed(self) -> int:
        with ReplyStore.opened(self.store) as store:
            return store.committed


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_once_and_with_keys(monkeypatch, tmp_path)


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(provider: str, tmp_path: Path) -> Iterator[Desk]:
    with served(FakeTeachers()) as fake:
        yield Desk(fake, provider, tmp_path / "답.db")


@BOTH
def test_a_batch_is_submitted_left_and_picked_up_in_another_run(desk: Desk) -> None:
    desk.fake.batch_polls = 1
    submitted = desk.submit(30)
    assert (submitted.requests, len(submitted.batches)) == (30, 1)
    assert [report.state for report in desk.collect()] == ["open"]
    assert {each.reason for each in desk.outcomes(30)} == {"in-batch"}
    (report,) = desk.collect()
    assert (report.state, report.answered, report.failed) == ("done", 30, {})
    found = desk.outcomes(30)
    assert all(each.kept for each in found)
    texts = {each.request.user: each.reply and json.loads(each.reply.text) for each in found}
    assert texts == {name: {"answer": f"{name}에 대한 답"} for name in texts}
    assert desk.collect() == []


@BOTH
def test_a_batch_costs_half_and_counts_at_its_most_until_it_is_there(desk: Desk) -> None:
    desk.submit(10)
    most = sum(desk.price.pico(most_input_tokens(each), each.max_tokens) for each in questions(10))
    assert desk.committed() == most
    desk.collect()
    billed = sum(desk.price.pico(read, written) for _, read, written in desk.fake.billed)
    assert desk.committed() == billed
    assert billed * 2 <= sum(
        load_prices().price(desk.teacher.name).pico(read, written) + 1
        for _, read, written in desk.fake.billed
    )


@BOTH
def test_nothing_is_submitted_twice(desk: Desk) -> None:
    desk.submit(10)
    again = desk.submit(15)
    assert (again.requests, again.known) == (5, 10)
    desk.collect()
    last = desk.submit(15)
    assert (last.requests, last.known, last.batches) == (0, 15, [])
    assert len(desk.fake.batches) == 2


@BOTH
def test_where_the_answer_to_create_is_lost_the_batch_is_found_and_not_created_again(
    desk: Desk,
) -> None:
    desk.fake.lose_batch_answer = True
    with pytest.raises(ServiceError, match="not known whether a batch of 10 requests"):
        desk.submit(10)
    assert len(desk.fake.batches) == 1
    for stored in desk.fake.batches.values():
        # Anthropic tells nothing of its requests before it has ended.
        stored["processing_status"] = "ended"
    again = desk.submit(10)
    assert (again.requests, again.known) == (0, 10)
    assert len(desk.fake.batches) == 1
    assert [report.answered for report in desk.collect()] == [10]


@BOTH
def test_a_batch_that_never_came_to_be_is_submitted_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fake.lose_batch_answer = True
    with pytest.raises(ServiceError):
        desk.submit(10)
    desk.fake.batches.clear()
    monkeypatch.setattr(batch, "FRESH_SECONDS", 3600.0)
    assert desk.submit(10).requests == 0, "a fresh one may not be listed yet"
    monkeypatch.setattr(batch, "FRESH_SECONDS", 0.0)
    assert desk.submit(10).requests == 10
    assert len(desk.fake.batches) == 1
    assert [report.answered for report in desk.collect()] == [10]


@pytest.mark.parametrize("provider", ["anthropic"], indirect=True)
def test_while_a_batch_that_may_be_ours_is_processed_nothing_is_created(desk: Desk) -> None:
    desk.fake.lose_batch_answer = True
    with pytest.raises(ServiceError):
        desk.submit(10)
    assert desk.submit(10).requests == 0
    assert [report.state for report in desk.collect()] == ["creating"]
    assert len(desk.fake.batches) == 1


@pytest.mark.parametrize("provider", ["anthropic"], indirect=True)
def test_another_batch_of_the_same_size_is_not_taken_for_ours(desk: Desk) -> None:
    other = Desk(desk.fake, "anthropic", desk.store.with_name("other.db"))
    other.submit(10)
    desk.fake.lose_batch_answer = True
    with pytest.raises(ServiceError):
        desk.submit(10)
    del desk.fake.batches["msgbatch_1"]
    desk.fake.batches["msgbatch_0"]["processing_status"] = "ended"
    assert desk.submit(10).requests == 10
    assert len(desk.fake.batches) == 2


@BOTH
def test_partial_failures_and_expired_requests_can_be_asked_again(desk: Desk) -> None:
    def fault(question: str, times: int) -> Fault | None:
        number = int(question.rpartition(" ")[2])
        if times == 0 and number < 2:
            return Fault(expired=True)
        if times == 0 and number == 2:
            return Fault(status=500, message="sorry")
        return Fault(text="{") if number == 3 else None

    desk.fake.fault = fault
    desk.submit(10)
    (report,) = desk.collect()
    assert (report.answered, report.failed.total(), report.failed["expired"]) == (7, 3, 2)
    found = reasons(desk.outcomes(10))
    assert [name for name, reason in found.items() if reason == "not-asked"] == [
        "질문 0", "질문 1", "질문 2"
    ]  # fmt: skip
    assert found["질문 3"] == "malformed"
    assert desk.submit(10).requests == 4
    (report,) = desk.collect()
    assert (report.answered, report.failed) == (4, {})
    assert {name for name, reason in reasons(desk.outcomes(10)).items() if reason} == {"질문 3"}


@BOTH
def test_a_batch_is_split_at_the_providers_limits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MOST_REQUESTS", 4)
    assert [report.requests for report in desk.submit(10).batches] == [4, 4, 2]
    monkeypatch.setattr(batch, "MOST_REQUESTS", 1000)
    monkeypatch.setattr(batch, "MOST_BYTES", 2500)
    sizes = [report.requests for report in desk.submit(30).batches]
    assert len(sizes) > 1
    assert sum(sizes) == 20
    for name, content in desk.fake.files.items():
        assert len(content) <= 2500 or name in ("file-0", "file-1", "file-2")
    assert sum(report.answered for report in desk.collect()) == 30


@BOTH
def test_the_budget_bounds_what_is_submitted(desk: Desk) -> None:
    most = desk.price.pico(most_input_tokens(request("질문 0")), 200)
    submitted = desk.submit(10, budget=usd(3 * most + most // 2))
    assert (submitted.requests, submitted.left) == (3, 7)
    desk.collect()
    assert desk.submit(10, budget=usd(most // 2)).requests == 0


@BOTH
def test_collecting_again_after_a_kill_in_the_middle_keeps_each_reply_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "AT_ONCE", 3)
    desk.submit(10)
    kept = batch.keep_replies
    left = [2]

    async def killed(
        store: ReplyStore, teacher: str, replies: list[tuple[str, int, Reply, int]]
    ) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        await kept(store, teacher, replies)

    monkeypatch.setattr(batch, "keep_replies", killed)
    with pytest.raises(KeyboardInterrupt):
        desk.collect()
    monkeypatch.setattr(batch, "keep_replies", kept)
    assert len(desk.open()) == 1
    assert [report.answered for report in desk.collect()] == [10]
    with ReplyStore.opened(desk.store) as store:
        assert store.spending().replies == 10
        billed = sum(desk.price.pico(read, written) for _, read, written in desk.fake.billed)
        assert store.committed == billed


@BOTH
def test_a_batch_interrupted_between_note_and_creation_at_any_moment_is_made_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = type(batch.batch_service(desk.teacher))
    create = service.create

    async def before(self: object, noted: Batch, lines: list[bytes]) -> str:
        raise KeyboardInterrupt

    async def after(self: object, noted: Batch, lines: list[bytes]) -> str:
        await create(self, noted, lines)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    for killed in (before, after):
        monkeypatch.setattr(service, "create", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.submit(5)
    monkeypatch.setattr(service, "create", create)
    for stored in desk.fake.batches.values():
        stored["processing_status"] = "ended"
    desk.submit(5)
    assert len(desk.fake.batches) == 1
    assert [report.answered for report in desk.collect()] == [5]


@BOTH
def test_a_refused_batch_is_no_batch_and_may_be_submitted_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "OPENAI_API_KEY" if desk.provider == "openai" else "ANTHROPIC_API_KEY"
    service = type(batch.batch_service(desk.teacher))
    create = service.create

    async def refused(self: object, noted: Batch, lines: list[bytes]) -> str:
        raise ServiceError("refused the API key")

    monkeypatch.setattr(service, "create", refused)
    with pytest.raises(ServiceError, match="refused the API key"):
        desk.submit(5)
    assert desk.committed() == 0
    assert desk.open() == []
    monkeypatch.setattr(service, "create", create)
    monkeypatch.setenv(variable, KEY)
    assert desk.submit(5).requests == 5


@pytest.mark.parametrize("provider", ["openai"], indirect=True)
def test_a_batch_that_fails_as_a_whole_says_why_and_frees_its_requests(desk: Desk) -> None:
    desk.submit(3)
    for stored in desk.fake.batches.values():
        stored["status"] = "failed"
        stored["errors"] = {"object": "list", "data": [{"code": "x", "message": "token limit"}]}
    (report,) = desk.collect()
    assert (report.answered, report.failed, report.message) == (0, {"no-result": 3}, "token limit")
    assert desk.committed() == 0
    assert desk.submit(3).requests == 3


def test_a_teacher_without_a_batch_api_says_so(tmp_path: Path) -> None:
    teacher = ToyTeacher(name="ollama:gemma3:12b")
    price = Price(Decimal(0), Decimal(0))
    with (
        ReplyStore.opened(tmp_path / "r.db") as store,
        pytest.raises(InputError, match="has no batch API"),
    ):
        submit_batches([request()], teacher, store, price=price)


def test_requests_of_another_batch_are_told_apart_by_their_custom_id() -> None:
    ours = Batch("abc", "", "open", 3, 0.0)
    assert ours.place(ours.custom_id(2)) == 2
    assert ours.place("abd-2") is None
    assert ours.place("abc-") is None
    assert ours.place("abc") is None


def test_a_finished_batch_is_no_longer_open(tmp_path: Path) -> None:
    async def through(store: ReplyStore) -> list[Batch]:
        noted = await batch.note_batch(store, "openai:x", "id", [("k", 1)], 5)
        opened = await set_batch(store, noted, "open", "remote")
        await set_batch(store, opened, "done")
        return open_batches(store, "openai:x")

    with ReplyStore.opened(tmp_path / "r.db") as store:
        assert asyncio.run(through(store)) == []
        assert store.committed == 0


def test_a_request_for_a_batch_is_the_one_that_would_be_sent_alone(
    tmp_path: Path,
) -> None:
    asked = Request("체계", "질문", {"type": "object"}, 50)
    for name, model in MODELS.items():
        service = batch.batch_service(open_teacher(name, model))
        line = json.loads(service.line("id-0", asked))
        body = line["body"] if name == "openai" else line["params"]
        assert body["model"] == model
        assert "질문" in json.dumps(body, ensure_ascii=False)
