"""Comprehensive holding tax: every table against the statute, credits, the cap, what is asked."""

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rate_boxes import article_text, boxes

from taxlaw.amounts import parse_amount
from taxlaw.formulas import recompute
from taxlaw.holding import (
    AGE_CREDITS,
    CAP,
    CORPORATION_THREE,
    CORPORATION_UP_TO_TWO,
    CREDIT_LIMIT,
    DEDUCTION,
    FAIR_MARKET_RATIO,
    HOLDING_CREDITS,
    ONE_HOUSE_DEDUCTION,
    ONE_HOUSE_PROPERTY_TAX_RATIO,
    ONE_HOUSE_RATIO_YEAR,
    PROPERTY_TAX,
    PROPERTY_TAX_RATIO,
    THREE_HOUSES,
    UP_TO_TWO_HOUSES,
    Holding,
    holding_tax,
)
from taxlaw.steps import OutOfScopeError
from taxqa.errors import InputError

EOK = 100_000_000
MAN = 10_000


def many(total: int = 30 * EOK, houses: int = 3, **given: Any) -> Holding:
    facts = {"property_tax": 500 * MAN, "local_one_house": False}
    return Holding(**{"year": 2026, "total_price": total, "houses": houses, **facts, **given})


def only(total: int = 20 * EOK, **given: Any) -> Holding:
    facts = {"age": 66, "held_years": 12, "property_tax": 297 * MAN, "local_one_house": True}
    return many(total, 1, **{"one_house": True, **facts, **given})


def firm(total: int = 10 * EOK, houses: int = 3, **given: Any) -> Holding:
    facts = {"owner": "corporation", "property_tax": None, "local_one_house": None}
    return many(total, houses, **{**facts, "property_tax_credit": 100 * MAN, **given})


def text(shared: Path, act: str, article: str, kind: str = "법률") -> str:
    return article_text(shared / "lawdata" / "statutes" / act / f"{kind}.md", article)


def test_the_tables_are_those_the_statute_draws(shared: Path) -> None:
    drawn = boxes(text(shared, "종합부동산세법", "제9조"))
    for table, rows in zip((UP_TO_TWO_HOUSES, THREE_HOUSES), drawn, strict=False):
        ours = [(row.up_to, row.tax_below, row.over, row.rate) for row in table.brackets]
        assert ours == rows, table.name


def test_the_rates_of_corporations_are_those_of_the_statute(shared: Path) -> None:
    article = text(shared, "종합부동산세법", "제9조")
    found = re.findall(r"([23])주택 이[하상]를? ?을? ?소유한 경우: 1천분의 ([0-9]+)", article)
    assert [(count, Fraction(int(rate), 1000)) for count, rate in found] == [
        ("2", CORPORATION_UP_TO_TWO.brackets[0].rate),
        ("3", CORPORATION_THREE.brackets[0].rate),
    ]


def test_the_credits_are_those_of_the_statute(shared: Path) -> None:
    article = text(shared, "종합부동산세법", "제9조")
    ages = re.findall(r"│만 ([0-9]+)세 이상[^│]*│100분의 ?([0-9]+)", article)
    held = re.findall(r"│([0-9]+)년 이상[^│]*│100분의 ?([0-9]+)", article)
    for ours, drawn in ((AGE_CREDITS, ages), (HOLDING_CREDITS, held)):
        assert list(ours) == [(int(start), Fraction(int(rate), 100)) for start, rate in drawn][::-1]
    limit = re.search(r"공제율 합계 100분의 ([0-9]+)", article)
    assert limit
    assert Fraction(int(limit[1]), 100) == CREDIT_LIMIT


def test_deductions_ratios_and_the_cap_are_those_of_the_law(shared: Path) -> None:
    article = text(shared, "종합부동산세법", "제8조").split("**②**")[0]
    assert re.findall(r": ([0-9]+)억?원", article) == ["12", "0", "9"]
    assert (ONE_HOUSE_DEDUCTION, DEDUCTION) == (12 * EOK, 9 * EOK)
    ratio = re.search(
        r'비율"이란 100분의 ([0-9]+)', text(shared, "종합부동산세법", "제2조의4", "시행령")
    )
    assert ratio
    assert Fraction(int(ratio[1]), 100) == FAIR_MARKET_RATIO
    cap = re.search(r"100분의 ([0-9]+)을 초과", text(shared, "종합부동산세법", "제10조"))
    assert cap
    assert Fraction(int(cap[1]), 100) == CAP


