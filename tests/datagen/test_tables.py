"""Tables drawn in box characters become rows that can be read; formulas keep their bar."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.tables import without_boxes

words = st.text("가나다라0123456789%", min_size=1, max_size=6)


def drawn(rows: list[list[str]]) -> str:
    """A table with a border between its rows; a cell may have several lines."""
    width = 20
    border = "─" * 10
    lines = ["┌" + "┬".join(border for _ in rows[0]) + "┐"]
    for number, row in enumerate(rows):
        height = max(cell.count("\n") + 1 for cell in row)
        cells = [(cell.split("\n") + [""] * height)[:height] for cell in row]
        lines += [
            "│" + "│".join(f"{part:<{width}}" for part in parts) + "│"
            for parts in zip(*cells, strict=True)
        ]
        last = number == len(rows) - 1
        lines.append(
            ("└" if last else "├")
            + ("┴" if last else "┼").join(border for _ in row)
            + ("┘" if last else "┤")
        )
    return "\n".join(lines)


def test_a_drawn_table_becomes_lines_of_cells() -> None:
    text = "세율은 다음과 같다.\n┌────┬────┐\n│1억원 이하 │ 10%   │\n├────┼────┤\n└────┴────┘\n끝"
    assert without_boxes(text) == "세율은 다음과 같다.\n1억원 이하 | 10%\n끝"


def test_both_ends_of_a_bracket_stand_in_one_row() -> None:
    rows = [
        ["구간", "세율"],
        ["10억원 초과\n20억원 이하", "1억원 + (10억원을 초과하는\n금액의 7%)"],
        ["20억원 초과", "9%"],
    ]
    assert without_boxes(drawn(rows)).split("\n") == [
        "구간 | 세율",
        "10억원 초과 20억원 이하 | 1억원 + (10억원을 초과하는 금액의 7%)",
        "20억원 초과 | 9%",
    ]


def test_a_word_that_is_broken_at_the_edge_of_its_cell_is_put_together() -> None:
    text = "┌──┬──┐\n│가나│  1 │\n├──┼──┤\n│매출│  2 │\n│액  │    │\n├──┼──┤\n│다  │  3 │\n└──┴──┘"
    assert without_boxes(text) == "가나 | 1\n매출액 | 2\n다 | 3"


def test_rows_without_borders_between_them_stay_rows() -> None:
    text = "┌──┬──┐\n│가 │ 나 │\n├──┼──┤\n│1 │ 2 │\n│3 │ 4 │\n└──┴──┘"
    assert without_boxes(text) == "가 | 나\n1 | 2\n3 | 4"


def test_a_border_through_some_columns_alone_joins_nothing() -> None:
    text = "┌──┬──┐\n│가 │ 1 │\n│  ├──┤\n│  │ 2 │\n├──┼──┤\n│나 │ 3 │\n├──┼──┤\n│다 │ 4 │\n└──┴──┘"
    assert without_boxes(text) == "가 | 1\n | 2\n나 | 3\n다 | 4"


def test_a_formula_keeps_its_fraction_bar() -> None:
    text = "┌────────┐\n│ A × C │\n│ ────  │\n│   B    │\n└────────┘"
    assert without_boxes(text) == "A × C\n────\nB"


@pytest.mark.parametrize("text", ["", "표가 없다.", "가 | 나", "- 하나\n- 둘"])
def test_a_text_without_a_drawing_stays_as_it_is(text: str) -> None:
    assert without_boxes(text) == text


@given(st.lists(st.lists(words, min_size=3, max_size=3), min_size=2, max_size=6))
def test_no_letter_of_a_cell_is_lost(rows: list[list[str]]) -> None:
    plain = without_boxes(drawn(rows))
    assert plain.split("\n") == [" | ".join(row) for row in rows]
    assert not re.search("[│─┌┐└┘├┤┬┴┼]", plain)
    assert without_boxes(plain) == plain
