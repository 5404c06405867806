"""What the language models of a run gave, for the dataset that is made of it."""

from dataclasses import dataclass, field
from typing import Any

from datagen.asking.replies import Unusable
from taxqa.records import Record


@dataclass
class Taught:
    """Items in the order of the plan, and what each teacher was asked and cost."""

    items: list[Record | Unusable] = field(default_factory=list)
    teachers: list[dict[str, Any]] = field(default_factory=list)
    """For the manifest: requests, answers, tokens, USD and KRW of each."""
