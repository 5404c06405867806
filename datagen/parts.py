"""What each of N tasks made, in a file of its own, and all of it in one order again."""

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from taxqa.errors import ProofError
from taxqa.records import open_text, parse_json, to_json


def refuse_missing(work: Path, tasks: int) -> None:
    """ProofError where a task left no part."""
    missing = [rank for rank in range(tasks) if not part_of(work, rank).is_file()]
    if missing:
        raise ProofError(
            f"{len(missing)} of {tasks} tasks failed, the first is number {missing[0]}.",
            hint=f"Its log: {work / 'first' / 'logs' / f'task_{missing[0]:05d}.log'}. The same call"
            " runs the missing ones alone.",
        )


def part_of(work: Path, rank: int) -> Path:
    """The file of one task."""
    return work / f"{rank:05d}.jsonl"


def write_part(work: Path, rank: int, rows: Iterable[dict[str, Any]]) -> None:
    """Write the rows of one task; the file has its name when it is whole."""
    part = part_of(work, rank)
    part.parent.mkdir(parents=True, exist_ok=True)
    partial = part.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.writelines(to_json(row) + "\n" for row in rows)
    partial.replace(part)


def read_parts(work: Path, tasks: int) -> Iterator[dict[str, Any]]:
    """The rows of all tasks in the order of a run without tasks."""
    refuse_missing(work, tasks)
    parts = (read_part(part_of(work, rank)) for rank in range(tasks))
    return heapq.merge(*parts, key=lambda row: row["place"])


def read_part(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of one task."""
    with open_text(path) as file:
        for line in file:
            yield parse_json(line, str(path))
