"""The guard by itself on a pod where all else fails; and keys go nowhere else."""

import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fake_runpod import KEY, FakeRunPod
from runpod_laptop import until

from finetune.runpod import ssh
from finetune.runpod.api import RunPod
from taxqa import folders
from taxqa.errors import InputError, ServiceError


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[Any]]]:
    """A loopback server; its address and the headers of what it was asked."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.command, self.path, dict(self.headers)))
            answer(self)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.server_port}", seen
    finally:
        served.shutdown()
        served.server_close()
        thread.join()


def answered(handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    """An empty answer."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


RUNPOD = Path(ssh.__file__).parent


GUARD_ENV = {
    "TAXQA_ASKED": "0", "TAXQA_DEADLINE": "0", "TAXQA_USD_PER_HOUR": "0.5", "TAXQA_MOST_USD": "5",
    "TAXQA_BOOT": "1000", "TAXQA_LINGER": "1000", "TAXQA_TICK": "0.05", "TAXQA_HOST_KEY": "/none",
    "RUNPOD_POD_ID": "pod1", "RUNPOD_API_KEY": "rpa_pod_secret", "PATH": os.environ["PATH"],
}  # fmt: skip


def guard(local: Path, api: str, prelude: str = "", **env: str) -> "subprocess.Popen[bytes]":
    """The guard as a pod starts it, again and again."""
    script = f"{prelude} while :; do '{sys.executable}' '{RUNPOD / 'guard.py'}'; sleep 0.1; done"
    return subprocess.Popen(
        ["bash", "-c", script],
        env=GUARD_ENV | {"TAXQA_LOCAL": str(local), "TAXQA_API": api} | env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def killed(process: "subprocess.Popen[bytes]") -> None:
    """End a guard and what restarts it."""
    os.killpg(process.pid, 9)
    process.wait()


def test_a_guard_on_a_full_disk_still_ends_its_pod(tmp_path: Path) -> None:
    with server(lambda handler: answered(handler, 200)) as (api, asked):
        running = guard(tmp_path, api, "ulimit -f 0;")
        until(lambda: any(call[0] == "DELETE" for call in asked), "the pod is ended")
        killed(running)


@pytest.mark.parametrize("broken", ["no tar", "no bootstrap", "gone"])
def test_a_guard_whose_job_is_broken_still_ends_its_pod(tmp_path: Path, broken: str) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with tarfile.open(inbox / "job.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("lock.txt"))
    if broken == "no tar":
        (inbox / "job.tar").write_bytes(b"half a job")
    sha = folders.digest(inbox / "job.tar")
    (inbox / "job.json").write_text(json.dumps({"sha256": sha}), encoding="utf-8")
    if broken == "gone":
        (inbox / "job.tar").unlink()
    with server(lambda handler: answered(handler, 200)) as (api, asked):
        running = guard(tmp_path, api)
        until(lambda: any(call[0] == "DELETE" for call in asked), "the pod is ended")
        killed(running)


def test_a_pods_clock_that_is_behind_does_not_move_its_deadline(tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(200)
        handler.send_header("Date", formatdate(time.time() + 7200, usegmt=True))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with server(answer) as (api, asked):
        running = guard(tmp_path, api, TAXQA_DEADLINE=str(time.time() + 3600))
        until(lambda: any(call[0] == "DELETE" for call in asked), "the pod is ended")
        killed(running)


def test_a_guard_that_may_not_delete_its_pod_ends_it_in_another_way(tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        answered(handler, 403 if handler.command == "DELETE" else 200)

    with server(answer) as (api, asked):
        running = guard(tmp_path, api)
        until(lambda: any(call[0] == "POST" for call in asked), "the pod is ended")
        killed(running)
    assert ("POST", "/pods/pod1/action") in [call[:2] for call in asked]


def test_the_pods_key_does_not_follow_a_redirect_to_another_host(tmp_path: Path) -> None:
    with (
        server(lambda handler: answered(handler, 200)) as (other, stolen),
        server(lambda handler: answered(handler, 302, Location=f"{other}/x")) as (api, asked),
    ):
        running = guard(tmp_path, api, TAXQA_DEADLINE="9999999999")
        until(lambda: len(asked) > 2, "the guard asks for its price")
        killed(running)
    assert stolen == []


@pytest.mark.parametrize("status", [301, 307])
def test_the_accounts_key_does_not_follow_a_redirect(status: int) -> None:
    with (
        server(lambda handler: answered(handler, 200)) as (other, stolen),
        server(lambda handler: answered(handler, status, Location=f"{other}/x")) as (url, _),
        RunPod(KEY, url, first_wait=0) as api,
    ):
        for act in (api.pods, lambda: api.create_pod({}), lambda: api.delete_pod("a")):
            with pytest.raises(ServiceError):
                act()
    assert stolen == []


def test_an_api_address_with_a_password_in_it_is_refused_and_not_repeated(
    fake: FakeRunPod,
) -> None:
    for url in ("https://me:pass42@example.org/v2", "http://me:pass42@example.org"):
        with pytest.raises(InputError) as error:
            RunPod(KEY, url)
        assert "pass42" not in str(error.value)
