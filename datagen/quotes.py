"""Whole passages cut out of a text, word for word.

Never a part of one: the sentence that is left out may be the exception ('다만, …').
"""

import re

from taxlaw.grammar import CIRCLED

PARAGRAPH_MARK = re.compile(rf"^([{CIRCLED}]) *", re.MULTILINE)
DRAWN = re.compile(r"[│─┌└├┃━]|\s\|(?:\s|$)|^\|", re.MULTILINE)
INCOMPLETE = re.compile(r"삭제|다음의? (?:표|산식|계산식)|별표|별지")
"""A passage with these words says only together with something else what it says."""


def quote(text: str, limit: int) -> str:
    """A passage on one line; '' where it is longer than `limit`, or cannot stand alone."""
    line = " ".join(text.split())
    if len(line) > limit or DRAWN.search(text) or INCOMPLETE.search(line):
        return ""
    return line


def paragraphs(text: str) -> list[tuple[int, str]]:
    """(number, text) of each 항; the number is 0 where an article has no numbered ones."""
    parts = PARAGRAPH_MARK.split(text)
    if len(parts) == 1:
        return [(0, text.strip())]
    bodies = zip(parts[1::2], parts[2::2], strict=True)
    return [(CIRCLED.index(mark) + 1, body.strip()) for mark, body in bodies]
