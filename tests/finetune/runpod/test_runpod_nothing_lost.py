"""What is paid for is here, or said, before anything of it is given up."""

import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from fake_runpod import FakePod
from runpod_laptop import Dead, Laptop, heard, left_alone, only, until

from finetune.runpod import drive, follow, ssh
from finetune.runpod.api import RunPod
from finetune.runpod.job import pack_job
from finetune.runpod.state import RunFolder, has_state
from taxqa.errors import InputError, NoSpaceError, ProofError


@pytest.mark.parametrize("dies", [Dead, ssh.LinkError], ids=["killed", "ssh hiccup"])
def test_a_volume_is_kept_where_the_job_may_have_reached_the_pod(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, dies: type[BaseException]
) -> None:
    laptop.fake.trainer = {"steps": 4, "save_every": 99, "fails_at": 4}
    send, times = follow.send_job, []

    def sent_and_cut(*words: Any) -> None:
        send(*words)
        times.append(1)
        raise dies("the connection broke off at the last byte")

    with monkeypatch.context() as patch:
        patch.setattr(follow, "send_job", sent_and_cut)
        with pytest.raises((Dead, ProofError)):
            laptop.start()
    if dies is Dead:
        with pytest.raises(ProofError):
            laptop.attach()
    assert times == [1]
    heard(only(laptop), "training from step 0")
    assert len(laptop.fake.living_volumes()) == 1, "hours of training lay on it"
    assert has_state(laptop.out)


def test_everything_is_on_the_disk_before_its_volume_is_deleted(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    found: list[set[int]] = []

    def gate(count: int, what: str) -> None:
        if what.startswith("DELETE /network-volumes") and not what.endswith("done"):
            found.append(set(synced))

    monkeypatch.setattr(os, "fsync", fsync)
    laptop.fake.gate = gate
    laptop.start()
    files = {path: path.stat().st_ino for path in laptop.out.rglob("*") if path.is_file()}
    assert files
    assert [path for path, inode in files.items() if inode not in found[0]] == []
    assert laptop.out.parent.stat().st_ino in found[0], "the rename, too"


@pytest.mark.parametrize("way", ["attach", "resume"])
def test_a_result_that_is_here_already_is_put_in_its_place_without_renting_again(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    def full(*_: object) -> None:
        raise NoSpaceError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(drive, "take_result", full)
        with pytest.raises(NoSpaceError):
            laptop.start()
    for pod in laptop.fake.living():
        laptop.fake.end(pod)  # nobody fetched it: it ended itself
    getattr(laptop, way)()
    assert laptop.steps() == [1, 2, 3, 4]
    assert len(laptop.fake.pods) == 1
    laptop.nothing_is_left()


def test_a_pod_that_runs_on_after_a_failure_here_is_named(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise NoSpaceError("The disk is full.")

    monkeypatch.setattr(drive, "take_result", full)
    with pytest.raises(NoSpaceError):
        laptop.start()
    assert only(laptop).id in capsys.readouterr().err


@pytest.mark.parametrize("number", range(1, 10))
def test_a_disk_that_is_full_from_some_write_on_leaves_no_pod_unsaid(
    laptop: Laptop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
) -> None:
    save, saves = RunFolder.save, []

    def full(folder: RunFolder) -> None:
        saves.append(1)
        if len(saves) >= number:
            raise OSError(28, "No space left on device")
        save(folder)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "save", full)
        try:
            laptop.start()
        except OSError as error:
            told = f"{capsys.readouterr().err}{error}"
    if len(saves) < number:
        laptop.nothing_is_left()
        return
    for pod in laptop.fake.living():
        assert pod.id in told
    for volume in laptop.fake.living_volumes():
        assert volume["name"] in told or volume["id"] in told or has_state(laptop.out)
    if has_state(laptop.out):  # there is room again
        laptop.resume()
        assert laptop.steps() == [1, 2, 3, 4]
        assert laptop.fake.most_pods == 1
        laptop.nothing_is_left()


def test_a_pod_that_ended_itself_while_the_laptop_slept_is_not_reckoned_until_it_woke(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(follow.Watch, "fetch_new", lambda *_: (_ for _ in ()).throw(Dead()))
        with pytest.raises(Dead):
            laptop.start()
        left_alone(only(laptop))
        until(lambda: not laptop.fake.living(), "the pod ends itself")
    leg = laptop.state().state.legs[0]
    with monkeypatch.context() as patch:
        real = RunPod.now
        patch.setattr(RunPod, "now", lambda api: real(api) + 40 * 3600)
        with pytest.raises(InputError):
            laptop.resume()  # the hours may all be used up
    after = laptop.state().state.legs[0]
    assert after.ended is not None
    assert after.ended <= leg.deadline
    assert laptop.state().state.spent(after.ended) <= laptop.terms.budget


def test_a_checkpoint_that_cannot_be_laid_out_does_not_end_the_training(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pod's own disk is full where checkpoints are laid out; the volume is not."""
    laptop.fake.trainer = {"steps": 4, "seconds": 0.3, "save_every": 2}
    opened = laptop.fake.open

    def open_full(pod: FakePod) -> None:
        blocked = pod.root / "opt" / "taxqa" / "outbox" / ".checkpoint-2.tar.part"
        blocked.mkdir(parents=True)  # what is opened for writing there fails
        (blocked / "x").touch()
        opened(pod)

    laptop.fake.open = open_full  # type: ignore[method-assign]
    laptop.start()
    assert laptop.steps() == [1, 2, 3, 4]
    laptop.nothing_is_left()


def test_a_base_model_made_of_links_arrives_as_files(laptop: Laptop, tmp_path: Path) -> None:
    config = Path(laptop.config.base_model) / "config.json"
    blob = tmp_path / "blob"
    config.rename(blob)
    config.symlink_to(blob)
    pack_job(laptop.folder, laptop.dataset, laptop.config)
    with tarfile.open(laptop.folder / "job.tar") as job:
        assert all(entry.isreg() or entry.isdir() for entry in job)
        assert job.getmember("base/base-model/config.json").size == blob.stat().st_size
