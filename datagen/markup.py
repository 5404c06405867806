"""Text as it comes from law.go.kr and taxlaw.nts.go.kr, made plain.

`<br/>` is a line break and `<img …>` a picture; `<개정 2010.1.1>` is text and stays.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import date

LINE_BREAK = re.compile(r"<br\s*/?>|</p\s*>", re.IGNORECASE)
TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]")
SPACES = re.compile("[ \t\u00a0\u3000]{2,}|[\t\u00a0\u3000]")
"""What a single blank takes the place of; a single blank itself is passed over, for speed."""
BLANK_LINES = re.compile(r"\n{3,}")
FRONT_MATTER = re.compile(r"---\n(?P<meta>.*?)\n(?:---|\.\.\.)(?:\n|$)", re.DOTALL)
META_LINE = re.compile(r"^([^\s:]+): *(.*)$", re.MULTILINE)
HEADING = re.compile(r"^## +(.+?) *$", re.MULTILINE)
DATE = re.compile(r"(\d{4})[-. 년]*(\d{1,2})[-. 월]*(\d{1,2})")


def plain_text(raw: str) -> str:
    """`raw` without HTML markup, invisible characters and runs of blanks, NFC-normalised."""
    text = LINE_BREAK.sub("\n", raw.replace("\r\n", "\n").replace("\r", "\n"))
    text = html.unescape(TAG.sub("", text))
    text = CONTROL.sub("", INVISIBLE.sub("", text))
    lines = (line.strip() for line in SPACES.sub(" ", text).split("\n"))
    return unicodedata.normalize("NFC", BLANK_LINES.sub("\n\n", "\n".join(lines)).strip())


def field_text(value: object) -> str:
    """A field of an OpenAPI answer as plain text: it may be missing, a string or nested lists."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, dict):
        return field_text(value.get("content", list(value.values())))
    if isinstance(value, list | tuple):
        return "\n".join(filter(None, map(field_text, value)))
    return plain_text(str(value))


def one_line(value: object) -> str:
    """A field that names something: its text on one line."""
    return " ".join(field_text(value).split())


def iso_date(value: object) -> str:
    """'20250612', '2025.06.12' or '2025-06-12 …' as '2025-06-12'; '' where there is no such day.

    Old judgments count years from 2333 BC (단기): 42890525 is 1956-05-25.
    """
    found = DATE.search(one_line(value))
    if not found:
        return ""
    year, month, day = map(int, found.groups())
    year = year - 2333 if year > 4000 else year
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """The YAML front matter of a Markdown text, and the text after it; ({}, text) without one."""
    import yaml

    found = FRONT_MATTER.match(text)
    if not found:
        return {}, text
    try:
        meta = yaml.safe_load(found["meta"])
    except (yaml.YAMLError, ValueError):
        # Mirrors write titles with a bare ': ' inside, which is no YAML.
        meta = dict(META_LINE.findall(found["meta"]))
    return (meta, text[found.end() :]) if isinstance(meta, dict) else ({}, text)


def with_headings(sections: Iterable[tuple[str, str]]) -> str:
    """Sections as Markdown; `sections_of` reads them back. Empty ones are left out."""
    return "\n\n".join(f"## {name}\n\n{text}" for name, text in sections if text)


def sections_of(text: str) -> dict[str, str]:
    """Heading -> text of a document made by `with_headings`."""
    parts = HEADING.split(text)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def korean_share(text: str) -> float:
    """Hangul letters among all letters, 0 to 1; 0 where there are no letters."""
    letters = sum(map(str.isalpha, text))
    return sum("가" <= letter <= "힣" for letter in text) / letters if letters else 0.0
