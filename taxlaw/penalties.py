"""Penalty taxes for not filing, filing too little and paying late.

국세기본법 제47조의2부터 제47조의4, with the relief of 제48조제2항.

Each function takes the tax that was to be paid (KRW) and notes its steps.
"""

from datetime import date, timedelta
from fractions import Fraction
from typing import Final, Literal

from taxlaw.amounts import format_amount
from taxlaw.due_dates import period_end
from taxlaw.steps import OutOfScopeError, Steps, percent

Misconduct = Literal["none", "fraud", "offshore_fraud"]
"""부정행위: none, fraud, or fraud in a cross-border transaction (역외거래)."""

UNFILED: Final[dict[Misconduct, Fraction]] = {
    "none": Fraction(20, 100),
    "fraud": Fraction(40, 100),
    "offshore_fraud": Fraction(60, 100),
}
UNDERREPORTED: Final[dict[Misconduct, Fraction]] = {**UNFILED, "none": Fraction(10, 100)}
LATE_FILING_RELIEF: Final = ((1, 50, "가"), (3, 30, "나"), (6, 20, "다"))
"""(within months, percent off, 목) of 국세기본법 제48조제2항제2호."""
AMENDMENT_RELIEF: Final = (
    (1, 90, "가"),
    (3, 75, "나"),
    (6, 50, "다"),
    (12, 30, "라"),
    (18, 20, "마"),
    (24, 10, "바"),
)
"""The same of 제48조제2항제1호."""
DAILY_RATE: Final = Fraction(22, 100_000)
"""국세기본법 시행령 제27조의4제1항, since 2022-02-15."""
NEW_COUNT_FROM: Final = date(2026, 7, 1)
"""From here on the days end on the eve of payment (국세기본법 법률 제21212호 부칙 제1조)."""


def unfiled_penalty(
    steps: Steps, tax: int, misconduct: Misconduct, due: date, filed_on: date | None = None
) -> int:
    """무신고가산세 on the tax that should have been filed; less where it was filed late.

    Args:
        due: the last day for filing.
        filed_on: day of the late filing, made before the tax office announced an assessment;
            None where there was none.
    """
    item = "제2호" if misconduct == "none" else "제1호"
    rate = UNFILED[misconduct]
    formula = f"{format_amount(tax)} × {percent(rate)}"
    citation = f"국세기본법 제47조의2제1항{item}"
    penalty = steps.add("무신고가산세", formula, int(tax * rate), citation)
    if filed_on:
        law = "국세기본법 제48조제2항제2호"
        penalty -= _relief(steps, penalty, due, filed_on, LATE_FILING_RELIEF, law)
    return penalty


def underreported_penalty(
    steps: Steps, missing: int, misconduct: Misconduct, due: date, amended_on: date | None = None
) -> int:
    """과소신고가산세 on the tax that was filed too low; less where it was amended in time.

    Args:
        missing: the tax missing from the return (KRW); all of it due to `misconduct`, if any.
        amended_on: day of the amended return, made before the tax office announced a correction.
    """
    item = "제2호" if misconduct == "none" else "제1호가목"
    rate = UNDERREPORTED[misconduct]
    formula = f"{format_amount(missing)} × {percent(rate)}"
    citation = f"국세기본법 제47조의3제1항{item}"
    penalty = steps.add("과소신고가산세", formula, int(missing * rate), citation)
    if amended_on:
        law = "국세기본법 제48조제2항제1호"
        penalty -= _relief(steps, penalty, due, amended_on, AMENDMENT_RELIEF, law)
    return penalty


def _relief(
    steps: Steps,
    penalty: int,
    due: date,
    done_on: date,
    relief: tuple[tuple[int, int, str], ...],
    law: str,
) -> int:
    """What is taken off a penalty because the return came soon after the due date."""
    for months, off, item in relief:
        if done_on <= period_end(due, months):
            formula = f"{format_amount(penalty)} × {off}%"
            return steps.add("가산세 감면", formula, penalty * off // 100, f"{law}{item}목")
    return 0


def late_payment_penalty(steps: Steps, unpaid: int, due: date, paid_on: date) -> int:
    """납부지연가산세 on tax paid by oneself after `due`, before any notice of the tax office.

    Raises:
        OutOfScopeError: paid before 2026-07-01, when the days were counted otherwise.
    """
    if paid_on <= due or not unpaid:
        return 0
    if paid_on < NEW_COUNT_FROM:
        raise OutOfScopeError(
            f"Late payment on {paid_on} is not covered: until 2026-06-30 the days were counted"
            " under the former 국세기본법 제47조의4.",
            hint="Give a payment day from 2026-07-01 on.",
        )
    days = (paid_on - timedelta(days=1) - due).days
    formula = f"{format_amount(unpaid)} × {days}일 × {percent(DAILY_RATE)}"
    return steps.add(
        "납부지연가산세",
        formula,
        int(unpaid * days * DAILY_RATE),
        "국세기본법 제47조의4제1항제1호",
        "국세기본법 시행령 제27조의4제1항",
    )
