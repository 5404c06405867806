"""The corpus folder: documents.jsonl and the index of the articles they cite."""

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.collect import Collected, collect
from datagen.encodings import CP949, UTF16
from datagen.law_api.client import PAUSE_SECONDS, LawApi
from datagen.law_api.documents import documents_from
from datagen.law_api.fetch import Fetcher, Wanted
from datagen.law_api.store import RawStore
from datagen.repeated import Repeats, leave_out
from taxlaw.articles import ArticleIndex
from taxqa.errors import InputError
from taxqa.folders import Draft, manifest_of, new_folder, read_manifest
from taxqa.progress import bar, note
from taxqa.records import Document, dump_line, read_jsonl

if TYPE_CHECKING:
    from rensa import RMinHash

STAGE = "corpus"
MADE_BY = "taxqa collect --from PATH --out work/corpus"
DOCUMENTS = "documents.jsonl"
INDEX = "article_index.json"
UNREADABLE = "unreadable"
"""Key of a manifest: what could not be read, so that the corpus is made without it."""
OTHER_ENCODINGS = {CP949: "read_as_cp949", UTF16: "read_as_utf16"}
"""Encoding -> its count in a manifest."""
STORE = "law-api.sqlite3"
"""What law.go.kr answered, beside the corpus: it outlives every corpus made from it."""


@dataclass(frozen=True)
class Corpus:
    """What is collected: documents, and the articles that exist."""

    documents: tuple[Document, ...]
    index: ArticleIndex


def write_corpus(
    paths: Iterable[Path],
    out: Path,
    *,
    force: bool = False,
    wanted: Wanted | None = None,
    pause: float = PAUSE_SECONDS,
) -> Collected:
    """Collect `paths` and what is `wanted` of law.go.kr into the new folder `out`.

    The index holds the laws found and, for what they cite, the twelve tax acts that ship.

    Args:
        pause: seconds between two requests to law.go.kr.

    Raises:
        TaxqaError: as `collect`, `new_folder`, `LawApi` and `Fetcher.run`. What law.go.kr had
            answered is then in the file STORE beside `out`.
    """
    paths = list(paths)
    found = Collected()
    inputs = {f"from_{number}": path for number, path in enumerate(paths, start=1)}
    config: dict[str, Any] = {"from": [str(path) for path in paths]}
    config |= {"law_api": wanted.settings()} if wanted else {}
    with (
        new_folder(out, stage=STAGE, config=config, inputs=inputs, force=force) as draft,
        ExitStack() as opened,
    ):
        fetched = fetched_documents(wanted, out, pause, found, opened) if wanted else ()
        documents = collect(paths, found, fetched)
        fill_corpus(draft, ((document, None) for document in documents), found)
    return found


def fill_corpus(
    draft: Draft, documents: Iterable[tuple[Document, "RMinHash | None"]], found: Collected
) -> None:
    """Write the files of a corpus folder and what its manifest says.

    Args:
        documents: each with the sketch of its text where it was made before.
        found: what was met on the way, and the versions of the laws.
    """
    kinds: Counter[str] = Counter()
    with Repeats(draft.path) as repeats, bar("Collecting"):
        with (draft.path / DOCUMENTS).open("w", encoding="utf-8") as file:
            for document, sketch in documents:
                kinds[document.kind] += 1
                repeats.note(document, sketch)
                file.write(dump_line(document))
        found.repeats = repeats.found()
    kinds -= leave_out(draft.path / DOCUMENTS, found.repeats)
    own = ArticleIndex.from_statutes(found.versions.kept.values())
    ArticleIndex.default().merged(own).save(draft.path / INDEX)
    draft.counts |= {"documents": kinds.total(), **dict(sorted(kinds.items()))}
    draft.counts |= {
        "skipped": len(found.skipped),
        UNREADABLE: len(found.unreadable),
        **{name: found.encodings[encoding] for encoding, name in OTHER_ENCODINGS.items()},
        "duplicates": len(found.duplicates),
        "near_duplicates": len(found.repeats),
        "older_versions": len(found.versions.left_out),
    }
    for name, lines in (("skipped", found.skipped), (UNREADABLE, found.unreadable)):
        draft.details[name] = [{"path": path, "reason": why} for path, why in lines]
    draft.details["older_versions"] = [
        {"path": str(path), "reason": why} for path, why in found.versions.left_out
    ]
    draft.details["duplicates"] = found.duplicates
    draft.details["near_duplicates"] = [
        {"document": repeat.document, "same_as": repeat.same_as} for repeat in found.repeats
    ]


def fetched_documents(
    wanted: Wanted, out: Path, pause: float, found: Collected, opened: ExitStack
) -> Iterable[Document]:
    """What law.go.kr gives, fetched now; the store stays open until `opened` is closed."""
    api = opened.enter_context(LawApi(pause=pause))
    store = opened.enter_context(RawStore.opened(out.parent / STORE))
    fetched = Fetcher(api, store, wanted).run()
    note(f"law.go.kr was asked {api.requests:,} times; its answers are in {out.parent / STORE}")
    return documents_from(fetched, store, found)


def read_corpus(folder: Path) -> Corpus:
    """The documents and the index of a corpus folder; said is where some could not be collected.

    Raises:
        InputError: `folder` is no whole corpus folder, a file in it is broken, or there are more
            or fewer documents than were collected.
    """
    index = read_index(folder)
    documents = tuple(read_jsonl(folder / DOCUMENTS, Document))
    counts = manifest_of(folder).get("counts", {})
    expected = counts.get("documents")
    if len(documents) != expected:
        raise InputError(
            f"{folder / DOCUMENTS} holds {len(documents)} documents; its manifest says {expected}.",
            hint=f"The folder was changed; make it again: {MADE_BY} --force",
        )
    if lost := counts.get(UNREADABLE):
        note(f"{folder} was made without {lost:,} files or parts that could not be read.")
    return Corpus(documents, index)


def read_index(folder: Path) -> ArticleIndex:
    """The index of a corpus folder alone; InputError where it is none, or was broken."""
    read_manifest(folder, stage=STAGE, made_by=MADE_BY)
    return ArticleIndex.load(folder / INDEX)


def shipped_corpus() -> Corpus:
    """What there is without any file: no documents, and the index of the twelve tax acts."""
    return Corpus((), ArticleIndex.default())
