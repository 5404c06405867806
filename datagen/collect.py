"""Files on disk to documents: statutes, judgments, rulings and guides, each in the forms they have.

What a folder holds beside them is never dropped silently: `Collected` says which files were
skipped, which documents came twice and which versions of a law gave way to a newer one.
"""

import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

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
from datagen.versions import Versions
from taxlaw.acts import find_law
from taxqa.errors import InputError
from taxqa.records import Document, open_text, parse_json, read_json, read_text

TEXT_SUFFIXES = {".md", ".markdown", ".txt"}
READ_SUFFIXES = TEXT_SUFFIXES | {".json", ".jsonl"}
MIN_KOREAN_SHARE = 0.5
"""A text with less Hangul among its letters is about the data, not part of it."""
SHOWN_SKIPS = 3


@dataclass
class Collected:
    """What `collect` met beside the documents it gives."""

    versions: Versions = field(default_factory=lambda: Versions(date.today()))
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """(file or part of one, why it gave no document)."""
    duplicates: list[str] = field(default_factory=list)
    """Ids of documents that came a second time."""
    ids: set[str] = field(default_factory=set)
    repeats: list[Repeat] = field(default_factory=list)
    """Documents left out of a corpus, since another one says the same."""
    gists: list[Document] = field(default_factory=list)
    """Rulings without a body: they count only where no whole one comes."""

    def skip(self, path: Path, reason: str, part: str = "") -> None:
        """Note that a file (or a part of it) gave no document."""
        self.skipped.append((unicodedata.normalize("NFC", f"{path}{part}"), reason))

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

    Args:
        found: is filled with what was skipped, came twice or gave way.
        fetched: documents from elsewhere; they come first.

    Raises:
        InputError: a path is missing or cannot be read, a folder is empty, a file is not UTF-8,
            JSON is broken (the message names file and line), or nothing in the paths is a document.
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
    reasons = "; ".join(f"{name}: {reason}" for name, reason in found.skipped[:SHOWN_SKIPS])
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
    for given in paths:
        if not given.exists():
            raise InputError(f"There is no file or folder {given}.")
        if given.is_dir() and not any(given.iterdir()):
            raise InputError(f"The folder {given} is empty; statutes or judgments were expected.")
        root = given if given.is_dir() else given.parent
        for path in walk(given, found) if given.is_dir() else [given]:
            if path.resolve() not in met:
                met.add(path.resolve())
                yield path, root


def walk(folder: Path, found: Collected) -> Iterator[Path]:
    """The files of a folder to any depth; hidden ones and what cannot be read are skipped."""

    def skip_folder(error: OSError) -> None:
        found.skip(Path(error.filename), f"cannot be read: {error.strerror}")

    for parent, folders, names in os.walk(folder, onerror=skip_folder):
        for name in sorted(folders, key=whole_letters):
            if reason := folder_problem(Path(parent, name)):
                folders.remove(name)
                found.skip(Path(parent, name), reason)
        folders.sort(key=whole_letters)
        for name in sorted(names, key=whole_letters):
            if reason := file_problem(Path(parent, name)):
                found.skip(Path(parent, name), reason)
            else:
                yield Path(parent, name)


def folder_problem(path: Path) -> str:
    """Why a folder in a given one is not entered; '' where it is."""
    if path.name.startswith(".") or path.name == "__MACOSX":
        return "a hidden folder"
    return "a link to a folder, which is not followed" if path.is_symlink() else ""


def file_problem(path: Path) -> str:
    """Why a file in a given folder is not read; '' where it is."""
    if path.name.startswith("."):
        return "a hidden file"
    try:
        if not path.is_file():
            return "a link to nothing" if path.is_symlink() else "not a regular file"
        with path.open("rb"):
            return ""
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def whole_letters(name: str) -> str:
    """A file name as a Mac does not write it: NFC."""
    return unicodedata.normalize("NFC", name)


def documents_of(path: Path, root: Path, found: Collected) -> Iterator[Document]:
    """The documents of one file; a statute waits in `found` until all versions are known."""
    suffix = path.suffix.lower()
    if suffix not in READ_SUFFIXES:
        found.skip(path, f"'{suffix or path.name}' files are not read")
    elif path.stat().st_size == 0:
        found.skip(path, "an empty file")
    elif suffix in TEXT_SUFFIXES:
        yield from text_document(path, root, found)
    else:
        rows = jsonl_rows(path) if suffix == ".jsonl" else json_rows(path)
        yield from row_documents(path, rows, found)


def text_document(path: Path, root: Path, found: Collected) -> Iterator[Document]:
    """A statute, judgment or guide in Markdown or plain text."""
    text = read_text(path)
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


def jsonl_rows(path: Path) -> Iterator[tuple[str, Any]]:
    """(', line N', the value) of each line."""
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield f", line {number}", parse_json(line, f"{path}, line {number},")


def json_rows(path: Path) -> Iterator[tuple[str, Any]]:
    """(', item N', the value) of each item of a list, or ('', value) of the one value."""
    data = read_json(path)
    if isinstance(data, list):
        yield from ((f", item {number}", row) for number, row in enumerate(data, start=1))
    else:
        yield "", data


def row_documents(
    path: Path, rows: Iterable[tuple[str, Any]], found: Collected
) -> Iterator[Document]:
    """The documents of JSON rows; rows of an unknown shape are noted, alike ones once a file."""
    reasons: dict[str, list[str]] = {}
    for part, row in rows:
        document, reason = row_document(row, path)
        if reason:
            reasons.setdefault(reason, []).append(part)
        elif document and is_ruling(row) and not has_body(row):
            found.gists.append(document)
        elif document:
            yield document
    for reason, parts in reasons.items():
        more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
        found.skip(path, reason, parts[0] + more)


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
