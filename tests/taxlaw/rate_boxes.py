"""Reads the rate tables that statutes draw with box characters."""

import re
from fractions import Fraction
from pathlib import Path

from taxlaw.amounts import parse_amount

Row = tuple[int | None, int, int, Fraction]
"""(upper limit, fixed amount, over, rate) as the statute prints them."""


def article_text(path: Path, name: str) -> str:
    """The text of one article in a statute's Markdown."""
    text = path.read_text(encoding="utf-8")
    start = re.search(rf"^##### {name}(?![의0-9])", text, re.MULTILINE)
    assert start, f"{name} is not in {path}"
    rest = text[start.end() :]
    end = re.search(r"^#+ ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def boxes(text: str) -> list[list[Row]]:
    """Every box table of rates in a text, each as its rows from the lowest bracket up."""
    found = re.findall(r"┌.*?└", text, re.DOTALL)
    return [rows for rows in map(box_rows, found) if rows]


def box_rows(box: str) -> list[Row]:
    """The rows of one box that name a rate."""
    return [
        read_row(*cells)
        for cells in box_cells(box)
        if len(cells) == 2 and re.search("[0-9]", cells[1])
    ]


def box_cells(box: str) -> list[list[str]]:
    """The cells of one box; lines between two rules make one row."""
    rows = []
    for part in re.split(r"├[^\n]*┤", box):
        lines = [line.strip().strip("│").split("│") for line in part.splitlines() if "│" in line]
        rows.append(
            ["".join(cell.strip() for cell in column) for column in zip(*lines, strict=False)]
        )
    return rows


AMOUNT = r"[0-9][0-9,. 조억천백십만]*원"


def read_row(limits: str, rate: str) -> Row:
    """'5억원 초과10억원 이하' and '9천만원 + (5억원을 초과하는 금액의 100분의 30)' as numbers."""
    upper = re.search(rf"({AMOUNT})\s*이하", limits)
    fixed = re.match(rf"\s*({AMOUNT})\s*[+＋]", rate)
    over = re.search(rf"\(({AMOUNT})", rate)
    fraction = re.search(r"([0-9,]+|1천|1만)분의\s*([0-9]+)", rate)
    percent = re.search(r"([0-9.]+)퍼센트", rate)
    if fraction:
        below = {"1천": 1000, "1만": 10000}.get(fraction[1]) or int(fraction[1])
        exact = Fraction(int(fraction[2]), below)
    else:
        assert percent, rate
        exact = Fraction(percent[1]) / 100
    return (
        parse_amount(upper[1]) if upper else None,
        parse_amount(fixed[1]) if fixed else 0,
        parse_amount(over[1]) if over else 0,
        exact,
    )
