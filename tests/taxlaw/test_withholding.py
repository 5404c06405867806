"""Withholding: every rate against the statute, expenses, small amounts, the day of payment."""

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rate_boxes import article_text

from taxlaw.formulas import recompute
from taxlaw.steps import OutOfScopeError
from taxlaw.withholding import (
    LOTTERY,
    NAMES,
    NO_LOTTERY_UP_TO,
    NO_OTHER_INCOME_UP_TO,
    NOT_COLLECTED_BELOW,
    RATES,
    Payment,
    withholding_tax,
)
from taxqa.errors import InputError

EOK = 100_000_000
MAN = 10_000
DAY = date(2026, 6, 15)


def pay(income: str = "business", amount: int = 300 * MAN, **given: Any) -> Payment:
    return Payment(**{"income": income, "amount": amount, "paid": DAY, **given})


def law(shared: Path, article: str, kind: str = "법률") -> str:
    return article_text(shared / "lawdata" / "statutes" / "소득세법" / f"{kind}.md", article)


def test_the_rates_are_those_of_the_statute(shared: Path) -> None:
    text = law(shared, "제129조").split("**②**")[0]
    items = dict(re.findall(r"^  ([0-9]+)\\\. ((?:.|\n)*?)(?=^  [0-9]|\Z)", text, re.M))
    for income, rate in RATES.items():
        number, letter = re.fullmatch(r"제([0-9]+)호(?:([가-하])목)?", NAMES[income][1]).groups()  # type: ignore[union-attr]
        words = items[number]
        if letter:
            words = re.split(rf"^ +{letter}\\\. ", words, flags=re.M)[1]
        found = re.search(r"100분의 ([0-9]+)", words)
        assert found, income
        assert Fraction(int(found[1]), 100) == rate, income
    lottery = re.search(r"3억원을 초과하는 경우 .*?100분의 ([0-9]+)", items["6"])
    assert lottery
    assert Fraction(int(lottery[1]), 100) == LOTTERY.brackets[-1].rate
    assert LOTTERY.brackets[0].rate == RATES["other"]


def test_the_limits_are_those_of_the_statute(shared: Path) -> None:
    text = law(shared, "제84조")
    assert re.findall(r"건별로 ([0-9]+)만원 이하", text) == ["200", "5"]
    assert (NO_LOTTERY_UP_TO, NO_OTHER_INCOME_UP_TO) == (200 * MAN, 5 * MAN)
    assert "1천원 미만" in law(shared, "제86조")
    assert NOT_COLLECTED_BELOW == 1000
    flat = law(shared, "제87조", "시행령")
    assert re.findall(r"^  (1|1의2)\\\. .*?100분의 ([0-9]+)", flat, re.M) == [
        ("1", "80"),
        ("1의2", "60"),
    ]


