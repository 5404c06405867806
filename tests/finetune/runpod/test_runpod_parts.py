"""What is sent, what runs on the pod, and the files for those who rent by hand."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_runpod import KEY, FakePod, FakeRunPod
from runpod_laptop import Laptop
from tiny_runs import settings

import finetune.runpod
from finetune.runpod import wheel
from finetune.runpod.api import Endpoint, RunPod
from finetune.runpod.follow import Line
from finetune.runpod.job import DATASET_FILES, pack_job
from finetune.runpod.logs import PodLog
from finetune.runpod.ssh import Link, LinkError, make_key, run
from finetune.runpod.state import new_name
from finetune.runpod.wheel import build_wheel
from taxqa.errors import InputError

FILES = Path(finetune.runpod.__file__).parent
ROOT = FILES.parent.parent
SKY_FIELDS = {"name", "resources", "workdir", "envs", "file_mounts", "setup", "run"}
"""Of a SkyPilot task, those that are used here (docs.skypilot.co, YAML spec)."""


def test_the_wheel_is_one_that_pip_installs_and_the_program_in_it_runs(tmp_path: Path) -> None:
    made = build_wheel(tmp_path)
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(site), str(made)], check=True)
    program = [sys.executable, "-c", "import cli.main as m; print(m.__file__); m.main()"]
    env = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(
        [*program, "finetune", "--help"], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.startswith(str(site))
    assert "--dataset" in done.stdout
    for name in ("finetune/gpus.yaml", "finetune/runpod/lock.txt", "datagen/guide"):
        assert (site / name).exists()


def test_the_same_code_makes_the_same_wheel(tmp_path: Path) -> None:
    digests = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        made = build_wheel(tmp_path / str(number))
        digests.append(hashlib.sha256(made.read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    names = zipfile.ZipFile(made).namelist()
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]


def test_the_packages_of_an_installed_taxqa_are_found_without_a_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Installed:
        files = (Path("taxqa/__init__.py"), Path("cli/__init__.py"), Path("cli/main.py"))

    monkeypatch.setattr(wheel, "distribution", lambda name: Installed)
    assert wheel.packages(tmp_path) == ["cli", "taxqa"]


def test_an_application_installed_under_a_hidden_folder_is_packed_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / ".local" / "share" / "site"
    (site / "taxqa").mkdir(parents=True)
    (site / "taxqa" / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(wheel.taxqa, "__file__", str(site / "taxqa" / "__init__.py"))
    monkeypatch.setattr(wheel, "packages", lambda root: ["taxqa"])
    assert [inside for inside, _ in wheel.package_files()] == ["taxqa/__init__.py"]


def test_the_job_holds_what_the_pod_needs_and_nothing_else(laptop: Laptop) -> None:
    (laptop.dataset / "rejected.jsonl").write_text("private\n", encoding="utf-8")
    (Path(laptop.config.base_model) / ".secret").write_text("x", encoding="utf-8")
    digest = pack_job(laptop.folder, laptop.dataset, laptop.config)
    with tarfile.open(laptop.folder / "job.tar") as job:
        names = set(job.getnames())
        assert {member.uname for member in job} == {""}
        config = yaml.safe_load(job.extractfile("config.yaml") or b"")
    [code] = [name for name in names if name.endswith(".whl")]
    assert names == {
        "bootstrap.py", "lock.txt", "config.yaml", code, "base/base-model",
        "base/base-model/config.json", *(f"dataset/{name}" for name in DATASET_FILES),
    }  # fmt: skip
    assert config["base_model"] == "base/base-model"
    assert digest == hashlib.sha256((laptop.folder / "job.tar").read_bytes()).hexdigest()


def test_a_base_model_that_cannot_be_sent_is_refused(laptop: Laptop, tmp_path: Path) -> None:
    for name in ("gemma4-900b", str(tmp_path / "model.gguf")):
        with pytest.raises(InputError, match="base model"):
            pack_job(tmp_path, laptop.dataset, settings(Path(name)))


def test_ssh_takes_every_option_that_is_given(tmp_path: Path) -> None:
    folder = tmp_path / "runs 한국 50%"
    folder.mkdir()
    public = make_key(folder)
    assert public.startswith("ssh-ed25519 ")
    assert make_key(folder) == public
    link = Link(Endpoint(host="203.0.113.7", port=10022), folder)
    link.trust("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKey comment")
    done = subprocess.run(
        ["ssh", "-G", *link.options(), "-p", "10022", "root@203.0.113.7"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert found["stricthostkeychecking"] in ("true", "yes")
    assert found["userknownhostsfile"].strip('"') == str(folder / "known_hosts")
    assert found["batchmode"] == "yes"
    assert found["identityfile"] == str(folder / "key")
    text = (folder / "known_hosts").read_text(encoding="utf-8")
    assert text.startswith("[203.0.113.7]:10022 ssh-ed25519 AAAA")


def test_a_pod_that_cannot_be_reached_is_a_link_error() -> None:
    with pytest.raises(LinkError, match="scp to the pod failed"):
        run(["scp", "-o", "BatchMode=yes", "-P", "1", "/dev/null", "root@127.0.0.1:/x"])


def test_a_log_that_breaks_off_and_repeats_itself_is_kept_once(tmp_path: Path) -> None:
    class Broken:
        streams = (
            [("2026-01-01T00:00:01Z", "a"), ("2026-01-01T00:00:01Z", "b")],
            [("2026-01-01T00:00:01Z", "a"), ("2026-01-01T00:00:01Z", "c")],
            [("2026-01-01T00:00:01Z", "c"), ("2026-01-01T00:00:02Z", "a")],
        )
        asked: tuple[str, ...] = ()

        def log(self, pod_id: str, after: str) -> list[tuple[str, str]]:
            self.asked += (after,)
            return self.streams[len(self.asked) - 1] if len(self.asked) <= 3 else []

    broken: Any = Broken()
    with PodLog(broken, "p", tmp_path / "log.txt", 0.001):
        while len(broken.asked) < 5:
            time.sleep(0.001)
    assert (tmp_path / "log.txt").read_text(encoding="utf-8").split() == ["a", "b", "c", "a"]
    assert broken.asked[:4] == ("", *["2026-01-01T00:00:01Z"] * 2, "2026-01-01T00:00:02Z")


def test_an_index_names_only_results() -> None:
    line = {"sha256": "0" * 64, "bytes": 1}
    for name in ("checkpoint-12.tar", "result.tar"):
        assert Line.model_validate(line | {"name": name}).name == name
    for name in ("../../.ssh/authorized_keys", "checkpoint-1.tar/../x", "state.json", "-x.tar"):
        with pytest.raises(ValueError, match="name"):
            Line.model_validate(line | {"name": name})


@pytest.mark.parametrize(
    ("name", "expected"),
    [("taxqa-gemma3", "gemma3"), ("한국", "run"), ("A b/../c", "c"), ("--", "run")],
)
def test_a_name_at_runpod_is_plain_and_never_the_same(name: str, expected: str) -> None:
    names = {new_name(Path("runs") / name) for _ in range(3)}
    assert len(names) == 3
    assert all(re.fullmatch(rf"taxqa-{expected}-[0-9a-f]{{8}}", found) for found in names)


def test_the_lock_pins_and_hashes_every_package() -> None:
    text = (FILES / "lock.txt").read_text(encoding="utf-8")
    body = re.sub(r"^#.*\n", "", text, flags=re.M)
    pins = re.findall(
        r"^([a-z0-9-]+)==\S+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", body, re.M
    )
    assert len(pins) == body.count("==") == 111
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+) ", body, re.M))
    wanted = (FILES / "lock.in").read_text(encoding="utf-8")
    for name, version in re.findall(r"^([\w-]+)==(\S+)$", wanted, re.M):
        assert locked[name.replace("_", "-").lower()] == version
    named = re.findall(r"^([A-Za-z][\w-]+)[>=]", wanted, re.M)
    assert {name.replace("_", "-").lower() for name in named} <= set(locked)


def test_the_skypilot_task_has_the_form_of_one() -> None:
    path = FILES / "skypilot.yaml"
    task = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(task) == SKY_FIELDS
    for part in ("setup", "run"):
        subprocess.run(["bash", "-n"], input=task[part], text=True, check=True)
    named = re.findall(r"finetune/[\w./-]+", path.read_text(encoding="utf-8"))
    assert len(named) >= 3
    assert all((ROOT / name).is_file() for name in named)


@pytest.mark.parametrize("keep", ["", "1"])
def test_a_pod_started_by_hand_trains_and_stops(
    fake: FakeRunPod, tmp_path: Path, keep: str
) -> None:
    """The three lines; the interpreter only tells what it was called with."""
    fake.pod_may = {"POST"}
    pod = FakePod("abc123", {"name": "mine"}, 0.5, 0.0, "rpa_pod_1", tmp_path, 1, "", "RUNNING")
    fake.pods["abc123"] = pod
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$PYTHONPATH" "$@"\nexit 3\n', encoding="utf-8")
    python.chmod(0o755)
    env = os.environ | {
        "TAXQA_PYTHON": str(python), "RUNPOD_POD_ID": "abc123", "RUNPOD_API_KEY": "rpa_pod_1",
        "RUNPOD_API_URL": fake.url, "WORKSPACE": str(tmp_path), "KEEP_POD": keep,
    }  # fmt: skip
    done = subprocess.run(
        ["bash", str(FILES / "runpod_train.sh"), "my config.yaml", "data", "1"],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stdout.split("main() ")[1].strip() == (
        f"finetune --config my config.yaml --dataset data --out {tmp_path}/run --resume"
    )
    assert pod.status == ("RUNNING" if keep else "EXITED")
    assert "rpa_pod_1" not in done.stdout + done.stderr


def test_the_guard_is_small_enough_for_a_setting(laptop: Laptop) -> None:
    laptop.start()
    [pod] = laptop.fake.pods.values()
    env = pod.body["env"]
    assert len(env["TAXQA_GUARD"]) < 8000
    assert len(env) < 50
    assert json.dumps(env).count(KEY) == 0


def test_a_client_is_closed_after_its_block(fake: FakeRunPod) -> None:
    with RunPod(KEY, fake.url) as api:
        api.pods()
    assert api.http.is_closed
