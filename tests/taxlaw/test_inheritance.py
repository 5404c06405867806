"""Inheritance tax: the worked case to the won, each deduction with its limit, what must hold."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw.estate_deductions import years_until_19
from taxlaw.filing import Filing
from taxlaw.formulas import recompute
from taxlaw.inheritance import (
    EstateGift,
    Inheritance,
    InheritanceResult,
    SkippedShare,
    inheritance_tax,
)
from taxlaw.steps import OutOfScopeError, explain
from taxqa.errors import InputError

EOK = 100_000_000
MAN = 10_000
DAY = date(2026, 3, 10)


def estate(amount: int = 30 * EOK, **given: Any) -> Inheritance:
    return Inheritance(**{"day": DAY, "property": amount, **given})


def whole(amount: int = 20 * EOK, **given: Any) -> Inheritance:
    return Inheritance(**{"day": DAY, "taxable_value": amount, **given})


def gift(amount: int = 2 * EOK, to: str = "heir", **given: Any) -> EstateGift:
    return EstateGift(**{"amount": amount, "to": to, "day": date(2024, 1, 1), "tax": 0, **given})


def amounts(result: InheritanceResult) -> dict[str, int]:
    return {step.label: step.amount for step in result.steps}


def test_the_worked_case_comes_out_to_the_won(shared: Path) -> None:
    cases = json.loads((shared / "cases" / "worked_cases.json").read_text(encoding="utf-8"))
    expected = next(case["expected"] for case in cases["cases"] if case["id"] == "inh-01")
    result = inheritance_tax(whole())
    assert {
        "과세표준": result.tax_base,
        "산출세액": result.computed_tax,
        "신고세액공제": result.filing_credit,
        "납부세액": result.tax_due,
    } == expected


def test_debts_and_the_funeral_come_off_the_property() -> None:
    case = estate(public_charges=1000 * MAN, debts=2 * EOK, funeral=1200 * MAN, burial=700 * MAN)
    assert inheritance_tax(case).taxable_value == (30 - 2) * EOK - (1000 + 1000 + 500) * MAN
    # Without receipts the funeral counts as 500만원.
    assert inheritance_tax(estate()).taxable_value == 30 * EOK - 500 * MAN
    assert inheritance_tax(estate(1 * EOK, debts=9 * EOK)).taxable_value == 0


def test_gifts_of_ten_years_to_heirs_and_five_to_others_are_added() -> None:
    gifts = (
        gift(1 * EOK, day=date(2016, 3, 10)),
        gift(2 * EOK, day=date(2016, 3, 9)),
        gift(4 * EOK, "other", day=date(2021, 3, 10)),
        gift(8 * EOK, "legatee", day=date(2021, 3, 9)),
    )
    result = inheritance_tax(estate(gifts=gifts))
    assert result.taxable_value == 35 * EOK - 500 * MAN
    assert amounts(result)["공제 적용의 한도"] == 30 * EOK - 500 * MAN


def test_the_lump_sum_gives_way_to_greater_personal_deductions() -> None:
    case = whole(children=4, aged_65=2, minors=(date(2016, 3, 10), date(2020, 9, 1)))
    # 2억 + 4 × 5천만 + 2 × 5천만 + (9 + 14) × 1천만 = 7억 3천만.
    assert inheritance_tax(case).deductions == 73_000 * MAN
    assert inheritance_tax(whole(children=2)).deductions == 5 * EOK


def test_disabled_heirs_count_by_their_life_expectancy() -> None:
    assert inheritance_tax(whole(disabled_years=(45,))).deductions == 65_000 * MAN


def test_without_a_return_there_is_the_lump_sum_alone() -> None:
    unfiled = Filing(status="none", paid_on=date(2026, 12, 1))
    result = inheritance_tax(whole(children=9, filing=unfiled))
    assert result.deductions == 5 * EOK
    assert result.penalties > result.computed_tax // 5


def test_a_spouse_alone_has_no_lump_sum() -> None:
    result = inheritance_tax(whole(spouse=True, co_heirs=0))
    assert result.deductions == (2 + 5) * EOK
    assert "배우자가 실제 상속받은 금액은 5억원 이하" in explain(result)


def test_whether_the_spouse_is_alone_is_asked_for() -> None:
    with pytest.raises(InputError, match="inherits alone"):
        inheritance_tax(whole(spouse=True))


@pytest.mark.parametrize(
    ("received", "deducted"),
    [(0, 5), (5, 5), (6, 6), (12, 12), (20, 18), (29, 18)],
)
def test_the_spouse_deducts_what_is_received_within_the_statutory_share(
    received: int, deducted: int
) -> None:
    # Property 42억, two children: 3/7 of it is 18억.
    case = estate(42 * EOK, spouse=True, spouse_inherits=received * EOK, children=2)
    assert amounts(inheritance_tax(case)).get("배우자 상속공제", 5 * EOK) == deducted * EOK


def test_the_share_of_the_spouse_counts_debts_bequests_and_gifts() -> None:
    case = estate(
        40 * EOK,
        debts=3 * EOK,
        left_to_others=2 * EOK,
        spouse=True,
        spouse_inherits=30 * EOK,
        children=1,
        gifts=(gift(5 * EOK), gift(8 * EOK, "spouse", deduction=6 * EOK), gift(1 * EOK, "other")),
    )
    # (40 - 3 - 2 + 13) × 3/5 - 2 = 26.8억.
    assert amounts(inheritance_tax(case))["배우자 법정상속분 한도"] == 268_000 * MAN


def test_the_spouse_deducts_from_five_hundred_million_to_three_billion() -> None:
    small = estate(8 * EOK, spouse=True, spouse_inherits=6 * EOK, children=3)
    assert amounts(inheritance_tax(small))["배우자 상속공제"] == 5 * EOK
    great = estate(900 * EOK, spouse=True, spouse_inherits=300 * EOK, children=1)
    assert amounts(inheritance_tax(great))["배우자 상속공제"] == 30 * EOK
    nothing = estate(
        6 * EOK,
        spouse=True,
        spouse_inherits=6 * EOK,
        children=1,
        gifts=(gift(9 * EOK, "spouse"),),
        debts=5 * EOK,
    )
    assert amounts(inheritance_tax(nothing))["배우자 법정상속분 한도"] == 0


@pytest.mark.parametrize(
    ("assets", "debts", "deducted"),
    [
        (1000, 0, 1000),
        (2000, 0, 2000),
        (5000, 0, 2000),
        (20_000, 5000, 3000),
        (100_000, 0, 20_000),
        (200_000, 0, 20_000),
        (100, 200, 0),
    ],
)
def test_financial_assets_are_deducted_in_part(assets: int, debts: int, deducted: int) -> None:
    case = whole(financial_assets=assets * MAN, financial_debts=debts * MAN)
    assert inheritance_tax(case).deductions == 5 * EOK + deducted * MAN


def test_a_shared_house_is_deducted_up_to_six_hundred_million() -> None:
    assert inheritance_tax(whole(shared_house=4 * EOK)).deductions == 9 * EOK
    assert inheritance_tax(whole(shared_house=9 * EOK)).deductions == 11 * EOK


def test_deductions_end_at_their_limit() -> None:
    case = estate(6 * EOK, left_to_others=2 * EOK, renounced=1 * EOK)
    assert inheritance_tax(case).deductions == 3 * EOK - 500 * MAN
    gifts = (gift(4 * EOK, deduction=5000 * MAN),)
    assert inheritance_tax(estate(3 * EOK, gifts=gifts)).deductions == 34_500 * MAN
    assert inheritance_tax(whole(1 * EOK, left_to_others=2 * EOK)).deductions == 0
    assert inheritance_tax(whole(5 * EOK, gifts=gifts)).tax_base == 0


def test_skipping_a_generation_costs_more_on_that_share() -> None:
    case = estate(
        40 * EOK, left_to_others=10 * EOK, skipped=(SkippedShare(amount=10 * EOK, minor=True),)
    )
    result = inheritance_tax(case)
    assert result.generation_skip_surcharge == result.computed_tax * 30 // 400
    great = estate(
        100 * EOK, left_to_others=25 * EOK, skipped=(SkippedShare(amount=25 * EOK, minor=True),)
    )
    result = inheritance_tax(great)
    assert result.generation_skip_surcharge == result.computed_tax * 40 // 400
    assert "채무를 빼기 전" in explain(result)


def test_an_empty_estate_bears_no_surcharge() -> None:
    case = estate(0, skipped=(SkippedShare(amount=0, minor=False),))
    assert inheritance_tax(case).total_payable == 0


def test_tax_on_earlier_gifts_is_credited_within_its_limit() -> None:
    given_tax = gift(10 * EOK, deduction=5000 * MAN, tax=22_500 * MAN)
    result = inheritance_tax(whole(30 * EOK, gifts=(given_tax,)))
    assert result.gift_tax_credit == 22_500 * MAN
    huge = replace(given_tax, tax=90 * EOK)
    limited = inheritance_tax(whole(30 * EOK, gifts=(huge,)))
    share = limited.computed_tax * 95_000 * MAN // limited.tax_base
    assert limited.gift_tax_credit == share < 90 * EOK
    small = inheritance_tax(whole(5 * EOK, gifts=(gift(5 * EOK, tax=1),)))
    assert small.gift_tax_credit == 0


def test_a_limit_that_depends_on_each_heirs_share_is_refused() -> None:
    gifts = (gift(10 * EOK, tax=90 * EOK), gift(1 * EOK, "other", tax=1))
    with pytest.raises(OutOfScopeError, match="own share of the tax"):
        inheritance_tax(whole(30 * EOK, gifts=gifts))
    others = (gift(10 * EOK, tax=1), gift(1 * EOK, "other", tax=90 * EOK))
    assert inheritance_tax(whole(30 * EOK, gifts=others)).gift_tax_credit > 1


def test_the_return_is_due_six_or_nine_months_after_the_month() -> None:
    assert inheritance_tax(whole()).due == date(2026, 9, 30)
    assert inheritance_tax(whole(abroad=True)).due == date(2026, 12, 31)
    moved = Filing(due=date(2026, 10, 1))
    result = inheritance_tax(whole(filing=moved))
    assert result.due == date(2026, 10, 1)
    assert "음력" not in explain(result)


@pytest.mark.parametrize(("value", "tax"), [(50_049, 0), (50_050, 50_000)])
def test_a_base_below_half_a_million_is_not_taxed(value: int, tax: int) -> None:
    assert inheritance_tax(whole(value * MAN)).computed_tax == tax


@pytest.mark.parametrize(
    ("born", "years"),
    [
        (date(2026, 3, 10), 19),
        (date(2007, 3, 11), 1),
        (date(2008, 3, 10), 1),
        (date(2008, 3, 11), 2),
        (date(2008, 2, 29), 1),
        (date(2012, 2, 29), 5),
    ],
)
def test_a_part_of_a_year_until_nineteen_counts_as_one(born: date, years: int) -> None:
    assert years_until_19(born, DAY) == years


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (estate(day=date(2023, 12, 31)), "from 2024-01-01 on"),
        (Inheritance(day=DAY), "Either the property"),
        (estate(taxable_value=1), "Either the property"),
        (estate(-1), "negative"),
        (whole(debts=1), "taken off already"),
        (estate(spouse_inherits=1), "there is none"),
        (whole(spouse=True, spouse_inherits=6 * EOK), "needs the property"),
        (estate(1, skipped=(SkippedShare(amount=2, minor=False),)), "more than the estate"),
        (estate(2, skipped=(SkippedShare(amount=2, minor=False),)), "not given as such"),
        (estate(gifts=(gift(day=DAY),)), "on or after"),
        (estate(gifts=(gift(1, deduction=2),)), "more was deducted"),
        (whole(1, gifts=(gift(2),)), "less than the gifts"),
        (whole(children=9, minors=(date(2000, 1, 1),)), "is no minor"),
        (whole(children=9, minors=(date(2027, 1, 1),)), "yet to be born"),
    ],
)
def test_a_case_that_cannot_be_is_refused(case: Inheritance, message: str) -> None:
    with pytest.raises(InputError, match=message):
        inheritance_tax(case)


gifts = st.lists(
    st.builds(
        gift,
        st.integers(0, 20 * EOK),
        to=st.sampled_from(["heir", "spouse"]),
        day=st.dates(date(2015, 1, 1), date(2026, 3, 9)),
        tax=st.integers(0, 10 * EOK),
    ),
    max_size=3,
).map(tuple)
cases = st.builds(
    estate,
    st.integers(0, 300 * EOK),
    debts=st.integers(0, 20 * EOK),
    gifts=gifts,
    spouse=st.just(True),
    spouse_inherits=st.integers(0, 50 * EOK),
    children=st.integers(1, 8),
    financial_assets=st.integers(0, 20 * EOK),
    left_to_others=st.integers(0, 10 * EOK),
)


@given(cases)
def test_every_step_can_be_recomputed_and_leads_to_the_result(case: Inheritance) -> None:
    result = inheritance_tax(case)
    for step in result.steps:
        assert recompute(step.formula) == step.amount, step
    assert result.steps[-1].amount == result.total_payable >= 0
    assert result.deductions <= result.taxable_value


@given(cases, st.integers(0, 10 * EOK))
def test_a_greater_estate_never_has_less_computed_tax(case: Inheritance, more: int) -> None:
    assert case.property is not None
    greater = replace(case, property=case.property + more)
    before, after = inheritance_tax(case), inheritance_tax(greater)
    assert after.computed_tax >= before.computed_tax


@given(cases)
def test_the_order_of_gifts_changes_nothing(case: Inheritance) -> None:
    turned = replace(case, gifts=case.gifts[::-1])
    assert inheritance_tax(turned).total_payable == inheritance_tax(case).total_payable
