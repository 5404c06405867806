"""Several processes of one machine that train together, one for each GPU (data parallel).

What starts them, `taxqa finetune --processes N` or torchrun, says to each in its environment which
of them it is. The first one writes the run folder; the others train along and write nothing of
their own.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from finetune.config import TrainConfig
from finetune.precision import uses_gpu
from taxqa.errors import BusyError, ConfigError

GRACE = 10.0
"""Seconds that the first process has, after another one failed, to end with its own message."""
LOST = 75
"""Exit code of a process that ended because another one did."""
PORTS = range(20_000, 32_000)
"""Where the processes meet: no system gives these away by itself before they have started."""

LEFT: list[object] = []
"""Groups that were left, kept as long as this process runs."""


@dataclass(frozen=True)
class Process:
    """Which of the processes that train together this one is."""

    rank: int = 0
    count: int = 1
    on_machine: int = 0
    """Its number on this machine, and so that of its GPU."""

    @property
    def is_first(self) -> bool:
        """True for the one that writes."""
        return self.rank == 0


def this_process() -> Process:
    """As torchrun's environment says; alone without one."""
    rank, count = os.environ.get("RANK"), os.environ.get("WORLD_SIZE")
    if rank is None or count is None:
        return Process()
    return Process(int(rank), int(count), int(os.environ.get("LOCAL_RANK", rank)))


def take_device(process: Process, config: TrainConfig) -> None:
    """Give each of several processes its own GPU.

    Raises:
        ConfigError: more processes than GPUs, or several on an Apple GPU.
    """
    import torch

    if process.count == 1:
        return
    if uses_gpu(config):
        found = torch.cuda.device_count()
        if process.count > found:
            raise ConfigError(
                f"{process.count} processes were started, and this machine has {found} CUDA"
                f" GPU{'s' if found > 1 else ''}.",
                hint=f"Start {found}, or set device: cpu.",
            )
        torch.cuda.set_device(process.on_machine)
    elif config.device == "auto" and torch.backends.mps.is_available():
        raise ConfigError(
            f"{process.count} processes were started, and an Apple GPU takes one.",
            hint="Start without --processes, or set device: cpu.",
        )


def leave_together() -> None:
    """Let go of the other processes, where there are any."""
    import torch

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        # Where torch's DDP is the last to let go of the group, it waits for the group's threads
        # without giving up Python's lock, and they may be waiting for that: for ever.
        LEFT.append(torch.distributed.group.WORLD)
        torch.distributed.destroy_process_group()


def launch(command: Sequence[str], count: int) -> int:
    """Run `command` in `count` processes that find each other; the exit code.

    The first one speaks to the user; of another one that failed, what it said is shown unless the
    first one ended for the same reason.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that none is left running
    with tempfile.TemporaryFile() as said, started(command, count, said) as children:
        while None in (codes := [child.poll() for child in children]) and not any(codes):
            time.sleep(0.1)
        end_before = time.monotonic() + GRACE
        while any(codes) and cause(codes) is None and time.monotonic() < end_before:
            time.sleep(0.1)
            codes = [child.poll() for child in children]
        if codes[0] in (None, 0, LOST) and any(codes):
            said.seek(0)
            sys.stderr.write(said.read().decode("utf-8", "replace"))
        return cause(codes) or int(any(codes))


def cause(codes: Sequence[int | None]) -> int | None:
    """The exit code to end with, once the first process has ended and it is known why."""
    known = [code for code in codes if code and code != LOST]
    if codes[0] is None or not known:
        return None
    return max(known[0], 1)


def free_port() -> int:
    """A port that nobody has, for the first process to listen at some seconds later.

    Raises:
        BusyError: all that were tried are taken.
    """
    for port in random.SystemRandom().sample(PORTS, 50):
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("", port))
            return port
    raise BusyError("The processes of a training found no free port to meet at.")


@contextmanager
def started(
    command: Sequence[str], count: int, said: IO[bytes]
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The processes, first one first; those that still run at the end are ended."""
    port = free_port()
    threads = str(max(1, (os.cpu_count() or 1) // count))
    children = []
    try:
        for rank in range(count):
            environment = {"OMP_NUM_THREADS": threads} | os.environ
            environment |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
            environment |= {"LOCAL_WORLD_SIZE": str(count)}
            environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
            output = None if rank == 0 else said
            children.append(
                subprocess.Popen(command, env=environment, stdout=output, stderr=output)
            )
        yield children
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()
