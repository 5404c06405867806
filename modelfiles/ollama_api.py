"""A thin client of Ollama's own API over httpx.

Ollama's Python client sends a blob that is already there, drops options it does not know, and
cannot ask how the server renders a prompt; those are the calls that matter here.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from finetune.prompts import Message
from taxqa.errors import NoSpaceError, ServiceError
from taxqa.ollama_address import LOOPBACK, START_HINT, usable_url

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
WAIT_SECONDS = 600.0
"""How long Ollama may be silent: loading or rewriting a large model takes minutes."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class ChatPart:
    """A piece of an answer; the last one carries the counts."""

    text: str
    done: bool = False
    done_reason: str = ""
    """'stop' = the model ended its answer; 'length' = it was cut."""
    prompt_tokens: int = 0
    tokens: int = 0
    """Tokens of the answer."""
    seconds: float = 0.0
    """Time spent on the answer's tokens."""


class Ollama:
    """A connection to one server; use it in a `with` block."""

    def __init__(self, host: str = "", *, connect_seconds: float = CONNECT_SECONDS) -> None:
        """Connect to `host`; '' = OLLAMA_HOST, or this machine. Errors as `usable_url`."""
        import httpx

        self.url = usable_url(host)
        self.local = httpx.URL(self.url).host in LOOPBACK
        """The server runs on this machine."""
        place = httpx.URL(self.url)
        self.place = str(place.copy_with(host=LOOPBACK[0]) if self.local else place)
        """The server's URL, the same for all names of this machine."""
        self.http = httpx.Client(
            base_url=self.url,
            timeout=httpx.Timeout(WAIT_SECONDS, connect=connect_seconds),
            trust_env=not self.local,  # a proxy has no business between two local programs
        )

    def __enter__(self) -> Self:
        """The connection itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.http.close()

    def version(self) -> str:
        """Version of the server, as in '0.34.1'."""
        return str(self.get("/api/version").get("version", ""))

    def names(self) -> list[str]:
        """Names of all models, each with its tag."""
        return list(self.models())

    def models(self) -> dict[str, str]:
        """Name, with its tag -> digest of the model: it changes with anything in the model."""
        found = self.get("/api/tags").get("models") or []
        return {str(model["name"]): str(model.get("digest", "")) for model in found}

    def digest_of(self, name: str) -> str | None:
        """The digest of the model of that name, in any case; None where there is none."""
        models = {known.lower(): digest for known, digest in self.models().items()}
        return models.get(full_name(name).lower())

    def has(self, name: str) -> bool:
        """True where a model of that name is there; names differ in more than case."""
        return self.digest_of(name) is not None

    def has_blob(self, digest: str) -> bool:
        """True where the server holds the blob 'sha256:…'."""
        with self.answering():
            response = self.http.head(f"/api/blobs/{digest}")
        if response.status_code not in (200, 404):
            raise ServiceError(f"Ollama answered {response.status_code} to HEAD {digest}.")
        return response.status_code == 200

    def push_blob(self, path: Path, digest: str, sent: Callable[[int], None]) -> bool:
        """Send a file unless the server has it; True where it was sent.

        Args:
            sent: is told how many bytes went out, chunk by chunk.
        """
        if self.has_blob(digest):
            return False
        size = str(path.stat().st_size)
        with self.answering():
            response = self.http.post(
                f"/api/blobs/{digest}",
                content=chunks(path, sent),
                headers={"Content-Length": size, "Content-Type": "application/octet-stream"},
            )
        accept(response)
        return True

    def create(
        self, name: str, files: Mapping[str, str], fields: Mapping[str, Any]
    ) -> Iterator[str]:
        """Make a model of blobs, yielding the statuses that the server goes through.

        Args:
            files: file name -> digest 'sha256:…' of a blob that is there.
            fields: template, system, parameters, license.

        Raises:
            ServiceError: refused, also in the middle of an answer with status 200.
        """
        status = ""
        body = {"model": name, "files": dict(files), "stream": True, **fields}
        for line in self.stream("/api/create", body):
            status = str(line.get("status", ""))
            yield status
        if status != "success":
            raise ServiceError(f"Ollama stopped creating {name} after '{status}', without success.")

    def show(self, name: str) -> dict[str, Any]:
        """What the server knows of a model: modelfile, template, system, parameters, details."""
        return self.post("/api/show", {"model": name})

    def copy(self, source: str, destination: str) -> None:
        """Give a model a second name; a former model of that name is replaced."""
        self.post("/api/copy", {"source": source, "destination": destination})

    def delete(self, name: str) -> bool:
        """Remove a model; False where there was none."""
        with self.answering():
            response = self.http.request("DELETE", "/api/delete", json={"model": name})
        if response.status_code == 404:
            return False
        accept(response)
        return True

    def rendered(self, name: str, messages: Sequence[Message]) -> str:
        """The prompt that the server would give the model; the model is loaded for it.

        Raises:
            ServiceError: the server is too old to tell.
        """
        return self.debug_rendered("/api/chat", {"model": name, "messages": list(messages)})

    def rendered_once(self, name: str, question: str) -> str:
        """The same for one question by /api/generate, the way of `ollama run NAME "…"`."""
        return self.debug_rendered("/api/generate", {"model": name, "prompt": question})

    def debug_rendered(self, path: str, body: dict[str, Any]) -> str:
        """The prompt that the server makes of a request; errors as `rendered`."""
        # num_predict bounds what a server that does not know the flag would generate instead.
        body |= {"_debug_render_only": True, "options": {"num_predict": 1}}
        body |= {"stream": False, "truncate": False, "shift": False}
        found = self.post(path, body).get("_debug_info")
        if not isinstance(found, dict):
            raise ServiceError(
                "This Ollama does not tell how it renders a prompt (_debug_render_only).",
                hint="Update Ollama, then register again.",
            )
        return str(found.get("rendered_template", ""))

    def chat(
        self, name: str, messages: Sequence[Message], options: Mapping[str, Any] | None = None
    ) -> Iterator[ChatPart]:
        """The answer, piece by piece.

        A conversation that is longer than the context is refused, where Ollama's default is to
        cut it silently.
        """
        body = {"model": name, "messages": list(messages), "stream": True}
        body |= {"options": dict(options or {}), "truncate": False, "shift": False}
        for line in self.stream("/api/chat", body):
            yield ChatPart(
                text=str(line.get("message", {}).get("content", "")),
                done=bool(line.get("done")),
                done_reason=str(line.get("done_reason", "")),
                prompt_tokens=int(line.get("prompt_eval_count") or 0),
                tokens=int(line.get("eval_count") or 0),
                seconds=int(line.get("eval_duration") or 0) / 1e9,
            )

    def get(self, path: str) -> dict[str, Any]:
        """The JSON answer to a GET."""
        with self.answering():
            return accept(self.http.get(path))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON answer to a POST; {} for an empty one."""
        with self.answering():
            return accept(self.http.post(path, json=body))

    def stream(self, path: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The lines of a streamed answer; an error among them raises."""
        with self.answering(), self.http.stream("POST", path, json=body) as response:
            if response.status_code >= 400:
                response.read()
                accept(response)
            for line in response.iter_lines():
                if line.strip():
                    yield without_error(parsed(line))

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Turn what goes wrong on the way into ServiceError."""
        import httpx

        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise ServiceError(f"Ollama does not answer at {self.url}.", hint=START_HINT) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceError(
                f"The connection to Ollama at {self.url} broke off: {type(error).__name__} {error}."
            ) from None


def full_name(name: str) -> str:
    """A model's name with its tag."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def chunks(path: Path, sent: Callable[[int], None]) -> Iterator[bytes]:
    """The bytes of a file, a MiB at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
            sent(len(chunk))


def accept(response: "httpx.Response") -> dict[str, Any]:
    """The JSON object of an answer; its error raises."""
    if response.status_code >= 400:
        try:
            text = innermost(str(json.loads(response.text)["error"]))
        except (ValueError, KeyError, TypeError):
            text = response.text.strip()[:200]
        refuse(f"{text} (HTTP {response.status_code})")
    return without_error(parsed(response.text)) if response.text.strip() else {}


def parsed(text: str) -> dict[str, Any]:
    """A JSON object from the server; ServiceError for anything else."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ServiceError(f"Ollama answered '{text[:80]}', which is no JSON object.")
    return value


def without_error(line: dict[str, Any]) -> dict[str, Any]:
    """The same; an error, which also comes with status 200 once a stream has begun, raises."""
    if line.get("error"):
        refuse(innermost(str(line["error"])))
    return line


def innermost(text: str) -> str:
    """An error's sentence, where Ollama hands on the JSON that llama-server answered."""
    try:
        return str(json.loads(text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return text


def refuse(text: str) -> None:
    """Raise what Ollama refused, with what to do about it where that is known."""
    if "no space left on device" in text:
        raise NoSpaceError(
            f"Ollama's disk is full: {text}", hint="Free some space (ollama rm NAME), then repeat."
        )
    if "quantize failed" in text:
        raise ServiceError(
            f"Ollama failed: {text}",
            hint="Most often its disk is full: this version writes a second copy of the model.",
        )
    raise ServiceError(f"Ollama refused: {text}")
