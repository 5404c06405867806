"""What `taxqa generate` asks and tells of language models: estimates, consent, batches."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cli.consent import agree_to_cost
from cli.main import print_json
from datagen.asking.lessons import lessons_of
from datagen.asking.taught import Taught
from datagen.config import GenerateConfig, keys_in
from datagen.corpus import Corpus, read_corpus, shipped_corpus
from datagen.teach import InBatchError, estimates, teach
from datagen.teachers.estimate import Estimate


@dataclass(frozen=True)
class Teaching:
    """The language models of one run of `taxqa generate`."""

    config: GenerateConfig
    config_file: Path | None
    answers: Path
    """The store of answers."""
    yes: bool
    """Do not ask before money is spent."""

    def teach(self, material: Corpus) -> Taught:
        """Ask about a corpus, after the estimate was shown and agreed to."""
        keys = keys_in(self.config_file)
        lessons = lessons_of(material, self.config, keys=keys)
        return teach(
            lessons, self.config, material.index, self.answers, keys=keys, confirm=self.confirm
        )

    def show_estimates(self, corpus: Path | None, as_json: bool) -> None:
        """Print what a run would take; nothing is sent and nothing is made."""
        material = read_corpus(corpus) if corpus else shipped_corpus()
        lessons = lessons_of(material, self.config, keys=keys_in(self.config_file))
        found = estimates(lessons, self.config, self.answers)
        if as_json:
            print_json({"estimates": [as_fields(each) for each in found]})
            return
        for each in found:
            for line in each.lines():
                click.echo(line)
        click.echo(f"Nothing was sent. The budget is ${self.config.budget} (--budget).")

    def confirm(self, expected: list[Estimate]) -> None:
        """Show what a run will take and ask once; without a terminal --yes has to be given."""
        cost = total_cost(expected, self.config.batch)
        if not cost:
            return
        lines = [line for each in expected for line in each.lines()]
        agree_to_cost("This run", lines, self.config.budget, yes=self.yes)


def as_fields(estimate: Estimate) -> dict[str, Any]:
    """An estimate for JSON; money in USD and KRW."""
    fields = asdict(estimate)
    return {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in fields.items()
    }


def total_cost(expected: Sequence[Estimate], batch: bool) -> Decimal:
    """USD that a run will probably cost."""
    return sum((each.usd_batch if batch else each.usd for each in expected), Decimal(0))


def show_waiting(waiting: InBatchError, as_json: bool) -> None:
    """Say that a batch is on its way; that is no failure."""
    if as_json:
        print_json({"dataset": None, "in_batch": waiting.waiting})
    else:
        click.echo(str(waiting))
