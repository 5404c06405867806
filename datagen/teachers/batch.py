"""The providers' batch APIs, at half the price: submit, leave, and come back within days.

    submit_batches(requests, …)     what the store has not, in batches; then the process may end
    collect_batches(teacher, store) the results of those that have ended, kept in the store
    outcomes(…, send=False)         what the store has now

A batch is noted in the store before it is created. Where the answer to its creation is lost, it is
looked for by what we gave it (OpenAI: metadata; Anthropic: the ids of its requests), and only
created again when it is certain that it is not there.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from datagen.teachers.batch_ledger import (
    CREATING,
    DONE,
    OPEN,
    VOID,
    Batch,
    asked_of,
    keep_replies,
    known_remotes,
    note_batch,
    open_batches,
    set_batch,
)
from datagen.teachers.exchange import TRIES, waiting_time, writable
from datagen.teachers.failures import PassingError
from datagen.teachers.outcome import Problem, no_problem, objection
from datagen.teachers.prices import Price, to_pico
from datagen.teachers.request import Reply, Request, Teacher
from datagen.teachers.store import ReplyStore
from datagen.teachers.tokens import most_input_tokens
from taxqa.errors import InputError, ServiceError

MOST_REQUESTS = 50_000
"""In one batch: OpenAI's limit; Anthropic admits 100,000."""
MOST_BYTES = 195_000_000
"""In one batch; OpenAI admits 200 MB, Anthropic 256 MB."""
AT_ONCE = 500
"""Replies kept in one transaction."""
FRESH_SECONDS = 60.0
"""A batch created a moment ago may not be in the provider's list yet."""
Value = TypeVar("Value")


@dataclass(frozen=True)
class RemoteState:
    """How a batch fares at the provider."""

    ended: bool
    message: str = ""
    """Why it failed as a whole."""


@dataclass(frozen=True)
class Found:
    """The result of looking for a batch whose creation was not answered."""

    remote: str = ""
    certain: bool = True
    """Off = it may still turn up: one that may be it has not ended yet."""


class BatchService(Protocol):
    """A provider's batch API."""

    def line(self, custom_id: str, request: Request) -> bytes:
        """A request as it stands in a batch, without a newline."""
        ...

    async def create(self, batch: Batch, lines: list[bytes]) -> str:
        """Create a batch; the provider's id."""
        ...

    async def find(self, batch: Batch, known: set[str]) -> Found:
        """Look for a batch by what we gave it; `known` ones are others."""
        ...

    async def state(self, remote: str) -> RemoteState:
        """How a batch fares."""
        ...

    def results(self, remote: str) -> AsyncIterator[tuple[str, Reply | str]]:
        """(custom_id, reply or name of the reason why there is none), in any order."""
        ...


@dataclass
class BatchReport:
    """What happened to a batch in this run."""

    id: str
    requests: int
    state: str
    """creating (may or may not exist), open, done, void."""
    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """Name of a reason (expired, …) -> requests without a reply; they were not billed and may be
    asked again."""
    message: str = ""


@dataclass
class Submitted:
    """What `submit_batches` did."""

    batches: list[BatchReport] = field(default_factory=list)
    requests: int = 0
    known: int = 0
    """Not submitted: answered, out of attempts, or with an open batch already."""
    left: int = 0
    """Not submitted: beyond the budget."""


def submit_batches(
    requests: Iterable[Request],
    teacher: Teacher,
    store: ReplyStore,
    *,
    price: Price,
    problem: Problem = no_problem,
    budget: Decimal | None = None,
    attempts: int = 3,
) -> Submitted:
    """Hand the requests that the store has no usable reply for to the provider's batch API.

    Args:
        price: of the batch API (`PriceTable.price(name, batch=True)`).
        problem, budget, attempts: as `run.asked_groups`; the budget counts the most a batch can
            cost until its results are here.

    Raises:
        InputError: the teacher has no batch API.
        ServiceError: the provider refuses, or it is not clear whether it created a batch.
    """
    service = batch_service(teacher)
    limit = None if budget is None else to_pico(budget)
    submission = Submission(teacher.name, store, service, price, limit)

    async def work() -> Submitted:
        for batch in open_batches(store, teacher.name):
            if batch.state == CREATING:
                await looked_for(batch, store, service)
        submission.batched = store.keys_in_batches(teacher.name)
        for request in requests:
            await submission.take(request, problem, attempts)
        await submission.send()
        return submission.done

    return run_and_close(work(), teacher)


def collect_batches(teacher: Teacher, store: ReplyStore, *, price: Price) -> list[BatchReport]:
    """Keep the results of the batches that have ended; how each open batch fares.

    It may be killed and run again at any moment. A batch that cannot be had keeps no other from
    being fetched; its error is raised at the end.

    Args:
        price: of the batch API.

    Raises:
        InputError: the teacher has no batch API.
        ServiceError: the provider does not answer.
    """
    service = batch_service(teacher)

    async def work() -> list[BatchReport]:
        reports: list[BatchReport] = []
        failures: list[ServiceError] = []
        for batch in open_batches(store, teacher.name):
            try:
                reports.append(await collected(batch, teacher.name, store, service, price))
            except ServiceError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return reports

    return run_and_close(work(), teacher)


def batch_service(teacher: Teacher) -> BatchService:
    """The batch API of a teacher's provider; InputError where it has none."""
    provider = teacher.name.partition(":")[0]
    if provider == "openai":
        from datagen.teachers.openai_batch import OpenAIBatches

        return OpenAIBatches(teacher)
    if provider == "anthropic":
        from datagen.teachers.anthropic_batch import AnthropicBatches

        return AnthropicBatches(teacher)
    raise InputError(f"The teacher '{provider}' has no batch API; openai and anthropic have one.")


