"""What the checks catch and what they reject wrongly: `python -m benchmarks.checks`.

Reads four sets of records, each once right and once with one error: the one that the checks were
built beside, and three that were written without sight of them, with 50 more right records each.
From set A the checks were bettered since; sets B and C were kept for measuring alone. Prints
how many errors of each kind were caught and how many right records were rejected, with the
documents that some of the records rest on and without, then records a second on one core.
"""

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datagen.checks.run import check_records
from datagen.checks.sources import source_texts
from taxlaw.articles import ArticleIndex
from taxqa.records import Document, Rejection, parse_json, read_jsonl, read_text

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "datagen"
ROUNDS = 5


SETS = {
    "planted": ("planted_errors.jsonl", "planted_sources.jsonl"),
    "heldout_a": ("heldout_a.jsonl", "heldout_a_sources.jsonl"),
    "heldout_b": ("heldout_b.jsonl", "heldout_b_sources.jsonl"),
    "heldout_c": ("heldout_c.jsonl", "heldout_c_sources.jsonl"),
}
"""Name -> its files."""
Verdict = tuple[dict[str, Any], Rejection | None]
"""A record and what the checks say of it."""


def main(names: Sequence[str] = tuple(SETS)) -> None:
    """Measure and print; `names` are the sets to read."""
    index = ArticleIndex.default()
    for name in names or SETS:
        print_table(name, *(verdicts(name, index, known) for known in (set_sources(name), {})))
    items, sources = set_items("planted"), set_sources("planted")
    started = time.process_time()
    for _ in range(ROUNDS):
        for item in items:
            verdict(item, index, sources)
    seconds = time.process_time() - started
    print(f"{len(items) * ROUNDS / seconds:,.0f} records a second on one core")


def set_items(name: str) -> list[dict[str, Any]]:
    """The records of a set with `kind` and `planted` (whether the record holds the error)."""
    file = SETS[name][0]
    return [parse_json(line, file) for line in read_text(FOLDER / file).splitlines()]


def set_sources(name: str) -> Mapping[str, str]:
    """The texts that some of the records of a set rest on, by document."""
    return source_texts(read_jsonl(FOLDER / SETS[name][1], Document))


def verdict(
    item: dict[str, Any], index: ArticleIndex, sources: Mapping[str, str]
) -> Rejection | None:
    """What the checks say of one record alone, so that its twin does not give it away."""
    record = {name: value for name, value in item.items() if name not in ("kind", "planted")}
    (result,) = check_records([record], index, sources)
    return result if isinstance(result, Rejection) else None


def verdicts(name: str, index: ArticleIndex, sources: Mapping[str, str]) -> list[Verdict]:
    """What the checks say of each record of a set."""
    return [(item, verdict(item, index, sources)) for item in set_items(name)]


def print_table(title: str, *columns: list[Verdict]) -> None:
    """Caught and wrongly rejected, by kind and in all: with the documents, and without."""
    counted = [counts(each) for each in columns]
    print(f"{title:24}{'with documents':>28}{'without':>28}")
    print(f"{'kind':24}" + f"{'caught':>12}{'false alarms':>16}" * len(columns))
    for kind in counted[0]:
        cells = [f"{row['caught']}/{row['planted']}" for row in (each[kind] for each in counted)]
        false = [f"{row['false']}/{row['sound']}" for row in (each[kind] for each in counted)]
        shown = zip(cells, false, strict=True)
        print(f"{kind:24}" + "".join(f"{caught:>12}{alarms:>16}" for caught, alarms in shown))
    print()


def counts(verdicts: list[Verdict]) -> dict[str, Counter[str]]:
    """Kind -> how many 'planted' and 'sound', how many of them 'caught' and 'false'."""
    rows: dict[str, Counter[str]] = {}
    for item, rejection in verdicts:
        row = rows.setdefault(item["kind"], Counter())
        row["planted" if item["planted"] else "sound"] += 1
        if rejection:
            row["caught" if item["planted"] else "false"] += 1
    rows["all"] = sum(rows.values(), Counter())
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