def test_the_property_tax_is_that_of_the_local_act(shared: Path) -> None:
    article = text(shared, "지방세법", "제111조").split("그 밖의 주택")[1].split("└")[0]
    rows = re.findall(r"│ *([^│]*원[^│]*?) *│ *([^│]*1,000분의 [0-9.]+) *│", article)
    drawn = [
        (
            parse_amount(limit.split()[-2]) if "이하" in limit else None,
            Fraction(rate.split("분의 ")[1]) / 1000,
        )
        for limit, rate in rows
    ]
    assert drawn == [(row.up_to, row.rate) for row in PROPERTY_TAX.brackets]
    decree = text(shared, "지방세법", "제109조", "시행령")
    found = re.search(r"주택: 시가표준액의 100분의 ([0-9]+)\. 다만, ([0-9]{4})년도", decree)
    top = re.search(r"6억원을 초과하는 주택: 시가표준액의 100분의 ([0-9]+)", decree)
    assert found
    assert top
    assert Fraction(int(found[1]), 100) == PROPERTY_TAX_RATIO
    assert int(found[2]) == ONE_HOUSE_RATIO_YEAR
    assert Fraction(int(top[1]), 100) == ONE_HOUSE_PROPERTY_TAX_RATIO


def test_the_taxed_part_always_lies_in_the_top_row_of_the_property_tax() -> None:
    top = PROPERTY_TAX.brackets[-1].over
    assert top < DEDUCTION * PROPERTY_TAX_RATIO
    assert top < ONE_HOUSE_DEDUCTION * ONE_HOUSE_PROPERTY_TAX_RATIO


def test_an_only_house_is_taxed_step_by_step() -> None:
    result = holding_tax(only())
    assert result.tax_base == 8 * EOK * 60 // 100
    assert result.gross_tax == 48_000 * MAN * 7 // 1000 - 60 * MAN
    # 297만 is the standard property tax of 20억 at 45 percent, so its part is credited as it is.
    assert result.property_tax_credit == 48_000 * MAN * 45 // 100 * 4 // 1000 == 864_000
    assert result.one_house_credit == 1_896_000 * 70 // 100
    assert (result.payable, result.cap_reduction) == (568_800, None)
    assert result.due == date(2026, 12, 15)
    assert "적용하지 않았다" in result.assumptions[2]


@pytest.mark.parametrize(
    ("age", "held", "percent"),
    [
        (59, 4, 0),
        (60, 4, 20),
        (65, 0, 30),
        (70, 0, 40),
        (0, 5, 20),
        (0, 10, 40),
        (0, 15, 50),
        (70, 15, 80),
        (69, 15, 80),
        (64, 15, 70),
    ],
)
def test_age_and_years_held_are_credited_up_to_eighty_percent(
    age: int, held: int, percent: int
) -> None:
    result = holding_tax(only(age=age, held_years=held))
    assert result.one_house_credit == 1_896_000 * percent // 100


def test_what_is_owned_beside_an_only_house_has_no_credit() -> None:
    case = only(extra_price=5 * EOK, property_tax_credit=864_000)
    result = holding_tax(case)
    assert result.one_house_credit == 1_896_000 * 70 // 100 * 15 // 20
    assert "종합부동산세법 제9조제7항" in result.citations
    assert "종합부동산세법 제9조제9항" in result.citations


def test_three_houses_pay_the_higher_rates() -> None:
    result = holding_tax(many())
    assert result.gross_tax == 126_000 * MAN * 2 // 100 - 1440 * MAN
    part = Fraction(500 * MAN) * (126_000 * MAN * 24) / (300_000 * MAN * 24 - 63 * MAN * 10_000)
    assert result.property_tax_credit == int(part)
    assert holding_tax(many(houses=2)).gross_tax == 960 * MAN + 6000 * MAN * 13 // 1000


