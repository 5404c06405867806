"""Collecting with and without tasks: `python -m benchmarks.scale --tasks 8 --workers 2`.

200 MB of synthetic judgments; prints the seconds of both and whether the corpora are the same.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.synthetic import write
from datagen.corpus import DOCUMENTS, write_corpus
from datagen.scale import collect_at_scale
from taxqa.folders import digest


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=200)
    parser.add_argument("--tasks", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        dump = folder / "judgments.jsonl"
        count = write(dump, int(options.megabytes * 1e6))
        started = time.perf_counter()
        write_corpus([dump], folder / "plain")
        plain = time.perf_counter() - started
        started = time.perf_counter()
        collect_at_scale([dump], folder / "parts", tasks=options.tasks, workers=options.workers)
        parts = time.perf_counter() - started
        same = digest(folder / "plain" / DOCUMENTS) == digest(folder / "parts" / DOCUMENTS)
    print(f"{count:,} judgments, {options.megabytes:,.0f} MB")
    print(f"without tasks                     {plain:7.1f} s")
    print(f"{options.tasks} tasks, {options.workers} at a time             {parts:7.1f} s")
    print("the same documents" if same else "OTHER DOCUMENTS")


if __name__ == "__main__":
    main()
