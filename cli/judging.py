"""What `taxqa check --judge` asks of a language model: a verdict on each record that was kept."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from cli.consent import agree_to_cost
from datagen.checks.files import Report
from datagen.judge import judged, judging, unfounded
from datagen.teachers.estimate import estimate
from datagen.teachers.live import live
from datagen.teachers.opening import default_concurrency, open_teacher
from datagen.teachers.prices import load_prices
from datagen.teachers.store import ReplyStore
from taxqa.errors import InputError
from taxqa.progress import note
from taxqa.records import Record, Rejection, read_jsonl


@dataclass(frozen=True)
class Judge:
    """A language model that judges, and what it may cost."""

    name: str
    """Provider and model, e.g. 'openai:gpt-6-luna'."""
    base_url: str
    budget: Decimal
    """USD of all that the store of answers has cost."""
    answers: Path
    """Store of its verdicts; what is in it is not asked again."""
    yes: bool
    """Do not ask before money is spent."""

    def verdicts(self, dataset: Path, report: Report, sources: Mapping[str, str]) -> Report:
        """The report with the records that the judge drops moved to the rejected.

        Raises:
            InputError: the records name no documents, no key, or an unknown model.
            ServiceError: the provider refuses, or cannot be reached; verdicts are kept.
        """
        records = judgeable(dataset, report, sources)
        provider, _, model = self.name.partition(":")
        teacher = open_teacher(provider, model, self.base_url)
        table = load_prices()
        at_once = default_concurrency(provider)
        dropped: dict[str, Rejection] = {}
        unjudged: Counter[str] = Counter()
        with ReplyStore.opened(self.answers) as store:
            requests = [
                judging(index, record, sources[record.document])
                for index, record in enumerate(records)
            ]
            expected = estimate(
                requests, table, teacher.name, concurrency=at_once, store=store, problem=unfounded
            )
            if expected.usd:
                agree_to_cost("The judge", expected.lines(), self.budget, yes=self.yes)
            with live(f"Asking {teacher.name} to judge", len(records), table=table) as shown:
                for found in judged(
                    records,
                    sources,
                    teacher,
                    store,
                    price=table.price(teacher.name),
                    budget=self.budget,
                    concurrency=at_once,
                    progress=shown.update,
                ):
                    if found.rejection:
                        dropped[found.record.id] = found.rejection
                    elif found.unjudged:
                        unjudged[found.unjudged.partition(":")[0]] += 1
        for reason, count in unjudged.most_common():
            note(f"{count:,} records have no verdict ({reason}); they stand as they were.")
        return without(report, [dropped[record.id] for record in records if record.id in dropped])


def judgeable(dataset: Path, report: Report, sources: Mapping[str, str]) -> list[Record]:
    """The kept records that rest on a document whose text is known.

    Raises:
        InputError: the file has no ids and documents, or no text of them is known.
    """
    hint = "Judge the records.jsonl of a dataset folder, with --corpus where it came from one."
    if dataset.suffix.lower() != ".jsonl":
        raise InputError(f"{dataset} does not say what its records rest on.", hint=hint)
    kept = {(record.question, record.answer) for record in report.kept_records}
    found = [
        record
        for record in read_jsonl(dataset, Record)
        if record.document in sources and (record.question, record.answer) in kept
    ]
    if not found:
        raise InputError(f"No record of {dataset} rests on a text that is known.", hint=hint)
    return found


def without(report: Report, rejections: list[Rejection]) -> Report:
    """The report with these records moved from the kept to the rejected."""
    gone = {(rejection.record["question"], rejection.record["answer"]) for rejection in rejections}
    kept = tuple(
        record for record in report.kept_records if (record.question, record.answer) not in gone
    )
    return Report(kept, (*report.rejected, *rejections))
