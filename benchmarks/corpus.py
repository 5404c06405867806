"""What `taxqa collect` and `taxqa generate` need: `python -m benchmarks.corpus [PATH ...]`.

Collects synthetic judgments (417 MB unless --megabytes says otherwise) from a temporary folder,
then the given files and folders; with --generate it also makes a dataset of the judgments. Each
command runs in a process of its own; printed are its seconds, its CPU seconds, MB/s and its peak
memory (RSS, MB).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.synthetic import write

RUN = "from cli.main import main; main()"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=417)
    parser.add_argument("--generate", action="store_true", help="also generate from the corpus")
    parser.add_argument("paths", type=Path, nargs="*")
    options = parser.parse_args()
    print(f"{'':44}{'seconds':>9}{'CPU s':>9}{'MB/s':>8}{'MB RSS':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.megabytes:
            dump = folder / "judgments.jsonl"
            count = write(dump, int(options.megabytes * 1e6))
            corpus = folder / "corpus"
            measure(f"collect {count:,} synthetic judgments", [dump], corpus)
            if options.generate:
                words = ["generate", "--corpus", str(corpus), "--out", str(folder / "dataset")]
                report("generate from them", words, size_of([corpus / "documents.jsonl"]))
        if options.paths:
            measure("collect the given paths", options.paths, folder / "given")


def measure(what: str, paths: list[Path], out: Path) -> None:
    """Collect and report."""
    words = ["collect", "--from", *map(str, paths), "--out", str(out)]
    report(what, words, size_of(paths))


def report(what: str, words: list[str], size: int) -> None:
    """Run a command and print what it took."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", RUN, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.exit(f"taxqa {' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    # Linux counts ru_maxrss in KiB, macOS in bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{what:44}{seconds:9.1f}{cpu:9.1f}{size / 1e6 / seconds:8.1f}{peak / 1e6:9.0f}")


def size_of(paths: list[Path]) -> int:
    """Bytes of files and of all that lies in folders."""
    files = [each for path in paths for each in ([path] if path.is_file() else path.rglob("*"))]
    return sum(each.stat().st_size for each in files if each.is_file())


if __name__ == "__main__":
    main()
