"""A polite client of the law.go.kr OpenAPI, in which nearly every error is an HTTP 200.

The key (OC) stands in each URL and is echoed in each answer's links; nothing that leaves this file
holds it: not an answer, not an error, not a line of httpx's log.
"""

import json
import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from taxqa.errors import InputError, ServiceError
from taxqa.records import composed

if TYPE_CHECKING:
    import httpx

BASE_URL = "https://www.law.go.kr/DRF"
HEADERS = {
    # Without them a valid key has been refused, with the message for an unregistered address.
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0 Safari/537.36",
    "Referer": "https://www.law.go.kr/",
}
PAUSE_SECONDS = 0.2
"""Between the starts of two requests; the API publishes no limit of its own."""
TRIES = 5
MOST_WAIT_SECONDS = 60.0
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
KEY_HINT = (
    "A key is free: sign up at https://open.law.go.kr, apply for the OpenAPI (OPEN API 신청) and"
    " set LAW_OC to the part of your e-mail address before the @, e.g.: export LAW_OC=hong"
)
REFUSED_HINT = (
    "Register this machine's public IP address (or domain) for your key at https://open.law.go.kr"
    " (OPEN API > OPEN API 신청 > 수정), tick the kinds of law you need there, and check LAW_OC"
    " (the part of your e-mail address before the @). What was fetched is kept; run the same"
    " command again."
)
AGAIN_HINT = "What was fetched is kept: run the same command again, and it goes on from there."
ECHOED_KEY = re.compile(
    r"(?:(?<![A-Z])|(?<=%[0-9A-F]{2}))(OC(?:=|%3D))[^&%\"'\s<>\\]*", re.IGNORECASE
)
"""The key as a parameter, also of a URL within a URL."""
PASSWORD = re.compile(r"//[^/@\s]*@")
XML_REFUSAL = re.compile(r"<Response>.*?<result>(.*?)</result>(?:\s*<msg>(.*?)</msg>)?", re.DOTALL)
XML_UNKNOWN = re.compile(r"<Law>[^<]*</Law>")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOGGERS = ("httpx", "httpcore.http11")
RETRIED_STATUS = {404, 408, 425, 429, 500, 502, 503, 504}
"""404 comes in bursts for documents that are there."""


class NotFoundError(ServiceError):
    """The API holds no such document, and says so."""


class UnusableError(ServiceError):
    """An answer came, and after several tries it still cannot be read; others may be fine."""


