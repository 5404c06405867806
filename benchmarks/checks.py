"""What the checks catch and what they reject wrongly: `python -m benchmarks.checks`.

Reads tests/datagen/planted_errors.jsonl: records of ten kinds, each once right and once with one
planted error. Prints how many errors of each kind were caught and how many right records were
rejected, then records a second on one core.
"""

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datagen.checks.run import check_records
from datagen.checks.sources import source_texts
from taxlaw.articles import ArticleIndex
from taxqa.records import Document, Rejection, parse_json, read_jsonl, read_text

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "datagen"
ROUNDS = 5


def main() -> None:
    """Measure and print."""
    items, index, sources = planted_items(), ArticleIndex.default(), planted_sources()
    verdicts = [(item, verdict(item, index, sources)) for item in items]
    print_table(verdicts)
    started = time.process_time()
    for _ in range(ROUNDS):
        for item in items:
            verdict(item, index, sources)
    seconds = time.process_time() - started
    print(f"{len(items) * ROUNDS / seconds:,.0f} records a second on one core")


def planted_items() -> list[dict[str, Any]]:
    """The records with `kind` and `planted` (whether the record holds the error)."""
    lines = read_text(FOLDER / "planted_errors.jsonl").splitlines()
    return [parse_json(line, "planted_errors.jsonl") for line in lines]


def planted_sources() -> Mapping[str, str]:
    """The texts that some of the records rest on, by document."""
    documents = read_jsonl(FOLDER / "planted_sources.jsonl", Document)
    return source_texts(documents)


def verdict(
    item: dict[str, Any], index: ArticleIndex, sources: Mapping[str, str]
) -> Rejection | None:
    """What the checks say of one record alone, so that its twin does not give it away."""
    record = {name: value for name, value in item.items() if name not in ("kind", "planted")}
    (result,) = check_records([record], index, sources)
    return result if isinstance(result, Rejection) else None


def print_table(verdicts: list[tuple[dict[str, Any], Rejection | None]]) -> None:
    """Caught and wrongly rejected, by kind and in all."""
    rows: dict[str, Counter[str]] = {}
    for item, rejection in verdicts:
        row = rows.setdefault(item["kind"], Counter())
        row["planted" if item["planted"] else "sound"] += 1
        if rejection:
            row["caught" if item["planted"] else "false"] += 1
    rows["all"] = sum(rows.values(), Counter())
    print(f"{'kind':24}{'caught':>10}{'false alarms':>16}")
    for kind, row in rows.items():
        caught, false = f"{row['caught']}/{row['planted']}", f"{row['false']}/{row['sound']}"
        print(f"{kind:24}{caught:>10}{false:>16}")


if __name__ == "__main__":
    main()
