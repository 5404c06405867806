"""The pod's log on the laptop: a stream that breaks off and is taken up where it ended."""

import re
import threading
from pathlib import Path
from types import TracebackType

import httpx

from finetune.runpod.api import RunPod
from taxqa.progress import note

HOST_KEY = re.compile(r"guard: host key (ssh-ed25519 [A-Za-z0-9+/=]+)(?: .*)?")


class PodLog:
    """Follows a pod's log in a thread while a `with` block runs; keeps it in a file."""

    def __init__(self, api: RunPod, pod_id: str, path: Path, pause: float) -> None:
        """Nothing is read yet.

        Args:
            pause: seconds before a stream that broke off is opened again.
        """
        self.api, self.pod_id, self.path, self.pause = api, pod_id, path, pause
        self.shown = True
        """Whether the lines are also shown to the person who waits."""
        self.host_key = ""
        self.has_host_key = threading.Event()
        self.stopped = threading.Event()
        self.last: list[str] = []
        self.thread = threading.Thread(target=self.follow, daemon=True)

    def __enter__(self) -> "PodLog":
        """Start reading."""
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; a read that waits for a line ends with the process."""
        self.stopped.set()
        self.thread.join(timeout=2)

    def follow(self) -> None:
        """Read until stopped; lines that a new stream repeats are passed over."""
        after, same_time = "", set[str]()
        with self.path.open("w", encoding="utf-8", errors="replace") as file:
            while not self.stopped.is_set():
                try:
                    for moment, line in self.api.log(self.pod_id, after):
                        if moment < after or (moment == after and line in same_time):
                            continue
                        same_time = {line} if moment != after else same_time | {line}
                        after = moment
                        file.write(f"{line}\n")
                        file.flush()
                        self.take(line)
                        if self.stopped.is_set():
                            return
                except (httpx.HTTPError, httpx.StreamError):
                    pass
                self.stopped.wait(self.pause)

    def take(self, line: str) -> None:
        """Look at a line: the host key, what to show, what was said last."""
        if matched := HOST_KEY.fullmatch(line):
            self.host_key = matched[1]  # of a container that was started anew, the last one counts
            self.has_host_key.set()
            return
        self.last = [*self.last, line][-15:]
        if self.shown:
            note(f"  pod: {line}")
