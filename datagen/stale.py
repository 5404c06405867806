"""What of a dataset still rests on the law as it is, after the law was collected again.

sources.jsonl of a dataset holds the digest of every document it was made from. A document of a new
corpus is compared with that: it is the same, its words have changed, it is in force from another
day, or it is gone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from datagen.corpus import DOCUMENTS, read_index
from taxqa.errors import InputError
from taxqa.folders import read_manifest
from taxqa.records import Document, Record, read_jsonl

STAGE = "dataset"
MADE_BY = "taxqa generate --corpus work/corpus --out work/dataset"
SOURCES = "sources.jsonl"

Reason = Literal["changed", "gone", "newer"]
REASONS: dict[Reason, str] = {
    "changed": "its words have changed",
    "gone": "it is not there any more",
    "newer": "the same words, in force from another day",
}


class SourceState(BaseModel):
    """A document as it was when a dataset was made; one line of sources.jsonl."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: str
    sha256: str
    """Of kind, law, article, title, text, and the parts that are not in force."""
    in_force: str


@dataclass(frozen=True)
class Stale:
    """A record whose document is not what it was."""

    record: Record
    reason: Reason
    was: str
    """Day from which the document was in force; '' = not known."""
    now: str
    """The same today; '' where it is gone."""


def state_of(document: Document) -> SourceState:
    """What a dataset notes of a document."""
    named = (document.kind, document.law, document.article, document.title)
    said = (*named, document.text, *document.not_in_force)
    return SourceState(
        document=document.id,
        sha256=sha256("\0".join(said).encode("utf-8", "surrogatepass")).hexdigest(),
        in_force=document.in_force,
    )


def stale_records(dataset: Path, corpus: Path) -> Iterator[Stale]:
    """The records of a dataset, held-out ones too, whose document is another in `corpus`.

    Raises:
        InputError: one of them is no such folder, or the dataset has no sources.jsonl.
    """
    before = read_sources(dataset)
    now = states(corpus)
    for record in records_of(dataset):
        was = before.get(record.document)
        reason = changed(was, now.get(record.document)) if was else None
        if was and reason:
            state = now.get(record.document)
            yield Stale(record, reason, was.in_force, state.in_force if state else "")


def changed(was: SourceState, now: SourceState | None) -> Reason | None:
    """How a document changed; None where it did not."""
    if now is None:
        return "gone"
    if now.sha256 != was.sha256:
        return "changed"
    return None if now.in_force == was.in_force else "newer"


def unchanged(dataset: Path, documents: Iterable[Document]) -> tuple[list[Record], set[str]]:
    """The records to take over from an older dataset, and the documents to ask about again.

    A document whose words are the same is not asked about again, also where its law is in force
    from another day, unless a record of it names the old day. Worked cases rest on no document and
    are computed anew.

    Args:
        documents: those of the new corpus.

    Returns:
        The records of documents that did not change, and the ids of all other documents: changed
        or new.

    Raises:
        InputError: `dataset` is no dataset folder, or has no sources.jsonl.
    """
    before = read_sources(dataset)
    now = {document.id: state_of(document) for document in documents}
    reasons = {name: changed(state, now.get(name)) for name, state in before.items()}
    records = [record for record in records_of(dataset) if record.document in before]
    outdated = {
        record.document
        for record in records
        if reasons[record.document] == "newer" and names_day(record, before[record.document])
    }
    same = {
        name
        for name, reason in reasons.items()
        if reason is None or (reason == "newer" and name not in outdated)
    }
    return [record for record in records if record.document in same], set(now) - same


def names_day(record: Record, state: SourceState) -> bool:
    """Whether a record names the day from which its document was in force."""
    try:
        day = date.fromisoformat(state.in_force)
    except ValueError:
        return False
    said = "".join(f"{record.question} {record.answer}".split())
    forms = (
        f"{day.year}.{day.month}.{day.day}.",
        f"{day.year}년{day.month}월{day.day}일",
        day.isoformat(),
    )
    return any(form in said for form in forms)


def read_sources(dataset: Path) -> dict[str, SourceState]:
    """Document -> its state when a dataset was made."""
    read_manifest(dataset, stage=STAGE, made_by=MADE_BY)
    if not (dataset / SOURCES).is_file():
        raise InputError(
            f"{dataset} does not say what its documents were (no {SOURCES}): an older taxqa made"
            " it.",
            hint=f"Make it again: {MADE_BY} --force",
        )
    return {state.document: state for state in read_jsonl(dataset / SOURCES, SourceState)}


def states(corpus: Path) -> Mapping[str, SourceState]:
    """Document -> its state in a corpus, read one document at a time."""
    read_index(corpus)
    documents = read_jsonl(corpus / DOCUMENTS, Document)
    return {document.id: state_of(document) for document in documents}


def records_of(dataset: Path) -> Iterator[Record]:
    """The records of a dataset, then the phrasings that were held out."""
    for name in ("records.jsonl", "heldout.jsonl"):
        yield from read_jsonl(dataset / name, Record)
