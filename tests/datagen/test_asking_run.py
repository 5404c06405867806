"""A run asks what is needed and nothing twice, keeps to its budget, and outlasts a bad service."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path

import pytest
from asking import LUNA, ToyTeacher, questions, reasons, request, run
from fake_teachers import KEY, FakeTeachers, Fault, served
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.teachers import exchange
from datagen.teachers.batch_ledger import note_batch
from datagen.teachers.failures import PassingError, RequestRefusedError
from datagen.teachers.opening import open_teacher
from datagen.teachers.outcome import Outcome, Tally
from datagen.teachers.prices import usd
from datagen.teachers.request import Reply, Request, Teacher
from datagen.teachers.run import ask_all
from datagen.teachers.store import ReplyStore
from datagen.teachers.tokens import most_input_tokens
from taxqa.errors import InputError, ServiceError


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(exchange, "FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def fake() -> Iterator[FakeTeachers]:
    with served(FakeTeachers()) as started:
        yield started


@pytest.fixture
def teacher(fake: FakeTeachers) -> Teacher:
    return open_teacher("openai", "gpt-6-luna", fake.openai_url)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "답.db"


def test_each_request_has_one_outcome_and_it_is_the_object_that_was_given(store: Path) -> None:
    asked = list(questions(30))
    found = run(asked, ToyTeacher(), store)
    assert sorted(map(id, asked)) == sorted(id(each.request) for each in found)
    assert all(each.kept and not each.stored for each in found)


def test_nothing_is_asked_twice(store: Path) -> None:
    first, second = ToyTeacher(), ToyTeacher()
    before = run(questions(30), first, store)
    after = run(questions(40), second, store)
    assert len(second.asked) == 10
    assert sum(each.stored for each in after) == 30
    texts = {each.request.user: each.reply for each in after}
    assert all(texts[each.request.user] == each.reply for each in before)


def test_another_teacher_is_asked_for_itself(store: Path) -> None:
    run(questions(5), ToyTeacher(), store)
    other = ToyTeacher(name="openai:gpt-5.6-luna")
    run(questions(5), other, store)
    assert len(other.asked) == 5


def test_the_same_request_twice_in_a_run_is_asked_once(store: Path) -> None:
    teacher = ToyTeacher()
    found = run([request("같은 질문")] * 20, teacher, store)
    assert teacher.asked == {"같은 질문": 1}
    assert [each.kept for each in found] == [True] * 20
    assert sum(each.stored for each in found) == 19


def test_a_reply_with_a_problem_is_asked_again_and_then_recorded_with_its_reason(
    store: Path,
) -> None:
    def answer(request: Request, times: int) -> Reply:
        text = {"질문 0": "{", "질문 1": "{" if times == 0 else "{}", "질문 2": "[1]"}
        return Reply(text.get(request.user, "{}"), "end", "toy", 1, 1)

    teacher = ToyTeacher(answer)
    found = run(questions(4), teacher, store)
    assert reasons(found) == {
        "질문 0": "malformed", "질문 1": None, "질문 2": "malformed", "질문 3": None
    }  # fmt: skip
    assert teacher.asked == {"질문 0": 3, "질문 1": 2, "질문 2": 3, "질문 3": 1}
    rejected = next(each for each in found if each.request.user == "질문 0")
    assert rejected.reply is not None
    assert rejected.reply.text == "{"


@pytest.mark.parametrize(
    ("stop", "reason"),
    [("length", "truncated"), ("refusal", "refused"), ("filtered", "filtered")],
)
def test_a_reply_that_did_not_end_well_is_rejected_by_name(
    fake: FakeTeachers, teacher: Teacher, store: Path, stop: str, reason: str
) -> None:
    fake.fault = lambda question, times: Fault(stop=stop)
    found = run([request()], teacher, store, attempts=2)
    assert reasons(found) == {"질문 0": reason}
    assert fake.asked.total() == 2


def test_attempts_of_former_runs_count(store: Path) -> None:
    def off_topic(request: Request, reply: Reply) -> str | None:
        return "off-topic: always"

    first = ToyTeacher()
    run(questions(1), first, store, problem=off_topic, attempts=2)
    second = ToyTeacher()
    found = run(questions(1), second, store, problem=off_topic, attempts=3)
    assert (first.asked, second.asked) == ({"질문 0": 2}, {"질문 0": 1})
    third = ToyTeacher()
    found = run(questions(1), third, store, problem=off_topic, attempts=3)
    assert third.asked == {}
    assert found[0].reason == "off-topic: always"


def test_a_check_that_is_mended_finds_use_for_what_was_paid(store: Path) -> None:
    run(questions(3), ToyTeacher(), store, problem=lambda request, reply: "too-strict")
    again = ToyTeacher()
    assert all(each.kept for each in run(questions(3), again, store))
    assert again.asked == {}


def test_no_requests_no_outcomes(store: Path) -> None:
    assert run([], ToyTeacher(), store) == []


def test_requests_are_taken_as_there_is_room(store: Path) -> None:
    taken = 0

    def counted() -> Iterator[Request]:
        nonlocal taken
        for each in questions(1000):
            taken += 1
            yield each

    async def some(opened: ReplyStore) -> int:
        found = ask_all(counted(), ToyTeacher(), opened, price=LUNA, concurrency=5)
        async with aclosing(found):
            for _ in range(7):
                await anext(found)
            await asyncio.sleep(0.05)
        return taken

    with ReplyStore.opened(store) as opened:
        assert asyncio.run(some(opened)) <= 7 + 3 * 5


def test_no_more_than_wanted_are_asked_at_once(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    fake.latency = 0.01
    fake.held = lambda: fake.peak < 7
    run(questions(40), teacher, store, concurrency=7)
    assert fake.peak == 7


def test_only_what_the_store_has_where_nothing_is_to_be_sent(store: Path) -> None:
    run(questions(2), ToyTeacher(), store)
    silent = ToyTeacher()
    found = run(questions(3), silent, store, send=False)
    assert reasons(found) == {"질문 0": None, "질문 1": None, "질문 2": "not-asked"}
    assert silent.asked == {}


def test_what_lies_with_a_batch_is_not_asked_as_well(store: Path) -> None:
    async def noted(opened: ReplyStore) -> None:
        await note_batch(opened, "openai:gpt-6-luna", "b", [(request().key, 1)], pico=5)

    with ReplyStore.opened(store) as opened:
        asyncio.run(noted(opened))
    teacher = ToyTeacher()
    assert reasons(run(questions(2), teacher, store)) == {"질문 0": "in-batch", "질문 1": None}
    assert teacher.asked == {"질문 1": 1}


def test_the_run_is_told_as_it_goes(store: Path) -> None:
    told: list[tuple[int, int]] = []
    last = Tally()

    def progress(tally: Tally) -> None:
        nonlocal last
        told.append((tally.done, tally.kept))
        last = tally

    def problem(request: Request, reply: Reply) -> str | None:
        return "off-topic: 4" if request.user.endswith("4") else None

    run(questions(10), ToyTeacher(), store, problem=problem, progress=progress)
    assert [done for done, _ in told] == list(range(1, 11))
    assert (last.kept, dict(last.rejected), last.asked) == (9, {"off-topic": 1}, 12)
    assert last.usd == 12 * LUNA.cost(40, 20) == last.ledger
    assert (last.input_tokens, last.output_tokens) == (12 * 40, 12 * 20)


# --- a service that fails


def test_429s_are_waited_out_and_fewer_are_sent_at_once(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    fake.latency, fake.most_at_once = 0.005, 3
    fake.held = lambda: fake.asked.total() < 24
    at_once: list[int] = []
    found = run(
        questions(60), teacher, store, concurrency=24,
        progress=lambda tally: at_once.append(tally.at_once),
    )  # fmt: skip
    assert all(each.kept for each in found)
    assert min(at_once) <= 12
    with ReplyStore.opened(store) as opened:
        assert opened.spending().replies == 60
        assert opened.spending().uncertain == 0


def test_the_time_the_service_asks_for_is_given(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    headers = {"retry-after-ms": "300"}
    fake.fault = lambda question, times: (
        Fault(status=429, message="slow down", headers=headers) if times == 0 else None
    )
    began = asyncio.new_event_loop()
    started = began.time()
    assert run([request()], teacher, store)[0].kept
    assert began.time() - started >= 0.3
    began.close()


def test_a_service_that_asks_to_come_back_tomorrow_is_not_waited_for(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    headers = {"retry-after": "86400"}
    fake.fault = lambda question, times: Fault(status=429, message="daily", headers=headers)
    found = run(questions(3), teacher, store)
    assert {each.reason for each in found} == {"service: OpenAI answered HTTP 429: daily"}
    with pytest.raises(ServiceError, match=r"\d requests in a row"):
        run(questions(100), teacher, store)


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(status=529), Fault(drop="before"), Fault(drop="middle"),
     Fault(raw="<html>")],
    ids=str,
)  # fmt: skip
def test_what_passes_is_tried_again(
    fake: FakeTeachers, teacher: Teacher, store: Path, fault: Fault
) -> None:
    fake.fault = lambda question, times: fault if times < 2 else None
    found = run(questions(5), teacher, store)
    assert all(each.kept for each in found)
    assert fake.asked.total() == 15


def test_a_dropped_reply_stays_in_the_ledger_at_the_most_it_can_cost(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    fake.fault = lambda question, times: Fault(drop="after") if times == 0 else None
    run([request()], teacher, store)
    most = LUNA.pico(most_input_tokens(request()), 200)
    with ReplyStore.opened(store) as opened:
        assert opened.spending().uncertain == usd(most)
        assert opened.committed == most + LUNA.pico(*fake.billed[1][1:])


def test_a_request_that_is_refused_for_good_does_not_stop_the_others(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    fake.fault = lambda question, times: (
        Fault(status=400, message="content policy") if question == "질문 3" else None
    )
    found = run(questions(8), teacher, store, concurrency=2)
    named = {each.request.user: each.reason for each in found if not each.kept}
    assert named == {"질문 3": "service: OpenAI answered HTTP 400: content policy"}
    assert fake.asked["질문 3"] == 1
    again = run(questions(8), teacher, store)
    assert fake.asked["질문 3"] == 2, "nothing was paid, so it may be asked again"
    assert sum(each.stored for each in again) == 7


def test_many_refused_requests_in_a_row_do_not_stop_a_teacher_that_answers_others(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    fake.fault = lambda question, times: (
        Fault(status=400, message="too long") if int(question.split()[1]) < 30 else None
    )
    run([request("질문 99")], teacher, store)
    found = run(questions(40), teacher, store, concurrency=2)
    assert [each.kept for each in found].count(True) == 10


def test_a_teacher_that_refuses_everything_stops_the_run(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    fake.fault = lambda question, times: Fault(status=400, message="Invalid schema for reply")
    with pytest.raises(ServiceError, match=r"first \d+ requests were refused.*Invalid schema"):
        run(questions(1000), teacher, store, concurrency=4)
    assert fake.asked.total() < 30


@given(st.integers(1, 10_000))
def test_waits_grow_and_stay_bounded(tries: int) -> None:
    wait = exchange.waiting_time(PassingError("slow down", overloaded=True), tries)
    assert 0 < wait <= exchange.MOST_WAIT_SECONDS
    first = exchange.FIRST_WAIT_SECONDS
    assert wait >= 0.75 * min(exchange.MOST_WAIT_SECONDS, first * 2 ** min(tries - 1, 10))


def test_a_service_that_is_down_stops_the_run_and_what_came_is_kept(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    fake.fault = lambda question, times: (
        Fault(status=500, message="down") if int(question.split()[1]) >= 6 else None
    )
    with pytest.raises(ServiceError, match=r"\d requests in a row got no reply.*down"):
        run(questions(100), teacher, store, concurrency=2)
    with ReplyStore.opened(store) as opened:
        assert opened.spending().replies == 6


def test_a_wrong_key_stops_the_run_at_once_with_one_message(
    fake: FakeTeachers, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    teacher = open_teacher("openai", "gpt-6-luna", fake.openai_url)
    with pytest.raises(ServiceError, match="refused the API key"):
        run(questions(1000), teacher, store, concurrency=4)
    assert fake.asked.total() <= 8
    with ReplyStore.opened(store) as opened:
        assert opened.committed == 0


def test_an_error_in_a_check_is_not_hidden_and_loses_no_reply(store: Path) -> None:
    def broken(request: Request, reply: Reply) -> str | None:
        raise ZeroDivisionError

    teacher = ToyTeacher()
    with pytest.raises(ZeroDivisionError):
        run(questions(100), teacher, store, problem=broken)
    with ReplyStore.opened(store) as opened:
        assert opened.spending().replies == sum(teacher.asked.values()) > 0


def test_an_error_in_the_source_of_requests_is_not_hidden(store: Path) -> None:
    def broken() -> Iterator[Request]:
        yield request()
        raise InputError("the corpus ends here")

    with pytest.raises(InputError, match="ends here"):
        run(broken(), ToyTeacher(), store)


def test_half_a_letter_in_a_reply_is_kept_as_its_escape(store: Path) -> None:
    answer = json.loads('"{\\"answer\\": \\"\\ud800\\"}"')
    teacher = ToyTeacher(lambda request, times: Reply(answer, "end", "toy", 1, 1))
    fresh = run([request()], teacher, store)[0].reply
    stored = run([request()], teacher, store)[0].reply
    assert fresh == stored
    assert fresh is not None
    assert fresh.text == '{"answer": "\\ud800"}'


def test_leaving_early_keeps_what_is_on_its_way(fake: FakeTeachers, store: Path) -> None:
    fake.latency = 0.05
    fake.held = lambda: fake.asked.total() < 10
    teacher = open_teacher("openai", "gpt-6-luna", fake.openai_url)

    async def one(opened: ReplyStore) -> None:
        found = ask_all(questions(100), teacher, opened, price=LUNA, concurrency=10)
        async with aclosing(found):
            await anext(found)
        await teacher.aclose()

    with ReplyStore.opened(store) as opened:
        asyncio.run(one(opened))
        assert opened.spending().replies == fake.asked.total() >= 10
        assert opened.spending().uncertain == 0


def test_replies_that_do_not_come_in_time_are_counted_as_maybe_billed(
    fake: FakeTeachers, store: Path
) -> None:
    fake.fault = lambda question, times: Fault(seconds=600) if question != "질문 0" else None
    fake.held = lambda: fake.asked.total() < 3
    teacher = open_teacher("openai", "gpt-6-luna", fake.openai_url)

    async def one(opened: ReplyStore) -> None:
        found = ask_all(questions(3), teacher, opened, price=LUNA, concurrency=3, grace=0.05)
        async with aclosing(found):
            await anext(found)
        await teacher.aclose()

    with ReplyStore.opened(store) as opened:
        asyncio.run(one(opened))
        most = LUNA.pico(most_input_tokens(request()), 200)
        assert opened.spending().uncertain == usd(2 * most)


# --- the budget


def test_a_budget_that_is_used_up_ends_the_run_and_says_how_many_are_left(
    fake: FakeTeachers, teacher: Teacher, store: Path
) -> None:
    most = LUNA.cost(most_input_tokens(request("질문 10")), 200)
    found = run(questions(100), teacher, store, budget=most * 4)
    kept = [each for each in found if each.kept]
    left = [each for each in found if each.reason == "budget"]
    assert len(kept) + len(left) == 100
    assert len(kept) >= 4
    assert left
    billed = sum(LUNA.pico(read, written) for _, read, written in fake.billed)
    assert usd(billed) <= most * 4


def test_what_is_in_the_store_is_had_without_any_budget(store: Path) -> None:
    run(questions(5), ToyTeacher(), store)
    found = run(questions(8), ToyTeacher(), store, budget=Decimal(0))
    assert [each.kept for each in found].count(True) == 5
    assert [each.reason for each in found].count("budget") == 3


def test_the_budget_holds_over_all_runs(store: Path) -> None:
    most = LUNA.cost(most_input_tokens(request("질문 10")), 200)
    teachers = [ToyTeacher() for _ in range(6)]
    for teacher in teachers:
        run(questions(200), teacher, store, budget=most * 2)
    assert sum(teachers[0].asked.values()) > 2
    with ReplyStore.opened(store) as opened:
        assert opened.spending().usd <= most * 2
    assert sum(teachers[-1].asked.values()) == 0


def test_a_local_teacher_is_free_whatever_the_budget(store: Path) -> None:
    teacher = ToyTeacher(name="ollama:gemma3:12b")
    free = type(LUNA)(Decimal(0), Decimal(0))
    found = run(questions(20), teacher, store, price=free, budget=Decimal(0))
    assert all(each.kept for each in found)


class Spender(ToyTeacher):
    """Bills whatever it may, for replies that fail in every way."""

    def __init__(self, fates: list[tuple[str, float, float]]) -> None:
        super().__init__(name="openai:gpt-6-luna")
        self.fates, self.billed = fates, 0

    async def ask(self, request: Request) -> Reply:
        fate, read, written = self.fates[len(self.asked) % len(self.fates)]
        self.asked[f"{request.user} {len(self.asked)}"] = 1
        await asyncio.sleep(0)
        if fate == "refused":
            raise RequestRefusedError("no")
        if fate == "error":
            raise PassingError("error", wait=0.0)
        if fate == "limit":
            raise PassingError("slow down", wait=0.0, overloaded=True)
        tokens = round(read * most_input_tokens(request)), round(written * request.max_tokens)
        self.billed += LUNA.pico(*tokens)
        if fate == "lost":
            raise PassingError("broke off", wait=0.0, maybe_paid=True)
        return Reply("{}" if fate == "good" else "{", "end", "toy", *tokens)


SHARES = st.floats(min_value=0, max_value=1)
FATES = st.tuples(
    st.sampled_from(["good", "good", "good", "bad", "lost", "error", "refused"]), SHARES, SHARES
)


@given(
    fates=st.lists(FATES, min_size=1, max_size=12),
    share=st.floats(min_value=0, max_value=12),
    concurrency=st.integers(min_value=1, max_value=9),
)
@settings(max_examples=40, deadline=None)
def test_what_is_billed_never_exceeds_the_budget(
    fates: list[tuple[str, float, float]],
    share: float,
    concurrency: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    most = LUNA.cost(most_input_tokens(request("질문 10")), 200)
    budget = Decimal(share) * most
    store = tmp_path_factory.mktemp("budget") / "replies.db"
    billed = 0
    for _ in range(2):
        teacher = Spender(fates)
        try:
            run(questions(25), teacher, store, budget=budget, concurrency=concurrency)
        except ServiceError as error:
            assert "in a row" in error.message or "were refused" in error.message
        billed += teacher.billed
        assert usd(billed) <= budget
        with ReplyStore.opened(store) as opened:
            assert usd(billed) <= usd(opened.committed) <= budget


def test_an_outcome_is_kept_where_it_has_no_reason() -> None:
    assert Outcome(request(), None, None).kept
    assert not Outcome(request(), None, "budget").kept
