"""`taxqa check`: which records of a dataset are wrong, and why."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.consent import Dollars
from taxqa.progress import printable

if TYPE_CHECKING:
    from datagen.checks.files import Report


@click.command(short_help="Check any dataset; say which record is wrong and why.")
@click.argument("dataset", type=click.Path(path_type=Path), metavar="DATASET")
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    help="Folder that `taxqa collect` made: its laws are what citations are looked up in, and a"
    " record that names one of its documents is compared with it. Without it: the twelve tax acts"
    " that ship.",
)
@click.option(
    "--evaluation",
    type=click.Path(path_type=Path),
    help="JSON or JSONL of questions that a model will be tested with: a record that asks one of"
    " them, or nearly, is rejected (in_evaluation).",
)
@click.option(
    "--report",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Also write a page with counts, plots and examples; it is read without a network.",
)
@click.option(
    "--judge",
    default="",
    metavar="NAME:MODEL",
    help="Also ask a language model, which sees question, answer and document; e.g."
    " openai:gpt-6-luna. It can only drop, and has to quote.",
)
@click.option("--base-url", default="", help="Server of an openai-compatible judge.")
@click.option(
    "--budget",
    type=Dollars(min=0, max=100_000),
    default=1.0,
    show_default=True,
    help="Most USD that the judge's store of verdicts may come to.",
)
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    help="Store of the verdicts; default: verdicts.sqlite3 beside the dataset (folder).",
)
@click.option("--yes", is_flag=True, help="Do not ask before the judge costs money.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def check(
    dataset: Path,
    corpus: Path | None,
    evaluation: Path | None,
    page: Path | None,
    judge: str,
    base_url: str,
    budget: float,
    answers: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Check a list of records {question, answer, type, source} in JSON or JSONL.

    DATASET is such a file, or a folder that `taxqa generate` made. Records are counted from 0.

    Shape, language and length; leftovers of prompts; the tax that a question states, computed
    again; each equation; rates, deductions and deadlines stated by name; each article and case
    number; quotations and figures against the document; each question once, with one answer. What
    a check does not understand it lets pass.

    Exit code: 0 all kept, 1 at least one rejected, 2 the file cannot be read.

    \b
    Examples:
      taxqa check dataset.json
      taxqa check work/dataset/records.jsonl --corpus work/corpus --json
      taxqa check dataset.json --evaluation my-questions.json
      taxqa check work/dataset/records.jsonl --corpus work/corpus --judge openai:gpt-6-luna
    """
    from cli.main import print_json
    from datagen.checks.evaluation import EvaluationQuestions
    from datagen.checks.files import check_file
    from datagen.checks.sources import source_texts
    from datagen.corpus import read_corpus, shipped_corpus
    from datagen.dataset import RECORDS
    from datagen.report import dataset_report, write_page
    from taxqa.folders import beside
    from taxqa.progress import note

    if (dataset / RECORDS).is_file():
        dataset = dataset / RECORDS
    refuse_page(page)
    material = read_corpus(corpus) if corpus else shipped_corpus()
    questions = EvaluationQuestions.read(evaluation) if evaluation else None
    sources = source_texts(material.documents)
    report = check_file(dataset, material.index, sources, questions)
    if judge:
        from cli.judging import Judge

        answers = answers or beside(dataset) / "verdicts.sqlite3"
        asked = Judge(judge, base_url, Decimal(str(budget)), answers, yes)
        report = asked.verdicts(dataset, report, sources)
    if not report.records:
        note(f"{dataset} holds no records; there was nothing to check.")
    if page:
        write_page(page, dataset_report(report.kept_records, report.rejected), title=dataset.name)
    if as_json:
        print_json(report.to_dict())
    else:
        print_report(report)
    if report.rejected:
        click.get_current_context().exit(1)


def refuse_page(page: Path | None) -> None:
    """InputError, before anything is asked or computed, where a page cannot be written."""
    from taxqa.errors import InputError

    if page and not page.absolute().parent.is_dir():
        raise InputError(f"There is no folder {page.parent} for the report.")
    if page and page.is_dir():
        raise InputError(f"{page} is a folder; --report names a file, e.g. {page / 'page.html'}.")


def print_report(report: "Report") -> None:
    """Each rejection in four lines, then the sum."""
    for rejection in report.rejected:
        click.echo(f"record {rejection.index}: {rejection.reason}")
        question = rejection.record.get("question")
        if isinstance(question, str):
            click.echo(f"  question  {shown(question)}")
        click.echo(f"  found     {printable(rejection.found)}")
        click.echo(f"  expected  {printable(rejection.expected)}")
    records = "1 record" if report.records == 1 else f"{report.records:,} records"
    click.echo(f"{records}: {report.kept:,} kept, {len(report.rejected):,} rejected")


def shown(question: str) -> str:
    """A question on one line, as a terminal can print it."""
    line = " ".join(printable(question).split())[:120]
    return line.encode("utf-8", "replace").decode("utf-8")
