"""A run that is killed, in whatever moment, loses no paid reply and asks nothing twice."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asking import LUNA
from fake_teachers import FakeTeachers, Fault, echoed, served

from datagen.teachers.prices import usd
from datagen.teachers.store import ReplyStore

COUNT = 120
AT_ONCE = 10
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Launcher:
    """A process that starts runs."""

    process: subprocess.Popen[str]
    stderr: Path


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    folder = tmp_path_factory.mktemp("launcher")
    path = f"{ROOT}{os.pathsep}{ROOT / 'tests'}"
    with (folder / "stderr.txt").open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "killed_runs.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "XDG_CONFIG_HOME": str(folder)},
        )
    with process:
        yield Launcher(process, folder / "stderr.txt")
        process.kill()


class Runs:
    """Runs in processes of their own."""

    def __init__(self, launcher: Launcher, folder: Path, fake: FakeTeachers) -> None:
        self.process, self.stderr = launcher.process, launcher.stderr
        self.folder, self.fake = folder, fake
        self.heard = len(self.stderr.read_text(encoding="utf-8"))

    def start(self, name: str, slow: float = 0.0) -> int:
        """Start a run that takes `slow` seconds over each outcome; its process id."""
        order: dict[str, Any] = {
            "url": self.fake.openai_url,
            "store": str(self.folder / f"{name}.db"),
        }
        order |= {"count": COUNT, "concurrency": AT_ONCE, "slow": slow}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.line())

    def ended(self) -> int:
        """Exit status of the run; -9 = killed."""
        return int(self.line())

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def outcomes(self, name: str) -> dict[str, Any]:
        text = (self.folder / f"{name}.json").read_text(encoding="utf-8")
        return dict(json.loads(text))

    def stored(self, name: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / f"{name}.db") as db:
            rows = db.execute("SELECT key, attempt, text, pico FROM replies").fetchall()
        db.close()
        return rows

    def said(self) -> str:
        """What the runs of this test wrote to stderr."""
        return self.stderr.read_text(encoding="utf-8")[self.heard :]


def misbehaving(question: str, times: int) -> Fault | None:
    """By the question alone, so that a run that is killed meets the same as one that is not."""
    number = int(question.rpartition(" ")[2])
    if number % 30 == 7:
        return Fault(text="{")
    if number % 30 == 11:
        return Fault(text='{"answer": "다른 이야기"}')
    if number % 30 == 13:
        return Fault(stop="refusal")
    return None


@pytest.fixture
def runs(tmp_path: Path, launcher: Launcher) -> Iterator[Runs]:
    with served(FakeTeachers(latency=0.03, fault=misbehaving)) as fake:
        yield Runs(launcher, tmp_path, fake)


def wait_until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.001)


def test_a_run_killed_at_ten_moments_loses_no_paid_answer(runs: Runs) -> None:
    runs.start("undisturbed")
    assert runs.ended() == 0
    undisturbed = runs.outcomes("undisturbed")
    needed = len(runs.stored("undisturbed"))
    runs.fake.asked.clear()
    runs.fake.billed.clear()
    chance = random.Random(20261123)
    for kills in range(1, 11):
        # However late it is killed, it has not come to its end.
        runs.fake.stop_after(kills * needed // 11)
        target = runs.fake.asked.total() + chance.randint(1, AT_ONCE)
        pid = runs.start("killed")
        wait_until(lambda target=target: runs.fake.asked.total() >= target)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.06))
        os.kill(pid, signal.SIGKILL)
        assert runs.ended() == -signal.SIGKILL
        lost = runs.fake.asked.total() - len(runs.stored("killed"))
        assert 0 <= lost <= kills * AT_ONCE
    runs.fake.held = lambda: False
    runs.start("killed")
    assert runs.ended() == 0
    assert runs.outcomes("killed") == undisturbed
    assert len(runs.stored("killed")) == needed
    assert runs.fake.asked.total() <= needed + 10 * AT_ONCE
    with ReplyStore.opened(runs.folder / "killed.db") as store:
        spending = store.spending()
    billed = sum(LUNA.pico(read, written) for _, read, written in runs.fake.billed)
    assert usd(billed) <= spending.usd + spending.uncertain


def test_after_a_kill_everything_that_was_heard_is_in_the_store(runs: Runs) -> None:
    runs.fake.latency = 0.0
    runs.fake.stop_after(COUNT // 2)
    pid = runs.start("killed")
    wait_until(lambda: runs.fake.asked.total() >= COUNT // 2)
    os.kill(pid, signal.SIGKILL)
    assert runs.ended() == -signal.SIGKILL
    texts = {text for _, _, text, _ in runs.stored("killed")}
    answered = {echoed(question) for question in runs.fake.asked if not misbehaving(question, 0)}
    assert len(answered - texts) <= AT_ONCE
    assert texts


def test_ctrl_c_waits_for_what_is_on_its_way_and_keeps_it(runs: Runs) -> None:
    runs.fake.held = lambda: True
    pid = runs.start("interrupted")
    wait_until(lambda: runs.fake.in_flight == AT_ONCE)
    os.kill(pid, signal.SIGINT)
    wait_until(lambda: "Waiting up to 30 s for 10 replies" in runs.said())
    runs.fake.held = lambda: False
    assert runs.ended() == 130
    assert len(runs.stored("interrupted")) == runs.fake.asked.total() == AT_ONCE
    with ReplyStore.opened(runs.folder / "interrupted.db") as store:
        assert store.spending().uncertain == 0


def test_ctrl_c_between_two_outcomes_keeps_what_is_on_its_way_as_well(runs: Runs) -> None:
    runs.fake.held = lambda: True
    pid = runs.start("interrupted", slow=600.0)
    wait_until(lambda: runs.fake.in_flight == AT_ONCE)
    runs.fake.stop_after(1)
    wait_until(lambda: "An outcome came about" in runs.said())
    runs.fake.held = lambda: False
    wait_until(lambda: len(runs.fake.billed) >= AT_ONCE)
    os.kill(pid, signal.SIGINT)
    assert runs.ended() == 130
    assert len(runs.stored("interrupted")) == runs.fake.asked.total() >= AT_ONCE
    with ReplyStore.opened(runs.folder / "interrupted.db") as store:
        assert store.spending().uncertain == 0


def test_a_second_ctrl_c_does_not_wait_and_the_ledger_counts_what_may_be_billed(
    runs: Runs,
) -> None:
    runs.fake.held = lambda: True
    pid = runs.start("interrupted")
    wait_until(lambda: runs.fake.in_flight == AT_ONCE)
    os.kill(pid, signal.SIGINT)
    wait_until(lambda: "Waiting" in runs.said())
    os.kill(pid, signal.SIGINT)
    assert runs.ended() == 130
    with ReplyStore.opened(runs.folder / "interrupted.db") as store:
        assert store.spending().replies == 0
        assert store.spending().uncertain > 0
