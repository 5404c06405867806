"""가산세 on one return of a national tax that came late, too low or not at all."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import ClassVar, Final, Literal

from taxlaw.amounts import format_amount
from taxlaw.penalties import (
    UNFILED,
    Misconduct,
    late_payment_penalty,
    underreported_penalty,
    unfiled_penalty,
)
from taxlaw.rates import LAW_AS_OF
from taxlaw.steps import OutOfScopeError, Result, Steps, korean_date
from taxqa.errors import InputError

Tax = Literal["income", "corporate", "vat", "transfer", "inheritance", "gift"]
Fault = Literal["unfiled", "underreported", "unpaid"]
"""무신고 (a late return too); 과소신고; filed in time and in full, but paid late."""
REVENUE_RATES: Final[dict[bool, Fraction]] = {
    False: Fraction(7, 10_000),
    True: Fraction(14, 10_000),
}
"""Of 수입금액, by 부정행위 (국세기본법 제47조의2제2항제1호)."""


@dataclass(frozen=True, kw_only=True)
class PenaltyCase:
    """One return and what was wrong with it."""

    tax: Tax
    fault: Fault
    amount: int
    """The tax that was to be filed, or is missing from the return, or was paid late (KRW)."""
    due: date
    """Last day to file and pay, as days off moved it."""
    paid_on: date | None = None
    """Day of payment by oneself, before any notice; not after `due`: in time."""
    filed_on: date | None = None
    """Day of a late or amended return, made before the tax office announced an assessment."""
    misconduct: Misconduct = "none"
    double_entry: bool | None = None
    """복식부기의무자, of income tax."""
    revenue: int | None = None
    """수입금액 of the year, of a corporation or 복식부기의무자 that did not file (KRW)."""
    zero_rated: int | None = None
    """영세율과세표준 that was not filed or filed too low, of 부가가치세 (KRW)."""


@dataclass(frozen=True, kw_only=True)
class PenaltyResult(Result):
    """가산세 in KRW."""

    TAX: ClassVar[str] = "가산세"

    filing_penalty: int
    """무신고가산세 or 과소신고가산세, less what 제48조 takes off."""
    late_payment_penalty: int
    total: int


def penalty_tax(case: PenaltyCase) -> PenaltyResult:
    """The penalties of one return, step by step.

    Raises:
        InputError: a fact is missing or facts contradict each other.
        OutOfScopeError: the penalty follows revenue or zero-rated supply, or the former count.
    """
    check_case(case)
    paid_on = required_payment(case)
    steps = Steps()
    steps.given(f"{NAMES[case.fault]} 세액", case.amount)
    filing = filing_penalty(steps, case)
    late = late_payment_penalty(steps, case.amount, case.due, paid_on)
    formula = f"{format_amount(filing)} + {format_amount(late)}"
    total = steps.add("가산세 합계", formula, filing + late, "국세기본법 제47조제3항")
    return PenaltyResult(
        filing_penalty=filing,
        late_payment_penalty=late,
        total=total,
        steps=tuple(steps.done),
        assumptions=(
            f"{korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다. 납부고지를 받기 전에 스스로"
            " 납부하였고, 감면할 정당한 사유(제48조제1항)나 세법의 다른 가산세는 없다고 보았다.",
            "확정신고에 관한 것이며, 예정신고에 이미 가산세가 부과된 부분은 빠졌다고 보았다.",
        ),
    )


NAMES: Final[dict[Fault, str]] = {
    "unfiled": "신고하지 않은",
    "underreported": "적게 신고한",
    "unpaid": "늦게 납부한",
}


def check_case(case: PenaltyCase) -> None:
    """InputError where facts contradict each other or are missing."""
    problem = ""
    if min(case.amount, case.revenue or 0, case.zero_rated or 0) < 0:
        problem = "an amount is negative"
    elif case.filed_on and (case.fault == "unpaid" or case.filed_on <= case.due):
        problem = f"a late or amended return comes after {case.due}"
    elif case.misconduct != "none" and case.fault == "unpaid":
        problem = "misconduct raises the penalties on returns, and this return was right"
    elif case.double_entry is not None and case.tax != "income":
        problem = "복식부기의무자 is asked of income tax alone"
    elif case.zero_rated is not None and case.tax != "vat":
        problem = "zero-rated supply is asked of 부가가치세 alone"
    if problem:
        raise InputError(f"The case does not add up: {problem}.")


def required_payment(case: PenaltyCase) -> date:
    """The day of payment.

    Raises:
        InputError: it is not given.
    """
    if case.paid_on is None:
        raise InputError(
            "The penalty for paying late is counted by days; the day of payment is not known.",
            hint="Give --paid-on.",
        )
    return case.paid_on


def filing_penalty(steps: Steps, case: PenaltyCase) -> int:
    """무신고가산세 or 과소신고가산세 (KRW); none where the return was right."""
    if case.fault == "unpaid":
        return 0
    check_zero_rated(case)
    check_revenue(case)
    penalty = unfiled_penalty if case.fault == "unfiled" else underreported_penalty
    return penalty(steps, case.amount, case.misconduct, case.due, case.filed_on)


def check_zero_rated(case: PenaltyCase) -> None:
    """OutOfScopeError where zero-rated supply adds to the penalty of 부가가치세."""
    if case.tax != "vat":
        return
    if case.zero_rated is None:
        raise InputError(
            "Zero-rated supply that was not filed adds 0.5 percent to the penalty of 부가가치세.",
            hint="Give --zero-rated (0 if there is none).",
        )
    if case.zero_rated:
        raise OutOfScopeError("The penalty on zero-rated supply (제2항제2호) is not covered.")


def check_revenue(case: PenaltyCase) -> None:
    """OutOfScopeError where the penalty follows revenue rather than tax (제2항제1호)."""
    if case.tax == "income" and case.double_entry is None:
        raise InputError(
            "The penalty of a 복식부기의무자 may follow revenue (국세기본법 제47조의2제2항제1호).",
            hint="Give --double-entry or --single-entry.",
        )
    if case.tax != "corporate" and not case.double_entry:
        return
    fraud = case.misconduct != "none"
    if case.fault == "underreported":
        if fraud:
            raise OutOfScopeError("부정과소신고 by a double-entry bookkeeper is not covered.")
        return
    if case.revenue is None:
        raise InputError(
            "The penalty of a corporation or 복식부기의무자 is the greater of one on the tax and"
            " one on revenue (국세기본법 제47조의2제2항제1호).",
            hint="Give --revenue.",
        )
    if case.revenue * REVENUE_RATES[fraud] > case.amount * UNFILED[case.misconduct]:
        raise OutOfScopeError(
            "The penalty on revenue is the greater one here, and that is not covered."
        )
