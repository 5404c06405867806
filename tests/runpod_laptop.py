"""A laptop with an account at the loopback RunPod, as a person uses it."""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fake_runpod import KEY, FakePod, FakeRunPod

from finetune.config import TrainConfig
from finetune.runpod import run
from finetune.runpod.api import RunPod
from finetune.runpod.offers import Terms
from finetune.runpod.pods import Pace
from finetune.runpod.run import Person
from finetune.runpod.state import RunFolder, has_state, open_run_folder
from taxqa.errors import InputError

QUICK = Pace(poll=0.05, boot=300, silence=200, linger=300, settle=2, tick=0.05, confirm=100)
"""Short between looks; long wherever a busy machine might need it."""
SIZES = {
    "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "intermediate_size": 96, "vocab_size": 512,
}  # fmt: skip


@dataclass
class Laptop:
    """What a person does."""

    fake: FakeRunPod
    folder: Path
    dataset: Path
    config: TrainConfig
    pace: Pace = QUICK
    terms: Terms = field(default_factory=lambda: Terms(gpu_memory=20))
    agrees: bool = True
    ends_pod: bool = True
    questions: list[str] = field(default_factory=list)

    @property
    def out(self) -> Path:
        """The run folder."""
        return self.folder / "runs" / "taxqa-한국"

    def api(self) -> RunPod:
        """The client."""
        return RunPod(KEY, self.fake.url, first_wait=0.02)

    def person(self) -> Person:
        """Who is asked."""

        def agree(question: str) -> bool:
            self.questions.append(question)
            return self.agrees

        def end(question: str) -> bool:
            self.questions.append(question)
            return self.ends_pod

        return Person(agree, end)

    def start(self, **more: Any) -> dict[str, Any]:
        """`taxqa finetune --on runpod`."""
        with self.api() as api:
            return run.start(
                api, self.dataset, self.out, self.config, self.terms, self.person(),
                pace=self.pace, **more,
            )  # fmt: skip

    def attach(self) -> dict[str, Any]:
        """`--attach`."""
        with self.api() as api:
            return run.attach(api, self.out, self.person(), pace=self.pace)

    def resume(self, **changed: Any) -> dict[str, Any]:
        """`--resume`."""
        with self.api() as api:
            return run.resume(api, self.out, changed, self.person(), pace=self.pace)

    def state(self) -> RunFolder:
        """What the laptop has written down."""
        return open_run_folder(self.out)

    def steps(self) -> list[int]:
        """The steps in the adapter that the fake trainer made."""
        found = json.loads((self.out / "adapter" / "steps.json").read_text("utf-8"))
        return list(found)

    def nothing_is_left(self) -> None:
        """Neither at RunPod nor here."""
        assert self.fake.living() == []
        assert self.fake.living_volumes() == []
        hidden = (
            [path.name for path in self.out.parent.glob(".*")] if self.out.parent.exists() else []
        )
        assert hidden == []


class Dead(BaseException):
    """The laptop is gone: from now on it does nothing at all."""


def only(laptop: Laptop) -> FakePod:
    """The one pod that ever was."""
    [pod] = laptop.fake.pods.values()
    return pod


def said(pod: FakePod, text: str) -> bool:
    """Whether a pod's log says so."""
    return any(text in line for _, line in list(pod.log))


def heard(pod: FakePod, text: str) -> None:
    """Wait for a line of a pod's log: it is read beside what the pod does, and may come later."""
    until(lambda: said(pod, text), f"the log says '{text}'")


def left_alone(pod: FakePod) -> None:
    """Let a pod have waited for a job, and for its result to be fetched, for longer than it may."""
    here = pod.root / "opt" / "taxqa"
    until((here / "started").exists, "the guard begins")
    os.utime(here / "started", (0, 0))
    if (here / "job.checked").exists():
        until(lambda: phase(here) in ("done", "failed"), "the training ends")
        old = json.loads((here / "phase.json").read_text("utf-8")) | {"time": 0}
        (here / "old.json").write_text(json.dumps(old), encoding="utf-8")
        (here / "old.json").replace(here / "phase.json")


def phase(here: Path) -> str:
    """What goes on in a pod; '' = nothing yet."""
    told = here / "phase.json"
    return str(json.loads(told.read_text("utf-8"))["phase"]) if told.exists() else ""


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that happens in another process; fail only where it never does."""
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


def main() -> None:
    """Bring a run to its end in a process of its own, whatever an earlier one left."""
    given = json.loads(sys.argv[1])
    laptop = Laptop(
        FakeRunPod(Path(given["root"]), given["url"]),
        Path(given["folder"]),
        Path(given["dataset"]),
        TrainConfig.model_validate(given["config"]),
        pace=Pace(**given["pace"]),
    )
    if laptop.out.is_dir() and not has_state(laptop.out):
        return
    if not has_state(laptop.out):
        laptop.start()
        return
    try:
        laptop.attach()
    except InputError:
        laptop.resume()


if __name__ == "__main__":
    main()
