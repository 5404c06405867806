"""`taxqa stale`: which records of a dataset rest on law that has changed since."""

from pathlib import Path
from shlex import quote

import click

SHOWN = 20
"""Records that are listed one by one; --json has them all."""


@click.command(short_help="Which records rest on law that has changed since.")
@click.option(
    "--dataset",
    type=click.Path(path_type=Path),
    default=Path("work/dataset"),
    show_default=True,
    help="Folder that `taxqa generate` made.",
)
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder that `taxqa collect` made of the law as it is now.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all records as JSON.")
def stale(dataset: Path, corpus: Path, as_json: bool) -> None:
    """Compare the documents of a dataset with those of a newer corpus.

    \b
    A record is listed where its document
      changed   has other words now
      gone      is not in the corpus any more
      newer     has the same words, in force from another day

    Records of worked cases, computed by the calculators, rest on no document.

    Exit code: 0 nothing is stale, 1 at least one record is, 2 a folder cannot be read.

    \b
    Examples:
      taxqa stale --dataset work/dataset --corpus work/corpus-2027
      taxqa generate --corpus work/corpus-2027 --update work/dataset --out work/dataset-2027
    """
    from cli.main import print_json
    from datagen.stale import REASONS, stale_records

    found = list(stale_records(dataset, corpus))
    counts = {reason: sum(each.reason == reason for each in found) for reason in REASONS}
    if as_json:
        records = [
            {
                "id": each.record.id,
                "document": each.record.document,
                "reason": each.reason,
                "was_in_force": each.was,
                "in_force": each.now,
                "question": each.record.question,
            }
            for each in found
        ]
        print_json({"stale": len(found), "by_reason": counts, "records": records})
    else:
        for each in found[:SHOWN]:
            click.echo(f"{each.reason:<8} {each.record.id}: {each.record.question}")
        if len(found) > SHOWN:
            click.echo(f"… and {len(found) - SHOWN:,} more (--json lists them all)")
        for reason, meaning in REASONS.items():
            if counts[reason]:
                click.echo(f"{counts[reason]:,} {reason}: {meaning}")
        if found:
            new, old = quote(str(corpus)), quote(str(dataset))
            click.echo(f"Next: taxqa generate --corpus {new} --update {old} --out NEW")
        else:
            click.echo("Every record rests on the law as it is in this corpus.")
    if found:
        click.get_current_context().exit(1)
