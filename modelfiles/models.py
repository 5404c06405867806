"""What taxqa registered, as Ollama has it now; and how to remove it again."""

from dataclasses import dataclass
from typing import Literal

from modelfiles.ollama_api import Ollama, full_name
from modelfiles.register import CANDIDATE_TAG
from modelfiles.registered import Registered, entry_of, forget, only_registration, registered
from taxqa.errors import InputError, ServiceError
from taxqa.progress import note

LOOK_SECONDS = 1.0
"""How long to wait for a server that may not be running."""

State = Literal["ready", "changed", "removed", "not asked"]
"""ready: the very model that was proven; changed: another one has its name; removed: nothing has;
not asked: its server does not answer."""


@dataclass(frozen=True)
class Listed:
    """A registered model, and what has become of it."""

    entry: Registered
    state: State


def listed() -> list[Listed]:
    """Every model that taxqa registered, each looked for on its own server.

    What a killed registration left there is told as a note. Errors as `registered`.
    """
    entries = registered()
    servers = {server: models_of(server) for server in {entry.server for entry in entries}}
    for server, models in servers.items():
        for name in models or {}:
            if name.endswith(f":{CANDIDATE_TAG}"):
                note(f"A killed registration left '{name}' at {server}: ollama rm {name}")
    # A kill just before a model got its name leaves two entries of it; one of them is true.
    found = {
        (one.server, one.name, state == "ready"): Listed(one, state)
        for one in entries
        for state in [state_of(one, servers[one.server])]
    }
    return [
        one
        for (server, name, ready), one in found.items()
        if ready or (server, name, True) not in found
    ]


def models_of(server: str) -> dict[str, str] | None:
    """Name -> digest of a server's models; None where it does not answer."""
    try:
        with Ollama(server, connect_seconds=LOOK_SECONDS) as connected:
            return {name.lower(): digest for name, digest in connected.models().items()}
    except ServiceError:
        return None


def state_of(entry: Registered, models: dict[str, str] | None) -> State:
    """What has become of a model, by the names and digests that its server has."""
    if models is None:
        return "not asked"
    if entry.name not in models:
        return "removed"
    return "ready" if models[entry.name] == entry.digest else "changed"


def unregister(name: str, *, host: str = "", force: bool = False) -> bool:
    """Remove a model that taxqa registered; the model folder stays. False: it was gone already.

    Args:
        force: remove it though taxqa did not register it, or it was changed since.

    Raises:
        InputError: there is no such model, or it is not taxqa's to remove.
        ServiceError: the server does not answer, or refused.
        BusyError: another process is registering.
    """
    key = full_name(name).lower()
    with only_registration(), Ollama(host) as server:
        digest = server.digest_of(name)
        known = any((one.server, one.name) == (server.place, key) for one in registered())
        if digest is None and not known:
            raise InputError(
                f"Ollama at {server.url} has no model '{name}', and taxqa registered none there.",
                hint="What taxqa registered: taxqa models",
            )
        if digest is not None:
            if not force and not entry_of(server.place, key, digest):
                raise InputError(
                    f"'{name}' as it is now was not registered by taxqa; it is not removed.",
                    hint=f"Remove it all the same with --force, or: ollama rm {name}",
                )
            server.delete(name)
        forget(server.place, key)
    return digest is not None
