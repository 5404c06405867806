"""Anthropic's Messages API with structured outputs.

https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from collections.abc import Mapping
from typing import Any

from datagen.teachers.failures import Service
from datagen.teachers.request import Reply, Request, Stop
from datagen.teachers.sdk import billed, client_settings, imported, posted, readable

STOPS: Mapping[str, Stop] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
READ = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
"""Input tokens are told apart by the cache; together they are the question."""


class AnthropicTeacher:
    """A Claude model."""

    def __init__(self, service: Service, base_url: str = "") -> None:
        """No connection yet; base_url '' = Anthropic's own (or ANTHROPIC_BASE_URL)."""
        self.name, self.service, self.base_url = service.teacher, service, base_url
        self.sdk = imported("anthropic")
        self.opened: Any = None

    @property
    def client(self) -> Any:
        """The SDK's client, made when first used: its connections belong to one event loop."""
        if self.opened is None:
            settings = client_settings(self.sdk, self.base_url)
            self.opened = self.sdk.AsyncAnthropic(api_key=self.service.secret, **settings)
        return self.opened

    async def aclose(self) -> None:
        """Close the connections."""
        opened, self.opened = self.opened, None
        if opened is not None:
            await opened.close()

    async def ask(self, request: Request) -> Reply:
        """One exchange; errors as the Teacher protocol says."""
        return self.reply(
            await posted(self.client, self.sdk, self.service, "/v1/messages", self.body(request))
        )

    def body(self, request: Request) -> dict[str, Any]:
        """The request in Anthropic's words, as in the params of a batch."""
        return {
            "model": self.service.model,
            "system": request.system,
            "messages": [{"role": "user", "content": request.user}],
            "output_config": {"format": {"type": "json_schema", "schema": dict(request.schema)}},
            "max_tokens": request.max_tokens,
        }

    def reply(self, answer: Mapping[str, Any]) -> Reply:
        """A message as our reply."""
        with readable(self.service):
            parts = answer.get("content") or []
            return Reply(
                text="".join(part["text"] for part in parts if part.get("type") == "text"),
                stop=STOPS.get(str(answer.get("stop_reason")), "end"),
                model=str(answer.get("model", "")),
                input_tokens=billed(self.service, answer, *READ),
                output_tokens=billed(self.service, answer, "output_tokens"),
            )
