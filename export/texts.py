"""Which texts a model is asked, compared and calibrated on."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from taxqa.records import Record, read_jsonl

Item = TypeVar("Item")


def comparison_records(run: Path, questions: int) -> list[Record]:
    """At most `questions`: three of four are held-out phrasings of taught questions, which show
    what was learned, the rest validation questions, where there are enough."""
    found: list[list[Record]] = []
    for name in ("heldout.jsonl", "valid.jsonl"):
        path = run / name
        found.append(list(read_jsonl(path, Record)) if path.is_file() else [])
    taught, unseen = found
    chosen = spread(taught, max(questions - questions // 4, questions - len(unseen)))
    return chosen + spread(unseen, questions - len(chosen))


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
