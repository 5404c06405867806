"""Checking as steps of a datatrove pipeline: records by N tasks, what they repeat by one."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datagen.checks.evaluation import EvaluationQuestions
from datagen.checks.files import dataset_items
from datagen.checks.run import CHECKS, check_records
from datagen.checks.sources import source_texts
from datagen.corpus import read_corpus, shipped_corpus
from datagen.parts import read_parts, write_part
from taxqa.records import Rejection, to_json, validated


@dataclass(frozen=True)
class CheckShard:
    """First stage of checking: every check but the one that compares records with each other."""

    path: Path
    work: Path
    tasks: int
    corpus: Path | None = None
    evaluation: Path | None = None

    def __call__(self, data: object = None, rank: int = 0, world_size: int = 1) -> None:
        """Write the part of one task."""
        write_part(self.work, rank, self.rows(rank))

    def rows(self, rank: int) -> Iterator[dict[str, Any]]:
        """The verdict on each record of this task."""
        material = read_corpus(self.corpus) if self.corpus else shipped_corpus()
        questions = EvaluationQuestions.read(self.evaluation) if self.evaluation else None
        sources = source_texts(material.documents)
        items = enumerate(dataset_items(self.path))
        mine = [(number, item) for number, item in items if number % self.tasks == rank]
        results = check_records(
            [item for _, item in mine], material.index, sources, questions, CHECKS[:-1]
        )
        for (number, _), result in zip(mine, results, strict=True):
            row: dict[str, Any] = {"place": number}
            if isinstance(result, Rejection):
                row["rejection"] = result.model_copy(update={"index": number}).model_dump()
            yield row


@dataclass(frozen=True)
class MergeChecks:
    """Second stage of checking: records that passed are compared with each other."""

    path: Path
    work: Path
    tasks: int
    report: Path

    def __call__(self, data: object = None, rank: int = 0, world_size: int = 1) -> None:
        """Write the report, then remove the parts."""
        partial = self.report.with_name(f".{self.report.name}.partial")
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(to_json(each.model_dump()) + "\n" for each in self.rejected())
        partial.replace(self.report)
        shutil.rmtree(self.work)

    def rejected(self) -> list[Rejection]:
        """What `check_file` rejects."""
        rejected: list[Rejection] = []
        places: list[int] = []
        passed: list[object] = []
        verdicts = read_parts(self.work, self.tasks)
        for item, row in zip(dataset_items(self.path), verdicts, strict=True):
            if "rejection" in row:
                rejected.append(validated(Rejection, row["rejection"], "a part"))
            else:
                places.append(row["place"])
                passed.append(item)
        for result in check_records(passed, shipped_corpus().index, checks=CHECKS[-1:]):
            if isinstance(result, Rejection):
                rejected.append(result.model_copy(update={"index": places[result.index]}))
        return sorted(rejected, key=lambda each: each.index)
