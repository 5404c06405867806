"""What is sent to the pod: code, pinned packages, dataset and config, in one tar."""

import json
import os
import shutil
import tarfile
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

import yaml

from finetune.bases import BASES
from finetune.config import TrainConfig
from finetune.runpod.pods import LOCAL
from finetune.runpod.ssh import Link
from finetune.runpod.state import RunFolder
from finetune.runpod.wheel import build_wheel
from taxqa.errors import InputError
from taxqa.folders import MANIFEST, digest
from taxqa.records import write_json

JOB = "job.tar"
DATASET_FILES = ("train.jsonl", "valid.jsonl", "heldout.jsonl", MANIFEST)
MOST_BASE_BYTES = 8_000_000_000
"""A base model of one's own is sent from here; larger ones belong on a hub."""


def pack_job(folder: Path, dataset: Path, config: TrainConfig) -> str:
    """Write job.tar into `folder`; its SHA-256.

    Raises:
        InputError: a base model in a folder that is too large to be sent.
    """
    base = own_base(config)
    sent = config.model_copy(update={"base_model": f"base/{base.name}"} if base else {})
    with tempfile.TemporaryDirectory(dir=folder) as room:
        place = Path(room)
        wheel = build_wheel(place)
        text = yaml.safe_dump(sent.model_dump(mode="json"), allow_unicode=True, sort_keys=False)
        (place / "config.yaml").write_text(text, encoding="utf-8")
        for name in ("bootstrap.py", "lock.txt"):
            with as_file(files("finetune.runpod").joinpath(name)) as source:
                shutil.copyfile(source, place / name)
        # Links, as in a hub's cache, would lead nowhere on the pod.
        with tarfile.open(folder / JOB, "w", dereference=True) as job:
            for name in ("bootstrap.py", wheel.name, "lock.txt", "config.yaml"):
                job.add(place / name, name, filter=plain)
            for name in DATASET_FILES:
                if (dataset / name).is_file():
                    job.add(dataset / name, f"dataset/{name}", filter=plain)
            if base:
                job.add(base, f"base/{base.name}", filter=plain)
    return digest(folder / JOB)


def own_base(config: TrainConfig) -> Path | None:
    """The user's folder with the base model; None where it is one of the known names."""
    if config.base_model in BASES:
        return None
    base = Path(config.base_model).expanduser().resolve()
    if base.suffix.lower() == ".gguf":
        raise InputError(
            "A GGUF file as base model is not sent to a pod; a folder or a known name is.",
            hint=f"Known: {', '.join(BASES)}.",
        )
    if not (base / "config.json").is_file():
        raise InputError(
            f"'{config.base_model}' is neither a known base model nor a folder with a config.json.",
            hint=f"Known: {', '.join(BASES)}.",
        )
    size = sum(file.stat().st_size for file in base.rglob("*") if file.is_file())
    if size > MOST_BASE_BYTES:
        raise InputError(
            f"The base model in {base} has {size / 1e9:.0f} GB; at most"
            f" {MOST_BASE_BYTES / 1e9:.0f} GB are sent from this machine.",
            hint=f"Use a known base model, which the pod fetches itself: {', '.join(BASES)}.",
        )
    return base


def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """An entry without this machine's users and rights; hidden files stay here."""
    if Path(entry.name).name.startswith("."):
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry


def send_job(link: Link, folder: RunFolder) -> None:
    """Send everything to the pod; the file that makes the job count goes last.

    The Hugging Face token goes through ssh into a file of the pod's own disk: it stands neither in
    the pod's settings nor on its volume, nor in a file here.
    """
    state, inbox = folder.state, f"{LOCAL}/inbox"
    if token := os.environ.get("HF_TOKEN"):
        text = json.dumps({"HF_TOKEN": token})
        link.write(text, f"umask 077; cat > {LOCAL}/secrets.json")
    link.put(folder.path / JOB, f"{inbox}/{JOB}")
    disk = state.disk()
    if state.checkpoint and disk and disk.name != state.checkpoint_disk:
        link.put(folder.path / state.checkpoint, f"{inbox}/restore.tar")
    write_json(folder.path / "job.json", {"sha256": state.job})
    link.put(folder.path / "job.json", f"{inbox}/job.json")
