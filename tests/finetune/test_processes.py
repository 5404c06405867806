"""Two processes (gloo, on the CPU) train what one trains, and only the first one writes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_runs import settings, write_dataset

from finetune import processes
from finetune.config import TrainConfig
from finetune.metrics import read_metrics
from finetune.processes import LOST, Process, free_port, launch, take_device, this_process
from finetune.space import lost_process
from finetune.train import finetune
from taxqa.errors import BusyError, ConfigError, InputError

ROOT = Path(processes.__file__).resolve().parent.parent
TAXQA = [sys.executable, "-c", "from cli.main import main; main()", "finetune"]
EXACT = {"lora_dropout": 0.0, "precision": "fp32", "report_samples": 1, "report_sample_tokens": 4}


def started(arguments: list[str], **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*TAXQA, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def options(dataset: Path, out: Path, config: TrainConfig) -> list[str]:
    path = out.with_suffix(".yaml")
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")), encoding="utf-8")
    return ["--config", str(path), "--dataset", str(dataset), "--out", str(out)]


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("processes")


@pytest.fixture(scope="module")
def together(base: Path, parent: Path) -> "subprocess.CompletedProcess[str]":
    """A training in two processes; its run folder is parent/two."""
    dataset = write_dataset(parent / "dataset")
    config = settings(base, gradient_accumulation_steps=1, **EXACT)
    return started([*options(dataset, parent / "two", config), "--processes", "2", "--json"])


def test_two_processes_leave_the_run_folder_of_one(
    together: "subprocess.CompletedProcess[str]", base: Path, parent: Path
) -> None:
    from safetensors.torch import load_file

    assert together.returncode == 0, together.stderr
    # The same global batch: two processes with two rows each, one process with twice two rows.
    finetune(parent / "dataset", parent / "one", settings(base, **EXACT))
    one, two = parent / "one", parent / "two"
    assert {path.name for path in one.iterdir()} == {path.name for path in two.iterdir()}
    # One process averages the validation batches, two average the tokens of two batches at once.
    for key, count, off in (("loss", 9, 1e-4), ("eval_loss", 3, 0.01)):
        curves = [
            [line[key] for line in read_metrics(run / "metrics.jsonl") if key in line]
            for run in (one, two)
        ]
        assert len(curves[0]) == count
        assert curves[1] == pytest.approx(curves[0], rel=off)
    learned, also = (load_file(run / "adapter" / "adapter_model.safetensors") for run in (one, two))
    assert learned.keys() == also.keys()
    for name, weight in learned.items():
        assert (weight - also[name]).abs().max() < 1e-3 * weight.abs().max(), name


def test_only_the_first_of_two_processes_speaks_and_writes(
    together: "subprocess.CompletedProcess[str]", parent: Path
) -> None:
    result = json.loads(together.stdout)
    assert (result["steps"], result["train_rows"]) == (9, 12)
    assert together.stderr.count("9 steps") == 1
    manifest = json.loads((parent / "two" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["training"]["processes"] == 2
    assert [path.name for path in parent.iterdir() if path.name.startswith(".")] == []
    rates = [line for line in read_metrics(parent / "two" / "metrics.jsonl") if "loss" in line]
    assert all(line["tokens_per_second"] > 0 for line in rates)


KILLED = """
import os, signal, sys
from pathlib import Path
from finetune import fit, train
from finetune.config import load_config

append = fit.append_metrics

def append_and_die(path, step, *rest):
    append(path, step, *rest)
    if step == 5:
        os.kill(os.getpid(), signal.SIGKILL)

fit.append_metrics = append_and_die
train.finetune(Path(sys.argv[2]), Path(sys.argv[3]), load_config(Path(sys.argv[1])))
"""


def test_a_killed_training_of_two_processes_goes_on_to_the_same_adapter(
    together: "subprocess.CompletedProcess[str]", base: Path, parent: Path
) -> None:
    config = settings(base, gradient_accumulation_steps=1, **EXACT)
    arguments = options(parent / "dataset", parent / "killed", config)
    assert launch([sys.executable, "-c", KILLED, *arguments[1::2]], 2) == 1
    assert (parent / ".killed.partial" / "checkpoints" / "checkpoint-4").is_dir()
    with pytest.raises(InputError, match="another number of processes than this one"):
        finetune(parent / "dataset", parent / "killed", config, resume=True)
    done = started([*arguments, "--processes", "2", "--resume"])
    assert done.returncode == 0, done.stderr
    weights = [
        (parent / name / "adapter" / "adapter_model.safetensors").read_bytes()
        for name in ("two", "killed")
    ]
    assert weights[0] == weights[1]


LEFT_WITH_WORK = """
import os, sys, time
from pathlib import Path
import torch
from finetune import fit, train
from finetune.config import load_config

