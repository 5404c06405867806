"""Checks a dataset file: a JSON list or JSON lines of records in the user's format."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datagen.checks.evaluation import EvaluationQuestions
from datagen.checks.run import check_records
from taxlaw.articles import ArticleIndex
from taxqa.errors import InputError
from taxqa.records import QARecord, Rejection, open_text, parse_json, read_json

FORM = (
    'A dataset looks like: [{"question": "…", "answer": "…", "type": "student", "source":'
    ' "practical"}]'
)


@dataclass(frozen=True)
class Report:
    """What the checks said of a file."""

    kept_records: tuple[QARecord, ...]
    rejected: tuple[Rejection, ...]

    @property
    def records(self) -> int:
        """How many records there were."""
        return len(self.kept_records) + len(self.rejected)

    @property
    def kept(self) -> int:
        """How many records passed."""
        return len(self.kept_records)

    def to_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        fields = {"index", "reason", "found", "expected"}
        return {
            "records": self.records,
            "kept": self.kept,
            "rejected": [each.model_dump(include=fields) for each in self.rejected],
        }


def check_file(
    path: Path,
    index: ArticleIndex,
    sources: Mapping[str, str] | None = None,
    evaluation: EvaluationQuestions | None = None,
) -> Report:
    """The report on the records of a file.

    Args:
        index: where citations are looked up.
        sources: document -> its text; a record that names one of them is compared with it.
        evaluation: questions that a model will be tested with; a record that asks one is rejected.

    Raises:
        InputError: the file is missing, is not UTF-8, or is no JSON list (or JSON lines).
    """
    results = list(check_records(dataset_items(path), index, sources, evaluation))
    return Report(
        tuple(result for result in results if not isinstance(result, Rejection)),
        tuple(result for result in results if isinstance(result, Rejection)),
    )


def dataset_items(path: Path) -> Iterator[object]:
    """The items of a dataset file, whatever their shape."""
    if path.suffix.lower() == ".jsonl":
        with open_text(path) as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield parse_json(line, f"{path}, line {number},")
        return
    try:
        data = read_json(path)
    except InputError as error:
        if error.hint or not path.is_file():
            raise
        raise InputError(error.message, hint=FORM) from None
    if not isinstance(data, list):
        raise InputError(
            f"{path} holds a JSON {type(data).__name__}; a list of records was expected.",
            hint=FORM,
        )
    yield from data
