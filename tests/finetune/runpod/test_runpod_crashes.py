"""The laptop's process ends at a paid step, before or after it: nothing is paid twice or lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from runpod_laptop import Laptop

from finetune.runpod import follow, ssh
from finetune.runpod.api import RunPod
from finetune.runpod.ssh import Link
from finetune.runpod.state import RunFolder, has_state
from taxqa.errors import BusyError, InputError


class Killed(BaseException):
    """The process is gone: from here on it reaches neither RunPod nor the pod."""


def dead_from(
    patch: pytest.MonkeyPatch, moment: Callable[[str], bool], *, after: bool
) -> list[str]:
    """Let the process die at the first act for which `moment` holds; the acts that it did."""
    acts: list[str] = []
    dead: list[bool] = []

    def mortal(act: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        def live(*words: Any, **more: Any) -> Any:
            if dead:
                raise Killed
            acts.append(name(*words))
            due = moment(acts[-1])
            if due and not after:
                dead.append(True)
                raise Killed
            try:
                return act(*words, **more)
            finally:
                if due:
                    dead.append(True)
                    raise Killed

        return live

    patch.setattr(RunPod, "send", mortal(RunPod.send, lambda api, method, path: f"{method} {path}"))
    patch.setattr(ssh, "run", mortal(ssh.run, lambda command, text=None: command[0]))
    patch.setattr(RunFolder, "save", mortal(RunFolder.save, lambda folder: "save"))
    return acts


def go_on(laptop: Laptop) -> None:
    """What a person does after a crash, by what the messages say."""
    if not has_state(laptop.out):
        if not laptop.out.is_dir():
            laptop.start()
        return
    try:
        laptop.attach()
    except InputError as error:
        assert "--resume" in error.hint
        laptop.resume()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "act", ["POST /network-volumes", "POST /pods", "scp", "DELETE /pods", "DELETE /network-volumes"]
)
def test_a_crash_at_a_paid_step_rents_nothing_twice_and_leaves_nothing(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, act: str, after: bool
) -> None:
    with monkeypatch.context() as patch:
        dead_from(patch, lambda done: done.startswith(act), after=after)
        with pytest.raises(Killed):
            laptop.start()
    go_on(laptop)
    assert laptop.steps() == [1, 2, 3, 4]
    assert laptop.fake.most_pods == 1
    assert len(laptop.fake.volumes) == 1
    laptop.nothing_is_left()


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 8])
def test_a_crash_after_the_state_was_written_is_taken_up_there(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    saves: list[str] = []

    def moment(act: str) -> bool:
        saves.extend([act] if act == "save" else [])
        return len(saves) == number

    with monkeypatch.context() as patch:
        dead_from(patch, moment, after=True)
        with pytest.raises(Killed):
            laptop.start()
    go_on(laptop)
    assert laptop.steps() == [1, 2, 3, 4]
    assert laptop.fake.most_pods <= 1
    laptop.nothing_is_left()


def test_a_name_is_written_down_before_the_thing_is_asked_for(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        acts = dead_from(patch, lambda act: False, after=True)
        laptop.start()
    for act in ("POST /network-volumes", "POST /pods"):
        before = [done for done in acts[: acts.index(act)] if not done.startswith("GET")]
        assert before[-1] == "save"


def test_a_state_that_was_half_written_is_none(laptop: Laptop) -> None:
    laptop.fake.trainer = {"fails_at": 1}
    with pytest.raises(Exception, match="failed"):
        laptop.start()
    folder = laptop.state()
    (folder.path / "state.json.part").write_text('{"run": "ha', encoding="utf-8")
    assert laptop.state().state == folder.state
    (folder.path / "state.json").write_text('{"run": "ha', encoding="utf-8")
    with pytest.raises(InputError, match=r"state\.json cannot be read") as error:
        laptop.attach()
    assert "taxqa pods stop" in error.value.hint


def test_a_file_that_arrives_damaged_is_fetched_again(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    get, damaged = Link.get, set[str]()

    def worse(link: Link, remote: str, local: Path) -> None:
        get(link, remote, local)
        if remote.endswith(".tar") and remote not in damaged:
            damaged.add(remote)
            local.write_bytes(local.read_bytes()[:-1])

    monkeypatch.setattr(Link, "get", worse)
    laptop.start()
    assert laptop.steps() == [1, 2, 3, 4]
    assert "result.tar arrived damaged" in capsys.readouterr().err
    laptop.nothing_is_left()


def test_two_processes_never_drive_one_run(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[str] = []
    show = follow.Watch.show

    def second(watch: follow.Watch, *rest: Any) -> None:
        show(watch, *rest)
        for act in (laptop.attach, laptop.resume, laptop.start):
            with pytest.raises(BusyError):
                act()
            refused.append(act.__name__)

    monkeypatch.setattr(follow.Watch, "show", second)
    laptop.start()
    assert {"attach", "resume", "start"} <= set(refused)
    assert laptop.fake.most_pods == 1
