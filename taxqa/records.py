"""The records that travel between stages, and the JSON files they travel in.

All text is NFC-normalised here, once, when a file is read; everything behind this door may
compare strings.
"""

import json
import math
import shlex
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from taxqa.errors import InputError

DocumentKind = Literal["statute", "judgment", "ruling", "guide"]
Asker = Literal["student", "employee", "self_employed", "corporate", "expert"]
Source = Literal["practical", "statute", "judgment", "ruling"]

ASKERS: tuple[str, ...] = get_args(Asker)
SOURCES: tuple[str, ...] = get_args(Source)


class Document(BaseModel):
    """One passage to ask about: an article, a judgment, a ruling or a guide entry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Unique in a corpus; an article's id is its citation, as in '소득세법 제55조'."""
    kind: DocumentKind
    title: str
    text: str
    law: str = ""
    """Official name of the act with '시행령' or '시행규칙' where it is one; '' for other kinds."""
    article: str = ""
    """'제55조의2'; '' where the document is no article."""
    in_force: str = ""
    """ISO date from which the text is in force (statute) or was given (judgment, ruling)."""
    url: str = ""
    not_in_force: tuple[str, ...] = ()
    """Parts of an article that were not in force yet, or not any more, when it was collected:
    '제3항제8호다목'; '' for the whole article."""


class QARecord(BaseModel):
    """One record of a dataset, in the user's own format."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    answer: str
    type: Asker
    """Who asks."""
    source: Source


class Record(QARecord):
    """A record with where it came from; one line of records.jsonl, train.jsonl, valid.jsonl."""

    id: str
    document: str
    """Id of the document, or of the worked case, that the answer rests on."""
    citations: tuple[str, ...] = ()
    teacher: str
    checks: tuple[str, ...] = ()
    """Names of the checks it passed."""
    amount: int | None = None
    """KRW; the one figure a right answer must give, for calculation questions."""
    quote: str = ""
    """The words of the document that a language model's answer rests on; '' for other teachers."""

    def plain(self) -> QARecord:
        """The record in the user's format."""
        return QARecord(
            question=self.question, answer=self.answer, type=self.type, source=self.source
        )


class Rejection(BaseModel):
    """Why a record may not train a model; one line of rejected.jsonl."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int
    """Position in the input, from 0."""
    reason: str
    """Short fixed name of the check's finding, e.g. 'gift-tax-wrong'."""
    found: str
    expected: str
    record: dict[str, Any] = Field(default_factory=dict)


Model = TypeVar("Model", bound=BaseModel)


OFFICE_FILES = {
    b"PK\x03\x04": "a Word, Excel, HWPX or zip file",
    b"\xd0\xcf\x11\xe0": "a file of Hangul (HWP) or of an older Office",
    b"%PDF": "a PDF",
}
"""First bytes -> what people have in place of text."""


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """A UTF-8 file (BOM and CRLF accepted) opened for reading.

    Raises:
        InputError: no such file, a folder, unreadable, or not UTF-8.
    """
    try:
        file = path.open(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; a file was expected.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        try:
            yield file
        except UnicodeDecodeError:
            raise not_utf8(path) from None


def office_kind(path: Path) -> str:
    """'a PDF' or whatever else people have in place of text; '' where it is none of these."""
    with path.open("rb") as file:
        start = file.read(8)
    return next((kind for magic, kind in OFFICE_FILES.items() if start.startswith(magic)), "")


def not_utf8(path: Path) -> InputError:
    """The error for a file that is no UTF-8 text: it says what to do with what it is instead."""
    if kind := office_kind(path):
        return InputError(
            f"{path} is {kind}, not text.",
            hint="Save it as plain text in UTF-8 first, from the program that made it.",
        )
    with path.open("rb") as file:
        encoding = "utf-16" if file.read(2) in (b"\xff\xfe", b"\xfe\xff") else "cp949"
    old, new = shlex.quote(str(path)), shlex.quote(f"{path}.utf8")
    convert = f"iconv -f {encoding} -t utf-8 {old} > {new} && mv {new} {old}"
    return InputError(
        f"{path} is not UTF-8 text (line {first_undecodable(path)}).",
        hint=f"Convert it first, e.g.: {convert}",
    )


def first_undecodable(path: Path) -> int:
    """Number of the first line that is not UTF-8; the decoder only knows its place in a buffer."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def read_text(path: Path) -> str:
    """The whole text of a file, NFC-normalised; errors as `open_text`."""
    with open_text(path) as file:
        return unicodedata.normalize("NFC", file.read())


def parse_json(text: str, where: str) -> Any:
    """`text` as JSON; InputError names `where`, line and column of what is broken.

    NaN and Infinity, which JSON does not have, and numbers too long to convert are refused.
    Strings are NFC-normalised here and not before: an escape (\\u1100) hides a letter from
    normalisation, and a mark after an escape (\\n) would be joined to the escape's own letter.
    """
    text = text.rstrip(" \t\r\n")
    if not text:
        raise InputError(f"{where} is not JSON: it is empty.")
    try:
        return composed(json.loads(text, parse_constant=refuse, parse_float=finite))
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if "\n" in text else ""
        raise InputError(
            f"{where} is not JSON: {error.msg} at {line}column {error.colno}."
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not JSON that can be read: {error}.") from None


def refuse(name: str) -> None:
    """ValueError for a name that Python's parser takes for a number."""
    raise ValueError(f"{name} is not JSON")


def finite(digits: str) -> float:
    """A number; ValueError for one that would become infinite."""
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"the number {digits} is out of range")
    return value


def composed(value: Any) -> Any:
    """`value`, as JSON gave it, with every string in it NFC-normalised."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [composed(item) for item in value]
    if isinstance(value, dict):
        return {composed(key): composed(item) for key, item in value.items()}
    return value


def read_json(path: Path) -> Any:
    """The value in a JSON file; errors as `open_text` and `parse_json`."""
    with open_text(path) as file:
        return parse_json(file.read(), str(path))


def read_jsonl(path: Path, model: type[Model]) -> Iterator[Model]:
    """The records of a JSON-lines file, one at a time; blank lines are passed over.

    Raises:
        InputError: a line is broken JSON or not such a record; the message names the line.
    """
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                where = f"{path}, line {number},"
                yield validated(model, parse_json(line, where), where)


def validated(model: type[Model], data: object, where: str) -> Model:
    """`data` as a `model`; InputError says where, which field and why not."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{where} is not a {model.__name__}: {first_problem(error)}") from None


def first_problem(error: ValidationError) -> str:
    """The first problem pydantic found, as 'field: what'."""
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"]) or "the whole"
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}"


def dump_line(record: BaseModel) -> str:
    """A record as one line of JSON with its newline."""
    return to_json(record.model_dump(mode="json")) + "\n"


def to_json(value: object, indent: int | None = None) -> str:
    """`value` as JSON that `parse_json` reads, Korean letters as they are.

    NaN and Infinity become null. Half a letter (a surrogate, as in a file's name that is not
    UTF-8) is written as its escape.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    except ValueError:
        known = json.loads(json.dumps(value), parse_constant=lambda name: None)
        text = json.dumps(known, ensure_ascii=False, indent=indent)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def write_jsonl(path: Path, records: Iterable[BaseModel]) -> int:
    """Write records as JSON lines; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(dump_line(record))
            count += 1
    return count


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON."""
    path.write_text(to_json(value, indent=2) + "\n", encoding="utf-8")
