"""Corporate tax: the worked cases to the won, short years, losses, and what must hold."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw.corporate import Corporation, business_months, corporate_tax
from taxlaw.formulas import recompute
from taxlaw.steps import OutOfScopeError, explain
from taxqa.errors import InputError

EOK = 100_000_000


def year(number: int = 2026, **given: Any) -> Corporation:
    days = {"starts": date(number, 1, 1), "ends": date(number, 12, 31)}
    return Corporation(**{**days, **given})


@pytest.mark.parametrize(("name", "starts"), [("corp-01", 2026), ("corp-02", 2025)])
def test_a_worked_case_comes_out_to_the_won(name: str, starts: int, shared: Path) -> None:
    cases = json.loads((shared / "cases" / "worked_cases.json").read_text(encoding="utf-8"))
    expected = next(case["expected"] for case in cases["cases"] if case["id"] == name)
    result = corporate_tax(year(starts, tax_base=10 * EOK))
    assert result.computed_tax == expected["산출세액"]


def test_the_local_tax_is_a_tenth_from_2026_on() -> None:
    assert corporate_tax(year(tax_base=10 * EOK)).local_income_tax == 18_000_000
    before = corporate_tax(year(2025, tax_base=10 * EOK))
    assert before.local_income_tax is None
    assert "법인지방소득세는 계산하지 않았다" in explain(before)


def test_a_business_year_has_the_rates_of_its_first_day() -> None:
    case = year(tax_base=10 * EOK, starts=date(2025, 7, 1), ends=date(2026, 6, 30))
    assert corporate_tax(case).computed_tax == 170_000_000


def test_small_rental_corporations_have_no_lowest_bracket() -> None:
    result = corporate_tax(year(tax_base=1 * EOK, small_rental=True))
    assert (result.computed_tax, result.local_income_tax) == (20_000_000, 2_000_000)
    before = corporate_tax(year(2025, tax_base=1 * EOK, small_rental=True))
    assert before.computed_tax == 19_000_000


def test_a_short_year_is_taxed_as_a_part_of_a_whole_one() -> None:
    case = year(tax_base=2 * EOK, starts=date(2026, 7, 1))
    result = corporate_tax(case)
    # 2억 in 6 months is 4억 a year: 6,000만 a year, half of it 3,000만.
    assert (result.computed_tax, result.local_income_tax) == (30_000_000, 3_000_000)
    assert "법인세법 제55조제2항" in result.citations


@pytest.mark.parametrize(
    ("starts", "ends", "months"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), 12),
        (date(2026, 3, 15), date(2026, 12, 31), 10),
        (date(2026, 3, 15), date(2026, 12, 14), 9),
        (date(2026, 12, 31), date(2026, 12, 31), 1),
        (date(2026, 2, 1), date(2026, 2, 28), 1),
        (date(2026, 1, 1), date(2027, 1, 1), 13),
    ],
)
def test_a_part_of_a_month_counts_as_one(starts: date, ends: date, months: int) -> None:
    assert business_months(starts, ends) == months


def test_losses_are_deducted_up_to_eighty_percent_or_in_full() -> None:
    limited = year(income=10 * EOK, losses=9 * EOK)
    assert corporate_tax(limited).tax_base == 2 * EOK
    assert corporate_tax(replace(limited, full_loss_deduction=True)).tax_base == 1 * EOK
    other = year(income=10 * EOK, tax_free=3 * EOK, deductions=8 * EOK)
    assert corporate_tax(other).tax_base == 0
    assert corporate_tax(year(income=-EOK, losses=EOK)).computed_tax == 0


def test_the_return_is_due_three_or_four_months_after_the_year() -> None:
    assert corporate_tax(year(tax_base=1)).due == date(2027, 3, 31)
    assert corporate_tax(year(tax_base=1, certified_return=True)).due == date(2027, 4, 30)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (year(), "Either the tax base"),
        (year(tax_base=1, income=1), "Either the tax base"),
        (year(tax_base=-1), "negative"),
        (year(income=1, losses=-1), "negative"),
        (year(tax_base=1, losses=1), "taken off already"),
        (year(tax_base=1, ends=date(2025, 12, 31)), "not possible"),
        (year(tax_base=1, ends=date(2027, 1, 1)), "not possible"),
    ],
)
def test_a_case_that_cannot_be_is_refused(case: Corporation, message: str) -> None:
    with pytest.raises(InputError, match=message):
        corporate_tax(case)


def test_years_of_other_law_are_refused() -> None:
    with pytest.raises(OutOfScopeError, match="from 2025-01-01"):
        corporate_tax(year(2024, tax_base=1))


cases = st.builds(
    lambda income, losses, months, rental: year(
        income=income,
        losses=losses,
        small_rental=rental,
        starts=date(2026, 13 - months, 1),
    ),
    st.integers(-(10**10), 10**14),
    st.integers(0, 10**12),
    st.integers(1, 12),
    st.booleans(),
)


@given(cases)
def test_every_step_can_be_recomputed_and_leads_to_the_result(case: Corporation) -> None:
    result = corporate_tax(case)
    for step in result.steps:
        assert recompute(step.formula) == step.amount, step
    assert result.steps[-1].amount == result.local_income_tax
    assert 0 <= result.computed_tax <= result.tax_base


@given(cases, st.integers(0, 10**12))
def test_more_income_never_costs_less(case: Corporation, more: int) -> None:
    assert case.income is not None
    greater = replace(case, income=case.income + more)
    assert corporate_tax(greater).computed_tax >= corporate_tax(case).computed_tax
