"""What a killed export left under its temporary name: the f16 GGUF and each measured quant."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from export.report import QuantReport
from taxqa.errors import InputError
from taxqa.folders import digest
from taxqa.records import read_json, validated, write_json

FINGERPRINT = ".export.json"


def same_export(partial: Path, fingerprint: Mapping[str, Any]) -> bool:
    """Whether `partial` is what a killed export of the same run with the same options left."""
    try:
        return bool(read_json(partial / FINGERPRINT) == fingerprint)
    except InputError:
        return False


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write so that `path` is there whole or not at all."""
    draft = path.with_name(f".{path.name}.partial")
    draft.unlink(missing_ok=True)
    try:
        yield draft
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def remember(folder: Path, made: QuantReport) -> None:
    """Note beside a quant that it is whole, and what was measured."""
    with whole(note_path(folder, made.type)) as draft:
        write_json(draft, made.model_dump(mode="json"))


def made_before(folder: Path, quant: str) -> QuantReport | None:
    """What an export that was killed noted of a quant whose file is still the one it noted."""
    path = note_path(folder, quant)
    try:
        made = validated(QuantReport, read_json(path), str(path))
    except InputError:
        return None
    file = folder / made.file
    return made if file.is_file() and digest(file) == made.sha256 else None


def note_path(folder: Path, quant: str) -> Path:
    """Where the note of a quant lies."""
    return folder / f".{quant}.json"


def forget(folder: Path) -> None:
    """Remove the notes: the folder is whole."""
    for path in folder.glob(".*"):
        path.unlink()
