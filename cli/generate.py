"""`taxqa generate`: a corpus to a checked dataset of questions and answers."""

from pathlib import Path

import click


@click.command(short_help="A corpus to a checked question-and-answer dataset.")
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    help="Folder that `taxqa collect` made. Without it: the calculators and the guide that ship.",
)
@click.option(
    "--teacher",
    type=click.Choice(["worked"]),
    default="worked",
    show_default=True,
    help="worked: computed examples, guide, quoted articles; no language model, no cost.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("work/dataset"),
    show_default=True,
    help="Folder to make; it appears only when it is whole.",
)
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
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="The same seed and corpus give the same dataset.",
)
@click.option("--force", is_flag=True, help="Replace a dataset that is already there.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def generate(
    corpus: Path | None,
    teacher: str,
    out: Path,
    limit: int | None,
    max_answer: int | None,
    update: Path | None,
    evaluation: Path | None,
    seed: int,
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
      sources.jsonl   the digest of each document, for taxqa stale and --update
      report.html, report.json   what was kept and dropped: counts, plots, examples

    \b
    Examples:
      taxqa generate --out work/dataset
      taxqa generate --corpus work/corpus --limit 2000 --seed 7 --force
      taxqa generate --corpus work/corpus-2027 --update work/dataset --out work/dataset-2027
    """
    from cli.main import print_json
    from datagen.dataset import generate as generate_dataset
    from taxqa.folders import read_manifest

    generate_dataset(
        corpus,
        out,
        teacher="worked",
        limit=limit,
        max_answer=max_answer,
        update=update,
        evaluation=evaluation,
        seed=seed,
        force=force,
    )
    manifest = read_manifest(out, stage="dataset", made_by="taxqa generate")
    if as_json:
        names = ("counts", "by_type", "by_source", "rejected_by_reason")
        print_json({"dataset": str(out), **{name: manifest[name] for name in names}})
        return
    counts = manifest["counts"]
    click.echo(f"{counts['records']:,} records in {out}")
    click.echo(
        f"  train {counts['train']:,}, valid {counts['valid']:,}, held out {counts['heldout']:,},"
        f" rejected {counts['rejected']:,}"
    )
    if update:
        click.echo(f"  taken over from {update}: {counts['taken_over']:,}")
    for title, name in (("source", "by_source"), ("asked by", "by_type")):
        parts = ", ".join(f"{key} {count:,}" for key, count in manifest[name].items())
        click.echo(f"  {title}: {parts}")
    for reason, count in manifest["rejected_by_reason"].items():
        click.echo(f"  rejected, {reason}: {count:,} (see {out / 'rejected.jsonl'})")
    click.echo(f"Next: taxqa finetune --dataset {out}   (options: taxqa finetune --help)")
