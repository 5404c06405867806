"""Requests to a teacher and their replies: streamed, resumed, within a budget.

Each request ends in exactly one outcome. A reply that is in the store is not asked for again, and
one that has to be rejected counts as an attempt, in this run as in those before.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable
from contextlib import aclosing
from decimal import Decimal
from types import AsyncGeneratorType
from typing import Any, TypeVar

from datagen.teachers.exchange import Exchanges, Settings
from datagen.teachers.outcome import Outcome, Problem, Tally, no_problem
from datagen.teachers.prices import Price, to_pico
from datagen.teachers.request import Request, Teacher
from datagen.teachers.store import ReplyStore
from taxqa.progress import note

GRACE_SECONDS = 30.0
"""How long replies in flight are waited for when a run is stopped; a second Ctrl-C ends that."""
Value = TypeVar("Value")


async def ask_all(
    requests: Iterable[Request], teacher: Teacher, store: ReplyStore, **settings: Any
) -> AsyncGenerator[Outcome, None]:
    """The outcome of each request, in the order in which they come about.

    Close it (`contextlib.aclosing`) where it is not read to its end: replies in flight are then
    waited for and kept. `outcomes` does that by itself. Settings and errors as `asked_groups`.
    """
    async with aclosing(asked_groups(requests, teacher, store, **settings)) as groups:
        async for group in groups:
            for outcome in group:
                yield outcome


def outcomes(
    requests: Iterable[Request], teacher: Teacher, store: ReplyStore, **settings: Any
) -> Generator[Outcome, None, None]:
    """`ask_all` for code that is not async; the teacher's connections are closed at the end.

    Requests are on their way only while the next outcome is waited for. Close it
    (`contextlib.closing`, within the store's block): where it is left early, by Ctrl-C for example,
    replies in flight are then waited for and kept. Settings and errors as `asked_groups`.
    """
    with asyncio.Runner() as runner:
        groups = asked_groups(requests, teacher, store, **settings)
        try:
            while (group := runner.run(following(groups))) is not None:
                yield from group
        finally:
            runner.run(ended(groups, teacher))


async def following(stream: AsyncIterator[Value]) -> Value | None:
    """The next of a stream; None at its end."""
    return await anext(stream, None)


async def ended(stream: AsyncGenerator[Any, None], teacher: Teacher) -> None:
    """Close a stream and the teacher's connections."""
    try:
        # A second Ctrl-C leaves it in the middle of a step; its runner then ends it.
        if not (isinstance(stream, AsyncGeneratorType) and stream.ag_running):
            await stream.aclose()
    finally:
        await teacher.aclose()


async def asked_groups(
    requests: Iterable[Request],
    teacher: Teacher,
    store: ReplyStore,
    *,
    price: Price,
    problem: Problem = no_problem,
    concurrency: int = 50,
    budget: Decimal | None = None,
    attempts: int = 3,
    send: bool = True,
    progress: Callable[[Tally], None] | None = None,
    grace: float = GRACE_SECONDS,
) -> AsyncGenerator[list[Outcome], None]:
    """The outcomes, each time all that have come about.

    Args:
        requests: taken one by one as there is room; at most 2 * `concurrency` are in memory.
        problem: says what is wrong with a reply ('name: detail'), or None. That it is a JSON
            object, whole and not refused, is looked at before.
        concurrency: most requests in flight; fewer while the service says it is too much.
        budget: most USD that the store's ledger may come to, former runs included; None = no
            bound. What is in flight counts with the most it can cost.
        attempts: most replies to one request, former runs included.
        send: False = only what the store has; the rest ends as 'not-asked'.
        progress: told the state of the run after each outcome.
        grace: seconds that replies in flight are waited for when the run is stopped.

    Raises:
        ServiceError: the service refuses every request, or does not answer any more.
        NoSpaceError, InputError: the store cannot be written.
    """
    settings = Settings(price, problem, attempts, None if budget is None else to_pico(budget), send)
    run = Exchanges(teacher, store, settings, concurrency)
    ready: asyncio.Queue[Outcome | None] = asyncio.Queue()
    room = asyncio.Semaphore(concurrency)
    source = iter(requests)

    async def work() -> None:
        """Take requests until there are none, or the run stops."""
        try:
            for request in source:
                outcome = await run.outcome(request)
                if outcome is None:
                    break
                ready.put_nowait(outcome)
                await room.acquire()
        except BaseException:
            run.stop()
            raise
        finally:
            ready.put_nowait(None)

    workers = [asyncio.create_task(work()) for _ in range(concurrency)]
    working = len(workers)
    try:
        while working:
            arrived = [await ready.get(), *(ready.get_nowait() for _ in range(ready.qsize()))]
            group = [outcome for outcome in arrived if outcome is not None]
            working -= len(arrived) - len(group)
            for outcome in group:
                room.release()
                run.tally.count(outcome)
                if progress:
                    progress(run.tally)
            if group:
                yield group
        for worker in workers:
            worker.result()
    finally:
        await wind_up(run, workers, grace)


async def wind_up(run: Exchanges, workers: "list[asyncio.Task[None]]", grace: float) -> None:
    """Send nothing more, wait a while for what is in flight (it is kept), and end the workers."""
    run.stop()
    try:
        if run.in_flight:
            count = f"{run.in_flight} replies that are on their way"
            note(f"Waiting up to {grace:.0f} s for {count}, to keep them …")
        async with asyncio.timeout(grace):
            while run.in_flight:
                await run.settled.wait()
    except TimeoutError:
        note(f"{run.in_flight} replies did not come in time; they may have been billed.")
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
