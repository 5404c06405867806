"""A loopback RunPod: the REST API v2 as its OpenAPI document says it is, and pods that really run.

A pod is the guard and the bootstrap as local processes in a folder of their own; /workspace and
/opt/taxqa in its settings are mapped into that folder, as a container would. `ssh` and `scp` are
small programs first on PATH that check key and host key and copy. Errors, lost answers, shortage,
prices that move and streams that break off are planted by the test.
"""

import json
import os
import secrets
import shlex
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil

KEY = "rpa_account_7731"
POD_FIELDS = {
    "name", "image", "gpu", "cloud", "dataCenterIds", "disk", "mounts", "ports", "startSsh",
    "args", "env",
}  # fmt: skip
VOLUME_FIELDS = {"name", "size", "dataCenter", "type"}
ALIVE = ("PROVISIONING", "STARTING", "RUNNING", "EXITED", "ERROR")
CHILDREN = Path(__file__).parent


@dataclass(frozen=True)
class Fault:
    """An answer in place of the right one."""

    status: int = 500
    detail: str = "internal error"
    headers: tuple[tuple[str, str], ...] = ()
    lost: bool = False
    """Carried out, but the connection breaks before the answer."""


@dataclass
class FakePod:
    """A rented pod."""

    id: str
    body: dict[str, Any]
    cost: float
    created: float
    key: str
    root: Path
    port: int
    host_key: str
    status: str = "PROVISIONING"
    ended: float | None = None
    reads_after_end: int = 0
    log: list[tuple[str, str]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """As given at the creation."""
        return str(self.body["name"])

    def billed(self) -> float:
        """USD until now, or until its end."""
        return ((self.ended or time.time()) - self.created) / 3600 * self.cost

    def processes(self) -> list[psutil.Process]:
        """Everything that runs in the pod, wherever it was moved."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("FAKE_POD") == self.id:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def kill(self, program: str = "") -> None:
        """SIGKILL for its processes; with `program`, for those with it in their command."""
        for process in self.processes():
            try:
                if program in " ".join(process.cmdline()):
                    process.kill()
            except psutil.Error:
                continue


@dataclass
class FakeRunPod:
    """The account, and what a test may plant in it."""

    root: Path
    """An empty folder for pods and volumes."""
    url: str = ""
    gpus: list[dict[str, Any]] = field(default_factory=lambda: [gpu(), gpu("NVIDIA A40", 48, 0.4)])
    no_volumes_in: set[str] = field(default_factory=set)
    trainer: dict[str, Any] = field(default_factory=dict)
    """Settings of the fake trainer; see fake_trainer.py."""
    python: str = str(CHILDREN / "fake_trainer.py")
    """The image's TAXQA_PYTHON."""
    cost: float | None = None
    """Of a new pod, where it differs from the catalogue."""
    boot: float = 0.15
    """Seconds of PROVISIONING, and again of STARTING."""
    breaks_boot: str = ""
    """Status in which a new pod stays: ERROR, EXITED or PROVISIONING."""
    pod_may: set[str] = field(default_factory=lambda: {"GET", "DELETE"})
    """What a pod's own key is good for."""
    hides_new: int = 0
    """How many listings do not yet show a new pod or volume."""
    hides_first: int = 0
    """The same, of the very first pod alone."""
    log_lines_at_once: int = 3
    """Lines until a log stream breaks off."""
    fault: Callable[[str, str, int], Fault | None] = lambda method, path, times: None
    """Given a call and how often the same came before: what goes wrong."""
    gate: Callable[[int, str], None] = lambda count, what: None
    """Called with the number of calls so far, before each call and each scp is carried out."""
    pods: dict[str, FakePod] = field(default_factory=dict)
    volumes: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    ahead: float = 0.0
    """Seconds by which its clock is ahead of this machine's."""
    most_pods: int = 0
    """The most that ever lived at once."""

    def living(self) -> list[FakePod]:
        """The pods that are there."""
        return [pod for pod in self.pods.values() if pod.status in ALIVE]

    def living_volumes(self) -> list[dict[str, Any]]:
        """The volumes that are there."""
        return [volume for volume in self.volumes.values() if not volume["gone"]]

    def volume_folder(self, volume_id: str) -> Path:
        """What lies on a volume."""
        return self.root / "volumes" / volume_id

    def create_pod(self, body: dict[str, Any]) -> tuple[int, Any]:
        """POST /pods."""
        if unknown := sorted(set(body) - POD_FIELDS):
            return refused(422, "Request validation failed.", unknown)
        line = next((line for line in self.gpus if line["id"] == body["gpu"]["id"]), None)
        place = body["dataCenterIds"][0]
        stock = {
            center["id"]: center["availability"] for center in (line or {}).get("dataCenters", [])
        }
        volume = self.volumes.get(body["mounts"]["network"][0]["volumeId"])
        if volume is None or volume["gone"] or volume["dataCenter"] != place:
            return refused(400, "the volume is not in this data center")
        if line is None or line.get("sold_out") or stock.get(place, "NONE") == "NONE":
            return refused(400, "There are no instances available with the requested resources.")
        pod_id = secrets.token_hex(6)
        root = self.root / "pods" / pod_id
        (root / "etc" / "ssh").mkdir(parents=True)
        (root / "opt").mkdir()
        host_key = f"ssh-ed25519 {secrets.token_urlsafe(51).replace('-', 'a').replace('_', 'b')}"
        cost = line["price"]["secure"] if self.cost is None else self.cost
        key, port = f"rpa_pod_{secrets.token_hex(8)}", 20000 + len(self.pods)
        pod = FakePod(pod_id, body, cost, time.time(), key, root, port, host_key)
        self.pods[pod_id] = pod
        self.hidden[pod_id] = self.hides_first if len(self.pods) == 1 else self.hides_new
        self.most_pods = max(self.most_pods, len(self.living()))
        threading.Thread(target=self.run, args=(pod,), daemon=True).start()
        return 201, self.shown(pod)

    def run(self, pod: FakePod) -> None:
        """The life of a pod from its creation on."""
        time.sleep(self.boot)
        if self.breaks_boot:
            pod.status = self.breaks_boot if pod.status in ALIVE else pod.status
            return
        with self.lock:
            if pod.status not in ALIVE:
                return
            pod.status = "STARTING"
            self.open(pod)
        time.sleep(self.boot)
        with self.lock:
            if pod.status == "STARTING":
                pod.status = "RUNNING"

    def mapped(self, pod: FakePod, text: str) -> str:
        """The pod's paths as this machine's."""
        volume = self.volume_folder(pod.body["mounts"]["network"][0]["volumeId"])
        mount = pod.body["mounts"]["network"][0]["path"]
        for path, place in {
            "/opt/taxqa": pod.root / "opt" / "taxqa",
            mount: volume,
            "/etc/ssh": pod.root / "etc" / "ssh",
            "/start.sh": pod.root / "start.sh",
        }.items():
            text = text.replace(path, str(place))
        return text

    def open(self, pod: FakePod) -> None:
        """Start the container: its command in its folder, its output into the log."""
        key_file = pod.root / "etc" / "ssh" / "ssh_host_ed25519_key.pub"
        key_file.write_text(f"{pod.host_key} root@pod\n", encoding="utf-8")
        start = pod.root / "start.sh"
        start.write_text("#!/bin/bash\necho 'Pod Started'\nexec sleep 100000\n", encoding="utf-8")
        start.chmod(0o755)
        image = {name: os.environ[name] for name in os.environ if name.startswith(("HF_", "OMP_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
        env = image | {"PATH": path, "TAXQA_PYTHON": self.python, "HOME": str(pod.root)}
        env |= {"FAKE_TRAINER": json.dumps(self.trainer), "FAKE_INTERPRETER": sys.executable}
        env |= {name: self.mapped(pod, value) for name, value in pod.body["env"].items()}
        env |= {"RUNPOD_POD_ID": pod.id, "RUNPOD_API_KEY": pod.key, "FAKE_POD": pod.id}
        where = {
            "root": str(pod.root / "opt"),
            "volume": str(self.volume_folder(pod.body["mounts"]["network"][0]["volumeId"])),
            "public_key": pod.body["env"]["PUBLIC_KEY"],
            "host_key": pod.host_key,
            "url": self.url,
        }
        (self.root / "ports").mkdir(exist_ok=True)
        (self.root / "ports" / f"{pod.port}.json").write_text(json.dumps(where), encoding="utf-8")
        command = shlex.split(self.mapped(pod, pod.body["args"]))
        pod.process = subprocess.Popen(
            command, env=env, cwd=pod.root, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        threading.Thread(target=self.read_log, args=(pod, pod.process), daemon=True).start()

    def read_log(self, pod: FakePod, process: subprocess.Popen[bytes]) -> None:
        """Keep what the container says; many lines share a time."""
        assert process.stdout is not None
        with process.stdout as stream:
            for line in stream:
                moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                pod.log.append((moment, line.decode(errors="replace").rstrip("\n")))
        process.wait()
        if pod.status in ALIVE:
            pod.status = "EXITED"

    def end(self, pod: FakePod) -> None:
        """Terminate a pod: it is gone at once for the API, its processes a moment later."""
        if pod.status in ALIVE:
            pod.status, pod.ended = "TERMINATED", time.time()
            (self.root / "ports" / f"{pod.port}.json").unlink(missing_ok=True)
            threading.Timer(0.05, self.kill_all, (pod,)).start()

    def kill_all(self, pod: FakePod) -> None:
        """Kill until nothing of a pod runs."""
        for _ in range(50):
            pod.kill()
            if not pod.processes():
                break
            time.sleep(0.05)
        if pod.process is not None:
            pod.process.wait()

    def shown(self, pod: FakePod) -> dict[str, Any]:
        """A pod as the API shows it."""
        direct = None
        if pod.status == "RUNNING":
            direct = {"host": "127.0.0.1", "port": pod.port, "username": "root", "command": "ssh …"}
        kept = {name: pod.body[name] for name in ("name", "image", "args", "disk", "env", "mounts")}
        return kept | {
            "id": pod.id,
            "status": pod.status,
            "cost": pod.cost if pod.status not in ("EXITED", "TERMINATED") else 0.0,
            "gpu": {**pod.body["gpu"], "vcpuCount": 16, "memory": 64},
            "cloud": pod.body["cloud"],
            "dataCenterId": pod.body["dataCenterIds"][0],
            "ssh": {"proxy": None, "direct": direct},
            "createdAt": datetime.fromtimestamp(pod.created, UTC).isoformat(),
            "locked": False,
            "template": None,
        }

    def listed(self, things: list[Any], ids: list[str]) -> list[Any]:
        """What a listing shows: new things only after some listings."""
        shown = []
        for thing, thing_id in zip(things, ids, strict=True):
            if self.hidden.get(thing_id, 0) > 0:
                self.hidden[thing_id] -= 1
            else:
                shown.append(thing)
        return shown

    def answer(self, method: str, path: str, body: Any, key: str) -> tuple[int, Any]:
        """Carry out a call; status and JSON."""
        parts = path.strip("/").split("/")
        own = next((pod for pod in self.pods.values() if pod.key == key), None)
        if key != KEY and own is None:
            return refused(401, "invalid API key")
        if own is not None and (parts[:2] != ["pods", own.id] or method not in self.pod_may):
            return refused(403, "access denied")
        if path == "/catalog/gpus":
            return 200, {"gpus": self.gpus}
        if path == "/catalog/datacenters":
            places = {c["id"] for line in self.gpus for c in line["dataCenters"]}
            rows = [
                {
                    "id": place,
                    "networkVolumeTypes": ["STANDARD"] * (place not in self.no_volumes_in),
                }
                for place in sorted(places)
            ]
            return 200, {"dataCenters": rows}
        if parts[0] == "pods":
            return self.about_pods(method, parts[1:], body)
        if parts[0] == "network-volumes":
            return self.about_volumes(method, parts[1:], body)
        return refused(404, "no such path")

    def about_pods(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        """Calls on /pods."""
        if not rest and method == "POST":
            return self.create_pod(body)
        if not rest:
            pods = self.living()
            return 200, {"pods": self.listed([*map(self.shown, pods)], [pod.id for pod in pods])}
        pod = self.pods.get(rest[0])
        if pod is None or pod.reads_after_end > 1:
            return refused(404, "pod not found")
        if pod.status not in ALIVE:
            pod.reads_after_end += 1
        if method == "DELETE":
            if pod.status not in ALIVE:
                return refused(400, "the pod is terminated")
            self.end(pod)
            return 204, None
        if method == "POST":
            if rest[1:] != ["action"] or body != {"action": "stop"}:
                return refused(422, "Request validation failed.")
            pod.status = "EXITED"
            return 200, {"id": pod.id, "status": pod.status}
        return 200, self.shown(pod)

    def about_volumes(self, method: str, rest: list[str], body: Any) -> tuple[int, Any]:
        """Calls on /network-volumes."""
        if not rest and method == "POST":
            if unknown := sorted(set(body) - VOLUME_FIELDS):
                return refused(422, "Request validation failed.", unknown)
            if body["dataCenter"] in self.no_volumes_in:
                return refused(400, "this data center has no network volumes")
            volume_id = secrets.token_hex(5)
            self.volumes[volume_id] = {
                **body, "id": volume_id, "gone": False, "type": "STANDARD",
            }  # fmt: skip
            self.hidden[volume_id] = self.hides_new
            self.volume_folder(volume_id).mkdir(parents=True)
            return 201, self.volumes[volume_id]
        if not rest:
            volumes = self.living_volumes()
            ids = [volume["id"] for volume in volumes]
            return 200, {"networkVolumes": self.listed(volumes, ids)}
        volume = self.volumes.get(rest[0])
        if volume is None or volume["gone"]:
            return refused(404, "volume not found")
        if method == "DELETE":
            users = [pod.body["mounts"]["network"][0]["volumeId"] for pod in self.living()]
            if rest[0] in users:
                return refused(400, "the volume is in use")
            volume["gone"] = True
            shutil.rmtree(self.volume_folder(rest[0]), ignore_errors=True)
            return 204, None
        return 200, volume


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    fake: FakeRunPod
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.handle_call("GET")

    def do_POST(self) -> None:
        self.handle_call("POST")

    def do_DELETE(self) -> None:
        self.handle_call("DELETE")

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The time in its answers, by its own clock."""
        now = time.time() + self.fake.ahead
        return super().date_time_string(now if timestamp is None else timestamp)

    def handle_call(self, method: str) -> None:
        fake, url = self.fake, urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        path = url.path.removeprefix("/v2")
        by_laptop = self.headers.get("User-Agent", "") != "taxqa-guard"
        if path == "/tick":
            fake.gate(len(fake.calls), "scp")
            self.send(204, None)
            return
        if path.endswith("/logs"):
            self.stream_log(path.split("/")[2], parse_qs(url.query))
            return
        with fake.lock:
            times = fake.calls.count((method, path))
            fake.calls.append((method, path))
            count = len(fake.calls)
            fault = fake.fault(method, path, times) if by_laptop else None
        if by_laptop:
            fake.gate(count, f"{method} {path}")
        if fault and not fault.lost:
            self.send(*refused(fault.status, fault.detail), headers=dict(fault.headers))
            return
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with fake.lock:
            status, found = fake.answer(method, path, body, key)
        if fault:
            self.close_connection = True
            self.connection.close()
            return
        if by_laptop:
            fake.gate(count, f"{method} {path} done")
        self.send(status, found)

    def stream_log(self, pod_id: str, query: dict[str, list[str]]) -> None:
        """Some lines from the cursor on, then the stream breaks off."""
        pod = self.fake.pods.get(pod_id)
        after = self.headers.get("Last-Event-ID", "")
        lines = [line for line in list(pod.log) if line[0] >= after] if pod else []
        if after:  # what was sent before with the same time comes again
            lines = lines[: self.fake.log_lines_at_once + 40]
        text = ": connected\n\n"
        for moment, line in lines:
            data = json.dumps({"source": "container", "line": line, "ts": moment})
            text += f"id: {moment}\ndata: {data}\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write((text + "id: 2026-11-01T00:00:00Z\ndata: {half").encode())
        self.close_connection = True

    def send(self, status: int, found: Any, headers: dict[str, str] | None = None) -> None:
        content = b"" if found is None else json.dumps(found).encode()
        kind = "application/json" if status < 400 else "application/problem+json"
        try:
            self.send_response(status)
            usual = {"Content-Type": kind, "Content-Length": str(len(content))}
            for name, value in (usual | (headers or {})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the laptop was killed

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


def gpu(
    name: str = "NVIDIA GeForce RTX 4090",
    memory: int = 24,
    price: float = 0.69,
    centers: tuple[str, ...] = ("EU-RO-1", "US-KS-2"),
    **more: Any,
) -> dict[str, Any]:
    """A line of the catalogue."""
    return {
        "id": name,
        "name": name.removeprefix("NVIDIA "),
        "pool": None,
        "manufacturer": "NVIDIA",
        "memory": memory,
        "secure": True,
        "community": True,
        "price": {"secure": price, "community": price / 2},
        "maxCount": {"secure": 8, "community": 4},
        "availability": "HIGH",
        "dataCenters": [{"id": place, "name": place, "availability": "HIGH"} for place in centers],
    } | more


def refused(status: int, detail: str, errors: list[str] | None = None) -> tuple[int, Any]:
    """A problem document (RFC 9457)."""
    found: dict[str, Any] = {"title": "Refused", "status": status, "detail": detail}
    return status, found | ({"errors": errors} if errors else {})


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that were killed."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client went away."""


@contextmanager
def served(fake: FakeRunPod) -> Iterator[FakeRunPod]:
    """The service while the block runs; `fake.url` is its address. Afterwards nothing runs."""
    handler = type("BoundHandler", (Handler,), {"fake": fake})
    server = QuietServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}/v2"
    try:
        yield fake
    finally:
        for pod in fake.pods.values():
            pod.status = "TERMINATED"
            fake.kill_all(pod)
        server.shutdown()
        server.server_close()
        thread.join()


def write_ssh(folder: Path, root: Path) -> None:
    """`ssh` and `scp` into `folder`, for pods of the fake with this root."""
    folder.mkdir(parents=True, exist_ok=True)
    source = (CHILDREN / "fake_ssh.py").read_text(encoding="utf-8")
    for name in ("ssh", "scp"):
        program = folder / name
        text = source.replace("@PYTHON@", sys.executable).replace("@ROOT@", str(root))
        program.write_text(text, encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
