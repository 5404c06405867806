"""`taxqa formats`: a dataset for other trainers and the Hugging Face hub."""

from pathlib import Path

import click


@click.command(short_help="A dataset in TRL's formats, with a dataset card.")
@click.option(
    "--dataset",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder that `taxqa generate` or `taxqa review --export` made.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("work/formats"),
    show_default=True,
    help="Folder to make; it appears only when it is whole.",
)
@click.option(
    "--license",
    default="other",
    show_default=True,
    help="The licence you give the dataset, by the hub's name.",
)
@click.option("--force", is_flag=True, help="Replace a folder that is already there.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def formats(dataset: Path, out: Path, license: str, force: bool, as_json: bool) -> None:
    """Write messages/, prompt_completion/ and records/ as JSONL, and README.md, the dataset card.

    No prompt form is in them: a trainer lays its own around question and answer. Nothing is
    uploaded.

    \b
    Example:
      taxqa formats --dataset work/dataset --out work/formats --license cc-by-4.0
    """
    from cli.main import print_json
    from datagen.formats import write_formats

    counts = write_formats(dataset, out, license=license, force=force)
    if as_json:
        print_json({"formats": str(out), "counts": counts})
        return
    parts = ", ".join(f"{split} {count:,}" for split, count in counts.items())
    click.echo(f"{sum(counts.values()):,} records in {out}: {parts}")
    click.echo(f"Read {out / 'README.md'} before you publish it.")
