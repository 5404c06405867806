"""Income tax: the worked cases to the won, each deduction and credit, and what must hold."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw.formulas import recompute
from taxlaw.income import Income, IncomeResult, counts_as_child, income_tax
from taxlaw.steps import OutOfScopeError, explain
from taxqa.errors import InputError

MAN = 10_000


def salary(amount: int, **given: Any) -> Income:
    return Income(**{"year": 2026, "gross_salary": amount, **given})


def amounts(result: IncomeResult) -> dict[str, int]:
    return {step.label: step.amount for step in result.steps}


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("inc-01", Income(year=2026, tax_base=6000 * MAN)),
        ("inc-02", Income(year=2026, tax_base=10_000 * MAN)),
        ("inc-04", salary(5000 * MAN)),
    ],
)
def test_a_worked_case_comes_out_to_the_won(name: str, case: Income, shared: Path) -> None:
    cases = json.loads((shared / "cases" / "worked_cases.json").read_text(encoding="utf-8"))
    expected = next(each["expected"] for each in cases["cases"] if each["id"] == name)
    fields = {
        "산출세액": "computed_tax",
        "개인지방소득세": "local_income_tax",
        "근로소득공제": "earned_income_deduction",
    }
    result = income_tax(case)
    for korean, value in expected.items():
        assert getattr(result, fields[korean]) == value, korean


def test_a_salary_is_taxed_down_to_the_local_tax() -> None:
    result = income_tax(salary(5000 * MAN))
    # 5,000 - 1,225 - 150 = 3,625만; × 15% - 126만 = 4,177,500; - 66만 - 13만.
    assert result.tax_base == 3625 * MAN
    assert result.computed_tax == 4_177_500
    assert result.tax_credits == 790_000
    assert result.determined_tax == 3_387_500
    assert result.local_income_tax == 338_750
    assert result.total == 3_726_250
    assert "원천징수된 세액은 빼지 않았다" in explain(result)


@pytest.mark.parametrize(
    ("amount", "deduction"),
    [
        (500 * MAN, 350 * MAN),
        (1500 * MAN, 750 * MAN),
        (4500 * MAN, 1200 * MAN),
        (10_000 * MAN, 1475 * MAN),
        (36_250 * MAN, 2000 * MAN),
        (50_000 * MAN, 2000 * MAN),
    ],
)
def test_the_earned_income_deduction_ends_at_twenty_million(amount: int, deduction: int) -> None:
    assert income_tax(salary(amount)).earned_income_deduction == deduction


@pytest.mark.parametrize(
    ("amount", "credit"),
    [
        (3300 * MAN, 74 * MAN),
        (4300 * MAN, 66 * MAN),
        (7000 * MAN, 66 * MAN),
        (7010 * MAN, 61 * MAN),
        (12_000 * MAN, 50 * MAN),
        (12_020 * MAN, 40 * MAN),
        (20_000 * MAN, 20 * MAN),
    ],
)
def test_the_earned_income_credit_has_the_limit_of_the_salary(amount: int, credit: int) -> None:
    assert amounts(income_tax(salary(amount)))["근로소득세액공제"] == credit


def test_a_small_tax_is_credited_with_fifty_five_percent() -> None:
    result = income_tax(salary(2000 * MAN))
    # 2,000 - 825 - 150 = 1,025만; × 6% = 615,000; × 55% = 338,250.
    assert amounts(result)["근로소득세액공제"] == 338_250


def test_every_person_and_circumstance_is_deducted_once() -> None:
    case = salary(
        4000 * MAN,
        spouse=True,
        dependants=3,
        aged_70=1,
        disabled=2,
        woman=True,
        pension_contributions=180 * MAN,
        insurance_premiums=150 * MAN,
    )
    found = amounts(income_tax(case))
    assert found["기본공제"] == 5 * 150 * MAN
    assert found["경로우대자공제"] == 100 * MAN
    assert found["장애인공제"] == 400 * MAN
    assert found["부녀자공제"] == 50 * MAN
    assert found["종합소득공제"] == (750 + 100 + 400 + 50 + 180 + 150) * MAN
    assert "표준세액공제" not in found


def test_the_deduction_for_women_ends_at_thirty_million_of_income() -> None:
    assert "부녀자공제" not in amounts(income_tax(salary(4500 * MAN, woman=True)))


def test_a_single_parent_has_that_deduction_alone() -> None:
    case = salary(
        3000 * MAN, dependants=1, child_birth_years=(2012,), single_parent=True, woman=True
    )
    found = amounts(income_tax(case))
    assert found["한부모공제"] == 100 * MAN
    assert "부녀자공제" not in found


def test_deductions_end_at_the_income_and_credits_at_the_tax() -> None:
    result = income_tax(salary(450 * MAN))
    assert (result.income_deductions, result.tax_base, result.total) == (135 * MAN, 0, 0)


@pytest.mark.parametrize(
    ("born", "year", "counts"),
    [
        (2016, 2026, True),
        (2018, 2026, False),
        (2017, 2026, False),
        (2017, 2029, False),
        (2017, 2030, True),
        (2016, 2029, True),
        (2018, 2029, False),
        (2018, 2031, True),
        (2015, 2027, True),
    ],
)
def test_the_age_of_a_child_rises_year_by_year(born: int, year: int, counts: bool) -> None:
    assert counts_as_child(born, year) is counts


@pytest.mark.parametrize(
    ("children", "credit"),
    [((2010,), 25), ((2010, 2012), 55), ((2010, 2012, 2013), 95), ((2010, 2012, 2013, 2014), 135)],
)
def test_children_are_credited_by_their_number(children: tuple[int, ...], credit: int) -> None:
    case = salary(6000 * MAN, dependants=4, child_birth_years=children)
    assert amounts(income_tax(case))[f"자녀세액공제({len(children)}명)"] == credit * MAN


@pytest.mark.parametrize(("birth", "credit"), [(1, 30), (2, 50), (3, 70), (5, 70)])
def test_a_birth_is_credited_by_its_order(birth: int, credit: int) -> None:
    case = salary(6000 * MAN, dependants=1, child_birth_years=(2026,), births=(birth,))
    assert amounts(income_tax(case))["출산ㆍ입양 세액공제"] == credit * MAN


def test_the_age_of_children_is_that_of_the_supplementary_provisions(shared: Path) -> None:
    statute = shared / "lawdata" / "statutes" / "소득세법" / "법률.md"
    text = statute.read_text(encoding="utf-8")
    for year, age in ((2026, 9), (2027, 10), (2028, 11), (2029, 12)):
        assert f"{year}년 1월 1일부터 {year}년 12월 31일까지의 과세기간분: {age}세 이상" in text
        assert counts_as_child(year - age, year) is (year - age != 2017)
        assert not counts_as_child(year - age + 1, year)
    assert "2017년 1월 1일부터 2017년 12월 31일까지 출생한" in text


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (Income(year=2026), "Either the tax base"),
        (Income(year=2026, tax_base=1, gross_salary=1), "Either the tax base"),
        (Income(year=2026, tax_base=-1), "negative"),
        (Income(year=2026, tax_base=1, spouse=True), "beside a tax base"),
        (salary(1, aged_70=2), "aged or disabled"),
        (salary(1, child_birth_years=(2012,)), "more children"),
        (salary(1, births=(1,)), "more births"),
        (salary(1, single_parent=True), "single parent"),
        (salary(1, dependants=1, child_birth_years=(2026,), births=(0,)), "first"),
        (salary(1, dependants=1, child_birth_years=(2005,)), "over 20"),
    ],
)
def test_a_case_that_does_not_add_up_is_refused(case: Income, message: str) -> None:
    with pytest.raises(InputError, match=message):
        income_tax(case)


def test_a_disabled_child_may_be_older() -> None:
    case = salary(6000 * MAN, dependants=1, disabled=1, child_birth_years=(2000,))
    assert amounts(income_tax(case))["자녀세액공제(1명)"] == 25 * MAN


def test_years_of_other_law_are_refused() -> None:
    with pytest.raises(OutOfScopeError, match="from 2023"):
        income_tax(Income(year=2022, tax_base=1))
    with pytest.raises(OutOfScopeError, match="child credit"):
        income_tax(salary(1, year=2025, dependants=1, child_birth_years=(2010,)))


cases = st.builds(
    salary,
    st.integers(0, 10**10),
    spouse=st.booleans(),
    dependants=st.integers(2, 5),
    disabled=st.integers(0, 2),
    child_birth_years=st.lists(st.integers(2006, 2026), max_size=2).map(tuple),
    pension_contributions=st.integers(0, 10**7),
    insurance_premiums=st.integers(0, 10**7),
)
bases = st.builds(lambda base: Income(year=2026, tax_base=base), st.integers(0, 10**12))


@given(cases | bases)
def test_every_step_can_be_recomputed_and_leads_to_the_result(case: Income) -> None:
    result = income_tax(case)
    for step in result.steps:
        assert recompute(step.formula) == step.amount, step
    assert result.steps[-1].amount == result.total
    assert result.total >= 0


@given(cases, st.integers(0, 10**8))
def test_a_greater_salary_never_costs_less_tax(case: Income, more: int) -> None:
    assert case.gross_salary is not None
    greater = replace(case, gross_salary=case.gross_salary + more)
    # The limit of the earned income credit falls with the salary, never the tax with it.
    assert income_tax(greater).total >= income_tax(case).total - 2
