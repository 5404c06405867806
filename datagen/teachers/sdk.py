"""What the OpenAI and the Anthropic SDK, which are built alike, need to be our teachers."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

from datagen.teachers.access import LOOPBACK
from datagen.teachers.failures import PassingError, Service
from taxqa.errors import MissingExtraError

Answer = Mapping[str, Any]
CONNECT_SECONDS = 10.0
READ_SECONDS = 600.0
"""A model that reasons may be silent for minutes."""
MOST_TOKENS = 10**9
"""That an answer can be billed for; more is no count."""


def imported(name: str) -> ModuleType:
    """An SDK; MissingExtraError where it is not installed."""
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or name, "datagen") from None


def client_settings(sdk: ModuleType, base_url: str) -> dict[str, Any]:
    """Settings of a client: our own tries, long silences, and the aiohttp transport.

    The SDKs' default transport is slower, and far slower on a busy machine (see
    benchmarks/teacher_calls.py).
    """
    import httpx2

    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    # A proxy has no business between two local programs.
    http = {"timeout": timeout, "trust_env": httpx2.URL(base_url).host not in LOOPBACK}
    http["follow_redirects"] = False  # what is asked would go along to another host
    try:
        import aiohttp  # noqa: F401

        client = sdk.DefaultAioHttpClient(**http)
    except ModuleNotFoundError:
        client = sdk.DefaultAsyncHttpxClient(**http)
    address = {"base_url": base_url} if base_url else {}
    return {"max_retries": 0, "timeout": timeout, "http_client": client, **address}


@contextmanager
def named_failures(sdk: ModuleType, service: Service) -> Iterator[None]:
    """The SDK's errors as ours; theirs, which hold the request's headers, are left behind."""
    try:
        yield
    except sdk.APIStatusError as error:
        message, code = message_of(error.body)
        status, headers = error.status_code, error.response.headers
        raise service.status_error(status, message, code, headers) from None
    except sdk.APIConnectionError as error:
        raise service.broken(error, sent=was_sent(error)) from None


async def posted(
    client: Any, sdk: ModuleType, service: Service, path: str, body: dict[str, Any] | bytes
) -> Answer:
    """The answer to a POST; bytes are sent as they are, as JSON.

    By the client's `post`, not by its method for the endpoint: that one walks through the whole
    body, and builds the answer as pydantic models, for half of the time that a request takes.
    """
    import httpx2

    with named_failures(sdk, service):
        if isinstance(body, bytes):
            headers = {"headers": {"Content-Type": "application/json"}}
            response = await client.post(
                path, content=body, cast_to=httpx2.Response, options=headers
            )
        else:
            response = await client.post(path, body=body, cast_to=httpx2.Response)
    return answer_of(response, service)


def message_of(body: object) -> tuple[str, str]:
    """(message, code) of an error's body: {"error": {…}}, or what is in it."""
    inner = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(inner, dict):
        return (inner if isinstance(inner, str) else ""), ""
    return str(inner.get("message") or ""), str(inner.get("code") or inner.get("type") or "")


def was_sent(error: BaseException) -> bool:
    """Whether the request may have arrived: False only where no connection was made."""
    names = set()
    cause: BaseException | None = error
    while cause is not None:
        names |= {each.__name__ for each in type(cause).__mro__}
        cause = cause.__cause__
    if "ClientError" in names:  # aiohttp; its transport maps a lost connection to ConnectTimeout
        return not names & {"ClientConnectorError", "ConnectionTimeoutError"}
    return not names & {"ConnectError", "ConnectTimeout", "PoolTimeout"}


def answer_of(response: Any, service: Service) -> Answer:
    """The JSON object of an answer with status 200."""
    answer = object_in(response.content)
    if answer is None:
        found = service.told(response.content.decode("utf-8", "replace"))[:80]
        raise PassingError(
            f"{service.title} answered '{found}', which is no JSON object.", maybe_paid=True
        )
    return answer


def object_in(text: str | bytes) -> dict[str, Any] | None:
    """The JSON object that a text is; None where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def readable(service: Service) -> Iterator[None]:
    """An answer of another shape than the service's is one that has to be had again."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        unreadable(service, "an object of another form than expected")


def billed(service: Service, answer: Answer, name: str, *more: str) -> int:
    """Tokens that the usage in an answer counts as `name`, with those of `more` where it has them.

    Raises:
        PassingError: there are none, or no such numbers: a ledger must not be lowered by them.
    """
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        unreadable(service, "no usage")
    counts: list[Any] = [usage.get(name), *(usage.get(each) or 0 for each in more)]
    if not all(type(count) is int and 0 <= count <= MOST_TOKENS for count in counts):
        unreadable(service, f"no number of {name}")
    return int(sum(counts))


def created_id(service: Service, found: object) -> str:
    """The id of what was created; PassingError where the answer holds none."""
    if not isinstance(found, str) or not found:
        unreadable(service, "no id of what was created")
    return found


def unreadable(service: Service, what: str) -> NoReturn:
    """PassingError for an answer that says nothing we can use, though it may be billed."""
    raise PassingError(f"{service.title} answered with {what}.", maybe_paid=True)
