"""Runs on the pod once the job is there: installs, trains, and lays out what the laptop fetches.

It needs nothing but Python; the training is `taxqa finetune`, the same as anywhere.

    VOLUME/     dataset/, base/, config.yaml, run/ or .run.partial/ (checkpoints), hf/ (weights);
                outlives the pod
    LOCAL/      site/ (taxqa), venv/ (the packages of lock.txt), outbox/; gone with the pod

Where TAXQA_PYTHON is set (in an image of your own), it is an interpreter that has the packages
already, and nothing is installed.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

LOCAL, VOLUME = Path(os.environ["TAXQA_LOCAL"]), Path(os.environ["TAXQA_VOLUME"])
INBOX, OUTBOX = LOCAL / "inbox", LOCAL / "outbox"
LIVE, PHASE = OUTBOX / "live", LOCAL / "phase.json"
TICK = float(os.environ.get("TAXQA_TICK", "5"))
RUN, PARTIAL = VOLUME / "run", VOLUME / ".run.partial"
CHECKPOINT_FILES = ("metrics.jsonl", "resume.json")
"""What belongs to a checkpoint besides its folder."""
TRAIN = "from cli.main import main; main()"


def say(text: str) -> None:
    """A line of the pod's log."""
    sys.stdout.write(f"bootstrap: {text}\n")
    sys.stdout.flush()


def write(path: Path, value: Any) -> None:
    """A JSON file that is there whole or not."""
    draft = LOCAL / f".{path.name}.part"  # not beside it: the laptop copies that folder as it is
    draft.write_text(json.dumps(value), encoding="utf-8")
    draft.replace(path)


def set_phase(phase: str, **more: Any) -> None:
    """Tell the guard, and through it the laptop, what goes on."""
    say(phase + "".join(f", {name} {value}" for name, value in more.items()))
    write(PHASE, {"phase": phase, "time": time.time(), **more})


def unpack() -> None:
    """The job: data and config to the volume, code to the pod's own disk."""
    with tarfile.open(INBOX / "job.tar") as job:
        job.extractall(VOLUME, filter="data")
    shutil.rmtree(LOCAL / "site", ignore_errors=True)
    for wheel in VOLUME.glob("*.whl"):
        with zipfile.ZipFile(wheel) as code:  # pure Python: to unpack is to install
            code.extractall(LOCAL / "site")


def install() -> str:
    """The interpreter that has the packages of lock.txt; they are installed where need be."""
    if ready := os.environ.get("TAXQA_PYTHON"):
        return ready
    python, venv = shutil.which("python3.12") or sys.executable, LOCAL / "venv"
    subprocess.run([python, "-m", "venv", "--without-pip", str(venv)], check=True)
    program = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "--python", program, "install", "--no-deps", "--require-hashes"]
    quiet = ["--only-binary", ":all:", "--progress-bar", "off", "--no-cache-dir"]
    subprocess.run([*pip, *quiet, "-r", str(VOLUME / "lock.txt")], check=True)
    return program


def restore() -> None:
    """Take over the checkpoint that the laptop sent, where the volume has none as new."""
    sent = INBOX / "restore.tar"
    if not sent.is_file() or RUN.exists():
        return
    with tarfile.open(sent) as checkpoint:
        folders = [Path(name) for name in checkpoint.getnames() if name.count("/") == 1]
        step = max(map(step_of, folders), default=-1)
        if step > step_of(newest_checkpoint()):
            shutil.rmtree(PARTIAL, ignore_errors=True)
            checkpoint.extractall(PARTIAL, filter="data")
            say(f"took over the checkpoint of step {step}")


