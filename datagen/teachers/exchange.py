"""One request on its way: the store asked first, the budget held, failed exchanges tried again."""

import asyncio
import random
import time
from dataclasses import dataclass, replace

from datagen.teachers.failures import PassingError, RequestRefusedError
from datagen.teachers.outcome import (
    BUDGET,
    IN_BATCH,
    NOT_ASKED,
    Outcome,
    Problem,
    Tally,
    objection,
)
from datagen.teachers.pace import Pace
from datagen.teachers.prices import Price, usd
from datagen.teachers.request import Reply, Request, Teacher
from datagen.teachers.store import ReplyStore
from datagen.teachers.tokens import most_input_tokens
from taxqa.errors import ServiceError

TRIES = 6
"""Of one exchange that fails; an overload is waited out instead, up to PATIENCE_SECONDS."""
FIRST_WAIT_SECONDS = 0.5
MOST_WAIT_SECONDS = 30.0
PATIENCE_SECONDS = 900.0
MOST_FAILURES = 5
"""Requests in a row that fail in all their tries: then the service is down."""
MOST_REFUSALS = 20
"""Requests refused for good by a teacher that has never answered one: then all will be."""


@dataclass(frozen=True)
class Settings:
    """What holds for every request of a run."""

    price: Price
    problem: Problem
    attempts: int
    budget: int | None
    """Pico-USD that the store's ledger may come to."""
    send: bool


