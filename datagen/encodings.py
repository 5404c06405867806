"""In which encoding a file of public data is written: UTF-8, CP949 (EUC-KR), UTF-16 with its mark.

UTF-8 is tried first and CP949 only where that fails, both strictly. A damaged UTF-8 text can by
chance be whole CP949; which it is, the syllables tell that it has in each.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from taxqa.errors import InputError
from taxqa.records import office_kind

CHUNK = 1 << 20
"""Bytes looked at in one go: a dump of any size is never in memory."""
UTF8, CP949, UTF16 = "utf-8-sig", "cp949", "utf-16"
HANGUL = re.compile("[가-힣]+")
NO_TEXT = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` puts in the place of a byte that is no text."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file."""

    encoding: str
    whole: bool = True
    """Whether every byte of the file is text in that encoding."""

    @property
    def errors(self) -> str:
        """The `errors` to open the file with."""
        return "strict" if self.whole else "surrogateescape"


def reading_of(path: Path) -> Reading:
    """How a file is to be read; OSError where it cannot be."""
    with path.open("rb") as file:
        marked = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if marked:
        return Reading(UTF16, is_whole(path, UTF16))
    if is_whole(path, UTF8):
        return Reading(UTF8)
    # Of Hangul in UTF-8 CP949 makes one and a half as many at most, the other way next to none.
    if hangul_in(path, CP949) > 2 * (hangul_in(path, UTF8) + 1):
        return Reading(CP949, is_whole(path, CP949))
    return Reading(UTF8, whole=False)


def read_whole(path: Path) -> tuple[str, str]:
    """(the text of a file, its encoding), line ends as \\n.

    Raises:
        OSError: the file cannot be read.
        InputError: not all of it is text; the message begins with the path.
    """
    reading = reading_of(path)
    if not reading.whole:
        raise not_text(path, reading)
    with path.open(encoding=reading.encoding) as file:
        return file.read(), reading.encoding


def not_text(path: Path, reading: Reading) -> InputError:
    """The error for a file of which not all is text."""
    if office := office_kind(path):
        return InputError(f"{path} is {office}, not text.")
    if reading.encoding == UTF16:
        return InputError(f"{path} is UTF-16 text that is damaged or breaks off.")
    with path.open(encoding=reading.encoding, errors=reading.errors) as file:
        broken = (number for number, line in enumerate(file, start=1) if NO_TEXT.search(line))
        line = next(broken, 1)
    return InputError(
        f"{path} is neither UTF-8 nor CP949 text from beginning to end (line {line})."
    )


def is_whole(path: Path, encoding: str) -> bool:
    """Whether every byte of a file is text in an encoding."""
    try:
        for _ in pieces(path, encoding, "strict"):
            pass
    except UnicodeDecodeError:
        return False
    return True


def hangul_in(path: Path, encoding: str) -> int:
    """How many syllables a file has, read in an encoding."""
    found = (HANGUL.findall(piece) for piece in pieces(path, encoding, "ignore"))
    return sum(len(run) for runs in found for run in runs)


def pieces(path: Path, encoding: str, errors: str) -> Iterator[str]:
    """The text of a file, piece by piece."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            yield decoder.decode(data)
    yield decoder.decode(b"", final=True)
