"""OpenAI's batch API: a file of requests, a file of answers, a file of errors.

https://developers.openai.com/api/docs/guides/batch
"""

from collections.abc import AsyncIterator
from typing import Any

from datagen.teachers.batch import Found, RemoteState
from datagen.teachers.batch_ledger import Batch
from datagen.teachers.openai_teacher import OpenAITeacher
from datagen.teachers.request import Reply, Request, Teacher
from datagen.teachers.sdk import created_id, named_failures, object_in, readable
from taxqa.errors import ServiceError
from taxqa.records import to_json

TAG = "taxqa"
"""The key of our id in a batch's metadata."""
ENDED = ("completed", "failed", "expired", "cancelled")
CLOCKS_APART_SECONDS = 3600
"""Older batches than ours, by as much as two clocks may differ, need not be looked at."""


class OpenAIBatches:
    """The batches of one teacher."""

    def __init__(self, teacher: Teacher) -> None:
        """Nothing is sent yet."""
        assert isinstance(teacher, OpenAITeacher)
        self.teacher = teacher

    def line(self, custom_id: str, request: Request) -> bytes:
        """A request as a line of the file."""
        line = {
            "custom_id": custom_id,
            "method": "POST",
            "url": self.teacher.endpoint,
            "body": self.teacher.body(request),
        }
        return to_json(line).encode("utf-8")

    async def create(self, batch: Batch, lines: list[bytes]) -> str:
        """Upload the file and create the batch; the provider's id.

        A file that was uploaded in vain is deleted by OpenAI after 30 days.
        """
        client = self.teacher.client
        with named_failures(self.teacher.sdk, self.teacher.service):
            content = b"\n".join(lines) + b"\n"
            file = await client.files.create(file=(f"{batch.id}.jsonl", content), purpose="batch")
            created = await client.batches.create(
                input_file_id=created_id(self.teacher.service, getattr(file, "id", None)),
                endpoint=self.teacher.endpoint,
                completion_window="24h",
                metadata={TAG: batch.id},
            )
        return created_id(self.teacher.service, getattr(created, "id", None))

    async def find(self, batch: Batch, known: set[str]) -> Found:
        """Look for a batch by its metadata."""
        with named_failures(self.teacher.sdk, self.teacher.service):
            async for each in self.teacher.client.batches.list(limit=100):
                if (each.metadata or {}).get(TAG) == batch.id:
                    return Found(str(each.id))
                if each.created_at < batch.made - CLOCKS_APART_SECONDS:
                    break
        return Found()

    async def state(self, remote: str) -> RemoteState:
        """How a batch fares."""
        with named_failures(self.teacher.sdk, self.teacher.service):
            batch = await self.teacher.client.batches.retrieve(remote)
        errors = batch.errors.data if batch.errors else None
        message = self.teacher.service.told(str(errors[0].message)) if errors else ""
        return RemoteState(batch.status in ENDED, message)

    async def results(self, remote: str) -> AsyncIterator[tuple[str, Reply | str]]:
        """The lines of both files."""
        client = self.teacher.client
        with named_failures(self.teacher.sdk, self.teacher.service):
            batch = await client.batches.retrieve(remote)
            for file in filter(None, (batch.output_file_id, batch.error_file_id)):
                async with client.files.with_streaming_response.content(file) as answer:
                    async for line in answer.iter_lines():
                        if entry := object_in(line):
                            yield str(entry.get("custom_id")), self.result(entry)

    def result(self, entry: dict[str, Any]) -> Reply | str:
        """The reply in a line, or why there is none."""
        try:
            with readable(self.teacher.service):
                answer = entry.get("response") or {}
                if entry.get("error"):
                    return str(entry["error"].get("code") or "error").removeprefix("batch_")
                if answer.get("status_code") != 200:
                    return f"HTTP {answer.get('status_code')}"
                return self.teacher.reply(answer["body"])
        except ServiceError:
            return "failed"
