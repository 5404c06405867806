"""OpenAI's Responses API, and the chat completions of any server that speaks OpenAI's language.

https://developers.openai.com/api/reference: structured outputs by a JSON schema in strict mode.
"""

from collections.abc import Mapping
from typing import Any

from datagen.teachers.failures import PassingError, RequestRefusedError, Service
from datagen.teachers.request import Reply, Request, Stop
from datagen.teachers.sdk import billed, client_settings, imported, posted, readable

SCHEMA_NAME = "reply"
LIMITED = ("rate_limit_exceeded", "slow_down")
CHAT_STOPS: Mapping[str, Stop] = {"length": "length", "content_filter": "filtered"}


class OpenAITeacher:
    """A model of OpenAI, through the Responses API."""

    endpoint = "/v1/responses"

    def __init__(self, service: Service, base_url: str = "") -> None:
        """No connection yet; base_url '' = OpenAI's own (or OPENAI_BASE_URL)."""
        self.name, self.service, self.base_url = service.teacher, service, base_url
        self.sdk = imported("openai")
        self.opened: Any = None

    @property
    def client(self) -> Any:
        """The SDK's client, made when first used: its connections belong to one event loop."""
        if self.opened is None:
            key = self.service.secret or "none"
            settings = client_settings(self.sdk, self.base_url)
            self.opened = self.sdk.AsyncOpenAI(api_key=key, **settings)
        return self.opened

    async def aclose(self) -> None:
        """Close the connections."""
        opened, self.opened = self.opened, None
        if opened is not None:
            await opened.close()

    async def ask(self, request: Request) -> Reply:
        """One exchange; errors as the Teacher protocol says."""
        path = self.endpoint.removeprefix("/v1")  # stands in the base URL already
        return self.reply(
            await posted(self.client, self.sdk, self.service, path, self.body(request))
        )

    def body(self, request: Request) -> dict[str, Any]:
        """The request in OpenAI's words, as in a line of a batch."""
        wanted = {"type": "json_schema", "name": SCHEMA_NAME, "schema": dict(request.schema)}
        return {
            "model": self.service.model,
            "instructions": request.system,
            "input": request.user,
            "text": {"format": {**wanted, "strict": True}},
            "max_output_tokens": request.max_tokens,
            "store": False,  # nothing is to stay on their servers
        }

    def reply(self, answer: Mapping[str, Any]) -> Reply:
        """An answer of the Responses API as our reply."""
        with readable(self.service):
            if answer.get("status") == "failed":
                raise self.failed(answer.get("error") or {})
            parts = [
                part
                for item in answer.get("output") or []
                if item.get("type") == "message"
                for part in item.get("content") or []
            ]
            refusal = "".join(part["refusal"] for part in parts if part.get("type") == "refusal")
            text = "".join(part["text"] for part in parts if part.get("type") == "output_text")
            return Reply(
                text=refusal or text,
                stop="refusal" if refusal else stop_of(answer),
                model=str(answer.get("model", "")),
                input_tokens=billed(self.service, answer, "input_tokens"),
                output_tokens=billed(self.service, answer, "output_tokens"),
            )

    def failed(self, error: Mapping[str, Any]) -> Exception:
        """The error for an answer that says of itself that it failed."""
        said = f"{self.service.title} failed: {self.service.told(str(error.get('message')))}"
        if error.get("code") in ("server_error", *LIMITED):
            return PassingError(said, overloaded=error.get("code") in LIMITED)
        return RequestRefusedError(said)


class CompatibleTeacher(OpenAITeacher):
    """A model behind any server with OpenAI's chat completions (vLLM, llama.cpp, a gateway)."""

    endpoint = "/v1/chat/completions"

    def body(self, request: Request) -> dict[str, Any]:
        """The request as a chat."""
        schema = {"name": SCHEMA_NAME, "schema": dict(request.schema), "strict": True}
        return {
            "model": self.service.model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_tokens": request.max_tokens,
        }

    def reply(self, answer: Mapping[str, Any]) -> Reply:
        """A chat completion as our reply."""
        with readable(self.service):
            choice = answer["choices"][0]
            message = choice.get("message") or {}
            refusal = str(message.get("refusal") or "")
            ended = CHAT_STOPS.get(str(choice.get("finish_reason")), "end")
            return Reply(
                text=refusal or str(message.get("content") or ""),
                stop="refusal" if refusal else ended,
                model=str(answer.get("model", "")),
                input_tokens=billed(self.service, answer, "prompt_tokens"),
                output_tokens=billed(self.service, answer, "completion_tokens"),
            )


def stop_of(answer: Mapping[str, Any]) -> Stop:
    """Why an answer of the Responses API ended."""
    if answer.get("status") != "incomplete":
        return "end"
    reason = (answer.get("incomplete_details") or {}).get("reason")
    return "filtered" if reason == "content_filter" else "length"
