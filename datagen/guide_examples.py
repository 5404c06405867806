"""The guide's questions with the guide's answers."""

from collections.abc import Iterable, Iterator

from datagen.example import Example
from datagen.guide import GuideEntry

EXPLAIN = "{title}에 대해 자세히 설명해 주세요."


def guide_examples(entries: Iterable[GuideEntry]) -> Iterator[Example]:
    """Each phrasing with the entry's answer, and the subject explained at length."""
    for entry in entries:
        for question in entry.questions:
            yield Example(entry.id, question, entry.answer, entry.asker, "practical")
        question = EXPLAIN.format(title=entry.title)
        yield Example(entry.id, question, entry.text, entry.asker, "practical")
