"""Real trainings on pods of the loopback RunPod: the same adapter as here, through ten kills."""

import json
import os
import random
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import runpod_laptop
from runpod_laptop import QUICK, Laptop, until
from tiny_runs import settings, trained_run

from finetune.config import TrainConfig
from finetune.metrics import MEASURED, read_metrics
from finetune.resume import checkpoint_to_resume
from finetune.train import finetune

pytestmark = pytest.mark.slow
CALM = replace(QUICK, poll=0.3, tick=0.1)
STEPS = 30
"""Of the training that is killed, three an epoch."""
ROOT = Path(runpod_laptop.__file__).resolve().parent.parent


def adapter(run: Path) -> bytes:
    return (run / "adapter" / "adapter_model.safetensors").read_bytes()


def learned(run: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl without what no two trainings share: speed, memory, time."""
    lines = read_metrics(run / "metrics.jsonl")
    return [{key: line[key] for key in line if key not in MEASURED} for line in lines]


def trains_for_real(laptop: Laptop, config: TrainConfig, dataset: Path) -> Laptop:
    """The laptop with a job that this interpreter trains."""
    laptop.fake.python = sys.executable
    laptop.config, laptop.dataset, laptop.pace = config, dataset, CALM
    return laptop


def test_a_pod_trains_the_same_adapter_as_this_machine(
    laptop: Laptop, base: Path, tiny: Path
) -> None:
    here = trained_run(base, tiny)
    trains_for_real(laptop, settings(base), here.parent / "dataset")
    report = laptop.start()
    assert adapter(laptop.out) == adapter(here)
    assert learned(laptop.out) == learned(here)
    for name in ("config.yaml", "valid.jsonl", "heldout.jsonl"):
        assert (laptop.out / name).read_bytes() == (here / name).read_bytes()
    assert {path.name for path in laptop.out.iterdir()} == {
        *(path.name for path in here.iterdir()),
        "pod-p1.txt",
    }
    manifests = [
        json.loads((run / "manifest.json").read_text("utf-8")) for run in (laptop.out, here)
    ]
    for name in ("base_model", "inputs", "counts", "losses", "trainer", "prompt_form"):
        assert manifests[0][name] == manifests[1][name]
    assert report["steps"] == 9
    laptop.nothing_is_left()


def test_ten_kills_on_either_side_cost_no_checkpoint_no_money_and_no_bit(
    laptop: Laptop, base: Path, tiny: Path
) -> None:
    here = trained_run(base, tiny)
    config = settings(base, num_train_epochs=STEPS / 3, keep="last")
    finetune(here.parent / "dataset", laptop.folder / "here", config)
    trains_for_real(laptop, config, here.parent / "dataset")
    chance = random.Random(7)
    killed_on_pod = ["finetune", "bootstrap.py", "", ""]  # '' = the whole container
    chance.shuffle(killed_on_pod)
    killed_on_pod.append("guard.py")  # last, for the training survives it
    kept = 0
    for number in range(10):
        kept = max(kept, newest_step(laptop))
        if number % 2 == 0:
            kill_laptop(laptop, chance.randint(1, 14))
        else:
            kill_pod(laptop, killed_on_pod[number // 2], chance.randint(1, 3))
        assert newest_step(laptop) >= kept
        assert laptop.fake.most_pods <= 1
    for _ in range(3):
        if laptop_process(laptop).wait(timeout=300) == 0:
            break
    assert adapter(laptop.out) == adapter(laptop.folder / "here")
    assert learned(laptop.out) == learned(laptop.folder / "here")
    assert laptop.fake.most_pods == 1
    laptop.nothing_is_left()


def laptop_process(laptop: Laptop) -> subprocess.Popen[bytes]:
    """A laptop of its own process, that brings the run to its end."""
    given = {
        "url": laptop.fake.url,
        "root": str(laptop.fake.root),
        "folder": str(laptop.folder),
        "dataset": str(laptop.dataset),
        "config": laptop.config.model_dump(mode="json"),
        "pace": asdict(laptop.pace),
    }
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    log = (laptop.folder / "laptop.log").open("ab")
    with log:
        return subprocess.Popen(
            [sys.executable, runpod_laptop.__file__, json.dumps(given)],
            env=env, cwd=ROOT, stdout=log, stderr=log,
        )  # fmt: skip


def kill_laptop(laptop: Laptop, calls: int) -> None:
    """SIGKILL for the laptop at its n-th call, at RunPod or at the pod, before or after it."""
    counted, due = iter(range(1, 10_000)), threading.Event()

    def gate(count: int, what: str) -> None:
        if next(counted) >= calls and not due.is_set():
            due.set()
            process.kill()

    process = laptop_process(laptop)
    laptop.fake.gate = gate
    until(due.is_set, f"call {calls} of the laptop")
    laptop.fake.gate = lambda count, what: None
    process.wait()


def kill_pod(laptop: Laptop, program: str, steps: int) -> None:
    """SIGKILL on the pod, some steps further on; the laptop then ends, or is killed as well."""
    goal = min(newest_step(laptop) + steps, STEPS - 2)
    process = laptop_process(laptop)

    def reached() -> bool:
        nonlocal process
        if process.poll() is not None:  # it saw the end of a pod that was killed before
            assert not laptop.out.is_dir(), "the run was over before its tenth kill"
            process = laptop_process(laptop)
        return newest_step(laptop) >= goal and bool(laptop.fake.living())

    until(reached, f"step {goal}")
    [pod] = laptop.fake.living()
    pod.kill(program)
    if program != "guard.py":
        process.wait(timeout=300)
    else:
        process.kill()
        process.wait()


def newest_step(laptop: Laptop) -> int:
    """Steps in the newest whole checkpoint, or in the finished run, on the run's volume."""
    steps = [0]
    for volume in laptop.fake.living_volumes():
        folder = laptop.fake.volume_folder(volume["id"]) / "taxqa"
        found = checkpoint_to_resume(folder / ".run.partial" / "checkpoints")
        steps.append(int(found.name.split("-")[1]) if found else 0)
        steps += [line["step"] for line in read_metrics(folder / "run" / "metrics.jsonl")]
    return max(steps)
