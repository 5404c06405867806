"""Files on disk to documents: statutes, judgments, rulings and guides, each in the forms they have.

What a folder holds beside them is never dropped silently: `Collected` says which files were
skipped, which could not be read, which documents came twice and which versions of a law gave way.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from datagen.encodings import NO_TEXT, UTF16, not_text, read_whole, reading_of
from datagen.judgments import is_judgment, judgment_from_fields, judgment_from_markdown
from datagen.markup import korean_share, plain_text, split_front_matter
from datagen.repeated import Repeat
from datagen.rulings import (
    basic_ruling_from_row,
    has_body,
    is_basic_ruling,
    is_ruling,
    ruling_from_row,
)
from datagen.tally import READ_ERRORS, Tally, reason_of
from datagen.versions import Versions
from taxlaw.acts import find_law
from taxqa.errors import InputError
from taxqa.records import Document, office_kind, parse_json

TEXT_SUFFIXES = {".md", ".markdown", ".txt"}
READ_SUFFIXES = TEXT_SUFFIXES | {".json", ".jsonl"}
MIN_KOREAN_SHARE = 0.5
"""A text with less Hangul among its letters is about the data, not part of it."""
SHOWN_SKIPS = 3
EMPTY = "an empty file"


@dataclass
class Collected:
    """What `collect` met beside the documents it gives."""

    versions: Versions = field(default_factory=lambda: Versions(date.today()))
    passed: Tally = field(default_factory=Tally)
    """What is no document."""
    lost: Tally = field(default_factory=Tally)
    """What could not be read: nobody knows which documents it holds."""
    encodings: Counter[str] = field(default_factory=Counter)
    """Encoding -> how many files were read in it."""
    duplicates: list[str] = field(default_factory=list)
    """Ids of documents that came a second time."""
    ids: set[str] = field(default_factory=set)
    repeats: list[Repeat] = field(default_factory=list)
    """Documents left out of a corpus, since another one says the same."""
    gists: list[Document] = field(default_factory=list)
    """Rulings without a body: they count only where no whole one comes."""

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """(file or part of one, why it gave no document) of what is none."""
        return self.passed.lines()

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """(file or part of one, why it gave no document) of what could not be read."""
        return self.lost.lines()

    def skip(self, path: Path, reason: str, part: str = "") -> None:
        """Note that a file (or a part of it) is no document."""
        self.passed.note(path, reason, part)

    def lose(self, path: Path, error: Exception, part: str = "", kind: str = "") -> None:
        """Note that a file (or a part of it) could not be read."""
        self.lost.note(path, reason_of(error, f"{path}{part}"), part, kind)

    def once(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Those whose id has not come before."""
        for document in documents:
            if document.id in self.ids:
                self.duplicates.append(document.id)
            else:
                self.ids.add(document.id)
                yield document


def collect(
    paths: Iterable[Path], found: Collected | None = None, fetched: Iterable[Document] = ()
) -> Iterator[Document]:
    """The documents of files and folders (searched to any depth), each once.

    What cannot be read, or not to its end, does not keep the rest from being collected.

    Args:
        found: is filled with what was skipped, could not be read, came twice or gave way.
        fetched: documents from elsewhere; they come first.

    Raises:
        InputError: a path is missing or may not be read, a folder is empty, or nothing in the
            paths is a document (the message has the first reasons).
    """
    found = found or Collected()
    paths = list(paths)
    yield from found.once(fetched)
    for path, root in files_under(paths, found):
        yield from found.once(documents_of(path, root, found))
    yield from found.once(found.versions.documents())
    yield from found.once(found.gists)
    if not found.ids:
        raise nothing_found(paths, found)


def nothing_found(paths: list[Path], found: Collected) -> InputError:
    """The error for paths without a single document, with the first reasons."""
    noted = [*found.unreadable, *found.skipped][:SHOWN_SKIPS]
    reasons = "; ".join(f"{name}: {reason}" for name, reason in noted)
    where = ", ".join(map(str, paths)) or "what law.go.kr gave"
    return InputError(
        f"There is no statute, judgment, ruling or guide in {where}"
        + (f" ({reasons})." if reasons else "."),
        hint="Statutes and guides are Markdown or text, judgments and rulings JSON, JSONL or"
        " Markdown; see: taxqa collect --help",
    )


