"""The result of a pod as a run folder on this machine, as if it had been trained here."""

import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

import yaml

from finetune.runpod.state import RESULT, RunFolder
from taxqa.errors import ProofError
from taxqa.folders import MANIFEST, manifest_of, only_writer, refuse_existing, replace_folder
from taxqa.records import read_json, write_json

AGAIN = "To fetch it once more from the volume, delete that file and run the same with --resume."


def take_result(folder: RunFolder, now: float) -> None:
    """Make the run folder from result.tar, whole or not at all.

    Raises:
        ProofError: it is no run folder, or one of another dataset.
        InputError: another run folder appeared at its place meanwhile.
    """
    if is_taken(folder):
        return
    room = folder.path / "result"
    shutil.rmtree(room, ignore_errors=True)
    try:
        with tarfile.open(folder.path / RESULT, "r:") as tar:
            tar.extractall(room, filter=plain_files)
    except tarfile.TarError as error:
        said = f"{folder.path / RESULT} cannot be unpacked: {error}"
        raise ProofError(f"What the pod made is no run folder; {said}", hint=AGAIN) from None
    run = room / "run"
    if manifest_of(run).get("stage") != "run" or not (run / "adapter").is_dir():
        lies = f"it lies in {folder.path / RESULT}."
        raise ProofError(f"What the pod made is no run folder; {lies}", hint=AGAIN)
    at_home(run, folder, now)
    for log in sorted(folder.path.glob("log-*.txt")):
        shutil.copyfile(log, run / log.name.replace("log-", "pod-"))
    flush(run)
    with only_writer(folder.out):
        refuse_existing(folder.out, "run", folder.state.force)
        replace_folder(run, folder.out)
    flush_one(folder.out.parent)


def plain_files(entry: tarfile.TarInfo, place: str) -> tarfile.TarInfo:
    """Files and folders alone: a link would lead elsewhere once the folder has its own place."""
    if entry.issparse() or not (entry.isreg() or entry.isdir()):
        raise tarfile.FilterError(f"'{entry.name}' is neither a file nor a folder")
    return tarfile.data_filter(entry, place)


def flush(folder: Path) -> None:
    """Have everything in a folder on the disk: the volume it came from is about to be deleted."""
    for path in (folder, *folder.rglob("*")):
        flush_one(path)


def flush_one(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_taken(folder: RunFolder) -> bool:
    """Whether the run folder is there already, by a process that was killed right after."""
    about: Any = manifest_of(folder.out).get("runpod", {})
    return isinstance(about, dict) and about.get("run") == folder.state.run


def at_home(run: Path, folder: RunFolder, now: float) -> None:
    """Name this machine's paths where the pod's stand, and tell what the pod was."""
    state = folder.state
    manifest = read_json(run / MANIFEST)
    found = manifest.get("inputs", {}).get("dataset", {}).get("sha256")
    if found != state.dataset_digest:
        raise ProofError("The pod trained on another dataset than the one that was sent.")
    manifest["inputs"]["dataset"]["path"] = state.dataset
    if state.base_folder:
        manifest["base_model"]["folder"] = state.base_folder
        config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
        config["base_model"] = state.base_model
        text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
        (run / "config.yaml").write_text(text, encoding="utf-8")
    manifest["runpod"] = {
        "run": state.run,
        "gpu": state.legs[-1].gpu,
        "pods": sum(1 for leg in state.legs if leg.id),
        "hours": round(state.used_seconds(now) / 3600, 3),
        "usd": round(state.spent(now), 2),
    }
    write_json(run / MANIFEST, manifest)


def report(out: Path) -> dict[str, Any]:
    """What a training here would tell, and what the pod cost, from the run folder's manifest."""
    manifest = manifest_of(out)
    counts: dict[str, Any] = manifest.get("counts", {})
    losses: dict[str, Any] = manifest.get("losses", {})
    return {
        "base_model": manifest.get("base_model", {}).get("name", ""),
        "trainer": manifest.get("trainer", ""),
        "train_rows": counts.get("train_rows"),
        "valid_rows": counts.get("valid_rows"),
        "steps": counts.get("steps"),
        "train_loss": losses.get("train_loss"),
        "valid_loss": losses.get("valid_loss"),
        "seconds": manifest.get("seconds", 0.0),
        "runpod": manifest.get("runpod", {}),
    }
