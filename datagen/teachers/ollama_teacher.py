"""A model in Ollama, on this machine or where OLLAMA_HOST says: nothing to pay per token."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from datagen.teachers.failures import PassingError, RequestRefusedError, Service
from datagen.teachers.request import Reply, Request, Stop
from taxqa.errors import ServiceError
from taxqa.ollama_address import LOOPBACK, START_HINT, usable_url

if TYPE_CHECKING:
    import httpx

NUM_CTX = 8192
"""Tokens of question and answer together; one value for all requests, as another one makes Ollama
load the model anew."""
CONNECT_SECONDS = 5.0
READ_SECONDS = 1800.0
"""A large model on a laptop may take minutes for one answer, and as long to be loaded."""
STOPS: Mapping[str, Stop] = {"length": "length"}


class OllamaTeacher:
    """A model of an Ollama server, through its own chat API."""

    def __init__(self, service: Service, host: str = "", num_ctx: int = NUM_CTX) -> None:
        """No connection yet; host '' = OLLAMA_HOST, or this machine."""
        self.name, self.service, self.num_ctx = service.teacher, service, num_ctx
        self.url = usable_url(host)
        self.opened: httpx.AsyncClient | None = None

    @property
    def client(self) -> "httpx.AsyncClient":
        """The connection, made when first used: it belongs to one event loop."""
        import httpx

        if self.opened is None:
            self.opened = httpx.AsyncClient(
                base_url=self.url,
                timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=None),
                # A proxy has no business between two local programs.
                trust_env=httpx.URL(self.url).host not in LOOPBACK,
            )
        return self.opened

    async def aclose(self) -> None:
        """Close the connection."""
        opened, self.opened = self.opened, None
        if opened is not None:
            await opened.aclose()

    async def ask(self, request: Request) -> Reply:
        """One exchange; errors as the Teacher protocol says."""
        import httpx

        try:
            response = await self.client.post("/api/chat", json=self.body(request))
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise ServiceError(f"Ollama does not answer at {self.url}.", hint=START_HINT) from None
        except httpx.HTTPError as error:
            raise self.service.broken(error, sent=True) from None
        if response.status_code >= 400:
            raise self.refused(response.status_code, text_of_error(response.text))
        return self.reply(response.text)

    def body(self, request: Request) -> dict[str, Any]:
        """The request in Ollama's words."""
        return {
            "model": self.service.model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            "format": dict(request.schema),
            "stream": False,
            # Without these a question that is too long is cut in silence.
            "truncate": False,
            "shift": False,
            "options": {"num_ctx": self.num_ctx, "num_predict": request.max_tokens},
        }

    def refused(self, status: int, text: str) -> ServiceError:
        """The error for a refusal."""
        said = f"Ollama answered HTTP {status}: {self.service.told(text)}"
        if status == 404:
            return ServiceError(said, hint=f"Fetch it first: ollama pull {self.service.model}")
        if status in (429, 503):
            return PassingError(said, overloaded=True)
        if status >= 500:
            return PassingError(said)
        return RequestRefusedError(said, hint=f"Its context (num_ctx) is {self.num_ctx} tokens.")

    def reply(self, text: str) -> Reply:
        """Ollama's answer as our reply."""
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or "message" not in answer:
            raise PassingError(f"Ollama answered '{self.service.told(text[:80])}', no chat.")
        return Reply(
            text=str(answer["message"].get("content") or ""),
            stop=STOPS.get(str(answer.get("done_reason")), "end"),
            model=str(answer.get("model", "")),
            input_tokens=int(answer.get("prompt_eval_count") or 0),
            output_tokens=int(answer.get("eval_count") or 0),
        )


def text_of_error(body: str) -> str:
    """What an error's body says."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body
