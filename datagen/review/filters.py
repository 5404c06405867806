"""Which records a reviewer looks through, and how far along the reviewer is."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict

from datagen.review.agreement import agree
from datagen.review.items import Item
from datagen.review.store import VERDICTS, Decision, Decisions

Status = Literal["todo", "second", "disputed", "accept", "edit", "reject", "dropped", "all"]
STATUSES: dict[Status, str] = {
    "todo": "검토할 기록",
    "second": "두 번째 검토",
    "disputed": "의견이 갈린 기록",
    "accept": "승인한 기록",
    "edit": "고친 기록",
    "reject": "반려한 기록",
    "dropped": "검사에서 빠진 기록",
    "all": "전체",
}
MIN_DECISIONS = 10
"""From so many decisions on a rate says something."""
PAUSE = timedelta(minutes=5)
"""A longer gap between two decisions is a pause, and counts as this long."""


class Filter(BaseModel):
    """What to look through; '' takes all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Status = "todo"
    type: str = ""
    source: str = ""
    teacher: str = ""


class Progress(BaseModel):
    """How far one reviewer is, in records of the dataset; what was dropped is not counted."""

    model_config = ConfigDict(frozen=True)

    done: int
    total: int
    accept: int
    edit: int
    reject: int
    today: int
    """Decisions since midnight here."""
    per_hour: int | None
    """Decisions in an hour of work today; None before there are MIN_DECISIONS."""


def matches(item: Item, wanted: Filter, decisions: Decisions, reviewer: str, share: float) -> bool:
    """Whether a filter takes an item.

    Args:
        share: of the records that others decided, so many are for a second reviewer.
    """
    for name in ("type", "source", "teacher"):
        value = getattr(wanted, name)
        if value and value != getattr(item.record, name, ""):
            return False
    given = decisions.get(item.digest, {})
    mine = given.get(reviewer)
    if wanted.status == "all":
        return True
    if wanted.status in VERDICTS:
        return mine is not None and mine.verdict == wanted.status
    if wanted.status == "disputed":
        return mine is not None and not all(agree(mine, other) for other in given.values())
    if mine:
        return False
    if wanted.status == "second":
        return bool(given) and sampled(item.digest, share)
    return (item.part == "dropped") == (wanted.status == "dropped")


def sampled(digest: str, share: float) -> bool:
    """Whether a record belongs to that share of all, the same one on each machine."""
    return int(digest, 16) / float(16 ** len(digest)) < share


def progress(
    items: Sequence[Item], decisions: Decisions, log: Iterable[Decision], reviewer: str
) -> Progress:
    """The reviewer's progress.

    Args:
        log: all decisions, also those that were replaced by a later one.
    """
    kept = [item.digest for item in items if item.part != "dropped"]
    mine = [decisions[digest][reviewer] for digest in kept if reviewer in decisions.get(digest, {})]
    counts = {verdict: sum(each.verdict == verdict for each in mine) for verdict in VERDICTS}
    own = {item.digest for item in items}
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    today = [
        each.at
        for each in log
        if each.reviewer == reviewer and each.digest in own and each.at >= midnight.astimezone(UTC)
    ]
    return Progress(
        done=len(mine), total=len(kept), **counts, today=len(today), per_hour=per_hour(today)
    )


def per_hour(times: Sequence[datetime]) -> int | None:
    """Decisions in an hour of work, from when they were made; pauses left out."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    if len(times) < MIN_DECISIONS:
        return None
    worked = sum((min(max(gap, timedelta()), PAUSE) for gap in gaps), timedelta())
    return round(len(gaps) * timedelta(hours=1) / worked) if worked else None
