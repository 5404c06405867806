"""Anthropic's message batches.

https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from collections.abc import AsyncIterator
from typing import Any

from datagen.teachers.anthropic_teacher import AnthropicTeacher
from datagen.teachers.batch import Found, RemoteState
from datagen.teachers.batch_ledger import Batch
from datagen.teachers.request import Reply, Request, Teacher
from datagen.teachers.sdk import created_id, named_failures, object_in, posted, readable
from taxqa.errors import ServiceError
from taxqa.records import to_json

CLOCKS_APART_SECONDS = 3600
"""Older batches than ours, by as much as two clocks may differ, need not be looked at."""


class AnthropicBatches:
    """The batches of one teacher."""

    def __init__(self, teacher: Teacher) -> None:
        """Nothing is sent yet."""
        assert isinstance(teacher, AnthropicTeacher)
        self.teacher = teacher

    def line(self, custom_id: str, request: Request) -> bytes:
        """A request as an element of the batch's list."""
        return to_json({"custom_id": custom_id, "params": self.teacher.body(request)}).encode()

    async def create(self, batch: Batch, lines: list[bytes]) -> str:
        """Create the batch; the provider's id."""
        service = self.teacher.service
        content = b'{"requests":[' + b",".join(lines) + b"]}"
        path = "/v1/messages/batches"
        answer = await posted(self.teacher.client, self.teacher.sdk, service, path, content)
        return created_id(service, answer.get("id"))

    async def find(self, batch: Batch, known: set[str]) -> Found:
        """Look for a batch by the ids of its requests, which are told once it has ended.

        A batch takes no name from us. One of the right time and size that is still being processed
        may be ours: that is not certain then.
        """
        certain = True
        with named_failures(self.teacher.sdk, self.teacher.service):
            async for each in self.teacher.client.messages.batches.list(limit=100):
                if each.created_at.timestamp() < batch.made - CLOCKS_APART_SECONDS:
                    break
                counts = each.request_counts
                size = counts.processing + counts.succeeded + counts.errored
                size += counts.canceled + counts.expired
                if each.id in known or size != batch.requests:
                    continue
                if each.processing_status != "ended":
                    certain = False
                elif await self.first_custom_id(each.id, batch):
                    return Found(str(each.id))
        return Found(certain=certain)

    async def first_custom_id(self, remote: str, batch: Batch) -> bool:
        """Whether the first result of a batch is for a request of ours."""
        async for entry in self.entries(remote):
            return batch.place(str(entry.get("custom_id"))) is not None
        return False

    async def state(self, remote: str) -> RemoteState:
        """How a batch fares."""
        with named_failures(self.teacher.sdk, self.teacher.service):
            batch = await self.teacher.client.messages.batches.retrieve(remote)
        return RemoteState(batch.processing_status == "ended")

    async def results(self, remote: str) -> AsyncIterator[tuple[str, Reply | str]]:
        """The results of a batch that has ended."""
        async for entry in self.entries(remote):
            yield str(entry.get("custom_id")), self.result(entry)

    async def entries(self, remote: str) -> AsyncIterator[dict[str, Any]]:
        """The lines of a batch's results."""
        batches = self.teacher.client.messages.batches.with_streaming_response
        with named_failures(self.teacher.sdk, self.teacher.service):
            async with batches.results(remote) as answer:
                async for line in answer.iter_lines():
                    if entry := object_in(line):
                        yield entry

    def result(self, entry: dict[str, Any]) -> Reply | str:
        """The reply in a line, or why there is none (errored, expired, canceled)."""
        try:
            with readable(self.teacher.service):
                result = entry["result"]
                if result.get("type") != "succeeded":
                    return str(result.get("type"))
                return self.teacher.reply(result["message"])
        except ServiceError:
            return "failed"