def files_under(paths: Iterable[Path], found: Collected) -> Iterator[tuple[Path, Path]]:
    """(file, the folder its name counts from), sorted by name, each file once."""
    met: set[Path] = set()
    paths = list(paths)
    for given in paths:
        refuse_unusable(given)
    for given in paths:
        root = given if given.is_dir() else given.parent
        for path in walk(given, found) if given.is_dir() else [given]:
            if path.resolve() not in met:
                met.add(path.resolve())
                yield path, root


def refuse_unusable(given: Path) -> None:
    """InputError where a path that was named is missing, no file to read, or an empty folder."""
    if not given.exists():
        raise InputError(f"There is no file or folder {given}.")
    if given.is_dir():
        if not any(given.iterdir()):
            raise InputError(f"The folder {given} is empty; statutes or judgments were expected.")
        return
    if not given.is_file():  # a pipe would wait for its writer, and cannot be read twice
        raise InputError(f"{given} is no regular file; a file or folder was expected.")
    try:
        given.open("rb").close()
    except OSError as error:
        raise InputError(f"{given} cannot be read: {error.strerror}.") from None


def walk(folder: Path, found: Collected) -> Iterator[Path]:
    """The files of a folder to any depth; what is not taken is noted."""

    def lose_folder(error: OSError) -> None:
        found.lose(Path(error.filename), error)

    for parent, folders, names in os.walk(folder, onerror=lose_folder):
        folders[:] = sorted(folders, key=whole_letters)
        for path in [Path(parent, name) for name in folders]:
            if not is_taken(path, folder_problem, found):
                folders.remove(path.name)
        for path in [Path(parent, name) for name in sorted(names, key=whole_letters)]:
            if is_taken(path, file_problem, found):
                yield path


def is_taken(path: Path, problem_of: Callable[[Path], str], found: Collected) -> bool:
    """Whether what lies in a folder is looked at; where not, it is noted."""
    try:
        if reason := problem_of(path):
            found.skip(path, reason)
            return False
        path.stat()
    except OSError as error:
        found.lose(path, error)
        return False
    return True


def folder_problem(path: Path) -> str:
    """Why a folder in a given one is not entered; '' where it is."""
    if path.name.startswith(".") or path.name == "__MACOSX":
        return "a hidden folder"
    return "a link to a folder, which is not followed" if path.is_symlink() else ""


def file_problem(path: Path) -> str:
    """Why a file in a given folder is not read; '' where it is."""
    if path.name.startswith("."):
        return "a hidden file"
    suffix = path.suffix.lower()
    if suffix not in READ_SUFFIXES:
        return f"'{suffix or path.name}' files are not read"
    # A pipe would wait for its writer.
    return "" if path.is_file() or not path.exists() else "not a regular file"


def whole_letters(name: str) -> str:
    """A file name as a Mac does not write it: NFC."""
    return unicodedata.normalize("NFC", name)


def documents_of(path: Path, root: Path, found: Collected) -> Iterator[Document]:
    """The documents of one file; a statute waits in `found` until all versions are known."""
    suffix = path.suffix.lower()
    try:
        if suffix not in READ_SUFFIXES:
            found.skip(path, f"'{suffix or path.name}' files are not read")
        elif suffix in TEXT_SUFFIXES:
            yield from text_document(path, root, found)
        elif suffix == ".jsonl":
            for number, line in jsonl_lines(path, found):
                yield from line_documents(path, number, line, found)
        else:
            yield from row_documents(path, json_rows(path, found), found)
    except READ_ERRORS as error:
        found.lose(path, error)


def text_of(path: Path, found: Collected) -> str:
    """The whole text of a file; errors as `read_whole`."""
    text, encoding = read_whole(path)
    found.encodings[encoding] += 1
    return text


