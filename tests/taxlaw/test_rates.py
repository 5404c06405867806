"""Every rate table is the one drawn in the statute, and computes without error of rounding."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rate_boxes import article_text, boxes

from taxlaw.formulas import recompute
from taxlaw.income import EARNED_CREDIT, EARNED_DEDUCTION
from taxlaw.rates import (
    CORPORATE,
    INCOME,
    INHERITANCE_AND_GIFT,
    LOCAL_CORPORATE,
    LOCAL_INCOME,
    LOCAL_SMALL_RENTAL_CORPORATE,
    SMALL_RENTAL_CORPORATE,
    RateTable,
    rate_table,
    table_in_force,
)
from taxlaw.steps import OutOfScopeError

TABLES = [
    *INHERITANCE_AND_GIFT,
    *INCOME,
    *LOCAL_INCOME,
    *CORPORATE,
    *SMALL_RENTAL_CORPORATE,
    *LOCAL_CORPORATE,
    *LOCAL_SMALL_RENTAL_CORPORATE,
    EARNED_DEDUCTION,
    EARNED_CREDIT,
]
tables = st.sampled_from(TABLES)
bases = st.integers(min_value=0, max_value=10**14)


DRAWN = [
    (INHERITANCE_AND_GIFT[-1], "상속세및증여세법", "제26조"),
    (INCOME[-1], "소득세법", "제55조"),
    (LOCAL_INCOME[-1], "지방세법", "제92조"),
    (EARNED_DEDUCTION, "소득세법", "제47조"),
    (EARNED_CREDIT, "소득세법", "제59조"),
]


@pytest.mark.parametrize(("table", "act", "article"), DRAWN, ids=lambda value: str(value)[:20])
def test_a_table_is_the_one_the_statute_draws(
    table: RateTable, act: str, article: str, shared: Path
) -> None:
    path = shared / "lawdata" / "statutes" / act / "법률.md"
    (drawn,) = boxes(article_text(path, article))
    ours = [(row.up_to, row.tax_below, row.over, row.rate) for row in table.brackets]
    assert ours == drawn


def test_the_inheritance_table_was_the_same_in_the_years_of_older_gifts(shared: Path) -> None:
    for year in ("2015-01-31", "2017-06-30", "2018-06-30"):
        path = shared / "lawdata" / "statutes_history" / f"상속세및증여세법_asof{year}.md"
        (drawn,) = boxes(article_text(path, "제26조"))
        ours = [
            (row.up_to, row.tax_below, row.over, row.rate)
            for row in INHERITANCE_AND_GIFT[0].brackets
        ]
        assert ours == drawn, year


@pytest.mark.parametrize(
    ("tables", "path", "article"),
    [
        (
            (CORPORATE[0], SMALL_RENTAL_CORPORATE[0]),
            "statutes_history/법인세법_asof2025-06-30.md",
            "제55조",
        ),
        ((CORPORATE[1], SMALL_RENTAL_CORPORATE[1]), "statutes/법인세법/법률.md", "제55조"),
        (
            (LOCAL_CORPORATE[0], LOCAL_SMALL_RENTAL_CORPORATE[0]),
            "statutes/지방세법/법률.md",
            "제103조의20",
        ),
    ],
    ids=["2025", "2026", "local"],
)
def test_both_tables_of_corporations_are_those_the_statute_draws(
    tables: tuple[RateTable, RateTable], path: str, article: str, shared: Path
) -> None:
    drawn = boxes(article_text(shared / "lawdata" / path, article))
    ours = [
        [(row.up_to, row.tax_below, row.over, row.rate) for row in table.brackets]
        for table in tables
    ]
    assert ours == drawn


@given(tables, bases)
def test_the_quick_deduction_gives_the_tax_of_the_brackets(table: RateTable, base: int) -> None:
    assert table.quick(base) == table.tax(base)


@given(tables, bases, st.integers(0, 10**10))
def test_more_base_never_means_less_tax_nor_more_than_the_highest_rate(
    table: RateTable, base: int, more: int
) -> None:
    rise = table.tax(base + more) - table.tax(base)
    assert 0 <= rise <= more * max(row.rate for row in table.brackets) + 1


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_tax_is_continuous_at_the_edge_of_each_bracket(table: RateTable) -> None:
    for row in table.brackets[1:]:
        assert table.tax(row.over) == row.tax_below
        assert 0 <= table.tax(row.over + 1) - row.tax_below <= 1


@given(tables, bases)
def test_both_formulas_can_be_recomputed(table: RateTable, base: int) -> None:
    assert recompute(table.formula(base)) == table.tax(base)
    assert recompute(table.table_formula(base)) == table.tax(base)


def test_a_negative_base_has_no_tax() -> None:
    table = INCOME[0]
    assert table.tax(-5) == table.quick(-5) == recompute(table.formula(-5)) == 0


def test_the_table_of_the_day_is_chosen() -> None:
    old = rate_table("세", "법 제1조", date(2020, 1, 1), (None, 10))
    new = rate_table("세", "법 제1조", date(2026, 1, 1), (None, "12.5"))
    assert table_in_force([new, old], date(2025, 12, 31)) is old
    assert table_in_force([old, new], date(2026, 1, 1)) is new
    assert new.brackets[0].rate == Fraction(1, 8)


def test_a_day_before_every_table_is_refused() -> None:
    with pytest.raises(OutOfScopeError, match="known from 2023-01-01"):
        table_in_force(INCOME, date(2022, 12, 31))
