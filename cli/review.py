"""`taxqa review`: a local page on which people accept, edit or reject a dataset's records."""

from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datagen.review.desk import Desk
    from datagen.review.items import Material
    from datagen.review.store import Reviews

LONGEST_NAME = 40


@click.command(short_help="Look through a dataset in the browser; export what is accepted.")
@click.option(
    "--dataset",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder that `taxqa generate` made, or a JSON or JSONL file in the user's format.",
)
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    help="Folder that `taxqa collect` made, for the sources  [the one the dataset was made of]",
)
@click.option(
    "--reviews",
    type=click.Path(path_type=Path),
    help="SQLite file with the decisions  [review.sqlite3 beside the dataset]",
)
@click.option("--reviewer", default="", help="Name of who reviews  [the page asks]")
@click.option(
    "--second-share",
    type=click.FloatRange(0, 1),
    default=0.2,
    show_default=True,
    help="So much of what one reviewer decided is shown to a second.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Where the page listens, on 127.0.0.1 alone; the next free one where it is taken.",
)
@click.option("--no-browser", is_flag=True, help="Print the address, open nothing.")
@click.option("--summary", is_flag=True, help="Print progress and agreement instead of the page.")
@click.option(
    "--export",
    "out",
    type=click.Path(path_type=Path),
    help="Make a new dataset folder of the reviewed dataset instead of the page.",
)
@click.option(
    "--import",
    "other",
    type=click.Path(path_type=Path),
    help="Take over the decisions of another machine's review.sqlite3 on the same records.",
)
@click.option("--reviewed-only", is_flag=True, help="Export only what somebody looked at.")
@click.option("--force", is_flag=True, help="Replace an exported dataset that is already there.")
@click.option("--json", "as_json", is_flag=True, help="Print summary, export or import as JSON.")
def review(
    dataset: Path,
    corpus: Path | None,
    reviews: Path | None,
    reviewer: str,
    second_share: float,
    port: int,
    no_browser: bool,
    summary: bool,
    out: Path | None,
    other: Path | None,
    reviewed_only: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Look through a dataset in the browser, with its sources and its checks beside it.

    Accept (a), edit (e), reject (r), undo (u), next and previous (j, k), help (?). Each decision
    is on the disk before the page goes on. Another reviewer's records are those of the first,
    sampled; --summary prints how well they agree.

    \b
    Examples:
      taxqa review --dataset work/dataset
      taxqa review --dataset work/dataset --export work/reviewed
      taxqa review --dataset work/dataset --import from-the-office/review.sqlite3
      taxqa review --dataset my-dataset.json --corpus work/corpus --summary --json
    """
    from datagen.review.export import export
    from datagen.review.items import load
    from datagen.review.store import Reviews, reviews_path

    if out is None and (reviewed_only or force):
        raise click.UsageError("--reviewed-only and --force belong to --export.")
    if other and (out or summary):
        raise click.UsageError("--import, --export and --summary are done one at a time.")
    if len(reviewer) > LONGEST_NAME:
        raise click.UsageError(f"--reviewer has at most {LONGEST_NAME} letters.")
    if not (out or other or summary):
        from datagen.review.server import require_extra

        require_extra()
    material = load(dataset, corpus)
    with Reviews.opened(reviews or reviews_path(dataset)) as kept:
        if other is not None:
            import_reviews(material, kept, other, as_json)
            return
        if out is not None:
            counts = export(material, kept, out, reviewed_only=reviewed_only, force=force)
            print_export(out, counts, as_json)
            return
        from datagen.review.desk import Desk

        desk = Desk(material, kept, second_share)
        if summary:
            print_summary(desk, as_json)
        else:
            show_page(desk, reviewer, port, no_browser)


def show_page(desk: "Desk", reviewer: str, port: int, no_browser: bool) -> None:
    """Serve the page until Ctrl-C."""
    from datagen.review.guard import Guard
    from datagen.review.server import make_app, open_browser, open_socket, serve
    from taxqa.progress import note

    with open_socket(port) as listening:
        guard = Guard(make_app(desk, reviewer), listening.getsockname()[1])
        click.echo(guard.url)
        note(f"Decisions are kept in {desk.reviews.path}. End with Ctrl-C.")
        if not no_browser:
            open_browser(guard.url)
        try:
            serve(desk, listening, guard)
        except KeyboardInterrupt:
            note("Ended; every decision and draft is kept.")
    path = desk.material.path
    note(f"Next: taxqa review --dataset {quote(str(path))} --export work/reviewed")


def import_reviews(material: "Material", kept: "Reviews", other: Path, as_json: bool) -> None:
    """Take over another file's decisions, and say how many."""
    from cli.main import print_json
    from datagen.review.merging import take_over

    found = take_over(kept, other, {item.digest for item in material.items})
    if as_json:
        print_json({"reviews": str(kept.path), **asdict(found)})
        return
    names = f" of {', '.join(found.reviewers)}" if found.reviewers else ""
    click.echo(f"{found.taken:,} decisions{names} taken over into {kept.path}")
    click.echo(
        f"  here already {found.known:,} ({found.undone:,} of them taken back there since),"
        f" of other records {found.other_records:,}"
    )
    click.echo(f"Next: taxqa review --dataset {quote(str(material.path))} --summary")


def print_export(out: Path, counts: dict[str, int], as_json: bool) -> None:
    """What the new folder holds, and what became of the reviewed records."""
    from cli.main import print_json

    if as_json:
        print_json({"dataset": str(out), "counts": counts})
        return
    click.echo(f"{counts['records']:,} records in {out}")
    click.echo(
        f"  train {counts['train']:,}, valid {counts['valid']:,}, held out {counts['heldout']:,},"
        f" rejected {counts['rejected']:,}"
    )
    click.echo(
        f"  accepted {counts['accepted']:,}, edited {counts['edited']:,}, not reviewed"
        f" {counts['not_reviewed']:,}"
    )
    click.echo(
        f"  left out: rejected by a reviewer {counts['rejected_by_reviewer']:,}, reviewers disagree"
        f" {counts['reviewers_disagree']:,}"
    )
    if counts["failed_after_review"]:
        click.echo(
            f"  reviewed, but a check objects now: {counts['failed_after_review']:,}"
            f" (see {out / 'rejected.jsonl'})"
        )
    click.echo(
        f"Next: taxqa finetune --dataset {quote(str(out))}   (options: taxqa finetune --help)"
    )


def print_summary(desk: "Desk", as_json: bool) -> None:
    """Progress of each reviewer, agreement of each two, and the estimate."""
    from cli.main import print_json
    from datagen.review.view import overview

    found = overview(desk)
    if as_json:
        print_json(found)
        return
    for name, done in found["reviewers"].items():
        click.echo(
            f"{name}: {done['done']:,} of {done['total']:,}; accepted {done['accept']:,}, edited"
            f" {done['edit']:,}, rejected {done['reject']:,}"
        )
    if not found["reviewers"]:
        click.echo("Nobody has reviewed anything yet.")
    for pair in found["agreement"]:
        print_agreement(pair)
    if estimate := found["by_chance"]:
        click.echo(
            f"Drawn by chance: {estimate['changed']} of {estimate['looked_at']} needed a change;"
            f" of all {estimate['low']:.1%} to {estimate['high']:.1%} (95 %)"
        )


def print_agreement(pair: dict[str, Any]) -> None:
    """Two reviewers' kappa, and each record on which they differ."""
    kappa = "not defined" if pair["kappa"] is None else f"{pair['kappa']:.2f}"
    click.echo(
        f"{pair['first']} and {pair['second']}: {pair['joint']:,} records together,"
        f" Cohen's kappa {kappa}"
    )
    for each in pair["disagreements"]:
        click.echo(f"  {each['record']}: {each['first']['verdict']}, {each['second']['verdict']}")
