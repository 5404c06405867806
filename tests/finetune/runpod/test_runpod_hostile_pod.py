"""What a hostile pod sends: no link, no escape, no crash; and its host key is held to."""

import json
import subprocess
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fake_runpod import FakePod
from runpod_laptop import Dead, Laptop, only

from finetune.runpod import follow, result
from finetune.runpod.api import Pod
from finetune.runpod.logs import PodLog
from finetune.runpod.ssh import KNOWN_HOSTS, Link
from taxqa.errors import ProofError, ServiceError
from taxqa.progress import Bar


def packed(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> None:
    """result.tar of these members and a manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "result.tar", "w") as tar:
        for entry, content in members:
            entry.size = len(content)
            tar.addfile(entry, BytesIO(content))


def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    """An entry that is no file."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


@pytest.mark.parametrize(
    "entry",
    [
        link("run/adapter/model.safetensors", "../../other-run", tarfile.SYMTYPE),
        link("run/adapter/model.safetensors", "../../../../etc/passwd", tarfile.SYMTYPE),
        link("run/config.yaml", "run/manifest.json", tarfile.LNKTYPE),
        link("run/pipe", "", tarfile.FIFOTYPE),
        tarfile.TarInfo("../outside"),
    ],
    ids=lambda entry: entry.name if isinstance(entry, tarfile.TarInfo) else "",
)
def test_a_result_with_anything_but_plain_files_is_refused(
    laptop: Laptop, entry: tarfile.TarInfo
) -> None:
    laptop.fake.trainer = {"fails_at": 1}
    with pytest.raises(ProofError):
        laptop.start()
    folder = laptop.state()
    manifest = json.dumps(
        {"stage": "run", "inputs": {"dataset": {"sha256": folder.state.dataset_digest}}}
    )
    packed(
        folder.path,
        (tarfile.TarInfo("run/manifest.json"), manifest.encode()),
        (tarfile.TarInfo("run/adapter/adapter.json"), b"{}"),
        (entry, b""),
    )
    with pytest.raises(ProofError):
        result.take_result(folder, 0.0)
    assert not laptop.out.exists()


@pytest.mark.parametrize(
    "metrics",
    [
        b"\xff\xfe", b"[" * 100_000, b"7\n", b'{"step": "one", "loss": "x"}\n', b"{}\n",
        b'{"step": 1, "loss": [], "eval_loss": {}}\n', b'{"step": 1, "loss": null}\n',
    ],
)  # fmt: skip
def test_odd_files_in_the_live_folder_do_not_end_the_watching(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, metrics: bytes
) -> None:
    laptop.fake.trainer = {"fails_at": 3}
    get = Link.get

    def odd(link: Link, remote: str, local: Path) -> None:
        get(link, remote, local)
        if remote.endswith("live"):
            (local / "live" / "metrics.jsonl").write_bytes(metrics)

    monkeypatch.setattr(Link, "get", odd)
    with pytest.raises(ProofError, match="training on the pod failed"):
        laptop.start()
    assert laptop.fake.living() == []


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", '"x"', '{"phase": 7, "time": []}', "{"])
def test_an_odd_status_is_silence_and_no_crash(laptop: Laptop, text: str) -> None:
    laptop.fake.trainer = {"hangs_at": 1}
    laptop.pace = replace(laptop.pace, silence=0.5, boot=2, settle=0.3)
    opened = laptop.fake.open

    def hostile(pod: FakePod) -> None:
        pod.body["args"] = (
            "bash -c 'mkdir -p /opt/taxqa/outbox/live; cp /opt/odd"
            " /opt/taxqa/outbox/live/status.json; exec /start.sh'"
        )
        (pod.root / "opt" / "odd").write_text(text, encoding="utf-8")
        pod.body["args"] = pod.body["args"].replace("/opt/odd", str(pod.root / "opt" / "odd"))
        opened(pod)

    laptop.fake.open = hostile  # type: ignore[method-assign]
    with pytest.raises(ServiceError, match=r"sign of life|could not show"):
        laptop.start()
    laptop.nothing_is_left()


def test_a_pods_words_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api: Any = None
    log = PodLog(api, "pod", tmp_path / "log.txt", 0)
    log.take("loss 0.3\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b2J\r한국 ok")
    shown = capsys.readouterr().err
    assert "loss 0.3" in shown
    assert "한국 ok" in shown
    assert not any(letter in shown for letter in "\x1b\x07\x9b\r")


def test_a_host_key_once_seen_is_held_to_after_the_log_has_moved_on(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.fake.trainer = {"steps": 6, "seconds": 0.2}
    with monkeypatch.context() as patch:
        show = follow.Watch.show

        def die(watch: follow.Watch, look: follow.Look, view: Bar) -> None:
            show(watch, look, view)
            if look.metrics:
                raise Dead

        patch.setattr(follow.Watch, "show", die)
        with pytest.raises(Dead):
            laptop.start()
    pod = only(laptop)
    pod.log[:] = [(moment, line) for moment, line in pod.log if "host key" not in line]
    checked: list[bool] = []
    look = follow.Watch.look

    def looked(watch: follow.Watch) -> follow.Look:
        known = watch.link.folder / KNOWN_HOSTS
        checked.append(known.is_file() and pod.host_key in known.read_text(encoding="utf-8"))
        return look(watch)

    monkeypatch.setattr(follow.Watch, "look", looked)
    laptop.attach()
    assert checked[0], "before anything was sent or read"


def test_a_runs_key_is_not_taken_into_a_repository(laptop: Laptop) -> None:
    subprocess.run(["git", "init", "-q", str(laptop.folder)], check=True)
    laptop.fake.trainer = {"fails_at": 1}
    with pytest.raises(ProofError):
        laptop.start()
    key = laptop.state().path / "key"
    assert key.is_file()
    done = subprocess.run(
        ["git", "-C", str(laptop.folder), "check-ignore", "-q", str(key)], check=False
    )
    assert done.returncode == 0


def test_ssh_is_never_given_a_host_that_is_an_option() -> None:
    with pytest.raises(ServiceError):
        from finetune.runpod.api import shaped

        shaped(Pod, {
            "id": "p", "status": "RUNNING",
            "ssh": {"direct": {"host": "-oProxyCommand=x", "port": 22}},
        })  # fmt: skip
