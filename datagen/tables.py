"""Tables drawn in box characters, as law.go.kr prints them, as readable rows.

A row that takes several lines becomes one line of 'cell | cell', so that '1,400만원 초과' and
'5,000만원 이하' of one bracket stand together. A formula drawn in two dimensions keeps its lines
and its fraction bar.
"""

import re
from dataclasses import dataclass, field
from itertools import zip_longest

BOX = re.compile("[│┃├┠┌┏└┗]")
LINES = "─━┌┐└┘├┤┬┴┼┏┓┗┛┠┨┯┷╂"
JUNCTION = re.compile("[┌┐└┘├┤┬┴┼┏┓┗┛┠┨┯┷╂]")
BORDER = re.compile(rf"[\s{LINES}│┃|]*[{LINES}][\s{LINES}│┃|]*")
FRACTION_BAR = "────"
BARS = re.compile("[─━]{2,}")
BLANK_LINES = re.compile(r"\n{3,}")


@dataclass
class Table:
    """The lines of one drawn table, in groups between full borders."""

    groups: list[list[list[str]]] = field(default_factory=lambda: [[]])
    """Groups of lines of cells, each cell as it was drawn, blanks among it."""
    broken: bool = False
    """A border goes through a part of the columns only: a group is then not one row."""

    def add(self, line: str) -> None:
        """Take in one line of the drawing."""
        if BORDER.fullmatch(line) and JUNCTION.search(line):
            self.broken |= bool(re.search("[│┃]", line))
            if not self.broken and self.groups[-1]:
                self.groups.append([])
            return
        self.broken |= bool(JUNCTION.search(line))
        inside = re.sub(r"^\s*[│┃├┠]|[│┃┤┨]\s*$", "", line)
        self.groups[-1].append([bare_cell(cell) for cell in re.split("[│┃├┤┼]", inside)])

    def rows(self) -> list[str]:
        """The table as readable lines."""
        groups = [group for group in self.groups if group]
        # One border alone divides the head from a body whose rows have none between them.
        bordered = not self.broken and (len(groups) > 2 or all(len(each) == 1 for each in groups))
        lines: list[str] = []
        for group in groups:
            one_row = bordered and len(group[0]) > 1 and not any(map(has_bar, group))
            for cells in [joined(group)] if one_row else group:
                shown = [" ".join(cell.split()) for cell in cells]
                if any(shown):
                    lines.append(" | ".join(shown).rstrip() if len(shown) > 1 else shown[0])
        return lines


def bare_cell(cell: str) -> str:
    """A cell with its fraction bar short, and without what is left of a border."""
    cell = BARS.sub(FRACTION_BAR, cell)
    return "".join(letter for letter in cell if letter == "─" or letter not in LINES)


def has_bar(cells: list[str]) -> bool:
    """Whether a fraction bar is drawn in a line."""
    return any(FRACTION_BAR in cell for cell in cells)


def joined(group: list[list[str]]) -> list[str]:
    """The lines of one row as one line of cells."""
    return [joined_cell(parts) for parts in zip_longest(*group, fillvalue="")]


def joined_cell(parts: tuple[str, ...]) -> str:
    """The lines of one cell; one that fills the cell to its edge goes on within a word."""
    text = ""
    for part in parts:
        if part.strip():
            text += part if text and not text[-1].isspace() else f" {part}"
    return text


def without_boxes(text: str) -> str:
    """`text` with each table that is drawn in box characters as lines of 'cell | cell'."""
    if not any(mark in text for mark in "│┃─━"):
        return text
    lines: list[str] = []
    table: Table | None = None
    for line in text.split("\n"):
        if BOX.search(line):
            table = table or Table()
            table.add(line)
            continue
        if table:
            lines += table.rows()
            table = None
        lines.append(BARS.sub(FRACTION_BAR, line))
    lines += table.rows() if table else []
    return BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")
