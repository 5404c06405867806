"""`taxqa collect`: local statutes, judgments, rulings and guides to a corpus."""

from pathlib import Path

import click

SHOWN = 10
"""Skipped files that are listed one by one; the manifest has them all."""


@click.command(short_help="Local statutes, judgments and guides to a corpus.")
@click.option(
    "--from",
    "sources",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    metavar="PATH...",
    help="File or folder, searched to any depth. Several may follow, or repeat the option.",
)
@click.argument("more", type=click.Path(path_type=Path), nargs=-1, metavar="")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("work/corpus"),
    show_default=True,
    help="Folder to make; it appears only when it is whole.",
)
@click.option("--force", is_flag=True, help="Replace a corpus that is already there.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts and lists as JSON.")
def collect(
    sources: tuple[Path, ...], more: tuple[Path, ...], out: Path, force: bool, as_json: bool
) -> None:
    """Make a corpus of documents from files you have.

    \b
    What is read, by content:
      statutes    Markdown with front matter (제목, 법령ID, 시행일자), as the law.go.kr
                  mirrors write them; one document an article, of each law the
                  newest version in force
      judgments   JSON or JSONL with the fields of law.go.kr's PrecService, or
                  Markdown with front matter (사건번호)
      rulings     JSONL of the National Tax Service (문서번호, 요지, 본문; 통칙)
      guides      any other Korean text in .md or .txt

    Each document is taken once. Whatever is not read is listed with the reason.

    \b
    Examples:
      taxqa collect --from laws/ --out work/corpus
      taxqa collect --from laws/ judgments.jsonl my_guide.md --force
    """
    from cli.main import print_json
    from datagen.corpus import write_corpus
    from taxqa.folders import read_manifest

    found = write_corpus([*sources, *more], out, force=force)
    manifest = read_manifest(out, stage="corpus", made_by="taxqa collect")
    if as_json:
        lists = {name: manifest[name] for name in ("skipped", "older_versions", "duplicates")}
        print_json({"corpus": str(out), "counts": manifest["counts"], **lists})
        return
    counts = manifest["counts"]
    click.echo(f"{counts['documents']:,} documents in {out}")
    for kind in ("statute", "judgment", "ruling", "guide"):
        if counts.get(kind):
            click.echo(f"  {kind:<10}{counts[kind]:>8,}")
    print_list(
        "Older versions left out", [f"{path.name}: {why}" for path, why in found.versions.left_out]
    )
    if found.duplicates:
        click.echo(f"Came twice, taken once: {len(found.duplicates):,} documents")
    print_list("Skipped", [f"{path}: {reason}" for path, reason in found.skipped])
    click.echo(f"Next: taxqa generate --corpus {out} --teacher worked --out work/dataset")


def print_list(title: str, lines: list[str]) -> None:
    """A titled list, its first lines; nothing where it is empty."""
    if not lines:
        return
    click.echo(f"{title}: {len(lines):,}")
    for line in lines[:SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > SHOWN:
        click.echo(f"  … and {len(lines) - SHOWN:,} more, all in manifest.json")
