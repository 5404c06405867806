"""The text of a Modelfile, as Ollama's own parser reads it: instructions and quoting.

It has no escapes, ends a quoted value only at the end of a line, and silently deletes characters
that do not print. What would not survive it is refused here, in both directions.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from taxqa.errors import InputError

INSTRUCTIONS = (
    "from", "license", "template", "system", "adapter", "draft",
    "renderer", "parser", "parameter", "message", "requires",
)  # fmt: skip
"""All that Ollama knows, whether or not this project uses them."""

BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\r\n]*+)*+")
HEAD = re.compile(r"([A-Za-z]+)[ \t]")
KEY = re.compile(r"([A-Za-z0-9_]*)[ \t]")
LINE_END = re.compile(r"[\r\n]|\Z")
WORD = re.compile(r"\S*")
TRIPLE = '"""'


@dataclass(frozen=True)
class Command:
    """One instruction of a Modelfile."""

    instruction: str
    """Lower case, one of INSTRUCTIONS."""
    key: str
    """The parameter's name, or the role of a MESSAGE; '' for the others."""
    value: str
    line: int
    """Where it starts, from 1."""


def commands(text: str) -> Iterator[Command]:
    """The instructions of a Modelfile, in order; comments and blank lines are passed over.

    Raises:
        InputError: not a Modelfile that Ollama reads, or one of which it would drop characters.
    """
    text = text.removeprefix("\ufeff")
    position = skip_blank(text, 0)
    while position < len(text):
        line = 1 + text.count("\n", 0, position)
        head = HEAD.match(text, position)
        if not head or head[1].lower() not in INSTRUCTIONS:
            found = WORD.match(text, position)
            raise InputError(
                f"Line {line} of the Modelfile starts with '{found[0] if found else ''}'; one of"
                f" {', '.join(name.upper() for name in INSTRUCTIONS)} and a space were expected."
            )
        instruction, start, key = head[1].lower(), head.end(), ""
        if instruction in ("parameter", "message"):
            key, start = read_key(text, start, line)
        value, end = read_value(text, start, line)
        yield Command(instruction, key, value, line)
        position = skip_blank(text, end)


def skip_blank(text: str, position: int) -> int:
    """Where the next instruction starts: after blanks, line ends and comments."""
    blank = BLANK.match(text, position)
    return blank.end() if blank else position


def read_key(text: str, start: int, line: int) -> tuple[str, int]:
    """The name after PARAMETER or MESSAGE, and where its value starts."""
    key = KEY.match(text, start)
    if not key or not key[1]:
        # Two spaces after PARAMETER are an empty name to Ollama: unknown parameter ''.
        raise InputError(
            f"Line {line} of the Modelfile has no name where one space and a name were expected."
        )
    return key[1], key.end()


def read_value(text: str, start: int, line: int) -> tuple[str, int]:
    """A value and where it ends: at the first line end at which its quotes are closed."""
    for line_end in LINE_END.finditer(text, start):
        raw = text[start : line_end.start()]
        value = unquoted(raw)
        if value is not None:
            refuse_unprintable(raw, f"The value at line {line} of the Modelfile")
            return value, line_end.start()
    raise InputError(
        f"The value at line {line} of the Modelfile opens a quote that nothing closes at the end of"
        " a line.",
        hint='Close it with " or """ as the last characters of a line.',
    )


def unquoted(raw: str) -> str | None:
    """A value without its quotes; None while they are still open."""
    value = raw.strip()
    if value.startswith(TRIPLE):
        return value[3:-3] if len(value) >= 6 and value.endswith(TRIPLE) else None
    if value.startswith('"'):
        return value[1:-1] if len(value) >= 2 and value.endswith('"') else None
    return value


def quoted(value: str, what: str) -> str:
    r"""`value` so that Ollama's parser gives back exactly it.

    Args:
        what: what the value is, for the message: 'TEMPLATE'.

    Raises:
        InputError: it holds a character that Ollama would delete, or a line that ends in \"\"\",
            for which the grammar has no escape.
    """
    refuse_unprintable(value, what)
    if '"' not in value and "\n" not in value:
        return f'"{value}"'
    text = f"{TRIPLE}{value}{TRIPLE}"
    if any(unquoted(text[: end.start()]) is not None for end in re.finditer("\n", text)):
        raise InputError(
            f'{what} has a line that ends in """, where Ollama would end the whole value.',
            hint="Change that line; a Modelfile has no escape for it.",
        )
    return text


def refuse_unprintable(value: str, what: str) -> None:
    """InputError for the first character that Ollama's parser would silently delete."""
    for index, character in enumerate(value):
        if not character.isprintable() and character not in "\n\t":
            name = unicodedata.name(character, "a control character")
            raise InputError(
                f"{what} has U+{ord(character):04X} ({name}) at character {index + 1}, which"
                " Ollama would silently delete.",
                hint="Replace it with a plain space, or remove it.",
            )
