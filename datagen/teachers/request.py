"""What a teacher is asked, and what it answers: the words all teachers share."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from taxqa.records import to_json

Stop = Literal["end", "length", "refusal", "filtered"]
"""Why a reply ended: by itself, cut at max_tokens, refused, or withheld by a filter."""


@dataclass(frozen=True)
class Request:
    """One question to a teacher, answered by JSON that fits a schema.

    A subclass may carry what the answer will be used with (the passage, the record); it is no part
    of what is asked.
    """

    system: str
    user: str
    schema: Mapping[str, Any]
    """JSON schema of the reply; every object in it closed and all its properties required, as
    both providers' strict modes ask."""
    max_tokens: int

    @property
    def key(self) -> str:
        """SHA-256 of what is asked: the same request is never paid for twice."""
        asked = [self.system, self.user, dict(self.schema), self.max_tokens]
        return hashlib.sha256(to_json(asked).encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Reply:
    """What came back for one request."""

    text: str
    stop: Stop
    model: str
    """The model as the provider names it in the reply."""
    input_tokens: int
    output_tokens: int


class Teacher(Protocol):
    """Whoever answers requests: a provider's model, or a local one."""

    name: str
    """Provider and model, as in 'openai:gpt-6-luna'; answers are kept by it."""

    async def ask(self, request: Request) -> Reply:
        """The reply to one request, asked once; pace and further tries are the caller's.

        Raises:
            PassingError: it failed in a way that passes; another try may succeed.
            RequestRefusedError: this request is refused for good.
            TaxqaError: the provider refuses every request (key, model name, credit).
        """
        ...

    async def aclose(self) -> None:
        """Close the connections; the teacher may be asked again and opens new ones."""
        ...
