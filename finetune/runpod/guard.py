"""Runs on the pod from its first second on: beats, starts the training, and ends the pod.

It needs nothing but Python and comes with the pod's own settings, so that a pod whose laptop is
gone before it sent anything still ends itself. It ends the pod at the deadline, when the money is
spent, when nobody brings a job, and when the training has ended and its result was fetched or
waited for long enough. It keeps no memory: killed and started again, it goes on. Whatever fails
(a full disk, a broken job), the deadline and the money are looked at in each round.

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
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

LOCAL = Path(os.environ["TAXQA_LOCAL"])
INBOX, LIVE, PHASE = LOCAL / "inbox", LOCAL / "outbox" / "live", LOCAL / "phase.json"
TICK = float(os.environ.get("TAXQA_TICK", "5"))
ENDED = ("done", "failed")


class SameHost(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the pod's key would go along to wherever it leads."""

    def redirect_request(self, *_: Any) -> None:
        """None = the redirect is an error."""


OPENER = urllib.request.build_opener(SameHost)


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


def call(method: str, action: str = "") -> dict[str, Any]:
    """A request about this pod with the pod's own key; OSError where it failed."""
    url = f"{os.environ['TAXQA_API']}/pods/{os.environ['RUNPOD_POD_ID']}"
    key = os.environ.get("RUNPOD_API_KEY", "")
    headers = {"Authorization": f"Bearer {key}", "User-Agent": "taxqa-guard"}
    body = None
    if action:
        url, body = f"{url}/action", json.dumps({"action": action}).encode()
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    with OPENER.open(request, timeout=20) as answer:
        text, date = answer.read(), answer.headers["Date"]
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = {}
    return {**(found if isinstance(found, dict) else {}), "date": date}


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


def ahead(date: str | None) -> float:
    """Seconds that RunPod's clock, by which the deadline counts, is ahead of this machine's."""
    try:
        return parsedate_to_datetime(date or "").timestamp() - time.time()
    except ValueError:
        return 0.0


def used_up(now: float, usd_per_hour: float) -> str:
    """Why the pod has to end at `now`, by time and price alone; '' = it does not."""
    asked = float(os.environ["TAXQA_ASKED"])
    if now >= float(os.environ["TAXQA_DEADLINE"]):
        return "its deadline has come"
    if (now - asked) / 3600 * usd_per_hour >= float(os.environ["TAXQA_MOST_USD"]):
        return "its money is spent"
    return ""


def reason(phase: dict[str, Any]) -> str:
    """Why the pod has to end now, by what goes on in it; '' = it does not."""
    now = time.time()
    if (INBOX / "fetched").is_file():
        return "its result was fetched"
    if phase.get("phase") in ENDED:
        waited = now - phase.get("time", 0) > float(os.environ["TAXQA_LINGER"])
        return "nobody fetched its result" if waited else ""
    started = (LOCAL / "started").stat().st_mtime
    alone = not (LOCAL / "job.checked").is_file()
    return "nobody sent a job" if alone and now - started > float(os.environ["TAXQA_BOOT"]) else ""


def end(why: str) -> None:
    """End this pod; again and again until it is gone, for it costs.

    Where its key may not delete it, it is terminated by an action, or at least stopped.
    """
    say(f"the pod ends: {why}")
    stop()
    while True:
        for method, action in (("DELETE", ""), ("POST", "terminate"), ("POST", "stop")):
            try:
                call(method, action)
                say("asked for the end")
                break
            except OSError as error:
                code = getattr(error, "code", type(error).__name__)
                say(f"the end was refused ({method} {action}): {code}")
        time.sleep(max(TICK, 1))


def show_host_key() -> bool:
    """Put this machine's ssh key into the log, where the laptop reads it through the API."""
    try:
        say(f"host key {Path(os.environ['TAXQA_HOST_KEY']).read_text(encoding='utf-8').strip()}")
    except OSError:
        return False
    return True


class Round:
    """What the guard does over and over, and what it has to remember from round to round."""

    def __init__(self) -> None:
        """Nothing is known yet but the price that was offered."""
        self.usd_per_hour = float(os.environ["TAXQA_USD_PER_HOUR"])
        self.asked_price = float("-inf")
        self.ahead = 0.0
        self.can_end = self.shown = False

    def look_at_price(self) -> None:
        """Ask for the price now and then; that it can be read shows that the pod's key works."""
        if time.monotonic() - self.asked_price <= 12 * TICK and self.can_end:
            return
        self.asked_price = time.monotonic()
        try:
            found = call("GET")
        except OSError as error:
            say(f"the pod cannot be read: {getattr(error, 'code', type(error).__name__)}")
            return
        self.can_end = True
        self.ahead, cost = ahead(found["date"]), found.get("cost")
        seen = read(LOCAL / "price.json").get("usd", 0)
        self.usd_per_hour = max(self.usd_per_hour, float(seen), float(cost or 0))
        write(LOCAL / "price.json", {"usd": self.usd_per_hour})

    def work(self) -> str:
        """One beat; why the pod has to end ('' = it does not)."""
        self.look_at_price()
        for folder in (INBOX, LIVE):
            folder.mkdir(parents=True, exist_ok=True)
        if not (LOCAL / "started").exists():
            (LOCAL / "started").touch()
        self.shown = self.shown or show_host_key()
        phase = advance()
        status = {**phase, "time": time.time(), "job": job(), "can_end": self.can_end}
        write(LIVE / "status.json", {"phase": "waiting", **status})
        return reason(phase)


def main() -> None:
    """Beat until the pod ends."""
    now = Round()
    while True:
        why = ""
        try:
            why = now.work()
        except Exception as error:  # the one who ends the pod must not fall with what it looks at
            say(f"this round failed: {type(error).__name__}: {error}")
        if why := used_up(time.time() + now.ahead, now.usd_per_hour) or why:
            end(why)
        time.sleep(TICK)


if __name__ == "__main__":
    main()
