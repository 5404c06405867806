"""Penalties on one return: what is added up, asked for and refused."""

import re
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rate_boxes import article_text

from taxlaw.formulas import recompute
from taxlaw.penalty_case import REVENUE_RATES, PenaltyCase, penalty_tax
from taxlaw.steps import OutOfScopeError
from taxqa.errors import InputError

MAN = 10_000
DUE = date(2026, 8, 31)
PAID = date(2026, 10, 1)


def case(fault: str = "unfiled", tax: str = "gift", **given: Any) -> PenaltyCase:
    facts = {"amount": 1000 * MAN, "due": DUE, "paid_on": PAID}
    return PenaltyCase(**{"fault": fault, "tax": tax, **facts, **given})


LATE = 1000 * MAN * 30 * 22 // 100_000


@pytest.mark.parametrize(
    ("penalised", "filing"),
    [
        (case(), 200 * MAN),
        (case(misconduct="fraud"), 400 * MAN),
        (case(misconduct="offshore_fraud"), 600 * MAN),
        (case(filed_on=date(2026, 9, 30)), 100 * MAN),
        (case(filed_on=date(2026, 10, 1)), 140 * MAN),
        (case("underreported"), 100 * MAN),
        (case("underreported", filed_on=date(2026, 9, 30)), 10 * MAN),
        (case("underreported", misconduct="fraud"), 400 * MAN),
        (case("unpaid"), 0),
        (case(tax="income", double_entry=False), 200 * MAN),
        (case(tax="income", double_entry=True, revenue=0), 200 * MAN),
        (case("underreported", "corporate"), 100 * MAN),
        (case(tax="corporate", revenue=1000 * MAN), 200 * MAN),
        (case(tax="vat", zero_rated=0), 200 * MAN),
        (case("unpaid", "corporate"), 0),
    ],
)
def test_each_fault_has_its_penalty(penalised: PenaltyCase, filing: int) -> None:
    result = penalty_tax(penalised)
    assert result.filing_penalty == filing
    assert result.late_payment_penalty == LATE
    assert result.total == filing + LATE


def test_paid_in_time_there_is_no_penalty_for_paying_late() -> None:
    assert penalty_tax(case(paid_on=DUE)).late_payment_penalty == 0


def test_the_rates_on_revenue_are_those_of_the_statute(shared: Path) -> None:
    path = shared / "lawdata" / "statutes" / "국세기본법" / "법률.md"
    found = re.findall(r"1만분의 ([0-9]+)", article_text(path, "제47조의2"))
    rates = [REVENUE_RATES[True], REVENUE_RATES[False]]
    assert [Fraction(int(rate), 10_000) for rate in found] == rates


@pytest.mark.parametrize(
    ("penalised", "hint"),
    [
        (case(paid_on=None), "--paid-on"),
        (case(tax="vat"), "--zero-rated"),
        (case(tax="income"), "--double-entry"),
        (case(tax="corporate"), "--revenue"),
        (case(tax="income", double_entry=True), "--revenue"),
    ],
)
def test_a_fact_that_decides_is_asked_for(penalised: PenaltyCase, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        penalty_tax(penalised)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("penalised", "message"),
    [
        (case(tax="vat", zero_rated=1), "zero-rated"),
        (case(tax="corporate", revenue=10**12), "greater one"),
        (case("underreported", "corporate", misconduct="fraud"), "not covered"),
        (case(paid_on=date(2026, 6, 30), due=date(2026, 6, 1)), "not covered"),
    ],
)
def test_what_is_not_covered_is_refused(penalised: PenaltyCase, message: str) -> None:
    with pytest.raises(OutOfScopeError, match=message):
        penalty_tax(penalised)


@pytest.mark.parametrize(
    ("penalised", "message"),
    [
        (case(amount=-1), "negative"),
        (case(filed_on=DUE), "comes after"),
        (case("unpaid", filed_on=PAID), "comes after"),
        (case("unpaid", misconduct="fraud"), "was right"),
        (case(double_entry=True), "income tax alone"),
        (case(zero_rated=0), "부가가치세 alone"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(penalised: PenaltyCase, message: str) -> None:
    with pytest.raises(InputError, match=message):
        penalty_tax(penalised)


@given(
    st.sampled_from(["unfiled", "underreported", "unpaid"]),
    st.integers(0, 10**12),
    st.integers(0, 10**11),
    st.dates(DUE, date(2040, 1, 1)),
)
def test_every_step_can_be_recomputed_and_more_tax_bears_no_less(
    fault: str, amount: int, more: int, paid_on: date
) -> None:
    result = penalty_tax(case(fault, amount=amount, paid_on=paid_on))
    for step in result.steps:
        assert recompute(step.formula) == step.amount, step
    assert result.steps[-1].amount == result.total
    higher = penalty_tax(case(fault, amount=amount + more, paid_on=paid_on))
    assert higher.total >= result.total
