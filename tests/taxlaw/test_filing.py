"""Filing and paying: the credit for filing in time, and the penalties for what was not done."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw.filing import Filing, Settlement, final_amount, settle
from taxlaw.formulas import recompute
from taxlaw.penalties import late_payment_penalty
from taxlaw.steps import OutOfScopeError, Steps
from taxqa.errors import InputError

DUE = date(2026, 8, 31)
LATE = date(2026, 9, 11)
TAX = 10_000_000


def settled(tax: int = TAX, **given: Any) -> tuple[Settlement, dict[str, int]]:
    steps = Steps()
    result = settle(steps, Filing(**given), tax, DUE, "상속세 및 증여세법 제69조제2항")
    assert all(recompute(step.formula) == step.amount for step in steps.done)
    return result, {step.label: step.amount for step in steps.done}


def test_filing_in_time_is_credited_with_three_percent() -> None:
    assert settled() == (Settlement(300_000, 0), {"신고세액공제": 300_000})


def test_a_tax_of_zero_has_neither_credit_nor_penalty() -> None:
    assert settled(tax=0, status="none") == (Settlement(0, 0), {})


def test_paying_late_counts_the_days_up_to_the_eve_of_payment() -> None:
    result, _ = settled(paid_on=LATE)
    assert result.penalties == (TAX - 300_000) * 10 * 22 // 100_000
    assert settled(paid_on=DUE)[0].penalties == 0
    assert settled(paid_on=date(2026, 9, 1))[0].penalties == 0


@pytest.mark.parametrize(
    ("filed", "off"),
    [
        (date(2026, 9, 30), 50),
        (date(2026, 10, 1), 30),
        (date(2026, 11, 30), 30),
        (date(2026, 12, 1), 20),
        (date(2027, 2, 28), 20),
        (date(2027, 3, 1), 0),
    ],
)
def test_a_late_return_bears_less_the_sooner_it_comes(filed: date, off: int) -> None:
    result, amounts = settled(status="late", filed_on=filed, paid_on=DUE)
    assert result == Settlement(0, 2_000_000 * (100 - off) // 100)
    assert amounts.get("가산세 감면", 0) == 2_000_000 * off // 100


@pytest.mark.parametrize(
    ("misconduct", "percent"), [("none", 20), ("fraud", 40), ("offshore_fraud", 60)]
)
def test_not_filing_costs_more_with_fraud(misconduct: str, percent: int) -> None:
    result, _ = settled(status="none", paid_on=DUE, misconduct=misconduct)
    assert result.penalties == TAX * percent // 100


@pytest.mark.parametrize(
    ("amended", "off"),
    [
        (None, 0),
        (date(2026, 9, 30), 90),
        (date(2026, 11, 30), 75),
        (date(2027, 2, 28), 50),
        (date(2027, 8, 31), 30),
        (date(2028, 2, 29), 20),
        (date(2028, 8, 31), 10),
        (date(2028, 9, 1), 0),
    ],
)
def test_filing_too_little_bears_less_the_sooner_it_is_amended(
    amended: date | None, off: int
) -> None:
    result, _ = settled(reported_tax=4_000_000, paid_on=DUE, amended_on=amended)
    assert result == Settlement(120_000, 600_000 * (100 - off) // 100)


def test_fraud_in_a_return_costs_forty_percent_of_what_is_missing() -> None:
    result, _ = settled(reported_tax=4_000_000, paid_on=DUE, misconduct="fraud")
    assert result.penalties == 6_000_000 * 40 // 100


def test_a_misread_deduction_bears_no_penalty_but_that_of_paying_late() -> None:
    result, amounts = settled(reported_tax=4_000_000, paid_on=LATE, no_underreporting_penalty=True)
    assert amounts.keys() == {"신고세액공제", "납부지연가산세"}
    assert result.penalties == 6_000_000 * 10 * 22 // 100_000


@pytest.mark.parametrize(
    "given",
    [
        {"status": "none"},
        {"status": "late", "paid_on": LATE},
        {"reported_tax": 1},
    ],
)
def test_a_day_that_a_penalty_is_counted_from_is_asked_for(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="is not known"):
        settled(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"reported_tax": TAX + 1}, "does not fit"),
        ({"status": "none", "reported_tax": 1}, "does not fit"),
        ({"misconduct": "fraud"}, "in time and complete"),
        ({"filed_on": LATE}, "return was due"),
        ({"status": "late", "filed_on": DUE}, "return was due"),
        ({"status": "none", "filed_on": LATE}, "nothing was filed"),
        ({"amended_on": LATE}, "needs a reported tax"),
        ({"amended_on": DUE, "reported_tax": 1}, "needs a reported tax"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        settled(**given)


def test_late_payment_under_the_former_count_is_refused() -> None:
    with pytest.raises(OutOfScopeError, match="2026-06-30"):
        late_payment_penalty(Steps(), 1, date(2026, 5, 31), date(2026, 6, 30))


def test_nothing_unpaid_bears_nothing() -> None:
    assert late_payment_penalty(Steps(), 0, DUE, LATE) == 0


@given(st.integers(0, 10**15))
def test_the_last_amount_is_a_multiple_of_ten(amount: int) -> None:
    steps = Steps()
    cut = final_amount(steps, amount)
    assert cut % 10 == 0
    assert 0 <= amount - cut < 10
    assert all(recompute(step.formula) == step.amount == cut for step in steps.done)
