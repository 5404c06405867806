"""What a run will ask, cost and take, said before anything is sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from datagen.teachers.outcome import Problem, no_problem, objection
from datagen.teachers.prices import PriceTable
from datagen.teachers.request import Request
from datagen.teachers.store import ReplyStore, Spending
from datagen.teachers.tokens import likely_input_tokens, most_input_tokens

USUAL_SHARE = 0.5
"""Of max_tokens that an answer takes, as long as the store has no answers to go by."""
TOKENS_PER_SECOND = 60.0
"""Of one answer, as long as the store has none to go by."""
FIRST_TOKEN_SECONDS = 1.0
ENOUGH_REPLIES = 20
"""In the store, for their averages to be taken instead."""


@dataclass(frozen=True)
class Estimate:
    """What asking will come to; a number with `most_` is a bound, the others are likely."""

    teacher: str
    requests: int
    """That have to be asked."""
    known: int
    """That the store has a usable reply for."""
    input_tokens: int
    output_tokens: int
    usd: Decimal
    most_usd: Decimal
    """If each answer takes all of its max_tokens; a second attempt comes on top."""
    usd_batch: Decimal
    """Through the provider's batch API."""
    krw: int
    krw_batch: int
    seconds: float
    measured: bool
    """Length and time of an answer are averages of the store, no assumptions."""

    def lines(self) -> list[str]:
        """For the one who decides."""
        if not self.requests:
            return [f"Nothing to ask: the store has all {self.known:,} replies."]
        basis = "by the replies in the store" if self.measured else "assuming usual lengths"
        lines = [
            f"{self.requests:,} requests to {self.teacher}"
            + (f" ({self.known:,} more are answered already)" if self.known else ""),
            f"about {self.input_tokens:,} tokens in, {self.output_tokens:,} out ({basis})",
        ]
        if self.most_usd:
            lines += [
                f"about {dollars(self.usd)} ({self.krw:,} KRW), at most {dollars(self.most_usd)}",
                f"as a batch within a day: about {dollars(self.usd_batch)}"
                f" ({self.krw_batch:,} KRW)",
            ]
        return [*lines, f"about {duration(self.seconds)}"]


def estimate(
    requests: Iterable[Request],
    table: PriceTable,
    teacher: str,
    *,
    concurrency: int = 50,
    store: ReplyStore | None = None,
    problem: Problem = no_problem,
) -> Estimate:
    """What it comes to; the requests are read one by one, nothing is sent.

    Raises:
        InputError: the table does not know the price.
    """
    price, batch = table.price(teacher), table.price(teacher, batch=True)
    spent = store.spending(teacher) if store else Spending(0, 0, 0, Decimal(0), Decimal(0))
    measured = spent.replies >= ENOUGH_REPLIES
    count = known = likely = most = most_output = 0
    for request in requests:
        replies = store.replies(teacher, request.key) if store else []
        if any(objection(request, reply, problem) is None for reply in replies):
            known += 1
            continue
        count += 1
        likely += likely_input_tokens(request)
        most += most_input_tokens(request)
        most_output += request.max_tokens
    written = round(most_output * USUAL_SHARE)
    each = FIRST_TOKEN_SECONDS + written / max(1, count) / TOKENS_PER_SECOND
    if measured:
        written = round(count * spent.output_tokens / spent.replies)
        # Replies of a batch have no time of their own.
        each = spent.seconds / spent.replies or each
    usd = price.cost(likely, written)
    usd_batch = batch.cost(likely, written)
    return Estimate(
        teacher=teacher,
        requests=count,
        known=known,
        input_tokens=likely,
        output_tokens=written,
        usd=usd,
        most_usd=price.cost(most, most_output),
        usd_batch=usd_batch,
        krw=table.krw(usd),
        krw_batch=table.krw(usd_batch),
        seconds=each * count / max(1, min(concurrency, count)),
        measured=measured,
    )


def dollars(amount: Decimal) -> str:
    """An amount for people: cents, and more digits below ten cents."""
    return f"{amount:,.2f} USD" if amount >= Decimal("0.1") or not amount else f"{amount:.4f} USD"


def duration(seconds: float) -> str:
    """A time for people."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
