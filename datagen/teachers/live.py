"""A run as it goes: on a terminal a table that renews itself, elsewhere a line now and then."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from datagen.teachers.estimate import dollars, duration
from datagen.teachers.outcome import BUDGET, Tally
from datagen.teachers.prices import PriceTable
from taxqa.progress import console, note

if TYPE_CHECKING:
    from rich.table import Table

LINE_SECONDS = 30.0
"""Between two lines where stderr is no terminal."""
WINDOW_SECONDS = 20.0
"""Over which the rate is taken."""


class View:
    """The state of a run for the one who waits."""

    def __init__(
        self,
        title: str,
        total: int | None,
        table: PriceTable | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing has happened yet.

        Args:
            total: requests in all; None = not known.
            table: for KRW beside USD.
            clock: seconds; given by tests.
        """
        self.title, self.total, self.table, self.clock = title, total, table, clock
        self.tally = Tally()
        self.began = self.said = clock()
        self.marks: deque[tuple[float, int]] = deque([(self.began, 0)])
        self.show: Callable[[], None] = self.line_now_and_then

    def update(self, tally: Tally) -> None:
        """Take the run's state; this is what `progress=` of a run is given."""
        self.tally = tally
        now = self.clock()
        if now - self.marks[-1][0] >= 0.5:
            self.marks.append((now, tally.done - tally.stored))
            while len(self.marks) > 2 and now - self.marks[0][0] > WINDOW_SECONDS:
                self.marks.popleft()
        self.show()

    @property
    def rate(self) -> float:
        """Requests a second lately, without those that were in the store."""
        first, now = self.marks[0], self.clock()
        fresh = self.tally.done - self.tally.stored - first[1]
        return fresh / (now - first[0]) if now > first[0] else 0.0

    def expected(self) -> Decimal | None:
        """USD of this run at its end, by what it cost so far; None = not to be said yet."""
        fresh = self.tally.done - self.tally.stored - self.tally.left.total()
        if self.total is None or fresh <= 0:
            return None
        return self.tally.usd + self.tally.usd / fresh * max(0, self.total - self.tally.done)

    def rows(self) -> list[tuple[str, str]]:
        """(name, value) of everything there is to say."""
        tally = self.tally
        of_all = f" of {self.total:,}" if self.total is not None else ""
        rows = [("done", f"{tally.done:,}{of_all}{self.remaining()}")]
        rows.append(("kept", f"{tally.kept:,} ({tally.stored:,} were in the store)"))
        if tally.rejected:
            reasons = ", ".join(f"{name} {count:,}" for name, count in tally.rejected.most_common())
            rows.append(("rejected", f"{tally.rejected.total():,}: {reasons}"))
        for name, count in tally.left.items():
            what = "the budget is used up" if name == BUDGET else name
            rows.append(("left", f"{count:,}: {what}"))
        rows.append(("tokens", f"{tally.input_tokens:,} in, {tally.output_tokens:,} out"))
        if tally.usd or tally.ledger:
            rows.append(("cost", self.cost()))
        return rows

    def remaining(self) -> str:
        """Rate, time left and how much is on its way."""
        rate, parts = self.rate, ""
        if rate > 0:
            parts = f", {rate:.1f}/s"
            if self.total is not None and self.total > self.tally.done:
                parts += f", {duration((self.total - self.tally.done) / rate)} left"
        if self.tally.in_flight:
            parts += f"; {self.tally.in_flight} at once, at most {self.tally.at_once}"
        return parts

    def cost(self) -> str:
        """What the run has cost, will, and what all runs came to."""
        text = dollars(self.tally.usd)
        if self.table:
            text += f" ({self.table.krw(self.tally.usd):,} KRW)"
        expected = self.expected()
        if expected is not None and self.total != self.tally.done:
            text += f", about {dollars(expected)} at the end"
        return f"{text}; ledger {dollars(self.tally.ledger)}"

    def line_now_and_then(self) -> None:
        """A line, unless there was one lately."""
        now = self.clock()
        if now - self.said >= LINE_SECONDS:
            self.said = now
            note(self.line())

    def line(self) -> str:
        """Everything in one line."""
        return f"{self.title}: " + "; ".join(f"{name} {value}" for name, value in self.rows())

    def drawn(self) -> "Table":
        """Everything as a table."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for name, value in self.rows():
            table.add_row(Text(name, style="bold"), Text(value))
        return table


@contextmanager
def live(
    title: str, total: int | None = None, *, table: PriceTable | None = None
) -> Iterator[View]:
    """Show a run for the length of a `with` block; its last state stays as a line.

    `with live("Asking", total) as view: outcomes(…, progress=view.update)`
    """
    view = View(title, total, table)
    screen = console()
    if not screen.is_terminal:
        note(f"{title} …")
        try:
            yield view
        finally:
            note(view.line())
        return
    from rich.live import Live

    with Live(get_renderable=view.drawn, console=screen, refresh_per_second=4, transient=True):
        view.show = lambda: None
        try:
            yield view
        finally:
            note(view.line())
