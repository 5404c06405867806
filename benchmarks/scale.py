"""Collecting with and without tasks: `python -m benchmarks.scale --tasks 8 --workers 2`.

200 MB of synthetic judgments; prints the seconds of both and whether the corpora are the same.
`--executor ray` wants Ray, `--executor slurm` a running Slurm (`--partition`), whose jobs find this
Python's programs in PATH; its seconds are those until no job of this user is left.
"""

import argparse
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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
    parser.add_argument("--executor", choices=["local", "ray", "slurm"], default="local")
    parser.add_argument("--partition", help="of Slurm")
    options = parser.parse_args()
    extra: dict[str, Any] = {"executor": options.executor, "workers": options.workers}
    if options.executor == "slurm":
        extra |= {"time": "1:00:00", "partition": options.partition}
    with TemporaryDirectory() as name:
        folder = Path(name)
        dump = folder / "judgments.jsonl"
        count = write(dump, int(options.megabytes * 1e6))
        started = time.perf_counter()
        write_corpus([dump], folder / "plain")
        plain = time.perf_counter() - started
        started = time.perf_counter()
        collect_at_scale([dump], folder / "parts", tasks=options.tasks, **extra)
        while options.executor == "slurm" and jobs_are_left():
            time.sleep(0.5)
        parts = time.perf_counter() - started
        same = digest(folder / "plain" / DOCUMENTS) == digest(folder / "parts" / DOCUMENTS)
    print(f"{count:,} judgments, {options.megabytes:,.0f} MB")
    print(f"without tasks                     {plain:7.1f} s")
    way = f"{options.tasks} tasks, {options.workers} at a time, {options.executor}"
    print(f"{way:33} {parts:7.1f} s")
    print("the same documents" if same else "OTHER DOCUMENTS")


def jobs_are_left() -> bool:
    """Whether Slurm has a job of this user, running or waiting."""
    return bool(subprocess.check_output(["squeue", "--me", "--noheader"]))


if __name__ == "__main__":
    main()