class LawApi:
    """A connection to the API; use it in a `with` block."""

    def __init__(
        self,
        *,
        pause: float = PAUSE_SECONDS,
        backoff: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the key from LAW_OC and the address from LAW_API_URL.

        Args:
            pause: seconds between the starts of two requests.
            backoff: seconds before the second try, doubled for each further one; 10 pauses.

        Raises:
            InputError: LAW_OC is not set.
        """
        import httpx

        self.key = os.environ.get("LAW_OC", "").strip().partition("@")[0]
        if not self.key:
            raise InputError("LAW_OC, the key of the law.go.kr OpenAPI, is not set.", hint=KEY_HINT)
        self.url = os.environ.get("LAW_API_URL", "").strip().rstrip("/") or BASE_URL
        self.pause = pause
        self.backoff = 10 * pause if backoff is None else backoff
        self.sleep = sleep
        self.next_start = 0.0
        self.requests = 0
        """Sent so far, failed ones included."""
        host = host_of(self.url)
        if not host:
            raise self.no_address()
        self.http = httpx.Client(
            headers=HEADERS,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            # A proxy has no business between two local programs.
            trust_env=host not in LOOPBACK,
        )

    def __enter__(self) -> Self:
        """The connection itself; what httpx logs of URLs and redirects loses the key."""
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self.without_key)
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.http.close()
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(self.without_key)

    def without_key(self, record: logging.LogRecord) -> bool:
        """Take the key out of a line of httpx's log."""
        record.msg, record.args = self.hidden(record.getMessage()), ()
        return True

    def hidden(self, text: str) -> str:
        """`text` without the key, and without a password in an address."""
        return PASSWORD.sub("//…@", without(self.key, text))

    def search(self, target: str, **parameters: str) -> dict[str, Any]:
        """One page of a list; errors as `answer`."""
        return self.answer("lawSearch.do", target=target, **parameters)

    def body(self, target: str, **parameters: str) -> dict[str, Any]:
        """One document; errors as `answer`."""
        return self.answer("lawService.do", target=target, **parameters)

    def answer(self, endpoint: str, **parameters: str) -> dict[str, Any]:
        """The JSON object that the API answers, links (which repeat the key) left out.

        Raises:
            NotFoundError: there is no such document.
            UnusableError: what came is empty, HTML or broken, also after some tries.
            ServiceError: the key or address is refused, or the API cannot be reached.
        """
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                self.sleep(min(MOST_WAIT_SECONDS, self.backoff * 2 ** (attempt - 1)))
            response = self.get(endpoint, parameters, last=attempt == TRIES - 1)
            if response is None:
                continue
            if response.status_code == 429:
                self.sleep(wait_asked(response))
            found, problem = self.read(response)
            if found is not None:
                return found
        raise UnusableError(
            f"law.go.kr gave no usable answer to {described(parameters)} in {TRIES} tries:"
            f" {problem}.",
            hint=AGAIN_HINT,
        )

    def get(
        self, endpoint: str, parameters: Mapping[str, str], last: bool
    ) -> "httpx.Response | None":
        """One response; None where none came and another try is left."""
        import httpx

        now = time.monotonic()
        if now < self.next_start:
            self.sleep(self.next_start - now)
        self.next_start = time.monotonic() + self.pause
        self.requests += 1
        try:
            return self.http.get(
                f"{self.url}/{endpoint}", params={"OC": self.key, "type": "JSON", **parameters}
            )
        except httpx.InvalidURL:
            raise self.no_address() from None
        except httpx.HTTPError as error:
            if not last:
                return None
            unreached = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            # httpx's own text may hold the URL, and with it the key.
            raise (ServiceError if unreached else UnusableError)(
                f"law.go.kr does not answer ({type(error).__name__} at {self.hidden(self.url)}).",
                hint=f"Check the network. {AGAIN_HINT}",
            ) from None

    def no_address(self) -> InputError:
        """The error for a LAW_API_URL that is none."""
        return InputError(
            f"LAW_API_URL is no address: '{self.hidden(self.url)}'.",
            hint=f"Unset it to use {BASE_URL}",
        )

    def read(self, response: "httpx.Response") -> tuple[dict[str, Any] | None, str]:
        """(the object, '') of a response, or (None, why another try is worth it).

        Raises:
            NotFoundError, ServiceError: another try is not worth it.
        """
        if response.status_code != 200:
            if response.status_code in RETRIED_STATUS:
                return None, f"HTTP {response.status_code}"
            raise ServiceError(
                f"law.go.kr answered HTTP {response.status_code}.", hint=REFUSED_HINT
            )
        text = response.content.decode("utf-8", errors="replace").lstrip("\ufeff").strip()
        if not text:
            return None, "an empty answer"
        if text.startswith("<"):
            return None, self.markup_problem(text)
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return None, "broken JSON"
        if not isinstance(data, dict):
            return None, "no JSON object"
        self.refuse_errors(data)
        return without_links(composed(data)), ""

    def markup_problem(self, text: str) -> str:
        """Why an answer in XML or HTML is none; raises what another try would not change."""
        if found := XML_REFUSAL.search(text):
            raise self.refused(" ".join(filter(None, found.groups())))
        if XML_UNKNOWN.search(text):
            raise NotFoundError("law.go.kr holds no such document.")
        return "a web page in place of data (overload, or a check for robots as in a cloud)"

    def refuse_errors(self, data: Mapping[str, Any]) -> None:
        """Raise for an object that is an error message.

        Raises:
            NotFoundError, ServiceError: as the message says.
        """
        if "result" in data and set(data) <= {"result", "msg"}:
            raise self.refused(f"{data['result']} {data.get('msg', '')}")
        if not data or isinstance(data.get("Law"), str):
            raise NotFoundError("law.go.kr holds no such document.")

    def refused(self, words: str) -> ServiceError:
        """The error for what the API calls a failed check of the user or of the parameters."""
        return ServiceError(
            f"law.go.kr refused the request: {self.hidden(words).strip()}", hint=REFUSED_HINT
        )


def host_of(url: str) -> str:
    """The host of an http or https URL; '' where it is none, or its port is no number."""
    with suppress(ValueError):
        address = urlsplit(url)
        if address.scheme in ("http", "https") and address.port != 0:
            return address.hostname or ""
    return ""


def without(key: str, text: str) -> str:
    """`text` without the key, whether as a parameter or alone."""
    return ECHOED_KEY.sub(r"\1…", text).replace(key, "…")


def wait_asked(response: "httpx.Response") -> float:
    """Seconds that a 429 asks to wait, at most a minute; 0 where it does not say."""
    with suppress(ValueError):
        return min(MOST_WAIT_SECONDS, max(0.0, float(response.headers.get("Retry-After", 0))))
    return 0.0


def without_links(value: Any) -> Any:
    """`value` without …링크 fields that repeat the key; what is left of it elsewhere is cut out."""
    if isinstance(value, dict):
        return {
            key: without_links(each)
            for key, each in value.items()
            if key != "OC" and not (key.endswith("링크") and ECHOED_KEY.search(str(each)))
        }
    if isinstance(value, list):
        return list(map(without_links, value))
    return ECHOED_KEY.sub(r"\1", value) if isinstance(value, str) else value


def described(parameters: Mapping[str, str]) -> str:
    """A request for a message: 'target=prec ID=1'; the key is not among the parameters."""
    return " ".join(f"{name}={value}" for name, value in parameters.items())
