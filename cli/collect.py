"""`taxqa collect`: statutes, judgments, rulings and guides to a corpus."""

from datetime import date, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datagen.collect import Collected
    from datagen.law_api.fetch import Wanted

SHOWN = 10
"""Skipped files that are listed one by one; the manifest has them all."""


@click.command(short_help="Statutes, judgments and guides to a corpus.")
@click.option(
    "--from",
    "sources",
    type=click.Path(path_type=Path),
    multiple=True,
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
@click.option(
    "--law-api", is_flag=True, help="Fetch from the law.go.kr OpenAPI; the key is in LAW_OC."
)
@click.option(
    "--kinds",
    default="",
    metavar="NAME,...",
    help="With --law-api: statute, judgment (판례), constitutional (헌재), interpretation (법제처),"
    " tribunal (조세심판원), ruling (국세청, questions alone).  [default: all but ruling]",
)
@click.option(
    "--fields",
    default="",
    metavar="ACT,...",
    help="With --law-api: acts by name, abbreviation or key (소득세법,상증법,corporate_tax)."
    "  [default: all twelve]",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="With --law-api: leave out decisions given before this day.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    metavar="N",
    help="With --law-api: most documents of a kind, the newest first; 0 = all.",
)
@click.option(
    "--pause",
    type=click.FloatRange(min=0.05, max=60),
    default=0.2,
    show_default=True,
    metavar="SECONDS",
    help="With --law-api: between two requests; a failed one waits ten times that and more.",
)
@click.option("--force", is_flag=True, help="Replace a corpus that is already there.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts and lists as JSON.")
def collect(
    sources: tuple[Path, ...],
    more: tuple[Path, ...],
    out: Path,
    law_api: bool,
    kinds: str,
    fields: str,
    since: datetime | None,
    limit: int,
    pause: float,
    force: bool,
    as_json: bool,
) -> None:
    """Make a corpus of documents from files you have, from law.go.kr, or both.

    \b
    What is read, by content:
      statutes    Markdown with front matter (제목, 법령ID, 시행일자), as the law.go.kr
                  mirrors write them; one document an article, of each law the
                  newest version in force
      judgments   JSON or JSONL with the fields of law.go.kr's PrecService, or
                  Markdown with front matter (사건번호)
      rulings     JSONL of the National Tax Service (문서번호, 요지, 본문; 통칙)
      guides      any other Korean text in .md or .txt

    Each document is taken once, of judgments, rulings and guides that say the same the longest.
    Whatever is left out is listed with the reason. Text is UTF-8, CP949 (EUC-KR) or UTF-16 with a
    byte order mark.

    Exit code: 0 all read, 1 something could not be read (it is named; the corpus is made without
    it), 2 nothing to collect.

    With --law-api the acts come with their decrees and rules as they are in force today, and the
    decisions that name them. Every answer is kept in law-api.sqlite3 beside --out: a run that was
    cut off goes on where it was, a later one fetches only what is new or has changed.

    \b
    Examples:
      taxqa collect --from laws/ --out work/corpus
      taxqa collect --from laws/ judgments.jsonl my_guide.md --force
      taxqa collect --law-api --fields 소득세법,상증법 --since 2024-01-01
    """
    from cli.main import print_json
    from datagen.corpus import write_corpus
    from taxqa.folders import read_manifest

    if not (sources or more or law_api):
        raise click.UsageError("Missing option '--from' (files you have) or '--law-api'.")
    if not law_api and (kinds or fields or since):
        raise click.UsageError("--kinds, --fields and --since are for --law-api, which is missing.")
    wanted = what_is_wanted(kinds, fields, since.date() if since else None, limit)
    found = write_corpus(
        [*sources, *more], out, force=force, wanted=wanted if law_api else None, pause=pause
    )
    manifest = read_manifest(out, stage="corpus", made_by="taxqa collect")
    if as_json:
        names = ("skipped", "unreadable", "older_versions", "duplicates", "near_duplicates")
        lists = {name: manifest[name] for name in names}
        print_json({"corpus": str(out), "counts": manifest["counts"], **lists})
        require_all(found)
        return
    counts = manifest["counts"]
    click.echo(f"{counts['documents']:,} documents in {out}")
    for kind in ("statute", "judgment", "ruling", "guide"):
        if counts.get(kind):
            click.echo(f"  {kind:<10}{counts[kind]:>8,}")
    for name, count in (("CP949", "read_as_cp949"), ("UTF-16", "read_as_utf16")):
        if counts[count]:
            click.echo(f"Read as {name}: {counts[count]:,} file{'s' * (counts[count] > 1)}")
    print_list(
        "Older versions left out", [f"{path.name}: {why}" for path, why in found.versions.left_out]
    )
    if found.duplicates:
        click.echo(f"Came twice, taken once: {len(found.duplicates):,} documents")
    print_list(
        "Left out, since another says the same",
        [f"{repeat.document}: the same as {repeat.same_as}" for repeat in found.repeats],
    )
    print_list("Skipped", [f"{path}: {reason}" for path, reason in found.skipped])
    click.echo(
        f"Next: taxqa generate --corpus {quote(str(out))} --teacher worked --out work/dataset"
    )
    require_all(found)


def require_all(found: "Collected") -> None:
    """ProofError where something could not be read: the corpus is made, and not of all."""
    from taxqa.errors import ProofError

    if not (lost := found.unreadable):
        return
    lines = [f"  {path}: {reason}" for path, reason in lost[:SHOWN]]
    if len(lost) > SHOWN:
        lines.append(f"  … and {len(lost) - SHOWN:,} more, all in manifest.json")
    raise ProofError(
        "\n".join([f"Could not be read, and is not in the corpus: {len(lost):,}", *lines]),
        hint="All else was collected. Mend what is named, or take it away, and collect again with"
        " --force.",
    )


def what_is_wanted(kinds: str, fields: str, since: date | None, limit: int) -> "Wanted":
    """What the options ask of law.go.kr.

    Raises:
        InputError: an unknown kind or act.
    """
    from datagen.law_api.fetch import Wanted
    from datagen.law_api.kinds import KIND_NAMES, KINDS, STATUTE, USUAL_KINDS
    from taxlaw.acts import ACTS, find_act
    from taxqa.errors import InputError

    names = words_of(kinds) or list(USUAL_KINDS)
    if unknown := [name for name in names if name not in KIND_NAMES]:
        raise InputError(
            f"There is no kind '{unknown[0]}'.", hint=f"Choose from: {', '.join(KIND_NAMES)}"
        )
    by_key = {act.key: act for act in ACTS}
    acts = [(word, by_key.get(word) or find_act(word)) for word in words_of(fields)]
    if missing := [word for word, act in acts if act is None]:
        known = ", ".join(f"{act.name} ({act.key})" for act in ACTS)
        raise InputError(f"'{missing[0]}' is none of the tax acts.", hint=f"Choose from: {known}")
    chosen = dict.fromkeys(act for _, act in acts if act) or dict.fromkeys(ACTS)
    return Wanted(
        acts=tuple(chosen),
        statutes=STATUTE in names,
        kinds=tuple(kind for kind in KINDS if kind.name in names),
        since=since,
        limit=limit,
    )


def words_of(text: str) -> list[str]:
    """'a, b' as ['a', 'b']."""
    return [word.strip() for word in text.split(",") if word.strip()]


def print_list(title: str, lines: list[str]) -> None:
    """A titled list, its first lines; nothing where it is empty."""
    if not lines:
        return
    click.echo(f"{title}: {len(lines):,}")
    for line in lines[:SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > SHOWN:
        click.echo(f"  … and {len(lines) - SHOWN:,} more, all in manifest.json")