leave = fit.leave_together

def leave_before_the_last_work_is_done():
    if os.environ["RANK"] == "1":
        time.sleep(3)  # the first one has left by then, and its group's thread waits for this one
    gathered = [torch.zeros(1), torch.zeros(1)]
    torch.distributed.all_gather(gathered, torch.ones(1), async_op=True)
    del gathered
    leave()

fit.leave_together = leave_before_the_last_work_is_done
train.finetune(Path(sys.argv[2]), Path(sys.argv[3]), load_config(Path(sys.argv[1])))
"""


def test_processes_part_while_their_group_still_lets_go_of_its_last_work(
    base: Path, parent: Path
) -> None:
    dataset = write_dataset(parent / "parting-dataset")
    config = settings(base, max_steps=1, report_samples=0)
    arguments = options(dataset, parent / "parting", config)
    assert launch([sys.executable, "-c", LEFT_WITH_WORK, *arguments[1::2]], 2) == 0
    assert (parent / "parting" / "adapter" / "adapter_model.safetensors").is_file()


def test_torchrun_does_as_well(base: Path, parent: Path) -> None:
    dataset = write_dataset(parent / "torchrun-dataset")
    config = settings(base, max_steps=1, report_samples=0)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--no-python"]
    command += ["--nproc-per-node", "2", *TAXQA, *options(dataset, parent / "torchrun", config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Next: taxqa export") == 1
    assert len(read_metrics(parent / "torchrun" / "metrics.jsonl")) == 2


def test_a_wrong_input_of_two_processes_is_one_message(base: Path, parent: Path) -> None:
    done = started(
        [*options(parent / "nowhere", parent / "none", settings(base)), "--processes", "2"]
    )
    assert done.returncode == 2
    assert done.stderr.count("Error: There is no folder") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("program", "code", "said", "grace"),
    [
        ("pass", 0, "", 500),
        ("sys.exit(2 if rank == 1 else 0)", 2, "", 500),
        ("rank == 0 or sys.exit('the second one fell'); time.sleep(9000)", 1, "fell", 0.3),
        ("sys.exit(75) if rank == 0 else sys.exit('out of memory')", 1, "out of memory", 500),
        ("os.kill(os.getpid(), 9) if rank == 0 else time.sleep(9000)", 1, "", 500),
    ],
)
def test_when_one_process_ends_badly_so_do_all(
    program: str,
    code: int,
    said: str,
    grace: float,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "GRACE", grace)
    start = "import os, sys, time; rank = int(os.environ['RANK']); "
    assert launch([sys.executable, "-c", start + program], 2) == code
    assert said in capfd.readouterr().err


def test_processes_meet_at_a_port_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as held:
        held.bind(("", free_port()))
        taken = held.getsockname()[1]
        monkeypatch.setattr(processes, "PORTS", [taken] * 50)
        with pytest.raises(BusyError, match="no free port"):
            free_port()
    monkeypatch.undo()
    assert free_port() in processes.PORTS


def test_a_process_knows_itself_by_what_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert this_process() == Process(0, 1, 0)
    assert this_process().is_first
    monkeypatch.setenv("RANK", "3")
    assert this_process().count == 1  # a leftover, and nothing that started several
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert this_process() == Process(3, 4, 3)
    assert not this_process().is_first


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    taken: list[Any] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    take_device(Process(1, 2, 1), TrainConfig())
    assert taken == [1]
    with pytest.raises(ConfigError, match="3 processes were started, and this machine has 2 CUDA"):
        take_device(Process(0, 3, 0), TrainConfig())
    take_device(Process(0, 3, 0), TrainConfig(device="cpu"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(ConfigError, match="an Apple GPU takes one"):
        take_device(Process(0, 2, 0), TrainConfig())
    assert taken == [1]


def test_a_lost_process_is_a_message_that_says_how_to_go_on() -> None:
    import torch

    for error in (
        RuntimeError("[../gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]"),
        torch.distributed.DistBackendError("NCCL communicator was aborted"),
    ):
        named = lost_process(error)
        assert named is not None
        assert named.exit_code == LOST
        assert "--resume" in named.hint
    assert lost_process(RuntimeError("shapes do not match")) is None
