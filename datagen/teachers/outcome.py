"""What became of a request, and the running count of a whole run."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from datagen.teachers.request import Reply, Request, Stop
from taxqa.errors import InputError
from taxqa.records import parse_json

Problem = Callable[[Request, Reply], str | None]
"""Says what is wrong with a reply as 'name: detail', or None."""
BUDGET = "budget"
NOT_ASKED = "not-asked"
IN_BATCH = "in-batch"
STOPPED: dict[Stop, str] = {
    "length": "truncated: the reply was cut at max_tokens",
    "refusal": "refused: the model declined to answer",
    "filtered": "filtered: the provider withheld the reply",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one request."""

    request: Request
    reply: Reply | None
    """The reply that is kept; with a reason, the last one that was rejected, or None."""
    reason: str | None
    """None = kept. Else why not, as 'name' or 'name: detail'; besides the names that `problem`
    gives: truncated, refused, filtered, malformed (the reply), service (no reply was had), budget,
    in-batch, not-asked (nothing was sent)."""
    stored: bool = False
    """The reply was in the store before this run; nothing was paid for it now."""

    @property
    def kept(self) -> bool:
        """The reply may be used."""
        return self.reason is None


@dataclass
class Tally:
    """How far a run is."""

    done: int = 0
    """Outcomes so far."""
    kept: int = 0
    stored: int = 0
    """Of the outcomes, those for which nothing had to be asked."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Name of a reason -> how many requests ended with it; without those never asked."""
    left: Counter[str] = field(default_factory=Counter)
    """budget, in-batch, not-asked -> how many requests."""
    asked: int = 0
    """Replies that came in this run, rejected ones included."""
    input_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal = Decimal(0)
    """Cost of this run's replies."""
    ledger: Decimal = Decimal(0)
    """USD in the store's ledger: all runs, and what is in flight at the most it can cost."""
    in_flight: int = 0
    at_once: int = 0
    """Most requests in flight that the service admits at present."""

    def count(self, outcome: Outcome) -> None:
        """One more outcome."""
        self.done += 1
        self.stored += outcome.stored
        if outcome.reason is None:
            self.kept += 1
            return
        name = outcome.reason.partition(":")[0]
        (self.left if name in (BUDGET, IN_BATCH, NOT_ASKED) else self.rejected)[name] += 1


def no_problem(request: Request, reply: Reply) -> None:
    """Every JSON object will do."""


def objection(request: Request, reply: Reply, problem: Problem) -> str | None:
    """Why a reply cannot be used; None where it can."""
    if reply.stop in STOPPED:
        return STOPPED[reply.stop]
    try:
        value = parse_json(reply.text, "The reply")
    except InputError as error:
        return f"malformed: {error.message}"
    if not isinstance(value, dict):
        return f"malformed: a {type(value).__name__} in place of a JSON object"
    return problem(request, reply)
