"""Runs on the pod from its first second on: beats, starts the training, and ends the pod.

It needs nothing but Python and comes with the pod's own settings, so that a pod whose laptop is
gone before it sent anything still ends itself. It ends the pod at the deadline, when the money is
spent, when nobody brings a job, and when the training has ended and its result was fetched or
waited for long enough. It keeps no memory: killed and started again, it goes on.

    LOCAL/inbox/    job.tar, job.json (its SHA-256, sent last), restore.tar, fetched
    LOCAL/outbox/   live/ (status.json, index.json, metrics.jsonl), *.tar
    LOCAL/phase.json                what the bootstrap does: installing, training, done, failed
"""

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

LOCAL = Path(os.environ["TAXQA_LOCAL"])
INBOX, LIVE, PHASE = LOCAL / "inbox", LOCAL / "outbox" / "live", LOCAL / "phase.json"
TICK = float(os.environ.get("TAXQA_TICK", "5"))
ENDED = ("done", "failed")


def say(text: str) -> None:
    """A line of the pod's log."""
    sys.stdout.write(f"guard: {text}\n")
    sys.stdout.flush()


def read(path: Path) -> dict[str, Any]:
    """A JSON object; {} where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(path: Path, value: dict[str, Any]) -> None:
    """A JSON file that is there whole or not."""
    draft = LOCAL / f".{path.name}.part"  # not beside it: the laptop copies that folder as it is
    draft.write_text(json.dumps(value), encoding="utf-8")
    draft.replace(path)


def call(method: str) -> dict[str, Any]:
    """A request about this pod with the pod's own key; OSError where it failed."""
    url = f"{os.environ['TAXQA_API']}/pods/{os.environ['RUNPOD_POD_ID']}"
    key = os.environ.get("RUNPOD_API_KEY", "")
    headers = {"Authorization": f"Bearer {key}", "User-Agent": "taxqa-guard"}
    request = urllib.request.Request(url, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def price() -> float:
    """USD per hour: the highest that was told or seen; OSError where the pod cannot be read."""
    cost = call("GET").get("cost")
    seen = read(LOCAL / "price.json").get("usd", float(os.environ["TAXQA_USD_PER_HOUR"]))
    highest = max(float(seen), float(cost or 0))
    write(LOCAL / "price.json", {"usd": highest})
    return highest


def job() -> str:
    """SHA-256 of the job that was sent whole; ''."""
    wanted = read(INBOX / "job.json").get("sha256", "")
    checked = LOCAL / "job.checked"
    if wanted and not checked.is_file():
        with (INBOX / "job.tar").open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                return ""
        checked.write_text(wanted, encoding="utf-8")
    return wanted if wanted and checked.read_text(encoding="utf-8") == wanted else ""


def running() -> bool:
    """Whether the bootstrap holds its lock."""
    with (LOCAL / "bootstrap.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def start() -> None:
    """Unpack the bootstrap from the job and run it, in a session of its own."""
    unpack = ["tar", "-xf", str(INBOX / "job.tar"), "-C", str(LOCAL), "bootstrap.py"]
    subprocess.run(unpack, check=True)
    command = [sys.executable, str(LOCAL / "bootstrap.py")]
    process = subprocess.Popen(command, start_new_session=True)
    while process.poll() is None and not (LOCAL / "bootstrap.pid").is_file():
        time.sleep(0.05)  # until it holds its lock; before that it would look as if it were killed
    say("started the bootstrap")


def stop() -> None:
    """Kill the bootstrap and the training, which are one process group."""
    try:
        os.killpg(int((LOCAL / "bootstrap.pid").read_text(encoding="utf-8")), signal.SIGKILL)
    except (OSError, ValueError):
        return


def advance() -> dict[str, Any]:
    """Start the training when its job is there; tell what it does."""
    alive = running()  # asked first: a bootstrap that ends now has told its phase before
    phase = read(PHASE)
    if alive or phase.get("phase") in ENDED:
        return phase
    if (LOCAL / "bootstrap.pid").is_file():
        stop()  # its children, where it was killed and they were not
        write(PHASE, {"phase": "failed", "time": time.time(), "detail": "it was killed"})
        say("the bootstrap was killed")
        subprocess.run([sys.executable, str(LOCAL / "bootstrap.py"), "publish"], check=False)
    elif job():
        start()
    return read(PHASE)


def reason(phase: dict[str, Any], usd_per_hour: float) -> str:
    """Why the pod has to end now; '' = it does not."""
    now, asked = time.time(), float(os.environ["TAXQA_ASKED"])
    if now >= float(os.environ["TAXQA_DEADLINE"]):
        return "its deadline has come"
    if (now - asked) / 3600 * usd_per_hour >= float(os.environ["TAXQA_MOST_USD"]):
        return "its money is spent"
    if (INBOX / "fetched").is_file():
        return "its result was fetched"
    if phase.get("phase") in ENDED:
        waited = now - phase.get("time", 0) > float(os.environ["TAXQA_LINGER"])
        return "nobody fetched its result" if waited else ""
    started = (LOCAL / "started").stat().st_mtime
    alone = not (LOCAL / "job.checked").is_file()
    return "nobody sent a job" if alone and now - started > float(os.environ["TAXQA_BOOT"]) else ""


def end(why: str) -> None:
    """End this pod; again and again until it is gone, for it costs."""
    say(f"the pod ends: {why}")
    stop()
    while True:
        try:
            call("DELETE")
            say("asked for the end")
        except OSError as error:
            say(f"the end was refused: {getattr(error, 'code', type(error).__name__)}")
        time.sleep(max(TICK, 1))


def show_host_key() -> bool:
    """Put this machine's ssh key into the log, where the laptop reads it through the API."""
    try:
        say(f"host key {Path(os.environ['TAXQA_HOST_KEY']).read_text(encoding='utf-8').strip()}")
    except OSError:
        return False
    return True


def main() -> None:
    """Beat until the pod ends."""
    for folder in (INBOX, LIVE):
        folder.mkdir(parents=True, exist_ok=True)
    if not (LOCAL / "started").exists():
        (LOCAL / "started").touch()
    usd_per_hour, asked_price, shown = float(os.environ["TAXQA_USD_PER_HOUR"]), -1e9, False
    can_end = False
    while True:
        if time.monotonic() - asked_price > 12 * TICK or not can_end:
            asked_price = time.monotonic()
            try:
                usd_per_hour = price()
                can_end = True
            except OSError as error:
                say(f"the pod cannot be read: {getattr(error, 'code', type(error).__name__)}")
        shown = shown or show_host_key()
        phase = advance()
        status = {**phase, "time": time.time(), "job": job(), "can_end": can_end}
        write(LIVE / "status.json", {"phase": "waiting", **status})
        if why := reason(phase, usd_per_hour):
            end(why)
        time.sleep(TICK)


if __name__ == "__main__":
    main()
