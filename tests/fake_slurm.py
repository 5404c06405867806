"""The programs of Slurm where there is none: a job runs at once, on this machine.

As seen of Slurm 22.05: an array runs its script once for each index; a job that waits with
`afterok` for one that failed stays in the queue (DependencyNeverSatisfied), with `afterany` it
runs.
"""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

PROGRAMS = ("sbatch", "srun", "scontrol", "squeue")


def install(folder: Path) -> None:
    """Put the programs into `folder`, for PATH; what became of each job is noted there too."""
    folder.mkdir()
    for name in PROGRAMS:
        words = shlex.join([sys.executable, __file__, str(folder), name])
        (folder / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        (folder / name).chmod(0o755)


def main(jobs: Path, program: str, words: list[str]) -> int:
    """Play one program; its exit status."""
    if program == "srun":  # srun -l -n 1 COMMAND …
        return subprocess.call(words[words.index("-n") + 2 :])
    if program == "scontrol":  # scontrol show hostnames NAMES
        sys.stdout.write(words[-1] + "\n")
    elif program == "squeue":
        for job in sorted(jobs.glob("*.job")):
            if job.read_text(encoding="utf-8") == "waits":
                sys.stdout.write(f"{job.stem} DependencyNeverSatisfied\n")
    else:
        number = len(list(jobs.glob("*.job"))) + 1
        state = run(jobs, number, words)
        (jobs / f"{number}.job").write_text(state, encoding="utf-8")
        sys.stdout.write(f"Submitted batch job {number}\n")
    return 0


def run(jobs: Path, number: int, words: list[str]) -> str:
    """Run the job; 'done', 'failed' or 'waits'."""
    script = Path(words[-1]).read_text(encoding="utf-8")
    lines = [line.removeprefix("#SBATCH ") for line in script.splitlines() if "#SBATCH" in line]
    given = dict(word.removeprefix("--").partition("=")[::2] for word in lines + words[:-1])
    for dependency in filter(None, given.get("dependency", "").split(",")):
        kind, _, other = dependency.partition(":")
        state = (jobs / f"{other}.job").read_text(encoding="utf-8")
        if state == "waits" or (kind == "afterok" and state == "failed"):
            return "waits"
    last = int(given["array"].partition("%")[0].removeprefix("0-"))
    exported = dict(word.split("=") for word in given.get("export", "ALL").split(",")[1:])
    started = [task(script, given["output"], number, index, exported) for index in range(last + 1)]
    return "failed" if any([each.wait() for each in started]) else "done"


def task(
    script: str, output: str, number: int, index: int, exported: dict[str, str]
) -> "subprocess.Popen[bytes]":
    """Start one task of an array."""
    slurm = {
        "SLURM_JOB_ID": str(number),
        "SLURM_ARRAY_TASK_ID": str(index),
        "SLURM_NODELIST": socket.gethostname(),
    }
    log = Path(output.replace("%A", str(number)).replace("%a", str(index)))
    with log.open("wb") as file:
        return subprocess.Popen(
            ["bash", "-c", script],
            env={**os.environ, **exported, **slurm},
            stdout=file,
            stderr=file,
        )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
