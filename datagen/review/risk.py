"""Which records a person should look at first, and which by chance."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from datagen.checks.figures import figures
from datagen.example import TEACHER
from datagen.review.items import UNKNOWN_TEACHER, Item
from taxlaw.cases import find_cases
from taxqa.records import Record

EVERY = 5
"""Every fifth record in the queue comes by chance; the others by risk, the riskiest first."""
LONG_ANSWER = 400
"""Letters."""

Risk = tuple[int, str]
"""Points, and what they are given for, as the reviewer reads it."""


def risks(record: Record, source: str) -> list[Risk]:
    """What speaks for looking at a record.

    Args:
        source: text of the document it rests on; '' = not known.
    """
    teacher, _, edited = record.teacher.partition("+")
    own = set(figures(record.answer)) - set(figures(record.question))
    own -= source_figures(source) if own else set()
    cases = find_cases(record.answer)
    length = len(record.answer)
    found = [
        (3, "언어 모델이 씀", teacher not in (TEACHER, UNKNOWN_TEACHER)),
        (3, "사람이 고친 기록", bool(edited)),
        (2, "다시 계산하지 않은 수치", bool(own) and record.amount is None),
        (1, "원문 없음", not source and record.source != "practical"),
        (1, "원문 없이 판례·예규를 듦", bool(cases) and not source),
        (1, "인용 조문 없음", not record.citations and not cases),
        (min(length // LONG_ANSWER, 3), "긴 답변", length >= LONG_ANSWER),
    ]
    return [(points, why) for points, why, true in found if true]


@lru_cache(maxsize=64)
def source_figures(source: str) -> frozenset[tuple[str, str]]:
    """The figures of a source, remembered: its records come one after another."""
    return frozenset(figures(source))


def queue(items: Sequence[Item], sources: Mapping[str, str]) -> list[tuple[Item, list[Risk]]]:
    """The items in the order to look at them, each once.

    Four by risk, then one by chance, and so on. What the checks dropped comes last: it trains
    no model.
    """
    rated = {
        item.digest: (
            risks(item.record, sources.get(item.record.document, "")) if item.record else []
        )
        for item in items
    }
    kept = [item for item in items if item.part != "dropped"]
    by_risk = sorted(kept, key=lambda item: (-points(rated[item.digest]), chance(item.digest)))
    mixed = dict.fromkeys(interleaved(by_risk, by_chance(kept)))
    dropped = (item for item in items if item.part == "dropped")
    return [(item, rated[item.digest]) for item in (*mixed, *dropped)]


def interleaved(first: Sequence[Item], second: Sequence[Item]) -> list[Item]:
    """EVERY - 1 of the first, then one of the second; an item may come twice."""
    step = EVERY - 1
    order: list[Item] = []
    for place, item in enumerate(second):
        order += [*first[place * step : (place + 1) * step], item]
    return order


def points(found: Sequence[Risk]) -> int:
    """The score: the sum of the points."""
    return sum(each for each, _ in found)


def by_chance(items: Sequence[Item]) -> list[Item]:
    """The records in an order that nothing about them decides, the same on each machine."""
    return sorted(items, key=lambda item: chance(item.digest))


def chance(digest: str) -> str:
    """A place in the random order; of another kind than the digest, which is sampled by."""
    return hashlib.sha256(f"chance:{digest}".encode()).hexdigest()
