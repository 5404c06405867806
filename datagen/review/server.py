"""The review page's server: on this machine alone, one person at a time in front of it."""

import errno
import os
import socket
import sys
import unicodedata
import webbrowser
from collections.abc import Mapping
from importlib import resources
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from datagen.review.desk import Desk, Refusal
from datagen.review.filters import Filter
from datagen.review.guard import Guard
from datagen.review.view import checks_html, failed_html, overview_html, page_html, view
from taxqa.errors import InputError, MissingExtraError, TaxqaError

if TYPE_CHECKING:
    from fastapi import FastAPI

HOST = "127.0.0.1"
PORT = 8765
TRIED_PORTS = 20
STATIC = {"review.js": "text/javascript", "review.css": "text/css", "icon.svg": "image/svg+xml"}


def clean(text: str) -> str:
    """Text from the page: NFC, LF; ValueError where half a letter is in it."""
    text.encode("utf-8")
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(clean)]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=40)]


class Body(BaseModel):
    """What every request of the page says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reviewer: Name
    filter: Filter = Filter()
    digest: Text = ""


class Look(Body):
    """Show a record."""

    step: Literal[-1, 0, 1] = 0


class Fields(BaseModel):
    """A record as the reviewer has it in the form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Text
    answer: Text
    type: Text
    source: Text


class Drafted(Body):
    """Keep an edit that is not finished, and say what the checks find in it."""

    fields: Fields


class Decided(Body):
    """Decide a record."""

    action: Literal["accept", "edit", "reject"]
    reason: Text = ""
    note: Annotated[Text, StringConstraints(max_length=2000)] = ""
    fields: Fields | None = None


def require_extra() -> None:
    """MissingExtraError where the packages of the page are not installed."""
    try:
        import fastapi
        import uvicorn
    except ImportError as error:
        raise MissingExtraError(error.name or "fastapi", "review") from None
    _ = fastapi, uvicorn


def make_app(desk: Desk, reviewer: str) -> "FastAPI":
    """The application behind the guard.

    Args:
        reviewer: the name the page starts with; '' = it asks.
    """
    from fastapi import FastAPI, HTTPException, Request
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import HTMLResponse, JSONResponse, Response

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    folder = resources.files("datagen.review").joinpath("static")

    # All are coroutines, so one thread has the database, and one request is answered at a time.
    @app.get("/", response_class=HTMLResponse)
    async def page() -> str:
        return page_html(desk, reviewer)

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in STATIC:
            raise HTTPException(404)
        return Response(folder.joinpath(name).read_bytes(), media_type=STATIC[name])

    @app.post("/api/view")
    async def look(body: Look) -> dict[str, Any]:
        item = desk.find(body.reviewer, body.filter, body.digest, body.step)
        return view(desk, body.reviewer, body.filter, item)

    @app.post("/api/decide")
    async def decide(body: Decided) -> dict[str, Any]:
        item = desk.item(body.digest)
        if body.action == "accept":
            desk.accept(body.reviewer, item)
        elif body.action == "reject":
            desk.reject(body.reviewer, item, body.reason, body.note)
        elif body.fields:
            desk.edit(body.reviewer, item, body.fields.model_dump())
        else:
            raise Refusal("고친 내용이 없습니다.")
        following = desk.find(body.reviewer, body.filter, body.digest, 1)
        return view(desk, body.reviewer, body.filter, following)

    @app.post("/api/undo")
    async def undo(body: Body) -> dict[str, Any]:
        undone = desk.undo(body.reviewer)
        if undone is None:
            raise Refusal("되돌릴 결정이 없습니다.")
        shown = view(desk, body.reviewer, body.filter, desk.item(undone.digest))
        return {**shown, "undone": undone.verdict}

    @app.post("/api/draft")
    async def draft(body: Drafted) -> dict[str, Any]:
        item = desk.item(body.digest)
        desk.edited(item, body.fields.model_dump())
        desk.reviews.save_draft(body.reviewer, item.digest, body.fields.model_dump())
        return checks_html(desk, item, body.fields.model_dump())

    @app.post("/api/drop-draft")
    async def drop_draft(body: Body) -> dict[str, Any]:
        desk.reviews.drop_draft(body.reviewer, body.digest)
        return view(desk, body.reviewer, body.filter, desk.item(body.digest))

    @app.post("/api/overview")
    async def overview(body: Body) -> dict[str, Any]:
        return {"html": overview_html(desk, body.reviewer)}

    # FastAPI's own answer repeats what was sent, which may be half a letter that JSON cannot hold.
    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"message": "보낸 내용을 읽을 수 없습니다."}, 422)

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Exception) -> JSONResponse:
        checks = error.checks if isinstance(error, Refusal) else ()
        html = failed_html(checks) if checks else ""
        return JSONResponse({"message": str(error), "html": html}, 409)

    @app.exception_handler(TaxqaError)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"message": f"저장되지 않았습니다. {error}"}, 507)

    return app


def open_socket(port: int) -> socket.socket:
    """A socket of this machine alone that listens at `port`, or at the next that is free.

    Args:
        port: 0 = any that is free.

    Raises:
        InputError: none of them is free.
    """
    last = port if port == 0 else min(port + TRIED_PORTS, 65535)
    for tried in range(port, last + 1):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":
            # A port that a server has just left is free; on Windows this would mean one in use.
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((HOST, tried))
            found.listen(128)
        except OSError as error:
            found.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            return found
    raise InputError(
        f"The ports {port} to {last} of this machine are all taken.", hint="Name one: --port 0"
    )


def serve(desk: Desk, listening: socket.socket, guard: Guard) -> None:
    """Answer until the process is told to end (Ctrl-C)."""
    import uvicorn

    # No access log: the token stands in the first address.
    config = uvicorn.Config(
        guard, access_log=False, log_level="error", lifespan="off", ws="none",
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listening])


def can_open_browser(environment: Mapping[str, str]) -> bool:
    """Whether a browser with windows can be expected; a text browser would take the terminal."""
    return sys.platform in ("darwin", "win32") or any(
        environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def open_browser(url: str) -> None:
    """Open the page without waiting for the browser."""
    if can_open_browser(os.environ):
        Thread(target=webbrowser.open, args=(url,), daemon=True).start()
