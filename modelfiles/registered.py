"""What this user registered with Ollama and how it was proven: one small file in the home folder.

Ollama itself keeps nothing of a proof. An entry belongs to one state of a model, by the digest that
Ollama gives it: a model that somebody made anew under the same name is not taken for a proven one.
"""

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict

from taxqa.errors import BusyError, InputError
from taxqa.records import read_json, to_json, validated


class Registered(BaseModel):
    """A model that was proven and given its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """With its tag, in lower case: names differ in more than case."""
    server: str
    digest: str
    """Ollama's, of the whole model."""
    sha256: str
    """Of its GGUF."""
    quant: str
    bytes: int
    base_model: str
    law_date: datetime.date | None
    proof: Literal["token ids", "text"]
    """How its prompts were compared with the trained ones."""
    cases: int
    """Conversations that were compared."""
    folder: str
    """The model folder."""
    ollama: str
    """Version of the server."""
    at: str
    """When, UTC."""


class Registry(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[Registered, ...] = ()


def state_folder() -> Path:
    """TAXQA_STATE, or ~/.local/state/taxqa."""
    return Path(os.environ.get("TAXQA_STATE") or Path.home() / ".local" / "state" / "taxqa")


def registry_file() -> Path:
    """Where the entries are kept."""
    return state_folder() / "registered.json"


def registered() -> tuple[Registered, ...]:
    """All entries, the oldest first.

    Raises:
        InputError: the file was changed by hand and is broken.
    """
    path = registry_file()
    if not path.exists():
        return ()
    try:
        return validated(Registry, read_json(path), str(path)).models
    except InputError as error:
        raise InputError(
            error.message,
            hint="It only says what taxqa registered; the models are in Ollama. Delete the file and"
            " register again with --force.",
        ) from None


def entry_of(server: str, name: str, digest: str) -> Registered | None:
    """The entry of exactly this model; None where taxqa did not register it, or it was changed."""
    for entry in registered():
        if (entry.server, entry.name, entry.digest) == (server, name, digest):
            return entry
    return None


def remember(entry: Registered) -> None:
    """Add an entry; one of the same server, name and digest is replaced."""
    key = (entry.server, entry.name, entry.digest)
    others = (one for one in registered() if (one.server, one.name, one.digest) != key)
    write([*others, entry])


def forget(server: str, name: str, but: str = "") -> None:
    """Remove the entries of a name, except the one of the digest `but`."""
    write(
        [one for one in registered() if (one.server, one.name) != (server, name)
         or one.digest == but]
    )  # fmt: skip


def write(models: list[Registered]) -> None:
    """Replace the file as one act."""
    path = registry_file()
    draft = path.with_name(f".{path.name}.partial")
    value = Registry(models=tuple(models)).model_dump(mode="json")
    draft.write_text(to_json(value, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


@contextmanager
def only_registration() -> Iterator[None]:
    """One registration or removal at a time; BusyError where another process is at it."""
    folder = state_folder()
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "registered.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            "Another taxqa process is registering or removing a model.", hint="Wait for it."
        ) from None
    try:
        yield
    finally:
        lock.release()
