"""The plain-language guide that ships: entries on each field of tax, with questions and answers."""

from collections.abc import Iterable
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from taxqa.errors import InputError
from taxqa.records import Asker, Document, validated


class GuideEntry(BaseModel):
    """One subject in plain words, with phrasings of the question that its answer meets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    text: str
    """The subject explained, with its articles."""
    citations: tuple[str, ...]
    questions: tuple[str, ...] = Field(min_length=1)
    answer: str
    asker: Asker


def guide_entries() -> list[GuideEntry]:
    """All entries, in the order of the files' names.

    Raises:
        InputError: a file holds something else, or an id twice; the message names the file.
    """
    import yaml

    entries: dict[str, GuideEntry] = {}
    folder = resources.files("datagen").joinpath("guide")
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".yaml"):
            continue
        for number, data in enumerate(yaml.safe_load(file.read_text(encoding="utf-8")), start=1):
            entry = validated(GuideEntry, data, f"{file.name}, entry {number},")
            if entry.id in entries:
                raise InputError(f"{file.name}: the id '{entry.id}' is there twice.")
            entries[entry.id] = entry
    return list(entries.values())


def guide_documents(entries: Iterable[GuideEntry]) -> list[Document]:
    """The entries as documents, for a teacher that reads texts."""
    return [
        Document(id=entry.id, kind="guide", title=entry.title, text=entry.text) for entry in entries
    ]
