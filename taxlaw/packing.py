"""The numbers within an article as one short string, so that an index loads in milliseconds.

'x' is a deleted article. Else its paragraphs stand with a space between them, each with its items
after a colon and their subitems in parentheses: '1:1,2의2(가나),3x 2' is 제1항 with three items,
the second with two subitems, the third deleted, and 제2항 without items. Paragraph 0 holds the
items of an article without numbered paragraphs.
"""

import re
from functools import lru_cache

from taxlaw.statutes import Article, Item, Paragraph, Subitem

DELETED = "x"

PARAGRAPH = re.compile(r"(\d+)(x?)(?::(\S+))?")
ITEM = re.compile(r"(\d+)(?:의(\d+))?(x?)(?:\(([^)]*)\))?")
SUBITEM = re.compile(r"([^x])(x?)")


def short(number: int, branch: int) -> str:
    """(55, 2) -> '55의2'."""
    return f"{number}의{branch}" if branch else str(number)


def split(key: str) -> tuple[int, int]:
    """'55의2' -> (55, 2)."""
    number, _, branch = key.partition("의")
    return int(number), int(branch or 0)


def pack(article: Article) -> str:
    """The parts of an article as one string."""
    if article.deleted:
        return DELETED
    return " ".join(pack_paragraph(paragraph) for paragraph in article.paragraphs)


def pack_paragraph(paragraph: Paragraph) -> str:
    """'1:1,2의2(가나),3x'."""
    items = ",".join(pack_item(item) for item in paragraph.items)
    return f"{paragraph.number}{DELETED * paragraph.deleted}{':' * bool(items)}{items}"


def pack_item(item: Item) -> str:
    """'2의2(가나x다)'."""
    letters = "".join(s.letter + DELETED * s.deleted for s in item.subitems)
    number = short(item.number, item.branch) + DELETED * item.deleted
    return f"{number}({letters})" if letters else number


@lru_cache(maxsize=4096)
def unpack(text: str) -> dict[int, Paragraph]:
    """The paragraphs of a packed article that is not deleted, by number."""
    paragraphs = (unpack_paragraph(*found.groups()) for found in PARAGRAPH.finditer(text))
    return {paragraph.number: paragraph for paragraph in paragraphs}


def unpack_paragraph(number: str, deleted: str, items: str | None) -> Paragraph:
    """One paragraph from its three groups."""
    found = ITEM.finditer(items or "")
    return Paragraph(
        int(number), bool(deleted), tuple(unpack_item(*item.groups()) for item in found)
    )


def unpack_item(number: str, branch: str | None, deleted: str, letters: str | None) -> Item:
    """One item from its four groups."""
    subitems = tuple(Subitem(letter, bool(x)) for letter, x in SUBITEM.findall(letters or ""))
    return Item(int(number), int(branch or 0), bool(deleted), subitems)