@pytest.mark.parametrize(
    ("payment", "tax"),
    [
        (pay("interest"), 420_000),
        (pay("private_loan"), 750_000),
        (pay("dividend"), 420_000),
        (pay("joint_venture"), 750_000),
        (pay("business"), 90_000),
        (pay("service_charge"), 150_000),
        (pay("other", expenses=0), 600_000),
        (pay("other", expenses=100 * MAN), 400_000),
        (pay("other", flat_expenses=60), 240_000),
        (pay("other", flat_expenses=80), 120_000),
        (pay("other", flat_expenses=60, expenses=200 * MAN), 200_000),
        (pay("lottery", 3 * EOK, expenses=0), 60_000_000),
        (pay("lottery", 20 * EOK, expenses=1000), 569_999_700),
    ],
)
def test_each_income_is_withheld_at_its_rate(payment: Payment, tax: int) -> None:
    result = withholding_tax(payment)
    assert (result.income_tax, result.local_income_tax) == (tax, tax // 10)
    assert result.paid_out == payment.amount - tax - tax // 10


def test_what_is_below_ten_won_is_not_taken() -> None:
    result = withholding_tax(pay(amount=1_234_567))
    assert (result.income_tax, result.local_income_tax, result.total) == (37_030, 3_703, 40_733)


@pytest.mark.parametrize(
    ("payment", "tax"),
    [
        (pay("other", 125_000, flat_expenses=60), 0),
        (pay("other", 125_003, flat_expenses=60), 10_000),
        (pay("lottery", 200 * MAN, expenses=0), 0),
        (pay("lottery", 200 * MAN + 1, expenses=0), 400_000),
        (pay("business", 33_333, freelance=False), 0),
        (pay("business", 33_334, freelance=False), 1_000),
        (pay("business", 33_333, freelance=True), 990),
        (pay("dividend", 7_000), 0),
        (pay("interest", 7_000), 980),
        (pay("private_loan", 3_999), 990),
        (pay("service_charge", 19_999), 0),
        (pay("interest", 0), 0),
    ],
)
def test_small_amounts_are_left_out_where_the_statute_says(payment: Payment, tax: int) -> None:
    assert withholding_tax(payment).income_tax == tax


@pytest.mark.parametrize(
    ("paid", "half_yearly", "due"),
    [
        (date(2026, 6, 15), False, date(2026, 7, 10)),
        (date(2026, 12, 31), False, date(2027, 1, 11)),
        (date(2026, 1, 1), True, date(2026, 7, 10)),
        (date(2026, 6, 30), True, date(2026, 7, 10)),
        (date(2026, 7, 1), True, date(2027, 1, 11)),
    ],
)
def test_it_is_paid_by_the_tenth(paid: date, half_yearly: bool, due: date) -> None:
    assert withholding_tax(pay(paid=paid, half_yearly=half_yearly)).due == due


@pytest.mark.parametrize(
    ("payment", "hint"),
    [
        (pay("other"), "--expenses"),
        (pay("lottery"), "--expenses"),
        (pay("business", 1_000), "--freelance"),
    ],
)
def test_a_fact_that_decides_is_asked_for(payment: Payment, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        withholding_tax(payment)
    assert hint in caught.value.hint


@pytest.mark.parametrize("income", ["wages", "pension", "retirement"])
def test_income_withheld_by_tables_is_refused(income: str) -> None:
    with pytest.raises(OutOfScopeError, match="not covered"):
        withholding_tax(pay(income))


def test_early_payments_are_refused() -> None:
    with pytest.raises(OutOfScopeError, match="from 2025"):
        withholding_tax(pay(paid=date(2024, 12, 31)))


@pytest.mark.parametrize(
    ("payment", "message"),
    [
        (pay(amount=-1), "negative"),
        (pay("other", 1, expenses=2), "exceed"),
        (pay("interest", expenses=0), "other income alone"),
        (pay("interest", flat_expenses=60), "other income alone"),
        (pay("lottery", expenses=0, flat_expenses=60), "no flat"),
        (pay("interest", freelance=True), "business income"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(payment: Payment, message: str) -> None:
    with pytest.raises(InputError, match=message):
        withholding_tax(payment)


payments = st.builds(
    replace,
    st.sampled_from(
        [
            *(pay(income) for income in ("interest", "private_loan", "dividend")),
            pay(freelance=True),
            pay(freelance=False),
            pay("other", expenses=0),
            pay("other", flat_expenses=60),
            pay("lottery", expenses=0),
        ]
    ),
    amount=st.integers(0, 10**12),
)


@given(payments)
def test_every_step_can_be_recomputed_and_leads_to_the_result(payment: Payment) -> None:
    result = withholding_tax(payment)
    for step in result.steps:
        assert recompute(step.formula) == step.amount, step
    assert result.steps[-1].amount == result.paid_out == payment.amount - result.total


@given(payments, st.integers(0, 10**11))
def test_more_pay_never_bears_less_tax(payment: Payment, more: int) -> None:
    higher = replace(payment, amount=payment.amount + more)
    assert withholding_tax(higher).total >= withholding_tax(payment).total
