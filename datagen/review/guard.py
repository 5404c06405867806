"""Who may speak to the local page: whoever has the token, from the page itself, to this address.

Another web page in the same browser, another program's page on another port, and a name that was
made to point here (DNS rebinding) all get 403.
"""

import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

WRITE_HEADER = "x-taxqa-review"
"""Only a page of our own can send it: a form cannot, and a script of another origin must ask."""
MOST_BYTES = 1_000_000
"""Of a request's body."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
HEAD = """<!doctype html><html lang="ko"><meta charset="utf-8"><title>taxqa</title>
<link rel="icon" href="data:,">"""
ENTER = f"""{HEAD}
<meta http-equiv="refresh" content="0;url=/"><p>검토 화면을 엽니다…</p>"""
CLOSED = f"""{HEAD}
<p>이 주소로는 열 수 없습니다. 터미널에 나온 주소(token 포함)를 여세요.</p>"""


class Guard:
    """An ASGI application in front of another, which lets through what is allowed."""

    def __init__(self, app: "ASGIApp", port: int) -> None:
        """Choose the secrets of this server's life."""
        self.app, self.port = app, port
        self.token = secrets.token_urlsafe(24)
        self.session = secrets.token_urlsafe(24)
        # Cookies do not know ports: two servers on one machine must not overwrite each other's.
        self.cookie = f"taxqa_review_{port}"
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.origins = {f"http://{host}" for host in self.hosts}

    @property
    def url(self) -> str:
        """What the reviewer opens; whoever knows it may review."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer, or pass on what may be answered."""
        from starlette.requests import Request

        if scope["type"] != "http":
            return

        async def with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                named = [(key.lower().encode(), text.encode()) for key, text in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *named]}
            await send(message)

        refused = self.refusal(Request(scope))
        await (refused or self.app)(scope, receive, with_headers)

    def refusal(self, request: "Request") -> "Response | None":
        """The answer where a request does not get through; None where it does."""
        from starlette.responses import HTMLResponse, JSONResponse

        if request.headers.get("host", "").lower() not in self.hosts:
            return JSONResponse({"message": "unknown host"}, 403)
        token = request.query_params.get("token")
        if request.url.path == "/" and token is not None and same(token, self.token):
            # A page that leads on, not a redirect: a strict cookie is not sent with a redirect of
            # a navigation that another site (a terminal in the browser, say) began.
            entered = HTMLResponse(ENTER)
            entered.set_cookie(self.cookie, self.session, httponly=True, samesite="strict")
            return entered
        if not same(request.cookies.get(self.cookie, ""), self.session):
            return HTMLResponse(CLOSED, 403)
        if request.method not in ("GET", "HEAD") and not self.own_write(request):
            return JSONResponse({"message": "not from this page"}, 403)
        return None

    def own_write(self, request: "Request") -> bool:
        """Whether a write comes from our own page, and is of a size that it would send."""
        headers = request.headers
        length = headers.get("content-length", "")
        return (
            headers.get("origin") in self.origins
            and headers.get("sec-fetch-site", "same-origin") == "same-origin"
            and headers.get(WRITE_HEADER) == "1"
            and headers.get("content-type", "").partition(";")[0] == "application/json"
            and length.isascii()
            and length.isdigit()
            and int(length) <= MOST_BYTES
        )


def same(given: str, secret: str) -> bool:
    """Whether a secret was given, compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
