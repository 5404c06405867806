"""What an export takes: seconds, memory and disk."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Meter:
    """Counts seconds by name, and the most bytes that a folder held whenever it was looked at."""

    def __init__(self, folder: Path) -> None:
        """Start the clock."""
        self.folder = folder
        self.started = time.monotonic()
        self.by_name: dict[str, float] = {}
        self.peak_disk = 0

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Count the seconds of a block under `name`, and look at the folder when it ends."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.by_name[name] = self.by_name.get(name, 0.0) + time.monotonic() - started
            held = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
            self.peak_disk = max(self.peak_disk, held)

    def seconds(self, name: str) -> float:
        """Seconds counted under `name`, to the millisecond: a small model takes less than 0.05."""
        return round(self.by_name.get(name, 0.0), 3)

    def all_seconds(self) -> float:
        """Seconds since the start."""
        return round(time.monotonic() - self.started, 3)


def peak_memory() -> int:
    """Most bytes of memory that this process or one that it ran held at once; 0 = not known."""
    try:
        import resource
    except ImportError:  # Windows has no such counter
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return unit * max(resource.getrusage(one).ru_maxrss for one in who)
