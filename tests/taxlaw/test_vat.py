"""Value added tax: the worked case to the won, both regimes, credits, and what must hold."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rate_boxes import article_text, box_cells

from taxlaw.formulas import recompute
from taxlaw.steps import OutOfScopeError
from taxlaw.vat import (
    INDUSTRIES,
    CardSales,
    GeneralVat,
    Industry,
    SimplifiedVat,
    general_vat,
    simplified_vat,
)
from taxqa.errors import InputError

MAN = 10_000


def general(supply: int, **given: Any) -> GeneralVat:
    return GeneralVat(**{"year": 2026, "period": "1", "supply": supply, **given})


def simplified(sales: int, industry: Industry = "restaurant", **given: Any) -> SimplifiedVat:
    return SimplifiedVat(**{"year": 2026, "sales": {industry: sales}, **given})


def test_the_worked_case_comes_out_to_the_won(shared: Path) -> None:
    cases = json.loads((shared / "cases" / "worked_cases.json").read_text(encoding="utf-8"))
    expected = next(case["expected"] for case in cases["cases"] if case["id"] == "vat-01")
    result = simplified_vat(simplified(8000 * MAN, purchases=2000 * MAN))
    assert result.payable == expected["납부세액"]


def test_the_rates_of_industries_are_those_of_the_decree(shared: Path) -> None:
    path = shared / "lawdata" / "statutes" / "부가가치세법" / "시행령.md"
    box = article_text(path, "제111조").split("┌")[1].split("└")[0]
    drawn = {re.sub(r"\(.*?\)", "", names): rate for names, rate in box_cells(box)[1:]}
    assert len(drawn) == 6
    for names, rate in INDUSTRIES.values():
        for name in names.split(", "):
            assert [drawn[row] for row in drawn if name in row] == [f"{rate * 100}퍼센트"], name


def test_output_less_input_tax_is_paid_or_refunded() -> None:
    result = general_vat(general(10_000 * MAN, zero_rated=5000 * MAN, input_tax=400 * MAN))
    assert (result.output_tax, result.tax, result.payable) == (1000 * MAN, 600 * MAN, 600 * MAN)
    refund = general_vat(general(1000 * MAN, input_tax=400 * MAN, bad_debt_tax=1 * MAN))
    assert refund.payable == -301 * MAN
    assert refund.steps[-1].label == "환급받을 세액"


def test_what_was_paid_before_comes_off() -> None:
    assert general_vat(general(1000 * MAN, paid_before=30 * MAN)).payable == 70 * MAN
    assert general_vat(general(1000 * MAN, paid_before=130 * MAN)).payable == -30 * MAN


@pytest.mark.parametrize(
    ("year", "sales", "credited", "credit"),
    [
        (2026, 10_000 * MAN, 0, 130 * MAN),
        (2026, 100_000 * MAN, 0, 1000 * MAN),
        (2026, 100_000 * MAN, 900 * MAN, 100 * MAN),
        (2027, 10_000 * MAN, 0, 100 * MAN),
        (2027, 100_000 * MAN, 0, 500 * MAN),
        (2026, 10**12, 0, 1000 * MAN),
        (2026, 0, 0, 0),
    ],
)
def test_card_sales_are_credited_within_the_year(
    year: int, sales: int, credited: int, credit: int
) -> None:
    cards = CardSales(amount=sales, credited_this_year=credited)
    case = general(50_000 * MAN, year=year, card_sales=cards)
    assert general_vat(case).card_credit == credit


def test_a_refund_has_no_card_credit_and_a_small_tax_ends_it() -> None:
    cards = CardSales(amount=10_000 * MAN)
    assert general_vat(general(0, input_tax=1, card_sales=cards)).card_credit == 0
    assert general_vat(general(100 * MAN, card_sales=cards)).card_credit == 10 * MAN
    with pytest.raises(InputError, match="More was credited"):
        over = CardSales(amount=1, credited_this_year=1001 * MAN)
        general_vat(general(100 * MAN, card_sales=over))


@pytest.mark.parametrize(
    ("period", "due"),
    [
        ("1-preliminary", date(2026, 4, 27)),
        ("1", date(2026, 7, 27)),
        ("2-preliminary", date(2026, 10, 26)),
        ("2", date(2027, 1, 25)),
    ],
)
def test_a_return_is_due_on_the_twenty_fifth(period: str, due: date) -> None:
    assert general_vat(general(1, period=period)).due == due


@pytest.mark.parametrize(
    ("sales", "months", "waived"),
    [
        (4800 * MAN - 1, 12, True),
        (4800 * MAN, 12, False),
        (2400 * MAN, 6, False),
        (2400 * MAN - 1, 6, True),
    ],
)
def test_less_than_the_limit_of_a_year_is_waived(sales: int, months: int, waived: bool) -> None:
    result = simplified_vat(simplified(sales, months=months, purchases=100 * MAN))
    assert (result.payable == 0) is waived


def test_industries_are_computed_apart() -> None:
    case = SimplifiedVat(year=2026, sales={"retail": 4000 * MAN, "rental": 2000 * MAN})
    assert simplified_vat(case).output_tax == 60 * MAN + 80 * MAN


def test_credits_never_go_below_zero() -> None:
    cards = CardSales(amount=10**10)
    case = simplified(5000 * MAN, purchases=10**10, card_sales=cards)
    result = simplified_vat(case)
    assert (result.input_tax, result.card_credit, result.payable) == (75 * MAN, 0, 0)


def test_advance_payments_come_off_but_not_of_a_waived_tax() -> None:
    assert simplified_vat(simplified(8000 * MAN, paid_before=20 * MAN)).payable == 100 * MAN
    with pytest.raises(OutOfScopeError, match="claim it back"):
        simplified_vat(simplified(100, paid_before=1))


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (simplified(-1), "negative"),
        (simplified(1, months=0), "1 to 12 months"),
        (SimplifiedVat(year=2026, sales={}), "at least one industry"),
        (simplified(1, year=2023), "from 2024"),
    ],
)
def test_a_case_that_cannot_be_is_refused(case: SimplifiedVat, message: str) -> None:
    with pytest.raises(InputError, match=message):
        simplified_vat(case)


amounts = st.integers(0, 10**12)
cards = st.builds(CardSales, amount=amounts, credited_this_year=st.integers(0, 1000 * MAN))
generals = st.builds(
    general, amounts, zero_rated=amounts, input_tax=amounts, bad_debt_tax=amounts, card_sales=cards
)
simplifieds = st.builds(
    simplified,
    amounts,
    industry=st.sampled_from(sorted(INDUSTRIES)),
    purchases=amounts,
    card_sales=cards,
    months=st.integers(1, 12),
)


@given(generals | simplifieds)
def test_every_step_can_be_recomputed_and_leads_to_the_result(
    case: GeneralVat | SimplifiedVat,
) -> None:
    result = general_vat(case) if isinstance(case, GeneralVat) else simplified_vat(case)
    for step in result.steps:
        assert recompute(step.formula) == step.amount, step
    assert result.steps[-1].amount == result.payable
    exact = result.tax - result.card_credit
    assert exact - 10 < result.payable <= exact


@given(amounts, amounts, st.sampled_from(sorted(INDUSTRIES)))
def test_more_sales_never_cost_less(sales: int, more: int, industry: Industry) -> None:
    less = simplified_vat(simplified(sales, industry))
    assert simplified_vat(simplified(sales + more, industry)).payable >= less.payable
