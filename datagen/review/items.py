"""What there is to review: the records of a dataset folder or file, and those a check dropped."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from datagen.checks.files import dataset_items
from datagen.checks.run import check_records
from datagen.checks.sources import source_texts
from datagen.corpus import Corpus, read_corpus, shipped_corpus
from datagen.dataset import HELDOUT, RECORDS, REJECTED, STAGE
from datagen.example import cited
from taxqa.errors import InputError
from taxqa.folders import read_manifest
from taxqa.progress import note
from taxqa.records import Record, Rejection, read_jsonl, read_text, to_json

Part = Literal["dataset", "heldout", "dropped"]
MADE_BY = "taxqa generate --out work/dataset"
CONTENT = ("question", "answer", "type", "source", "document")
UNKNOWN_TEACHER = "file"


@dataclass(frozen=True, eq=False)
class Item:
    """One record to look at."""

    digest: str
    """Of id and content: a decision belongs to it, so that a changed record is reviewed anew."""
    id: str
    part: Part
    fields: Mapping[str, Any]
    """As the file has them."""
    record: Record | None
    """None where the fields are no record."""
    rejection: Rejection | None = None
    """Why it was dropped."""


@dataclass(frozen=True)
class Material:
    """A dataset with what its answers rest on."""

    path: Path
    items: tuple[Item, ...]
    corpus: Corpus
    corpus_path: Path | None
    """None = what ships."""
    seed: int
    """The seed that the dataset was split with."""


def load(path: Path, corpus: Path | None = None) -> Material:
    """The items of a dataset folder, or of a JSON or JSONL file in the user's format.

    Args:
        corpus: folder that `taxqa collect` made; None = the one the dataset was made of, where
            it still is there.

    Raises:
        InputError: the dataset or the corpus cannot be read, or holds no record.
    """
    config = {} if path.is_file() else config_of(path)
    known, corpus_path = corpus_for(config, corpus)
    items = file_items(path, known) if path.is_file() else folder_items(path)
    # What is there twice is looked at once.
    unique: dict[str, Item] = {}
    for item in items:
        unique.setdefault(item.digest, item)
    if not unique:
        raise InputError(f"{path} holds no records; there is nothing to review.")
    seed = config.get("seed", 1)
    seed = seed if type(seed) is int else 1
    return Material(path, tuple(unique.values()), known, corpus_path, seed)


def config_of(folder: Path) -> dict[str, Any]:
    """The settings that a dataset folder was made with; {} where it has none."""
    read_manifest(folder, stage=STAGE, made_by=MADE_BY)
    try:
        config = yaml.safe_load(read_text(folder / "config.yaml"))
    except (InputError, yaml.YAMLError):
        return {}
    return config if isinstance(config, dict) else {}


def corpus_for(config: Mapping[str, Any], given: Path | None) -> tuple[Corpus, Path | None]:
    """The corpus named, else the one of the config, else what ships; with its path."""
    if given:
        return read_corpus(given), given
    named = config.get("corpus")
    if isinstance(named, str):
        try:
            return read_corpus(Path(named)), Path(named)
        except InputError as error:
            note(f"Sources are not shown: {error.message} Say where it is with --corpus.")
    return shipped_corpus(), None


def folder_items(folder: Path) -> Iterator[Item]:
    """The records of a dataset folder, its held-out phrasings, and what the checks dropped."""
    parts: tuple[tuple[str, Part], ...] = ((RECORDS, "dataset"), (HELDOUT, "heldout"))
    for name, part in parts:
        if name == RECORDS or (folder / name).is_file():
            for record in read_jsonl(folder / name, Record):
                yield item_of(record.model_dump(mode="json"), part)
    if (folder / REJECTED).is_file():
        for rejection in read_jsonl(folder / REJECTED, Rejection):
            yield item_of(rejection.record, "dropped", rejection)


def file_items(path: Path, corpus: Corpus) -> Iterator[Item]:
    """The items of a dataset file, checked now."""
    fields = list(dataset_items(path))
    results = check_records(fields, corpus.index, source_texts(corpus.documents))
    for given, result in zip(fields, results, strict=True):
        if isinstance(result, Rejection):
            yield item_of(given if isinstance(given, dict) else {"": given}, "dropped", result)
        elif isinstance(given, dict):
            yield item_of(given, "dataset")


def item_of(fields: Mapping[str, Any], part: Part, rejection: Rejection | None = None) -> Item:
    """An item with its record, where its fields make one."""
    record = record_of(fields)
    name = record.id if record else f"no-record:{short_digest(fields)}"
    content = {key: fields.get(key) for key in CONTENT} if record else dict(fields)
    return Item(short_digest([name, content]), name, part, fields, record, rejection)


def record_of(fields: Mapping[str, Any]) -> Record | None:
    """The record that fields make; what the user's format lacks is filled in.

    Records with the same answer then count as of one document, so that none of them is trained on
    while another validates.
    """
    filled = {
        "id": f"question:{short_digest(fields.get('question'))}",
        "document": f"answer:{short_digest(fields.get('answer'))}",
        "citations": cited(str(fields.get("answer"))),
        "teacher": UNKNOWN_TEACHER,
        **fields,
    }
    try:
        return Record.model_validate(filled)
    except ValidationError:
        return None


def short_digest(value: object) -> str:
    """16 hexadecimal digits that stand for a JSON value."""
    return hashlib.sha256(to_json(value).encode("utf-8")).hexdigest()[:16]
