"""How many requests are sent at once: fewer when the service says it is too much, then more again.

As TCP does it: a refusal for overload halves the number, each success adds a little, so that it
grows by one for every full round of successes.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SAME_MOMENT_SECONDS = 1.0
"""Refusals this close together are one event: all of them were in flight at once."""


class Pace:
    """A limit on requests in flight that follows the service's answers."""

    def __init__(self, most: int) -> None:
        """Begin with, and never exceed, `most` at once."""
        self.most = most
        self.limit = float(most)
        self.active = 0
        self.closed_until = 0.0
        """time.monotonic() before which nothing is sent."""
        self.lowered = float("-inf")
        self.waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more request may be sent, and hold its place during the block."""
        await self.opening()
        while self.active >= int(self.limit):
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting.append(place)
            await place
            await self.opening()
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1
            self.wake()

    async def opening(self) -> None:
        """Sleep while the service has asked for silence."""
        while (seconds := self.closed_until - time.monotonic()) > 0:
            await asyncio.sleep(seconds)

    def wake(self) -> None:
        """Call up as many as there is room for."""
        room = int(self.limit) - self.active
        while room > 0 and self.waiting:
            place = self.waiting.popleft()
            if not place.done():
                place.set_result(None)
                room -= 1

    def went_well(self) -> None:
        """A request was answered."""
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def overloaded(self, wait: float) -> None:
        """A request was refused for overload; nothing more is sent for `wait` seconds."""
        now = time.monotonic()
        if now - self.lowered > SAME_MOMENT_SECONDS:
            self.limit = max(1.0, self.limit / 2)
            self.lowered = now
        self.closed_until = max(self.closed_until, now + wait)