def text_document(path: Path, root: Path, found: Collected) -> Iterator[Document]:
    """A statute, judgment or guide in Markdown or plain text."""
    text = whole_letters(text_of(path, found))
    if not text.strip():
        found.skip(path, EMPTY)
        return
    if "\0" in text:
        raise InputError("holds NUL bytes, as a file does that was not written to its end")
    meta, body = split_front_matter(text)
    if "제목" in meta and ("법령구분" in meta or "법령ID" in meta):
        found.versions.add(path, text)
    elif is_judgment(meta) or "사건번호" in meta:
        judgment = judgment_from_markdown(meta, body)
        if judgment:
            yield judgment
        else:
            found.skip(path, "a judgment without a number or a text")
    elif korean_share(body) < MIN_KOREAN_SHARE:
        found.skip(path, "not a Korean text")
    else:
        yield guide_document(whole_letters(path.relative_to(root).as_posix()), meta, body)


def guide_document(name: str, meta: Mapping[str, object], body: str) -> Document:
    """A guide: its name under the given folder is its id, its first heading its title."""
    text = plain_text(body)
    first_line = text.partition("\n")[0].lstrip("# ").strip()
    title = str(meta.get("제목") or meta.get("title") or first_line[:80])
    return Document(id=name, kind="guide", title=title, text=text)


def jsonl_lines(path: Path, found: Collected) -> Iterator[tuple[int, str]]:
    """(its number, the text) of each line that is not blank, one in memory at a time."""
    reading = reading_of(path)
    if not reading.whole and (reading.encoding == UTF16 or office_kind(path)):
        raise not_text(path, reading)
    found.encodings[reading.encoding] += 1
    blank = True
    with path.open(encoding=reading.encoding, errors=reading.errors) as file:
        for number, line in enumerate(file, start=1):
            # A mark stands before a line where dumps were put one after the other.
            if line := line.removeprefix("\ufeff").strip():
                blank = False
                yield number, line
    if blank:
        found.skip(path, EMPTY)


def line_documents(path: Path, number: int, line: str, found: Collected) -> Iterator[Document]:
    """The document of one line of JSON; one that is broken is noted, and costs no other."""
    part = f", line {number}"
    try:
        if NO_TEXT.search(line):
            raise InputError("is neither UTF-8 nor CP949 text")
        yield from row_documents(path, [(part, parse_json(line, f"{path}{part}"))], found)
    except READ_ERRORS as error:
        found.lose(path, error, part, kind="lines")


def json_rows(path: Path, found: Collected) -> Iterator[tuple[str, Any]]:
    """(', item N', the value) of each item of a list, or ('', value) of the one value."""
    data = parse_json(text_of(path, found), str(path))
    if isinstance(data, list):
        yield from ((f", item {number}", row) for number, row in enumerate(data, start=1))
    else:
        yield "", data


def row_documents(
    path: Path, rows: Iterable[tuple[str, Any]], found: Collected
) -> Iterator[Document]:
    """The documents of JSON rows; rows of an unknown shape are noted."""
    for part, row in rows:
        document, reason = row_document(row, path)
        if reason:
            found.skip(path, reason, part)
        elif document and is_ruling(row) and not has_body(row):
            found.gists.append(document)
        elif document:
            yield document


def row_document(row: Any, path: Path) -> tuple[Document | None, str]:
    """(document, '') of a row, or (None, why there is none)."""
    if isinstance(row, Mapping) and isinstance(row.get("PrecService"), Mapping):
        row = row["PrecService"]
    if not isinstance(row, Mapping):
        return None, f"a {type(row).__name__}, not an object"
    if is_judgment(row):
        document = judgment_from_fields(row)
    elif is_ruling(row):
        document = ruling_from_row(row)
    elif is_basic_ruling(row):
        document = basic_ruling_from_row(row, act_of(path))
    else:
        fields = ", ".join(list(map(str, row))[:4]) or "none"
        return None, f"neither a judgment nor a ruling (fields: {fields})"
    return (document, "") if document else (None, "a case without a number or a text")


def act_of(path: Path) -> str:
    """The act that a file of basic rulings is named after: '상속세및증여세법_기본통칙.jsonl'."""
    name = whole_letters(path.stem).replace("_", " ").replace("기본통칙", "").strip()
    law = find_law(name)
    return law.name if law else name