def run_and_close(work: Coroutine[Any, Any, Value], teacher: Teacher) -> Value:
    """Run something async, then close the teacher's connections."""

    async def whole() -> Value:
        try:
            return await work
        finally:
            await teacher.aclose()

    return asyncio.run(whole())


class Submission:
    """Requests gathered into batches."""

    def __init__(
        self,
        teacher: str,
        store: ReplyStore,
        service: BatchService,
        price: Price,
        limit: int | None,
    ) -> None:
        """Nothing is gathered yet; `limit` is the budget in pico-USD."""
        self.teacher, self.store, self.service = teacher, store, service
        self.price, self.limit = price, limit
        self.done = Submitted()
        self.batched: set[str] = set()
        self.start()

    def start(self) -> None:
        """Begin a new batch."""
        self.id = uuid.uuid4().hex[:20]
        self.asked: list[tuple[str, int]] = []
        self.lines: list[bytes] = []
        self.pico = self.size = 0

    async def take(self, request: Request, problem: Problem, attempts: int) -> None:
        """Take a request into the batch where it has to be asked; a full batch is sent."""
        key = request.key
        known = self.store.replies(self.teacher, key)
        usable = any(objection(request, reply, problem) is None for reply in known)
        if usable or len(known) >= attempts or key in self.batched:
            self.done.known += 1
            return
        most = self.price.pico(most_input_tokens(request), request.max_tokens)
        if self.limit is not None and self.store.committed + self.pico + most > self.limit:
            self.done.left += 1
            return
        line = self.service.line(f"{self.id}-{len(self.lines)}", request)
        if len(self.lines) >= MOST_REQUESTS or self.size + len(line) + 1 > MOST_BYTES:
            await self.send()
            line = self.service.line(f"{self.id}-0", request)
        self.batched.add(key)
        self.asked.append((key, len(known) + 1))
        self.lines.append(line)
        self.size += len(line) + 1
        self.pico += most

    async def send(self) -> None:
        """Create the batch, noted before and after."""
        if not self.lines:
            return
        batch = await note_batch(self.store, self.teacher, self.id, self.asked, self.pico)
        lines = self.lines
        self.start()
        try:
            remote = await self.service.create(batch, lines)
        except PassingError as error:
            if error.not_taken:
                await set_batch(self.store, batch, VOID)
                raise
            raise ServiceError(
                f"It is not known whether a batch of {batch.requests:,} requests was created:"
                f" {error.message}",
                hint="Run the same command again in a minute: the batch is looked for, and"
                " created only if it is not there.",
            ) from None
        except ServiceError:
            await set_batch(self.store, batch, VOID)
            raise
        await set_batch(self.store, batch, OPEN, remote)
        self.done.batches.append(BatchReport(batch.id, batch.requests, OPEN))
        self.done.requests += batch.requests


async def looked_for(batch: Batch, store: ReplyStore, service: BatchService) -> Batch:
    """A batch whose creation was not answered, as it is known now.

    Raises:
        ServiceError: the provider does not answer.
    """
    found = await patiently(lambda: service.find(batch, known_remotes(store)))
    if found.remote:
        return await set_batch(store, batch, OPEN, found.remote)
    if not found.certain or time.time() - batch.made < FRESH_SECONDS:
        return batch
    return await set_batch(store, batch, VOID)


async def collected(
    batch: Batch, teacher: str, store: ReplyStore, service: BatchService, price: Price
) -> BatchReport:
    """Keep the results of a batch where it has ended."""
    if batch.state == CREATING:
        batch = await looked_for(batch, store, service)
    report = BatchReport(batch.id, batch.requests, batch.state)
    if batch.state != OPEN:
        return report
    remote = await patiently(lambda: service.state(batch.remote))
    if not remote.ended:
        return report
    await patiently(lambda: keep_results(batch, teacher, store, service, price, report))
    await set_batch(store, batch, DONE)
    report.state, report.message = DONE, remote.message
    silent = batch.requests - report.answered - report.failed.total()
    if silent > 0:
        report.failed["no-result"] += silent
    return report


async def keep_results(
    batch: Batch,
    teacher: str,
    store: ReplyStore,
    service: BatchService,
    price: Price,
    report: BatchReport,
) -> None:
    """Keep what a batch has brought; the same again where it was cut off before."""
    asked = asked_of(store, batch)
    report.answered = 0
    failed: dict[int, str] = {}
    replies: list[tuple[str, int, Reply, int]] = []
    async for custom_id, result in service.results(batch.remote):
        place = batch.place(custom_id)
        if place is None or place not in asked:
            continue
        if isinstance(result, str):
            failed[place] = result
            continue
        key, attempt = asked.pop(place)
        failed.pop(place, None)
        pico = price.pico(result.input_tokens, result.output_tokens)
        stored = replace(result, text=writable(result.text), model=writable(result.model))
        replies.append((key, attempt, stored, pico))
        report.answered += 1
        if len(replies) >= AT_ONCE:
            await keep_replies(store, teacher, replies)
            replies = []
    if replies:
        await keep_replies(store, teacher, replies)
    report.failed = Counter(failed.values())


async def patiently(act: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
    """Do something that may be repeated, again after failures that pass."""
    for failed in range(1, TRIES):
        try:
            return await act()
        except PassingError as error:
            await asyncio.sleep(waiting_time(error, failed))
    return await act()
