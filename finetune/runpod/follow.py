"""Watching a pod: its signs of life, metrics into the live view, checkpoints as they come."""

import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from finetune.metrics import read_metrics
from finetune.runpod.api import Pod, RunPod
from finetune.runpod.job import send_job
from finetune.runpod.pods import LOCAL, Pace, present, reckon, sweep
from finetune.runpod.result import flush_one
from finetune.runpod.ssh import Link, LinkError
from finetune.runpod.state import RESULT, Leg, RunFolder
from taxqa.errors import ServiceError
from taxqa.folders import digest, require_space
from taxqa.progress import Bar, bar, note

OUTBOX_NAME = r"^(?:checkpoint-\d+|result)\.tar$"
API_EVERY = 3
"""Looks at the pod by ssh for one at the API."""


class Line(BaseModel):
    """A whole file in the pod's outbox."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(pattern=OUTBOX_NAME)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    max_steps: int | None = None


@dataclass
class Look:
    """What one look at the pod gave."""

    status: dict[str, Any] = field(default_factory=dict)
    index: list[Line] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Ending:
    """How the watching ended."""

    kind: str
    """done, failed, gone, deadline, silent, unguarded or dear."""
    detail: str = ""


@dataclass
class Watch:
    """A pod that is being watched."""

    api: RunPod
    folder: RunFolder
    leg: Leg
    link: Link
    pace: Pace
    beat: float = 0
    """The pod's time in its last sign of life."""
    beat_seen: float = field(default_factory=time.monotonic)
    started: float = field(default_factory=time.monotonic)
    sent: float = -1e9
    """When the job was sent."""

    def look(self) -> Look:
        """Fetch the pod's small files; LinkError where it cannot be reached."""
        room = self.folder.path / "look"
        shutil.rmtree(room, ignore_errors=True)
        room.mkdir()
        self.link.get(f"{LOCAL}/outbox/live", room)
        found = room / "live"
        status = parsed(found / "status.json", {})
        lines = parsed(found / "index.json", [])
        look = Look(status if isinstance(status, dict) else {})
        for line in lines if isinstance(lines, list) else []:
            try:
                look.index.append(Line.model_validate(line))
            except ValidationError:
                raise LinkError("The pod's index names something that is no result.") from None
        look.metrics = metrics_in(found / "metrics.jsonl")
        beat = look.status.get("time")  # none, where the guard cannot write, is no sign of life
        if isinstance(beat, int | float) and beat != self.beat:
            self.beat, self.beat_seen = beat, time.monotonic()
        return look

    def silent(self) -> bool:
        """Whether there was no sign of life for too long; a laptop's sleep does not count."""
        return time.monotonic() - self.beat_seen > self.pace.silence

    def fetch(self, line: Line) -> None:
        """Bring a file of the outbox here, whole and checked; an older checkpoint is dropped."""
        state, path = self.folder.state, self.folder.path
        require_space(path, 2 * line.bytes + 50_000_000, "What the pod made")
        draft = path / "fetch.part"
        draft.unlink(missing_ok=True)
        self.link.get(f"{LOCAL}/outbox/{line.name}", draft)
        if digest(draft) != line.sha256:
            raise LinkError(f"{line.name} arrived damaged.")
        flush_one(draft)
        draft.replace(path / line.name)
        if line.name != RESULT:
            former, state.checkpoint = state.checkpoint, line.name
            disk = state.disk()
            state.checkpoint_disk = disk.name if disk else ""
            self.folder.save()
            if former not in ("", line.name):
                (path / former).unlink(missing_ok=True)

    def fetch_new(self, look: Look) -> bool:
        """Fetch the newest of what is not here yet; True where the result is here."""
        for line in look.index[-1:]:
            if line.name == RESULT or line.name != self.folder.state.checkpoint:
                self.fetch(line)
            if line.name == RESULT:
                return True
        return False

    def ours(self) -> Pod | None:
        """The pod as the API knows it; others of this run are ended."""
        pods = self.api.pods()
        sweep(self.api, self.folder, pods, self.pace)
        return present(self.api, self.leg, pods)

    def step(self, number: int, view: Bar) -> Ending | None:
        """One look; the ending where it came to one.

        Raises:
            LinkError, ServiceError: it can be looked again.
        """
        if self.api.now() >= self.leg.deadline:
            return Ending("deadline")
        silent = self.silent()
        if silent or number % API_EVERY == 0:
            pod = self.ours()
            if pod is None or pod.status in ("EXITED", "ERROR", "TERMINATED"):
                return Ending("gone", "TERMINATED" if pod is None else pod.status)
            if dear := reckon(self.folder, self.leg, pod):
                return Ending("dear", dear)
        try:
            look = self.look()
        except LinkError as error:
            if silent:  # and the API answers: it is the pod that is lost, not the network here
                return Ending("silent", error.message)
            raise
        if silent and self.silent():
            return Ending("silent", "its guard stands still")
        self.show(look, view)
        if self.fetch_new(look):
            return Ending("done")
        if look.status.get("phase") == "failed":
            return Ending("failed", str(look.status.get("detail", "")))
        return self.bring_job(look)

    def bring_job(self, look: Look) -> Ending | None:
        """Send the job to a pod that has none, once it has shown that it can end itself."""
        if look.status.get("job") == self.folder.state.job or not look.status:
            return None
        waited = time.monotonic() - self.started
        if not look.status.get("can_end"):
            return Ending("unguarded") if waited > self.pace.settle else None
        if waited > self.pace.boot:
            return Ending("silent", "it did not take its job")
        if time.monotonic() - self.sent > self.pace.settle:
            note("Sending dataset, config and code …")
            # Before it is sent: a job may arrive although nobody here hears of it, and from then on
            # the volume holds what is paid for.
            self.leg.uploaded = True
            self.folder.save()
            try:
                send_job(self.link, self.folder)
            finally:  # what seemed to fail may have arrived: a second one now would overwrite it
                self.sent = time.monotonic()
        return None

    def show(self, look: Look, view: Bar) -> None:
        """The live view: step, losses, money."""
        steps = [line.max_steps for line in look.index if line.max_steps]
        if steps:
            view.progress.update(view.task, total=steps[-1])
        losses = " ".join(
            f"{key} {line[key]:.3f}"
            for line in look.metrics[-1:]
            for key in ("loss", "eval_loss")
            if isinstance(line.get(key), int | float)
        )
        spent = self.folder.state.spent(self.api.now())
        done = look.metrics[-1]["step"] if look.metrics else 0
        phase = look.status.get("phase", "")
        budget = self.folder.state.terms.budget
        view.update(done, f"{phase} {losses} · {spent:.2f} of {budget:.2f} USD")


def follow(watch: Watch) -> Ending:
    """Watch until the training is over, one way or another."""
    problem, number = "", 0
    with bar("Training on RunPod") as view:
        while True:
            try:
                if ending := watch.step(number, view):
                    return ending
                problem = ""
            except ServiceError as error:
                if error.message != problem:
                    note(f"{error.message} Trying again …")
                problem = error.message
            number += 1
            time.sleep(watch.pace.poll)


def parsed(path: Path, otherwise: Any) -> Any:
    """The JSON in a small file; `otherwise` where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return otherwise


def metrics_in(path: Path) -> list[dict[str, Any]]:
    """The steps in the pod's metrics; what is no step is left out, it is only shown."""
    try:
        lines = read_metrics(path)
    except (ValueError, RecursionError):
        return []
    return [line for line in lines if isinstance(line, dict) and type(line.get("step")) is int]