def test_a_corporation_has_no_deduction_and_no_cap() -> None:
    result = holding_tax(firm())
    assert (result.gross_tax, result.payable) == (3000 * MAN, 2900 * MAN)
    assert holding_tax(firm(houses=2)).gross_tax == 6 * EOK * 27 // 1000


@pytest.mark.parametrize(
    ("last_year", "reduction"), [(700 * MAN, 2_998_631), (10**9, 0), (0, 8_498_631)]
)
def test_the_tax_is_capped_by_that_of_last_year(last_year: int, reduction: int) -> None:
    result = holding_tax(many(last_year_total=last_year))
    assert result.cap_reduction == reduction
    assert result.payable == (8_498_631 - reduction) // 10 * 10


def test_no_more_property_tax_is_credited_than_there_is_tax() -> None:
    assert holding_tax(many(property_tax=10**10)).payable == 0
    assert holding_tax(many(property_tax_credit=10**10)).payable == 0
    assert holding_tax(many(property_tax=0)).property_tax_credit == 0


def test_what_lies_below_the_deduction_is_not_taxed_and_nothing_is_asked() -> None:
    below = many(9 * EOK, 1, property_tax=None, local_one_house=None)
    assert holding_tax(below).payable == 0
    assert holding_tax(only(12 * EOK, age=None, property_tax=None)).payable == 0


@pytest.mark.parametrize(
    ("case", "hint"),
    [
        (many(property_tax=None), "--property-tax"),
        (many(local_one_house=None), "--local-one-house"),
        (only(age=None), "--age"),
        (only(held_years=None), "--held-years"),
        (many(property_tax=None, property_tax_credit=1, last_year_total=1), "--property-tax"),
    ],
)
def test_a_fact_that_decides_is_asked_for(case: Holding, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        holding_tax(case)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (many(year=2023), "from 2024"),
        (firm(property_tax_credit=None), "corporation"),
        (only(extra_price=EOK), "more than"),
        (many(houses=1, local_one_house=True), "of a share"),
        (many(local_one_house=True), "more than"),
        (only(year=2027), "known for 2026"),
    ],
)
def test_what_cannot_be_worked_out_is_refused(case: Holding, message: str) -> None:
    with pytest.raises(OutOfScopeError, match=message):
        holding_tax(case)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (many(-1), "negative"),
        (many(property_tax=-1), "negative"),
        (many(houses=0), "no house"),
        (firm(one_house=True), "1세대 1주택자"),
        (many(one_house=True), "1세대 1주택자"),
        (many(age=60), "alone"),
        (many(extra_price=1), "alone"),
        (only(extra_price=21 * EOK), "worth more"),
        (firm(last_year_total=1), "does not cap"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(case: Holding, message: str) -> None:
    with pytest.raises(InputError, match=message):
        holding_tax(case)


totals = st.integers(0, 10**12)
cases = st.one_of(
    st.builds(
        many,
        totals,
        st.integers(1, 5),
        property_tax=st.integers(0, 10**10),
        last_year_total=st.none() | st.integers(0, 10**10),
    ),
    st.builds(
        only,
        totals,
        age=st.integers(0, 100),
        held_years=st.integers(0, 40),
        property_tax=st.integers(0, 10**10),
    ),
    st.builds(firm, totals, st.integers(1, 5)),
)


@given(cases)
def test_every_step_can_be_recomputed_and_leads_to_the_result(case: Holding) -> None:
    result = holding_tax(case)
    for step in result.steps:
        assert recompute(step.formula) == step.amount, step
    assert result.steps[-1].amount == result.payable
    off = result.property_tax_credit + result.one_house_credit + (result.cap_reduction or 0)
    assert 0 <= result.payable <= result.gross_tax - off < result.payable + 10


@given(cases, st.integers(0, 10**11))
def test_houses_worth_more_never_cost_less_before_credits(case: Holding, more: int) -> None:
    dearer = replace(case, total_price=case.total_price + more)
    assert holding_tax(dearer).gross_tax >= holding_tax(case).gross_tax
