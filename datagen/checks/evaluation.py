"""A record that asks what the evaluation will ask teaches the test, and is dropped."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from datagen.checks.finding import Context, Finding, shortened
from datagen.distinctions import normalised, stems, telling
from taxqa.errors import InputError
from taxqa.records import QARecord

SHINGLE = 3
"""Letters; a question is short."""
WON = re.compile("(?<=[억만천])원")
SIMILAR = 0.75
"""Jaccard similarity from which two questions with the same telling words ask the same."""


class EvaluationQuestions:
    """The questions that a model is to be tested with, to be looked up by what they ask."""

    def __init__(self, questions: Iterable[str]) -> None:
        """Take in the questions."""
        self.questions = tuple(questions)
        self.sizes: list[int] = []
        """How many shingles each has."""
        self.holders: dict[str, list[int]] = defaultdict(list)
        """Shingle -> the questions that have it."""
        for number, question in enumerate(self.questions):
            found = shingles(question)
            self.sizes.append(len(found))
            for shingle in found:
                self.holders[shingle].append(number)

    @classmethod
    def read(cls, path: Path) -> "EvaluationQuestions":
        """The questions of a JSON list or JSON lines of objects with `question`.

        Raises:
            InputError: the file cannot be read, or an item has no question.
        """
        from datagen.checks.files import dataset_items

        return cls(question_of(item, path) for item in dataset_items(path))

    def like(self, question: str) -> str:
        """The evaluation question that asks nearly the same with the same figures; '' for none."""
        asked = shingles(question)
        common = Counter(number for each in asked for number in self.holders.get(each, ()))
        for number, count in common.most_common():
            alike = count / (len(asked) + self.sizes[number] - count)
            if alike >= SIMILAR and figures(self.questions[number]) == figures(question):
                return self.questions[number]
        return ""


def question_of(item: object, path: Path) -> str:
    """The question of an item of an evaluation file."""
    if isinstance(item, Mapping) and isinstance(item.get("question"), str):
        return str(item["question"])
    raise InputError(
        f"{path} holds an item without a question.",
        hint='An evaluation file looks like: [{"question": "…", …}, …], as JSON or JSON lines.',
    )


def figures(question: str) -> list[str]:
    """The figures, taxes and words of yes and no of a question; 20억 and 20억원 are the same."""
    return sorted(word.removesuffix("원") for word in telling(normalised(question)))


def shingles(question: str) -> set[str]:
    """The letter trigrams of a question without particles and fillers."""
    words = WON.sub("", stems(question) or normalised(question))
    return {words[start : start + SHINGLE] for start in range(max(len(words) - SHINGLE + 1, 1))}


def check_evaluation(record: QARecord, context: Context) -> Finding | None:
    """No question of the evaluation is taught, nor one that is nearly the same."""
    found = context.evaluation.like(record.question) if context.evaluation else ""
    if not found:
        return None
    return Finding(
        "in_evaluation",
        shortened(record.question),
        f"no question of the evaluation set, which asks: {shortened(found)}",
    )
