"""What the laptop knows of a run on RunPod: written, whole and flushed, before each paid step.

It lies beside the run folder, in .NAME.runpod: state.json, the job as sent, the ssh key of this
run, the last checkpoint and the log. After a kill at any moment it names everything that may have
been rented, because a name is written down before the thing is asked for.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from finetune.runpod.api import PREFIX
from finetune.runpod.offers import Terms, volume_usd_per_hour
from taxqa.errors import BusyError, InputError
from taxqa.folders import locked
from taxqa.records import first_problem

STATE = "state.json"
RESULT = "result.tar"
"""The run folder as the pod made it; it has this name once it is here whole."""


class Part(BaseModel):
    """A part of the state."""

    model_config = ConfigDict(extra="forbid")


class Leg(Part):
    """One pod of a run, from the intention on."""

    name: str
    gpu: str
    data_center: str
    usd_per_hour: float
    asked: float
    """When it was about to be asked for, seconds since 1970."""
    deadline: float
    id: str = ""
    """'' = asked for, answer not seen."""
    ended: float | None = None
    """When its end was read back."""
    uploaded: bool = False
    """The job lies on it, or may."""
    host_key: str = ""
    """As its log showed it; '' = not seen."""


class Disk(Part):
    """One network volume of a run, from the intention on."""

    name: str
    data_center: str
    size_gb: int
    asked: float
    id: str = ""
    ended: float | None = None


class RunState(Part):
    """Everything about a run."""

    run: str
    """Its name at RunPod; pods and volumes begin with it."""
    terms: Terms
    volume_gb: int
    dataset: str
    dataset_digest: str
    base_model: str
    """As in the config."""
    base_folder: str = ""
    """The user's own folder with the base model; '' = a known name."""
    force: bool = False
    """A whole run folder that is there may be replaced."""
    job: str = ""
    """SHA-256 of the job."""
    legs: list[Leg] = []
    disks: list[Disk] = []
    checkpoint: str = ""
    """Name of the last checkpoint that lies here."""
    checkpoint_disk: str = ""
    """Name of the volume it came from."""
    fetched: bool = False
    """The run folder is whole on this machine."""

    def leg(self) -> Leg | None:
        """The pod that runs, or may run."""
        return next((leg for leg in reversed(self.legs) if leg.ended is None), None)

    def disk(self) -> Disk | None:
        """The volume that is there, or may be."""
        return next((disk for disk in reversed(self.disks) if disk.ended is None), None)

    def used_seconds(self, now: float) -> float:
        """Of all pods together."""
        return sum(max(0.0, (leg.ended or now) - leg.asked) for leg in self.legs)

    def spent(self, now: float) -> float:
        """USD so far by the prices that were told: pods and volumes, counted from the intention."""
        pods = sum(max(0.0, (leg.ended or now) - leg.asked) * leg.usd_per_hour for leg in self.legs)
        disks = sum(
            max(0.0, (disk.ended or now) - disk.asked) * volume_usd_per_hour(disk.size_gb)
            for disk in self.disks
        )
        return (pods + disks) / 3600


@dataclass
class RunFolder:
    """The folder .NAME.runpod beside a run folder, and the state in it."""

    path: Path
    out: Path
    state: RunState

    def save(self) -> None:
        """Write the state so that a reader, or a power cut, finds the old one or this one."""
        draft = self.path / f"{STATE}.part"
        with draft.open("w", encoding="utf-8") as file:
            file.write(self.state.model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path / STATE)
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def has_result(self) -> bool:
        """Whether what the pod made is here, in its place or still to be put there."""
        return self.state.fetched or (self.path / RESULT).is_file()

    def remove(self) -> None:
        """Forget the run: first its state, so that half a removal is none of a run."""
        (self.path / STATE).unlink(missing_ok=True)
        shutil.rmtree(self.path)


def folder_of(out: Path) -> Path:
    """Where the state of the run `out` lies."""
    return out.with_name(f".{out.name}.runpod")


def has_state(out: Path) -> bool:
    """Whether a run on RunPod is unfinished."""
    return (folder_of(out) / STATE).is_file()


def new_run_folder(out: Path, state: RunState) -> RunFolder:
    """The private folder of a new run; nothing is rented before its state is in it."""
    path = folder_of(out)
    shutil.rmtree(path, ignore_errors=True)  # what is left of one that was being removed
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    (path / ".gitignore").write_text("*\n", encoding="utf-8")  # it holds a private key
    return RunFolder(path, out, state)


def open_run_folder(out: Path) -> RunFolder:
    """The folder of an unfinished run.

    Raises:
        InputError: there is none, or its state is not to be read.
    """
    path = folder_of(out)
    if not (path / STATE).is_file():
        raise InputError(
            f"There is no unfinished run on RunPod for {out}.",
            hint="Start one with: taxqa finetune --on runpod   What is rented: taxqa pods",
        )
    try:
        text = (path / STATE).read_text(encoding="utf-8")
        return RunFolder(path, out, RunState.model_validate(json.loads(text)))
    except ValidationError as error:
        problem = first_problem(error)
    except (OSError, ValueError) as error:
        problem = str(error)
    raise InputError(
        f"{path / STATE} cannot be read: {problem}",
        hint="What is rented is listed by `taxqa pods` and ended by `taxqa pods stop`.",
    )


@contextmanager
def only_driver(out: Path) -> Iterator[None]:
    """Hold the run's lock; BusyError where another process drives it."""
    path = folder_of(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    busy = BusyError(
        f"Another taxqa process drives the run {out}.", hint="Wait for it, or end it first."
    )
    with locked(path.with_name(f"{path.name}.lock"), busy):
        yield


def new_name(out: Path) -> str:
    """A name for a run that no other has: taxqa-NAME-8 hexadecimal digits."""
    words = re.sub(r"[^a-z0-9]+", "-", out.name.lower().removeprefix(PREFIX)).strip("-")[:30]
    return f"{PREFIX}{words.strip('-') or 'run'}-{secrets.token_hex(4)}"
