#!/bin/sh
""":"
exec "$FAKE_INTERPRETER" -S "$0" "$@"
":"""
# Stands in for the interpreter of a pod: whatever it is told to run, it "trains" in a moment. Its
# adapter is the list of its steps, so that a step that is lost or done twice is seen.

import hashlib
import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    settings = {"steps": 4, "seconds": 0.02, "save_every": 2} | json.loads(
        os.environ["FAKE_TRAINER"]
    )
    assert sys.argv[3:] == [
        "finetune", "--config", "config.yaml", "--dataset", "dataset", "--out", "run", "--resume",
    ], sys.argv  # fmt: skip
    assert "RUNPOD_API_KEY" not in os.environ
    partial = Path(".run.partial")
    checkpoints = partial / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    whole = sorted(
        (folder for folder in checkpoints.iterdir() if (folder / "trainer_state.json").is_file()),
        key=lambda folder: int(folder.name.split("-")[1]),
    )
    done = json.loads((whole[-1] / "steps.json").read_text("utf-8")) if whole else []
    token = "with" if os.environ.get("HF_TOKEN") == "hf_secret_42" else "without"
    say(f"training from step {len(done)}, {token} token")
    (partial / "resume.json").write_text("{}", encoding="utf-8")
    lines = [json.dumps({"step": step, "epoch": 1.0, "loss": 1 / step}) for step in done]
    (partial / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    for step in range(len(done) + 1, settings["steps"] + 1):
        time.sleep(settings["seconds"])
        if step == settings.get("fails_at"):
            say("Error: the training diverged")
            sys.exit(1)
        while step == settings.get("hangs_at"):
            time.sleep(0.05)
        done.append(step)
        with (partial / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "epoch": 1.0, "loss": 1 / step}) + "\n")
        if step % settings["save_every"] == 0:
            save(checkpoints / f"checkpoint-{step}", done, settings["steps"])
    finish(partial, done)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def save(folder: Path, done: list[int], steps: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "steps.json").write_text(json.dumps(done), encoding="utf-8")
    (folder / "trainer_state.json").write_text(json.dumps({"max_steps": steps}), encoding="utf-8")


def finish(partial: Path, done: list[int]) -> None:
    (partial / "adapter").mkdir(exist_ok=True)
    (partial / "adapter" / "steps.json").write_text(json.dumps(done), encoding="utf-8")
    (partial / "config.yaml").write_bytes(Path("config.yaml").read_bytes())
    dataset = hashlib.sha256(Path("dataset/manifest.json").read_bytes()).hexdigest()
    manifest = {
        "stage": "run",
        "seconds": 1.0,
        "inputs": {"dataset": {"path": "dataset", "sha256": dataset}},
        "counts": {"steps": len(done), "train_rows": 12, "valid_rows": 4},
        "losses": {"train_loss": 0.25, "valid_loss": None},
        "base_model": {"name": "tiny", "folder": str(Path("base").resolve())},
    }
    for folder in (partial / "checkpoints").iterdir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    (partial / "checkpoints").rmdir()
    (partial / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    partial.rename("run")


main()