class Exchanges:
    """The exchanges of one run with one teacher."""

    def __init__(
        self, teacher: Teacher, store: ReplyStore, settings: Settings, concurrency: int
    ) -> None:
        """Nothing is sent yet."""
        self.teacher, self.store, self.settings = teacher, store, settings
        self.pace = Pace(concurrency)
        self.tally = Tally(ledger=usd(store.committed), at_once=concurrency)
        self.batched = store.keys_in_batches(teacher.name)
        self.stopping = asyncio.Event()
        self.settled = asyncio.Event()
        """Set and renewed whenever something that was noted has its true cost."""
        self.asking: dict[str, asyncio.Event] = {}
        """Key -> is set when the request that is on its way with it has ended."""
        self.in_flight = 0
        self.used_up = False
        self.known_to_answer = store.spending(teacher.name).replies > 0
        self.failures = self.refusals = 0
        self.answered = time.monotonic()
        """When the service last answered anything."""

    def stop(self) -> None:
        """Send nothing more."""
        self.stopping.set()

    async def outcome(self, request: Request) -> Outcome | None:
        """What becomes of a request; None where the run stops first."""
        key = request.key
        while key in self.asking:
            await self.asking[key].wait()
        self.asking[key] = asyncio.Event()
        try:
            return await self.known_or_asked(request, key)
        finally:
            self.asking.pop(key).set()

    async def known_or_asked(self, request: Request, key: str) -> Outcome | None:
        """The outcome from the store where it is there; else the teacher is asked."""
        reason, reply = NOT_ASKED, None
        known = self.store.replies(self.teacher.name, key)
        for reply in known:
            found = objection(request, reply, self.settings.problem)
            if found is None:
                return Outcome(request, reply, None, stored=True)
            reason = found
        if len(known) >= self.settings.attempts:
            return Outcome(request, reply, reason, stored=True)
        if key in self.batched:
            return Outcome(request, reply, IN_BATCH)
        if not self.settings.send:
            return Outcome(request, reply, reason, stored=bool(known))
        for attempt in range(len(known) + 1, self.settings.attempts + 1):
            answer = await self.reply(request, key, attempt)
            if not isinstance(answer, Reply):
                return Outcome(request, reply, answer) if answer else None
            reply = answer
            reason = objection(request, reply, self.settings.problem) or ""
            if not reason:
                return Outcome(request, reply, None)
        return Outcome(request, reply, reason)

    async def reply(self, request: Request, key: str, attempt: int) -> Reply | str | None:
        """A reply, kept already; or why there is none; None where the run stops.

        Raises:
            ServiceError: no request gets a reply any more.
        """
        began, tries, failed = time.monotonic(), 0, 0
        while True:
            try:
                answer = await self.exchange(request, key, attempt)
            except RequestRefusedError as error:
                return self.refused(error)
            except PassingError as error:
                tries, failed = tries + 1, failed + (not error.overloaded)
                wait = waiting_time(error, tries)
                silence = time.monotonic() + wait - max(began, self.answered)
                if silence > PATIENCE_SECONDS or failed >= TRIES:
                    return self.given_up(error)
                if error.overloaded:
                    self.pace.overloaded(wait)
                if await self.stopped_within(wait):
                    return None
                continue
            self.failures, self.answered = 0, time.monotonic()
            return answer

    def refused(self, error: ServiceError) -> str:
        """The reason for a request that is refused; raises where this teacher takes none at all."""
        self.refusals += 1
        if self.refusals >= MOST_REFUSALS and not (self.known_to_answer or self.tally.asked):
            raise ServiceError(
                f"All of the first {self.refusals} requests were refused. The last: {error.message}"
            )
        return f"service: {error.message}"

    def given_up(self, error: ServiceError) -> str:
        """The reason for a request without a reply; raises where that is the rule by now."""
        self.failures += 1
        if self.failures >= MOST_FAILURES:
            raise ServiceError(
                f"{self.failures} requests in a row got no reply. The last: {error.message}",
                hint="What was answered is kept: run the same command again later.",
            )
        return f"service: {error.message}"

    async def exchange(self, request: Request, key: str, attempt: int) -> Reply | str | None:
        """Ask once: noted before, kept after; BUDGET where it does not fit any more."""
        async with self.pace.turn():
            if self.stopping.is_set():
                return None
            most = self.most(request)
            if not await self.room_for(most):
                return None if self.stopping.is_set() else BUDGET
            self.in_flight += 1
            try:
                return await self.sent(request, key, attempt, most)
            finally:
                self.in_flight -= 1
                self.settled.set()
                self.settled = asyncio.Event()
                self.tally.in_flight, self.tally.at_once = self.in_flight, int(self.pace.limit)
                self.tally.ledger = usd(self.store.committed)

    async def sent(self, request: Request, key: str, attempt: int, most: int) -> Reply:
        """Send a request for which there is room, and keep its reply."""
        # A local teacher costs nothing, so there is nothing to note.
        noted = (await self.store.note(self.teacher.name, key, most), most) if most else None
        began = time.monotonic()
        try:
            reply = await self.teacher.ask(request)
        except ServiceError as error:
            # Where it may have been billed, the note stays in the ledger at the most it can cost.
            if noted and not (isinstance(error, PassingError) and error.maybe_paid):
                await self.store.take_back(*noted)
            raise
        reply = replace(reply, text=writable(reply.text), model=writable(reply.model))
        cost = self.settings.price.pico(reply.input_tokens, reply.output_tokens)
        seconds = time.monotonic() - began
        name = self.teacher.name
        await self.store.keep(name, key, attempt, reply, pico=cost, seconds=seconds, noted=noted)
        self.pace.went_well()
        self.tally.asked += 1
        self.tally.input_tokens += reply.input_tokens
        self.tally.output_tokens += reply.output_tokens
        self.tally.usd += usd(cost)
        return reply

    def most(self, request: Request) -> int:
        """Pico-USD that a request can cost at most."""
        return self.settings.price.pico(most_input_tokens(request), request.max_tokens)

    async def room_for(self, most: int) -> bool:
        """Whether `most` fits into the budget, once enough of what is in flight has settled."""
        budget = self.settings.budget
        while budget is not None and not self.used_up and self.store.committed + most > budget:
            if self.stopping.is_set():
                return False
            if not self.in_flight:
                self.used_up = True
                break
            await self.settled.wait()
        return not self.used_up

    async def stopped_within(self, seconds: float) -> bool:
        """Wait; True where the run stops meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return False
        return True


def waiting_time(error: PassingError, tries: int) -> float:
    """Seconds until the next try: what the service asks for, else doubled each time."""
    if error.wait is not None:
        return error.wait + random.uniform(0, 0.1)
    wait = FIRST_WAIT_SECONDS * 2 ** min(tries - 1, 10)
    return float(min(MOST_WAIT_SECONDS, wait) * random.uniform(0.75, 1.0))


def writable(text: str) -> str:
    """The text with half letters (lone surrogates), which no file takes, as their escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
