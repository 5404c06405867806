"""A thin client of RunPod's REST API v2: the calls that a training needs, and no SDK.

What was read of the API (its OpenAPI document, November 2026) and is relied on: unknown request
fields are refused (422); 400 also means that there is no capacity; errors are RFC 9457 problem
documents; a pod's `env` can be read by every key of the account.
"""

import os
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from finetune.runpod.events import log_lines
from taxqa import __version__
from taxqa.errors import ConfigError, InputError, ServiceError
from taxqa.records import first_problem

BASE_URL = "https://api.runpod.io/v2"
CONSOLE = "https://console.runpod.io"
PREFIX = "taxqa-"
"""Every pod and volume that taxqa makes is named so; others in the account are passed over."""
TRIES = 8
MOST_WAIT = 30.0
"""Seconds between two tries at most."""
CLOCKS_AGREE = 30.0
"""Seconds by which this machine's clock may differ from the server's without a correction."""


class NoCapacityError(ServiceError):
    """This GPU is not to be had there now; another one, or another place, may be."""


class UnsureError(ServiceError):
    """A creation was sent and its answer was lost: the thing may exist or not."""


class Answer(BaseModel):
    """A part of an answer; fields that are not used are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


Kind = TypeVar("Kind", bound=Answer)


class Endpoint(Answer):
    """Where a pod's sshd can be reached."""

    host: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]*$")
    port: int = Field(ge=1, le=65535)
    username: str = Field(default="root", pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")


class Ssh(Answer):
    """Ways to a pod; `direct` is None until it runs with a public port."""

    direct: Endpoint | None = None


class PodGpu(Answer):
    """The GPU of a pod."""

    id: str = ""


class Pod(Answer):
    """A rented machine."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    name: str = ""
    status: str
    """PROVISIONING, STARTING, RUNNING, EXITED, ERROR or TERMINATED."""
    cost: float | None = None
    """USD per hour now; None = not known yet."""
    gpu: PodGpu | None = None
    dataCenterId: str | None = None
    createdAt: str | None = None
    ssh: Ssh | None = None


class Volume(Answer):
    """A network volume; it lives, and costs, until it is deleted."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    name: str = ""
    size: int = 0
    """GB."""
    dataCenter: str = ""


class Stock(Answer):
    """How much of a GPU a data center has: NONE, LOW, MEDIUM or HIGH."""

    id: str
    availability: str = "NONE"


class Price(Answer):
    """USD per GPU and hour."""

    secure: float = 0


class GpuType(Answer):
    """A line of the catalogue."""

    id: str
    name: str = ""
    manufacturer: str = ""
    memory: float = 0
    """GB of VRAM."""
    secure: bool = False
    price: Price = Price()
    availability: str = "NONE"
    dataCenters: list[Stock] = []


class RunPod:
    """The API behind one key. `now()` is the server's time."""

    def __init__(
        self,
        key: str,
        url: str = BASE_URL,
        *,
        wait: Callable[[float], None] = time.sleep,
        first_wait: float = 1.0,
    ) -> None:
        """Connect lazily.

        Args:
            wait: sleeps for some seconds.
            first_wait: seconds before the second try; doubled from try to try.
        """
        self.url = checked_url(url)
        self.wait = wait
        self.first_wait = first_wait
        self.skew = 0.0
        # RunPod's gate refuses the usual names of Python's clients.
        headers = {"Authorization": f"Bearer {key}", "User-Agent": f"taxqa/{__version__}"}
        self.http = httpx.Client(headers=headers, timeout=httpx.Timeout(30, read=60))

    def __enter__(self) -> "RunPod":
        """For `with`."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.http.close()

    def now(self) -> float:
        """Seconds since 1970 by the server's clock."""
        return time.time() + self.skew

    def gpus(self) -> list[GpuType]:
        """The live catalogue: prices and stock of the secure cloud, where volumes are."""
        query = {"include": "AVAILABILITY", "product": "POD", "cloud": "SECURE", "count": "1"}
        return self.listed("/catalog/gpus", "gpus", GpuType, query)

    def data_centers_with_volumes(self) -> set[str]:
        """Ids of the data centers that offer network volumes."""
        found = self.read("/catalog/datacenters")
        rows = found.get("dataCenters", []) if isinstance(found, dict) else []
        return {row["id"] for row in rows if row.get("networkVolumeTypes")}

    def pods(self) -> list[Pod]:
        """Every pod that taxqa made and that is not terminated."""
        pods = self.listed("/pods", "pods", Pod, prefix=PREFIX)
        return [pod for pod in pods if pod.status != "TERMINATED"]

    def pod(self, pod_id: str) -> Pod | None:
        """One pod; None where it is gone for good."""
        found = self.read(f"/pods/{pod_id}", missing=None)
        pod = None if found is None else shaped(Pod, found)
        return None if pod is None or pod.status == "TERMINATED" else pod

    def create_pod(self, body: dict[str, Any]) -> Pod:
        """Rent a pod.

        Raises:
            NoCapacityError: refused for this GPU in this place.
            UnsureError: the answer was lost; look for the pod by its name.
        """
        return self.create("/pods", body, Pod)

    def delete_pod(self, pod_id: str) -> None:
        """Ask for a pod's end; that it is gone has to be read back."""
        self.send("DELETE", f"/pods/{pod_id}", missing=None)

    def volumes(self) -> list[Volume]:
        """Every network volume that taxqa made."""
        return self.listed("/network-volumes", "networkVolumes", Volume, prefix=PREFIX)

    def volume(self, volume_id: str) -> Volume | None:
        """One network volume; None where it is gone."""
        found = self.read(f"/network-volumes/{volume_id}", missing=None)
        return None if found is None else shaped(Volume, found)

    def create_volume(self, name: str, size_gb: int, data_center: str) -> Volume:
        """Make a network volume; errors as `create_pod`."""
        body = {"name": name, "size": size_gb, "dataCenter": data_center}
        return self.create("/network-volumes", body, Volume)

    def delete_volume(self, volume_id: str) -> None:
        """Ask for a volume's end, with all that is on it."""
        self.send("DELETE", f"/network-volumes/{volume_id}", missing=None)

    def log(self, pod_id: str, after: str = "") -> Iterator[tuple[str, str]]:
        """(time, line) of a pod's log, from the end of `after` on, until the stream breaks off.

        Raises:
            httpx.HTTPError: it broke off, or could not be opened.
        """
        headers = {"Accept": "text/event-stream"}
        headers |= {"Last-Event-ID": after} if after else {}
        query = {"source": "container", "tail": "5000"}
        path = f"{self.url}/pods/{pod_id}/logs"
        with self.http.stream("GET", path, params=query, headers=headers) as answer:
            answer.raise_for_status()
            yield from log_lines(answer.iter_lines())

    def listed(
        self,
        path: str,
        key: str,
        kind: type[Kind],
        query: dict[str, str] | None = None,
        prefix: str = "",
    ) -> list[Kind]:
        """The rows of a list, with `prefix` those whose name begins so; they lie under `key`."""
        found = self.read(path, query=query)
        rows = found.get(key) if isinstance(found, dict) else None
        if not isinstance(rows, list):
            raise ServiceError(f"RunPod's answer to {path} has no list '{key}'.")
        return [shaped(kind, row) for row in rows if not prefix or name_of(row).startswith(prefix)]

    def read(self, path: str, missing: Any = ..., query: dict[str, str] | None = None) -> Any:
        """GET, repeated where that may help; `missing` is returned for 404 where it is given."""
        return self.send("GET", path, missing=missing, query=query)

    def create(self, path: str, body: dict[str, Any], kind: type[Kind]) -> Kind:
        """POST once; only what certainly was not carried out is sent again."""
        found = self.send("POST", path, body=body)
        try:
            return shaped(kind, found)
        except ServiceError as error:  # it was carried out, and what it made has to be looked for
            raise UnsureError(error.message) from None

    def send(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        missing: Any = ...,
    ) -> Any:
        """One call with its repetitions; the JSON of the answer.

        Raises:
            ServiceError: refused, or no answer after TRIES tries.
        """
        pause, last = self.first_wait, ""
        for number in range(TRIES):
            if number:
                self.wait(pause)
                pause = min(2 * pause, MOST_WAIT)
            try:
                answer = self.http.request(method, self.url + path, json=body, params=query)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                last = f"it could not be reached ({type(error).__name__})"
                continue
            except httpx.HTTPError as error:
                last = f"no answer came ({type(error).__name__})"
                if method == "POST":
                    raise UnsureError(f"RunPod: {last}.") from None
                continue
            self.set_clock(answer)
            if answer.status_code == 429:
                last = problem(answer)
                pause = min(retry_after(answer, pause), MOST_WAIT)
                continue
            if answer.status_code >= 500:
                last = problem(answer)
                if method == "POST":
                    raise UnsureError(f"RunPod: {last}")
                continue
            if answer.status_code == 404 and missing is not ...:
                return missing
            return content(answer, method)
        raise ServiceError(
            f"RunPod did not carry out {method} {path} in {TRIES} tries: {last}",
            hint=f"See {CONSOLE} for its state; then run the same command again.",
        )

    def set_clock(self, answer: httpx.Response) -> None:
        """Follow the server's clock where this machine's is wrong."""
        try:
            server = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        difference = server - time.time()
        self.skew = difference if abs(difference) > CLOCKS_AGREE else 0.0


def from_environment() -> RunPod:
    """The API with the key of RUNPOD_API_KEY, at RUNPOD_API_URL where that is set.

    Raises:
        InputError: no key.
    """
    key = os.environ.get("RUNPOD_API_KEY", "").strip()
    if not key:
        raise InputError(
            "There is no RUNPOD_API_KEY in the environment.",
            hint=f"Make a key at {CONSOLE}/user/settings and: export RUNPOD_API_KEY=…",
        )
    return RunPod(key, os.environ.get("RUNPOD_API_URL") or BASE_URL)


def checked_url(url: str) -> str:
    """The base URL without its last slash; ConfigError where the key would travel in the open."""
    parts = urlsplit(url)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.username or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ConfigError(
            f"RUNPOD_API_URL is an address of {parts.hostname or 'no host'} by"
            f" '{parts.scheme}'; an https address without a password in it was expected."
        )
    return url.rstrip("/")


def retry_after(answer: httpx.Response, otherwise: float) -> float:
    """Seconds that the server asks to wait."""
    try:
        return max(0.0, float(answer.headers["Retry-After"]))
    except (KeyError, ValueError):
        return otherwise


def problem(answer: httpx.Response) -> str:
    """What a problem document (RFC 9457) says, in a line; also of an answer that is none."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return f"status {answer.status_code}, no problem document."
    said = str(found.get("detail") or found.get("title") or "no reason given").rstrip(".")
    errors = found.get("errors")
    more = f": {'; '.join(map(str, errors))}" if isinstance(errors, list) and errors else ""
    return f"status {answer.status_code}, {said}{more}."


def content(answer: httpx.Response, method: str) -> Any:
    """The JSON of a good answer (None where it is empty); the fitting error for any other."""
    status = answer.status_code
    if status < 300:
        try:
            return answer.json() if answer.content else None
        except ValueError:
            if method == "POST":
                raise UnsureError("RunPod: the answer broke off.") from None
            raise ServiceError("RunPod's answer is not JSON.") from None
    said = problem(answer)
    if status == 401:
        raise ServiceError(f"RunPod does not take this key ({said})", hint="Check RUNPOD_API_KEY.")
    if status == 402:
        raise ServiceError(f"RunPod refused: {said}", hint=f"Add credit at {CONSOLE}/user/billing.")
    if method == "POST" and status in (400, 403):
        raise NoCapacityError(f"RunPod: {said}")
    raise ServiceError(f"RunPod refused: {said}")


def name_of(row: object) -> str:
    """The name in a row of a list; '' where it has none."""
    return str(row.get("name", "")) if isinstance(row, dict) else ""


def shaped(kind: type[Kind], found: object) -> Kind:
    """An answer as a `kind`; ServiceError where it is none."""
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        raise ServiceError(
            f"RunPod's answer is not a {kind.__name__}: {first_problem(error)}"
        ) from None
