"""`taxqa generate`: a corpus to a checked dataset of questions and answers."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from cli.consent import Dollars

if TYPE_CHECKING:
    from datagen.asking.taught import Taught
    from datagen.config import GenerateConfig
    from datagen.corpus import Corpus

TEACHERS = "worked, openai, anthropic, ollama, openai-compatible"


@click.command(short_help="A corpus to a checked question-and-answer dataset.")
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    help="Folder that `taxqa collect` made. Without it: the calculators and the guide that ship.",
)
@click.option(
    "--teacher",
    "teachers",
    multiple=True,
    metavar="NAME[:MODEL]",
    help=f"{TEACHERS}; may be repeated.  [default: worked, which costs nothing]",
)
@click.option("--model", help="Model of the one teacher that names none, e.g. gpt-6-luna.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="YAML with proportions, limits, budget (datagen/configs), or yours with langmodel: API.",
)
@click.option("--base-url", help="Address of an OpenAI-compatible service or of Ollama.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("work/dataset"),
    show_default=True,
    help="Folder to make; it appears only when it is whole.",
)
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    help="Store of what language models answered; kept over all runs."
    "  [default: answers.sqlite3 beside --out]",
)
@click.option(
    "--estimate",
    "estimate_only",
    is_flag=True,
    help="Say what would be asked, what it costs and how long it takes; send nothing.",
)
@click.option(
    "--budget",
    type=Dollars(min=0, max=100_000),
    metavar="USD",
    help="Never more than this, over all runs on one store.  [default: 10]",
)
@click.option("--batch", is_flag=True, default=None, help="Batch API: half the price, up to 24 h.")
@click.option(
    "--concurrency", type=click.IntRange(1, 1000), metavar="N", help="Requests in flight at most."
)
@click.option(
    "--max-passages", type=click.IntRange(min=1), metavar="N", help="Passages to ask about."
)
@click.option("--yes", is_flag=True, help="Do not ask before money is spent.")
@click.option(
    "--limit",
    type=click.IntRange(min=2),
    help="At most so many records, chosen evenly over sources and askers.",
)
@click.option(
    "--max-answer",
    type=click.IntRange(min=1),
    help="Letters of the longest answer that is taken; a small model learns short ones.",
)
@click.option(
    "--update",
    type=click.Path(path_type=Path),
    metavar="OLD_DATASET",
    help="Take over its records of documents that did not change; ask about the others alone.",
)
@click.option(
    "--evaluation",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON or JSONL of questions that a model will be tested with: they are not taught.",
)
@click.option(
    "--seed", type=int, help="The same seed and corpus give the same dataset.  [default: 1]"
)
@click.option("--force", is_flag=True, help="Replace a dataset that is already there.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def generate(
    corpus: Path | None,
    teachers: tuple[str, ...],
    model: str | None,
    config_file: Path | None,
    base_url: str | None,
    out: Path,
    answers: Path | None,
    estimate_only: bool,
    budget: float | None,
    batch: bool | None,
    concurrency: int | None,
    max_passages: int | None,
    yes: bool,
    limit: int | None,
    max_answer: int | None,
    update: Path | None,
    evaluation: Path | None,
    seed: int | None,
    force: bool,
    as_json: bool,
) -> None:
    """Make a dataset whose every figure is recomputed and every citation looked up.

    \b
    The folder holds:
      dataset.json    [{question, answer, type, source}], for any trainer
      records.jsonl   the same with document, citations, teacher, checks
      train.jsonl, valid.jsonl   90 and 10 percent, no document in both
      heldout.jsonl   further phrasings of taught cases, to test the model with
      rejected.jsonl  what a check dropped, each with its reason
      sources.jsonl   the digest of each document, for --update and `taxqa stale`
      report.html, report.json   what was kept and dropped: counts, plots, examples

    Language models are asked about passages of the corpus. What they answer is kept in --answers
    before it is used: a run that was cut off goes on where it was, and pays nothing twice.

    \b
    Examples:
      taxqa generate --out work/dataset
      taxqa generate --corpus work/corpus --teacher openai:gpt-6-luna --estimate
      taxqa generate --corpus work/corpus --teacher worked --teacher openai:gpt-6-luna --budget 20
      taxqa generate --corpus work/corpus-2027 --update work/dataset --out work/dataset-2027
    """
    from datagen.config import load_config

    config = load_config(
        config_file,
        teachers=teachers or None,
        model=model,
        base_url=base_url,
        budget=None if budget is None else Decimal(str(budget)),
        batch=batch,
        concurrency=concurrency,
        max_passages=max_passages,
        limit=limit,
        max_answer=max_answer,
        seed=seed,
    )
    if not config.models:
        if estimate_only:
            raise click.UsageError("The worked teacher costs nothing; --estimate needs another.")
        make(corpus, out, config, force, as_json, update=update, evaluation=evaluation)
        return
    from cli.teaching import Teaching, show_waiting
    from datagen.teach import ANSWERS, InBatchError

    teaching = Teaching(config, config_file, answers or out.parent / ANSWERS, yes)
    if estimate_only:
        teaching.show_estimates(corpus, as_json)
        return
    try:
        make(
            corpus,
            out,
            config,
            force,
            as_json,
            teaching.teach,
            update=update,
            evaluation=evaluation,
        )
    except InBatchError as error:
        show_waiting(error, as_json)


def make(
    corpus: Path | None,
    out: Path,
    config: "GenerateConfig",
    force: bool,
    as_json: bool,
    teach: "Callable[[Corpus], Taught] | None" = None,
    *,
    update: Path | None = None,
    evaluation: Path | None = None,
) -> None:
    """Make the dataset and print what is in it."""
    from datagen.config import WORKED
    from datagen.dataset import generate as generate_dataset

    generate_dataset(
        corpus,
        out,
        worked=WORKED in config.teachers,
        teach=teach,
        settings=config.model_dump(mode="json"),
        limit=config.limit,
        max_answer=config.max_answer,
        update=update,
        evaluation=evaluation,
        seed=config.seed,
        force=force,
    )
    print_result(out, as_json)


def print_result(out: Path, as_json: bool) -> None:
    """What a dataset holds, what was dropped and what it cost."""
    from cli.main import print_json
    from taxqa.folders import read_manifest

    manifest = read_manifest(out, stage="dataset", made_by="taxqa generate")
    if as_json:
        names = (
            "counts", "by_type", "by_source", "by_teacher", "rejected_by_reason", "teachers",
        )  # fmt: skip
        print_json({"dataset": str(out), **{name: manifest[name] for name in names}})
        return
    counts = manifest["counts"]
    click.echo(f"{counts['records']:,} records in {out}")
    click.echo(
        f"  train {counts['train']:,}, valid {counts['valid']:,}, held out {counts['heldout']:,},"
        f" rejected {counts['rejected']:,}"
    )
    if counts["taken_over"]:
        click.echo(f"  taken over from the older dataset: {counts['taken_over']:,}")
    for title, name in (
        ("source", "by_source"), ("asked by", "by_type"), ("teacher", "by_teacher"),
    ):  # fmt: skip
        parts = ", ".join(f"{key} {count:,}" for key, count in manifest[name].items())
        click.echo(f"  {title}: {parts}")
    for reason, count in manifest["rejected_by_reason"].items():
        click.echo(f"  rejected, {reason}: {count:,} (see {out / 'rejected.jsonl'})")
    for teacher in manifest["teachers"]:
        click.echo(f"  {teacher_line(teacher)}")
    click.echo(
        f"Next: taxqa finetune --dataset {quote(str(out))}   (options: taxqa finetune --help)"
    )


def teacher_line(teacher: dict[str, Any]) -> str:
    """'openai:gpt-6-luna: 60 of 60 answered, 51,200 tokens, $0.02 (28원) over all runs'."""
    tokens = teacher["input_tokens"] + teacher["output_tokens"]
    line = (
        f"{teacher['teacher']}: {teacher['answered']:,} of {teacher['requests']:,} answered,"
        f" {tokens:,} tokens, ${teacher['usd']:.4f} ({teacher['krw']:,} KRW) over all runs"
    )
    missing = ", ".join(f"{name} {count:,}" for name, count in teacher["not_answered"].items())
    return f"{line}; not answered: {missing}" if missing else line