def environment() -> dict[str, str]:
    """Of the training: the laptop's Hugging Face token, and nothing of RunPod's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RUNPOD_")}
    if (LOCAL / "secrets.json").is_file():
        kept |= json.loads((LOCAL / "secrets.json").read_text(encoding="utf-8"))
    ours = {"PYTHONPATH": str(LOCAL / "site"), "HF_HOME": str(VOLUME / "hf")}
    return kept | ours | {"PYTHONUNBUFFERED": "1", "UNSLOTH_DISABLE_STATISTICS": "1"}


def train(python: str) -> int:
    """Run the training to its end, laying out what comes of it; its exit status."""
    arguments = ["--config", "config.yaml", "--dataset", "dataset", "--out", "run"]
    command = [python, "-c", TRAIN, "finetune", *arguments, "--resume"]
    process = subprocess.Popen(command, cwd=VOLUME, env=environment())
    while process.poll() is None:
        try:
            publish()
        except OSError as error:  # the training, which is paid for, does not end for that
            say(f"nothing could be laid out: {type(error).__name__}: {error}")
        time.sleep(TICK)
    return process.returncode


def publish() -> None:
    """Lay out metrics, the newest checkpoint and the result; the index names what is whole."""
    LIVE.mkdir(parents=True, exist_ok=True)
    source = RUN if RUN.is_dir() else PARTIAL
    copy_whole(source / "metrics.jsonl", LIVE / "metrics.jsonl")
    try:
        index = json.loads((LIVE / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        index = []
    known = {line["name"] for line in index}
    checkpoint = newest_checkpoint()
    if (RUN / "manifest.json").is_file():
        name, parts = "result.tar", [RUN]
    elif checkpoint is not None:
        name = f"{checkpoint.name}.tar"
        parts = [checkpoint, *(PARTIAL / name for name in CHECKPOINT_FILES)]
    else:
        return
    if name not in known and (line := packed(name, parts)):
        index = [*index, line][-2:]  # the one before may be on its way to the laptop
        write(LIVE / "index.json", index)
        kept = {line["name"] for line in index}
        for old in OUTBOX.glob("*.tar"):
            if old.name not in kept:
                old.unlink()


def copy_whole(source: Path, to: Path) -> None:
    """Copy a file that may grow or not be there yet."""
    draft = LOCAL / f".{to.name}.part"
    try:
        shutil.copyfile(source, draft)
    except FileNotFoundError:
        return
    draft.replace(to)


def newest_checkpoint() -> Path | None:
    """The newest whole checkpoint; transformers writes trainer_state.json last."""
    whole = []
    for folder in (PARTIAL / "checkpoints").glob("checkpoint-*"):
        try:
            json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        whole.append(folder)
    return max(whole, key=step_of, default=None)


def step_of(checkpoint: Path | None) -> int:
    """Optimizer steps in a checkpoint of this name; -1 without one."""
    number = checkpoint.name.rpartition("-")[2] if checkpoint else ""
    return int(number) if number.isdigit() else -1


def packed(name: str, parts: list[Path]) -> dict[str, Any] | None:
    """A tar of some parts in the outbox, as a line of the index; None where one vanished."""
    draft = OUTBOX / f".{name}.part"
    try:
        with tarfile.open(draft, "w") as tar:
            for part in parts:
                tar.add(part, str(part.relative_to(VOLUME if part == RUN else PARTIAL)))
        total = max_steps(parts[0])
    except FileNotFoundError:  # the trainer has a newer one and threw this one away
        draft.unlink(missing_ok=True)
        return None
    except OSError:
        draft.unlink(missing_ok=True)  # half a file on a full disk is in the way of everything
        raise
    with draft.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = draft.stat().st_size
    draft.replace(OUTBOX / name)
    return {"name": name, "sha256": digest, "bytes": size, "max_steps": total}


def max_steps(checkpoint: Path) -> int | None:
    """Steps that the whole training has, as the trainer planned it."""
    if checkpoint == RUN:
        return None
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    steps = state.get("max_steps")
    return steps if isinstance(steps, int) else None


def locked(tries: int = 20) -> Any:
    """The lock that only one bootstrap of a pod holds; None where another has it.

    The guard looks at it by taking it for a moment, hence the tries.
    """
    lock = (LOCAL / "bootstrap.lock").open("a")
    for _ in range(tries):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.1)
            continue
        (LOCAL / "bootstrap.pid").write_text(str(os.getpid()), encoding="utf-8")
        return lock
    return None


def main() -> None:
    """Everything from an empty pod to a result in the outbox."""
    lock = locked()
    if lock is None:
        say("another one runs")
        return
    VOLUME.mkdir(parents=True, exist_ok=True)
    set_phase("installing")
    try:
        unpack()
        restore()
        python = install()
        set_phase("training")
        status = 0 if (RUN / "manifest.json").is_file() else train(python)
    except (OSError, subprocess.CalledProcessError, tarfile.TarError) as error:
        set_phase("failed", detail=f"{type(error).__name__}: {error}")
        raise
    publish()
    if status == 0:
        set_phase("done")
    else:
        set_phase("failed", detail=f"taxqa finetune ended with status {status}")


if __name__ == "__main__":
    if sys.argv[1:] == ["publish"]:
        publish()
    else:
        main()
