"""`taxqa finetune --on runpod` and `taxqa pods`, against the loopback service."""

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from fake_runpod import KEY, FakeRunPod, served, write_ssh
from runpod_laptop import QUICK, SIZES
from tiny_runs import settings, write_dataset

from cli import runpod_options
from cli.finetune import finetune
from cli.main import run
from cli.pods import pods
from finetune.runpod import run as runs


@dataclass
class Shell:
    """A terminal in a folder."""

    fake: FakeRunPod
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, command: click.Command, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command."""
        self.monkeypatch.setattr("sys.argv", ["taxqa", *words])
        code = run(command)
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A folder with dataset, config and base model; a key; a service."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "Pace", lambda: QUICK)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text(json.dumps(SIZES), encoding="utf-8")
    write_dataset(tmp_path / "work" / "dataset")
    config = settings(Path("base")).model_dump(mode="json")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with served(FakeRunPod(tmp_path / "runpod")) as fake:
        write_ssh(tmp_path / "bin", fake.root)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("RUNPOD_API_URL", fake.url)
        monkeypatch.setenv("RUNPOD_API_KEY", KEY)
        yield Shell(fake, monkeypatch, capsys)


RENT = ("--config", "config.yaml", "--out", "work/runs/one", "--on", "runpod", "--gpu-memory", "20")
TERMS = ("--max-price", "0.80/h", "--max-hours", "6", "--budget", "5USD")


def test_a_run_is_rented_from_the_command_line(shell: Shell) -> None:
    code, out, err = shell(finetune, *RENT, *TERMS, "--gpu", "NVIDIA GeForce RTX 4090", "--yes")
    assert code == 0, err
    assert "work/runs/one: adapter" in out
    assert "NVIDIA GeForce RTX 4090, 1 pod, 0.00 h: 0.00 USD." in out
    assert "taxqa export --run work/runs/one" in out
    assert Path("work/runs/one/adapter/steps.json").is_file()
    code, out, _ = shell(pods)
    assert (code, out) == (0, "Nothing is rented.\n")


def test_without_a_yes_nothing_is_rented(shell: Shell) -> None:
    shell.monkeypatch.setattr("sys.stdin", io.StringIO())
    code, _, err = shell(finetune, *RENT, *TERMS)
    assert code == 130
    assert "0.40 USD/h" in err
    assert "Rent it? [y/N]" in err
    assert shell.fake.pods == {}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--gpu", "x"), "Add --on runpod"),
        (("--yes",), "Add --on runpod"),
        (("--on", "runpod", "--budget", "5 EUR"), "no amount of USD"),
        (("--on", "runpod", "--max-hours", "0"), "max_hours: Input should be greater than 0"),
        (("--attach", "--resume"), "give one"),
        (("--attach", "--budget", "9"), "--budget changes nothing for a pod that runs"),
        (("--on", "runpod", "--processes", "2"), "a rented pod has one GPU"),
        (("--attach",), "no unfinished run on RunPod"),
        (("--on", "runpod", "--resume"), "no unfinished run on RunPod"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_rented(
    shell: Shell, words: tuple[str, ...], expected: str
) -> None:
    code, _, err = shell(finetune, "--config", "config.yaml", *words)
    assert code == 2
    assert expected in err
    assert shell.fake.pods == {}


def test_without_a_key_the_message_says_where_to_get_one(shell: Shell) -> None:
    shell.monkeypatch.delenv("RUNPOD_API_KEY")
    for command, words in ((finetune, RENT), (pods, ())):
        code, _, err = shell(command, *words)
        assert code == 2
        assert "RUNPOD_API_KEY" in err


def test_a_failed_training_is_listed_with_its_cost_and_given_up(shell: Shell) -> None:
    shell.fake.trainer = {"fails_at": 4}
    code, _, err = shell(finetune, *RENT, "--yes")
    assert code == 1
    assert "taxqa pods stop taxqa-one-" in err
    code, out, _ = shell(pods, "--json")
    found: dict[str, Any] = json.loads(out)
    [volume] = found["volumes"]
    assert found["pods"] == []
    assert (volume["gb"], volume["usd_per_month"]) == (20, 1.4)

    shell.monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    code, out, _ = shell(pods, "stop", volume["run"])
    assert (code, out) == (0, "")
    assert len(shell.fake.living_volumes()) == 1
    code, out, _ = shell(pods, "stop", volume["run"], "--yes")
    assert (code, out) == (0, f"{volume['id']} ({volume['name']}) deleted.\n")
    assert shell.fake.living_volumes() == []


def test_pods_are_listed_and_stopped_but_only_those_of_taxqa(shell: Shell) -> None:
    fake = shell.fake
    for name in ("taxqa-one-1234abcd-p1", "somebody-elses"):
        status, volume = fake.about_volumes(
            "POST", [], {"name": f"{name}-v", "size": 20, "dataCenter": "EU-RO-1"}
        )
        body = {
            "name": name, "image": "x", "gpu": {"id": "NVIDIA A40", "count": 1}, "args": "true",
            "cloud": "SECURE", "dataCenterIds": ["EU-RO-1"], "disk": 20, "env": {"PUBLIC_KEY": ""},
            "mounts": {"network": [{"volumeId": volume["id"], "path": "/workspace"}]},
        }  # fmt: skip
        assert fake.create_pod(body)[0] == status == 201
    ours, other = fake.pods.values()
    ours.created -= 1800
    code, out, _ = shell(pods)
    assert code == 0
    assert "NVIDIA A40  0.40 USD/h, 0.5 h, 0.20 USD so far" in out
    assert "somebody" not in out
    code, _, err = shell(pods, "stop", other.id)
    assert code == 2
    assert "no pod or volume that taxqa has rented" in err
    code, out, _ = shell(pods, "stop", ours.id)
    assert (code, out) == (0, f"{ours.id} (taxqa-one-1234abcd-p1) ended.\n")
    assert fake.living() == [other]


def test_ctrl_c_asks_and_ends_the_pod_where_nobody_can_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> bool:
        raise click.Abort

    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert runpod_options.end_pod("End it?")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", lambda *_, **__: False)
    assert not runpod_options.end_pod("End it?")
    monkeypatch.setattr(click, "confirm", refuse)
    assert runpod_options.end_pod("End it?")
