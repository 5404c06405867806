"""A stage folder appears whole or not at all, whatever happens while it is written."""

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import taxqa
from taxqa.errors import BusyError, InputError, NoSpaceError
from taxqa.folders import (
    digest,
    new_folder,
    newest_folder,
    partial_path,
    read_manifest,
    refuse_existing,
    require_space,
)

ROOT = Path(__file__).resolve().parents[2]
NFD = unicodedata.normalize("NFD", "말뭉치")

WRITER = """
import sys, time
from pathlib import Path
from taxqa.folders import new_folder
with new_folder(Path(sys.argv[1]), stage="dataset", force=True) as draft:
    (draft.path / "half.txt").write_text("half", encoding="utf-8")
    print("writing", flush=True)
    time.sleep(600)
"""
KILLED_BETWEEN_RENAMES = """
import os, signal, sys
from pathlib import Path
from taxqa.folders import new_folder
rename, done = Path.rename, []
def once(path, target):
    if done:
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(path)
    return rename(path, target)
Path.rename = once
with new_folder(Path(sys.argv[1]), stage="dataset", force=True) as draft:
    (draft.path / "new.txt").write_text("new", encoding="utf-8")
"""


def make(out: Path, text: str = "one", **options: Any) -> Path:
    with new_folder(out, **{"stage": "dataset", **options}) as draft:
        (draft.path / "data.txt").write_text(text, encoding="utf-8")
    return out


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def writing_process(out: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has begun to write `out` and will not end by itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(out)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def test_a_folder_holds_its_files_its_config_and_its_manifest(tmp_path: Path) -> None:
    source = make(tmp_path / "corpus", stage="corpus")
    out = tmp_path / "deep" / "말뭉치"
    config = {"limit": 5, "이름": "세법"}
    with new_folder(out, stage="dataset", config=config, inputs={"corpus": source}) as draft:
        (draft.path / "data.txt").write_text("세금", encoding="utf-8")
        draft.counts["records"] = 5
        draft.details["chosen"] = "q8_0"
    assert names(out) == ["config.yaml", "data.txt", "manifest.json"]
    assert names(out.parent) == ["말뭉치"]
    text = (out / "config.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text) == config
    assert "세법" in text
    manifest = read_manifest(out, stage="dataset", made_by="x")
    assert manifest["stage"] == "dataset"
    assert manifest["version"] == taxqa.__version__
    assert manifest["counts"] == {"records": 5}
    assert manifest["chosen"] == "q8_0"
    assert manifest["inputs"] == {"corpus": {"path": str(source), "sha256": digest(source)}}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", manifest["made"])


def test_nothing_stands_under_the_wanted_name_while_it_is_written(tmp_path: Path) -> None:
    with new_folder(tmp_path / "out", stage="dataset") as draft:
        assert draft.path == partial_path(tmp_path / "out") == tmp_path / ".out.partial"
        assert not (tmp_path / "out").exists()
    assert names(tmp_path) == ["out"]


def test_the_manifest_names_the_input_that_was_read_not_what_it_became(tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text("before", encoding="utf-8")
    read = digest(source)
    with new_folder(tmp_path / "out", stage="dataset", inputs={"source": source}):
        source.write_text("after", encoding="utf-8")
    manifest = read_manifest(tmp_path / "out", stage="dataset", made_by="x")
    assert manifest["inputs"]["source"]["sha256"] == read


@pytest.mark.parametrize("problem", [ValueError("no"), KeyboardInterrupt(), InputError("no")])
def test_a_failing_block_leaves_nothing_at_all(tmp_path: Path, problem: BaseException) -> None:
    with pytest.raises(type(problem)), new_folder(tmp_path / "out", stage="dataset") as draft:
        (draft.path / "big.bin").write_bytes(b"0" * 1000)
        raise problem
    assert names(tmp_path) == []


@pytest.mark.parametrize("resume", [False, True])
def test_a_failing_block_of_a_stage_that_can_be_resumed_keeps_its_work(
    tmp_path: Path, resume: bool
) -> None:
    with (
        pytest.raises(ValueError, match="no"),
        new_folder(tmp_path / "out", stage="run", resume=resume) as draft,
    ):
        (draft.path / "checkpoint").touch()
        raise ValueError("no")
    assert names(tmp_path) == [".out.partial"]
    with new_folder(tmp_path / "out", stage="run", resume=True) as draft:
        assert (draft.path / "checkpoint").exists()
    assert names(tmp_path) == ["out"]


def test_without_resume_what_a_killed_run_left_is_not_mixed_in(tmp_path: Path) -> None:
    left = partial_path(tmp_path / "out")
    left.mkdir()
    (left / "old.txt").touch()
    make(tmp_path / "out", resume=False)
    assert names(tmp_path / "out") == ["data.txt", "manifest.json"]


def test_a_killed_process_leaves_no_folder_and_does_not_block_the_next_one(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    with writing_process(out) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not out.exists()
    assert names(tmp_path) == [".out.lock", ".out.partial"]
    make(out)
    assert names(tmp_path) == ["out"]
    assert names(out) == ["data.txt", "manifest.json"]


def test_a_process_killed_while_it_replaces_a_folder_leaves_the_old_one_whole(
    tmp_path: Path,
) -> None:
    out = make(tmp_path / "out")
    with writing_process(out) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (out / "data.txt").read_text(encoding="utf-8") == "one"
    assert read_manifest(out, stage="dataset", made_by="x")


def test_the_old_folder_comes_back_after_a_kill_between_the_two_renames(tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    command = [sys.executable, "-c", KILLED_BETWEEN_RENAMES, str(out)]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    assert not out.exists()
    with pytest.raises(InputError, match="already there"):
        make(out, "never written")
    assert (out / "data.txt").read_text(encoding="utf-8") == "one"
    assert names(tmp_path) == ["out"]


def test_two_processes_never_write_one_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with writing_process(out):
        with pytest.raises(BusyError, match=re.escape(f"is writing {out}")):
            make(out)
        assert (partial_path(out) / "half.txt").exists()
        make(tmp_path / "another")
    assert names(tmp_path) == [".out.lock", ".out.partial", "another"]


def test_a_whole_folder_is_not_overwritten_without_force(tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    with pytest.raises(InputError, match="already there, whole") as caught:
        make(out, "two")
    assert "--force" in caught.value.hint
    assert (out / "data.txt").read_text(encoding="utf-8") == "one"
    assert names(tmp_path) == ["out"]


def test_a_folder_that_another_process_made_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    lock = taxqa.folders.FileLock

    def late(path: Path) -> object:
        monkeypatch.setattr(taxqa.folders, "FileLock", lock)
        make(out)
        return lock(path)

    monkeypatch.setattr(taxqa.folders, "FileLock", late)
    with pytest.raises(InputError, match="already there, whole"):
        make(out, "two")
    assert (out / "data.txt").read_text(encoding="utf-8") == "one"


def test_force_replaces_the_folder_and_all_that_was_in_it(tmp_path: Path) -> None:
    out = make(tmp_path / "out")
    (out / "more.txt").touch()
    make(out, "two", force=True)
    assert names(out) == ["data.txt", "manifest.json"]
    assert (out / "data.txt").read_text(encoding="utf-8") == "two"
    assert names(tmp_path) == ["out"]


def test_force_keeps_the_old_folder_while_the_new_one_is_made_and_where_it_fails(
    tmp_path: Path,
) -> None:
    out = make(tmp_path / "out")
    with (
        pytest.raises(ValueError, match="no"),
        new_folder(out, stage="dataset", force=True),
    ):
        assert (out / "data.txt").read_text(encoding="utf-8") == "one"
        raise ValueError("no")
    assert (out / "data.txt").read_text(encoding="utf-8") == "one"
    assert names(tmp_path) == ["out"]


def test_force_keeps_the_old_folder_where_the_last_rename_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = make(tmp_path / "out")
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name == ".out.partial":
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="Input/output error"):
        make(out, "two", force=True)
    assert (out / "data.txt").read_text(encoding="utf-8") == "one"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("manifest", [None, "", "[]", "{}", '{"name": "a web app"}', "\xff"])
@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_taxqa_did_not_make_is_never_touched(
    tmp_path: Path, manifest: str | None, force: bool
) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "thesis.txt").touch()
    if manifest is not None:
        (out / "manifest.json").write_text(manifest, encoding="latin-1")
    before = names(out)
    with pytest.raises(InputError, match="was not made by taxqa") as caught:
        make(out, force=force)
    assert "Nothing was changed" in caught.value.hint
    assert names(out) == before
    assert names(tmp_path) == ["thesis"]


def test_force_does_not_replace_a_folder_of_another_stage(tmp_path: Path) -> None:
    run = make(tmp_path / "run", stage="run")
    with pytest.raises(InputError, match="is a run folder; a dataset folder does not replace it"):
        make(run, force=True)
    assert read_manifest(run, stage="run", made_by="x")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    make(tmp_path / "out")
    assert names(tmp_path) == ["out"]


def test_a_link_to_a_folder_leads_to_where_the_result_is_written(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    link = tmp_path / "out"
    link.symlink_to(disk / "big")
    assert partial_path(link).parent == disk
    make(link)
    make(link, "two", force=True)
    assert link.is_symlink()
    assert names(disk) == ["big"]
    assert (disk / "big" / "data.txt").read_text(encoding="utf-8") == "two"


@pytest.mark.parametrize("out", ["file", "file/out", "file/deep/out"])
def test_a_file_in_the_way_is_named(tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    message = f"{tmp_path / 'file'} is a file; the result is a folder."
    with pytest.raises(InputError, match=re.escape(message)):
        make(tmp_path / out, force=True)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("out", [".", "..", "/", "a/.."])
def test_a_folder_that_has_no_name_of_its_own_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="cannot be made anew"):
        make(Path(out))
    assert names(tmp_path) == []


def test_a_name_too_long_for_the_disk_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="File name too long"):
        make(tmp_path / ("가" * 83))
    assert names(tmp_path) == []


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "where",
    [(Path, "mkdir"), (Path, "write_text"), (Path, "rename")],
    ids=["at the start", "at the manifest", "at the rename"],
)
def test_a_full_disk_is_said_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: tuple[type, str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(*where, full_disk)
        with (
            pytest.raises(NoSpaceError, match="is full") as caught,
            new_folder(tmp_path / "out", stage="dataset", config={"a": 1}),
        ):
            pass
    assert str(tmp_path / "out") in caught.value.message
    assert names(tmp_path) == []


def test_a_full_disk_in_the_block_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NoSpaceError, match="is full"), new_folder(tmp_path / "out", stage="model"):
        full_disk()
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_path_that_cannot_be_used_is_named(tmp_path: Path, number: int) -> None:
    blamed = str(tmp_path / "input.txt")
    with (
        pytest.raises(InputError) as caught,
        new_folder(tmp_path / "out", stage="dataset"),
    ):
        raise OSError(number, os.strerror(number), blamed)
    assert caught.value.message == (
        f"{tmp_path / 'out'} was not made: {blamed}: {os.strerror(number)}."
    )


def test_an_error_that_is_no_matter_of_paths_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError), new_folder(tmp_path / "out", stage="dataset"):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")


def broken(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"stage":', encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "There is no folder"),
        (lambda folder: (folder / "manifest.json").unlink(), "is no dataset folder of taxqa"),
        (broken, "manifest.json is not JSON"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "names no stage"),
        (lambda folder: (folder / "manifest.json").write_text('{"stage": "run"}'),
         "is a run folder; a dataset folder was expected"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xb0\xa1"), "is not UTF-8"),
    ],
)  # fmt: skip
def test_a_folder_that_is_not_what_a_stage_needs_says_why(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    folder = make(tmp_path / "out")
    damage(folder)
    with pytest.raises(InputError, match=message) as caught:
        read_manifest(folder, stage="dataset", made_by="taxqa generate")
    assert str(folder) in caught.value.message


def test_a_missing_folder_says_which_command_makes_it(tmp_path: Path) -> None:
    for call in (read_manifest, newest_folder):
        with pytest.raises(InputError) as caught:
            call(tmp_path / "none", stage="dataset", made_by="taxqa generate")
        assert caught.value.hint == "Make one with: taxqa generate"


def test_the_newest_whole_folder_of_the_stage_is_found(tmp_path: Path) -> None:
    for name, made in (("b", "2026-01-01"), ("a", "2026-03-01"), ("c", "2026-02-01")):
        make(tmp_path / name, stage="run")
        manifest = tmp_path / name / "manifest.json"
        data = json.loads(manifest.read_text(encoding="utf-8")) | {"made": made}
        manifest.write_text(json.dumps(data), encoding="utf-8")
    make(tmp_path / "z", stage="model")
    (tmp_path / "empty").mkdir()
    broken(make(tmp_path / "broken", stage="run"))
    assert newest_folder(tmp_path, stage="run", made_by="x") == tmp_path / "a"


@pytest.mark.parametrize("left", [".out.partial", ".out.former"])
def test_what_a_killed_run_left_is_not_taken_for_the_newest_folder(
    tmp_path: Path, left: str
) -> None:
    make(tmp_path / "out").rename(tmp_path / left)
    with pytest.raises(InputError, match="There is no dataset folder"):
        newest_folder(tmp_path, stage="dataset", made_by="x")


def test_the_digest_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest(path) == known


@given(st.permutations(["가.txt", "나/다.txt", "b.txt", ".hidden"]))
def test_the_digest_of_a_folder_does_not_depend_on_the_order_of_its_files(
    tmp_path_factory: pytest.TempPathFactory, order: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("digest")
    for name in order:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    lines = [
        f"{name}\0{hashlib.sha256(name.encode()).hexdigest()}\n"
        for name in (".hidden", "b.txt", "가.txt", "나/다.txt")
    ]
    assert digest(folder) == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_a_file_that_may_not_be_read_counts_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").write_text("a", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    opened = Path.open

    def refuse(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *args, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert digest(tmp_path) == hashlib.sha256(b"closed\0\n").hexdigest()


def test_a_folder_copied_by_a_mac_has_the_same_digest(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / form).mkdir()
        for name in ("말뭉치.md", "각하.md", "z.md"):
            (tmp_path / form / unicodedata.normalize(form, name)).write_text(name, encoding="utf-8")
    assert digest(tmp_path / "NFC") == digest(tmp_path / "NFD")


@pytest.mark.parametrize("change", ["name", "content", "more"])
def test_the_digest_of_a_folder_changes_with_any_change(tmp_path: Path, change: str) -> None:
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    before = digest(tmp_path)
    if change == "name":
        (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    else:
        path = tmp_path / ("a.txt" if change == "content" else "b.txt")
        path.write_text("b", encoding="utf-8")
    assert digest(tmp_path) != before


def test_the_digest_of_a_stage_folder_is_that_of_its_manifest(tmp_path: Path) -> None:
    folder = make(tmp_path / "out")
    assert digest(folder) == digest(folder / "manifest.json")


@pytest.mark.parametrize("name", ["말뭉치", NFD, "a b'c\"d", "[bold]", "--out"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    out = make(tmp_path / name)
    make(tmp_path / name, "two", force=True)
    make(tmp_path / "next", inputs={"dataset": out})
    assert names(tmp_path) == sorted([name, "next"])
    assert newest_folder(tmp_path, stage="dataset", made_by="x")


def test_names_that_are_not_utf8_are_digested_and_written_down(tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"\xb0\xa1")
    try:
        source.mkdir()
    except OSError:
        pytest.skip("this disk takes UTF-8 names only")
    (source / os.fsdecode(b"\xb3\xaa.md")).touch()
    with new_folder(
        tmp_path / "out", stage="corpus", config={"from": [str(source)]}, inputs={"from": source}
    ):
        pass
    manifest = read_manifest(tmp_path / "out", stage="corpus", made_by="x")
    assert manifest["inputs"]["from"] == {"path": str(source), "sha256": digest(source)}
    config = yaml.safe_load((tmp_path / "out" / "config.yaml").read_text(encoding="utf-8"))
    assert config == {"from": [str(source)]}


def test_too_little_space_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil._ntuple_diskusage(10, 5, 5 * 10**9)  # type: ignore[attr-defined]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    deep = tmp_path / "not" / "yet" / "made"
    require_space(deep, 5 * 10**9, "Training")
    with pytest.raises(NoSpaceError) as caught:
        require_space(deep, 5 * 10**9 + 1, "Training")
    assert caught.value.message == (
        f"Training needs 5.0 GB on the disk of {tmp_path}; 5.0 GB is free."
    )


def test_what_is_whole_is_not_to_be_forced_by_one_who_wanted_to_resume(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"stage": "run"}', encoding="utf-8")
    with pytest.raises(InputError, match="nothing left to resume") as error:
        refuse_existing(tmp_path, "run", False, resume=True)
    assert "--force" not in error.value.hint
    refuse_existing(tmp_path, "run", True, resume=True)
