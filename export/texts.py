"""Which texts a model is asked, compared and calibrated on."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from taxqa.records import Record, read_jsonl

Item = TypeVar("Item")
PARTS = ("heldout.jsonl", "valid.jsonl")
"""Held-out phrasings of taught questions, and validation questions."""


def comparison_records(run: Path, questions: int) -> list[Record]:
    """At most `questions`: three of four are held-out phrasings of taught questions, which show
    what was learned, the rest validation questions, where there are enough."""
    taught, unseen = (part(run, name) for name in PARTS)
    chosen = spread(taught, max(questions - questions // 4, questions - len(unseen)))
    return chosen + spread(unseen, questions - len(chosen))


def held_out_records(run: Path) -> list[Record]:
    """All that a run kept of what it was not trained on."""
    return [record for name in PARTS for record in part(run, name)]


def part(run: Path, name: str) -> list[Record]:
    """The records of one of PARTS; none where the run has none."""
    path = run / name
    return list(read_jsonl(path, Record)) if path.is_file() else []


def spread(items: list[Item], count: int) -> list[Item]:
    """`count` items evenly out of a list."""
    if count >= len(items):
        return items
    return [items[index * len(items) // count] for index in range(count)]


def within(items: list[Item], most: int, size: Callable[[Item], int]) -> list[Item]:
    """As many items, evenly out of a list, as have at most `most` tokens together; at least one.

    Args:
        size: tokens of an item.
    """
    count = len(items)
    while count > 1 and sum(map(size, spread(items, count))) > most:
        count -= 1
    return spread(items, count)
