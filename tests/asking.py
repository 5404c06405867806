"""Requests to ask in tests, and a teacher without a service behind it."""

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

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
