"""Requests to ask in tests, and a teacher without a service behind it."""

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fake_teachers import KEY, FakeTeachers

from datagen.teachers import batch, exchange
from datagen.teachers.opening import open_teacher
from datagen.teachers.outcome import Outcome
from datagen.teachers.prices import Price, load_prices
from datagen.teachers.request import Reply, Request, Teacher
from datagen.teachers.run import outcomes
from datagen.teachers.store import ReplyStore

SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
LUNA = load_prices().price("openai:gpt-6-luna")


MODELS = {
    "openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5", "openai-compatible": "local",
}  # fmt: skip


def at_once_and_with_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No waiting before a second try, keys of the fake services, and no address from outside."""
    monkeypatch.setattr(exchange, "FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(batch, "FRESH_SECONDS", 0.0)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def teacher_of(name: str, fake: FakeTeachers) -> Teacher:
    """A teacher of MODELS that asks the fake."""
    url = fake.url if name == "anthropic" else fake.openai_url
    return open_teacher(name, MODELS[name], url)


def asked_once(teacher: Teacher, asked: Request) -> Reply:
    """One reply; the teacher is closed."""

    async def once() -> Reply:
        try:
            return await teacher.ask(asked)
        finally:
            await teacher.aclose()

    return asyncio.run(once())


def request(question: str = "질문 0", max_tokens: int = 200) -> Request:
    return Request("너는 교사이다.", question, SCHEMA, max_tokens)


def questions(count: int) -> Iterable[Request]:
    return (request(f"질문 {number}") for number in range(count))


def run(
    requests: Iterable[Request],
    teacher: Teacher,
    path: Path,
    after: Callable[[Outcome], Outcome] = lambda outcome: outcome,
    **settings: Any,
) -> list[Outcome]:
    """All outcomes of one run over the store at `path`; `after` is done with each."""
    settings = {"price": LUNA, "concurrency": 8, **settings}
    with (
        ReplyStore.opened(path) as store,
        closing(outcomes(requests, teacher, store, **settings)) as found,
    ):
        return [after(each) for each in found]


def reasons(found: Iterable[Outcome]) -> dict[str, str | None]:
    """Question -> name of the reason, None where the reply was kept."""
    return {each.request.user: each.reason and each.reason.partition(":")[0] for each in found}


class ToyTeacher:
    """Answers in the same process."""

    def __init__(
        self,
        answer: Callable[[Request, int], Reply] | None = None,
        name: str = "openai:gpt-6-luna",
    ) -> None:
        self.name, self.answer = name, answer or self.plain
        self.asked: dict[str, int] = {}
        self.in_flight = self.peak = 0
        self.closed = 0

    @staticmethod
    def plain(request: Request, times: int) -> Reply:
        text = json.dumps({"answer": f"{request.user}의 답"}, ensure_ascii=False)
        return Reply(text, "end", "toy", 40, 20)

    async def ask(self, request: Request) -> Reply:
        times = self.asked.get(request.user, 0)
        self.asked[request.user] = times + 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await asyncio.sleep(0)
            return self.answer(request, times)
        finally:
            self.in_flight -= 1

    async def aclose(self) -> None:
        self.closed += 1


FREE_OF_CHARGE = Price(LUNA.input * 0, LUNA.output * 0)
