"""Where Ollama listens: OLLAMA_HOST, or this machine."""

import os
import re

from taxqa.errors import InputError

START_HINT = (
    "Start it: open the Ollama app, or run `ollama serve` in another terminal"
    " (not installed? https://ollama.com/download). OLLAMA_HOST says where it listens."
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANY_ADDRESS = ("0.0.0.0", "[::]")
HOST_NAME = re.compile(
    r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
)
"""A name or address of a machine, as it is looked up."""


def server_url(host: str = "") -> str:
    """The URL of the server that OLLAMA_HOST (or `host`) means, by Ollama's own rules.

    Without a scheme the port is 11434; http:// means 80 and https:// 443 unless one is given.
    0.0.0.0, on which a server listens, becomes the loopback address.
    """
    text = host.strip().strip("\"'").strip()
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "http", text
    default = {"http": "80", "https": "443"}.get(scheme, "11434") if separator else "11434"
    address, slash, path = rest.partition("/")
    matched = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::([^:]*))?", address)
    # Two colons without brackets are an IPv6 address.
    name, port = (matched[1], matched[2] or "") if matched else (f"[{address}]", "")
    if name in ANY_ADDRESS:
        name = "127.0.0.1" if name == "0.0.0.0" else "[::1]"
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        port = default
    return f"{scheme}://{name or '127.0.0.1'}:{port}{(slash + path).rstrip('/')}"


def usable_url(host: str = "") -> str:
    """The URL of the server that `host` means; '' = OLLAMA_HOST, or this machine.

    Raises:
        InputError: it is no address of a server.
    """
    import httpx

    name, given = ("--host", host) if host else ("OLLAMA_HOST", os.environ.get("OLLAMA_HOST", ""))
    url = server_url(given)
    try:
        parts = httpx.URL(url)
        machine = parts.raw_host.decode("ascii")
        usable = parts.scheme in ("http", "https") and not parts.query and not parts.fragment
    except httpx.InvalidURL:
        machine, usable = "", False
    if not usable or not HOST_NAME.fullmatch(machine):
        raise InputError(
            f"{name} is '{given}', which is no address of a server; expected one like"
            " 127.0.0.1:11434 or https://example.org.",
            hint="Correct it, or leave it out for an Ollama on this machine.",
        )
    return url
