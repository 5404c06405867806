"""법인세 of a domestic corporation, from its income or 과세표준 of one business year."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import ClassVar, Final

from taxlaw.amounts import format_amount
from taxlaw.due_dates import after_days_off, end_of_month, period_end
from taxlaw.rates import (
    CORPORATE,
    LAW_AS_OF,
    LOCAL_CORPORATE,
    LOCAL_SMALL_RENTAL_CORPORATE,
    SMALL_RENTAL_CORPORATE,
    RateTable,
    table_in_force,
)
from taxlaw.steps import Result, Steps, korean_date, percent
from taxqa.errors import InputError

LAW: Final = "법인세법"
LOCAL_FROM: Final = LOCAL_CORPORATE[0].in_force
LOSS_LIMIT: Final = Fraction(80, 100)


@dataclass(frozen=True, kw_only=True)
class Corporation:
    """One business year of a domestic corporation: give `tax_base` or `income`, not both."""

    starts: date
    """First day of the business year."""
    ends: date
    """Last day of the business year, no more than a year later."""
    tax_base: int | None = None
    """과세표준 (KRW)."""
    income: int | None = None
    """각 사업연도의 소득 (KRW)."""
    losses: int = 0
    """이월결손금 of 제13조제1항제1호 that may be deducted (KRW)."""
    full_loss_deduction: bool = False
    """A 중소기업, or one of the others that may deduct losses up to the whole income."""
    tax_free: int = 0
    """비과세소득 (KRW)."""
    deductions: int = 0
    """소득공제액 (KRW)."""
    small_rental: bool = False
    """A corporation of 제60조의2제1항제1호: mainly renting, closely held, under 5 employees."""
    certified_return: bool = False
    """성실신고확인서 is filed with the return."""


@dataclass(frozen=True, kw_only=True)
class CorporationResult(Result):
    """법인세 산출세액 in KRW, before credits and prepayments."""

    TAX: ClassVar[str] = "법인세"

    tax_base: int
    computed_tax: int
    local_income_tax: int | None
    """법인지방소득세 산출세액; None for business years begun before 2026."""
    due: date
    """Last day to file and pay the corporate tax."""


def corporate_tax(case: Corporation) -> CorporationResult:
    """The corporate tax of one business year, step by step.

    Raises:
        InputError: both or neither of base and income are given, or the year is none.
        OutOfScopeError: the business year began before 2025.
    """
    check_corporation(case)
    steps = Steps()
    base = case.tax_base
    if base is None:
        base = base_from_income(steps, case)
    else:
        steps.given("과세표준", base, f"{LAW} 제13조제1항")
    months = business_months(case.starts, case.ends)
    table = table_in_force(SMALL_RENTAL_CORPORATE if case.small_rental else CORPORATE, case.starts)
    tax = annual_tax(steps, "산출세액", table, base, months, f"{LAW} 제55조제2항")
    local = None
    if case.starts >= LOCAL_FROM:
        tables = LOCAL_SMALL_RENTAL_CORPORATE if case.small_rental else LOCAL_CORPORATE
        paragraph = "지방세법 제103조의21제2항"
        table = table_in_force(tables, case.starts)
        local = annual_tax(steps, "법인지방소득세 산출세액", table, base, months, paragraph)
    due = after_days_off(end_of_month(case.ends, 4 if case.certified_return else 3))
    return CorporationResult(
        tax_base=base,
        computed_tax=tax,
        local_income_tax=local,
        due=due,
        steps=tuple(steps.done),
        assumptions=tuple(assumptions(local)),
    )


def check_corporation(case: Corporation) -> None:
    """InputError where the case is not one, or its numbers contradict each other."""
    if (case.tax_base is None) == (case.income is None):
        raise InputError(
            "Either the tax base (과세표준) or the income of the year is needed, and not both.",
            hint="Give --tax-base or --income.",
        )
    off = (case.losses, case.tax_free, case.deductions)
    if min(case.tax_base or 0, *off) < 0:
        raise InputError("A tax base or a deduction is negative.")
    if case.tax_base is not None and any(off):
        raise InputError("A tax base has losses and deductions taken off already.")
    if not case.starts <= case.ends or business_months(case.starts, case.ends) > 12:
        raise InputError(
            f"A business year from {case.starts} to {case.ends} is not possible; it has no more"
            " than 12 months."
        )


def base_from_income(steps: Steps, case: Corporation) -> int:
    """과세표준: income less losses, tax-free income and deductions, in this order (KRW)."""
    income = steps.given("각 사업연도의 소득", case.income or 0, f"{LAW} 제14조제1항")
    losses = 0
    if case.losses and income > 0:
        limit = Fraction(1) if case.full_loss_deduction else LOSS_LIMIT
        allowed = f"{format_amount(income)} × {percent(limit)}"
        formula = f"작은 값({format_amount(case.losses)}, {allowed})"
        losses = min(case.losses, int(income * limit))
        steps.add("이월결손금 공제", formula, losses, f"{LAW} 제13조제1항제1호")
    parts = [part for part in (losses, case.tax_free, case.deductions) if part]
    formula = " - ".join(format_amount(part) for part in (income, *parts))
    base = income - sum(parts)
    if base < 0:
        formula = f"큰 값({formula}, 0원)"
    return steps.add("과세표준", formula, max(base, 0), f"{LAW} 제13조제1항")


def business_months(starts: date, ends: date) -> int:
    """Months of a business year by the calendar, a part of one as one (시행령 제92조)."""
    eve = starts - timedelta(days=1)
    return next((count for count in range(1, 13) if period_end(eve, count) >= ends), 13)


def annual_tax(
    steps: Steps, label: str, table: RateTable, base: int, months: int, citation: str
) -> int:
    """The tax on `base` KRW of a business year of `months`, brought to a year and back."""
    if months == 12:
        return steps.add(label, table.formula(base), table.quick(base), table.citation)
    formula = f"{format_amount(base)} × 12 ÷ {months}"
    annual = steps.add(f"연환산 과세표준({label})", formula, base * 12 // months, citation)
    formula = f"({table.formula(annual)}) × {months} ÷ 12"
    tax = int(table.exact(annual) * months / 12)
    return steps.add(label, formula, tax, table.citation, citation)


def assumptions(local: int | None) -> list[str]:
    """What the result takes for granted, in Korean."""
    lines = [
        f"내국법인이고, {korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다.",
        "세액공제ㆍ감면, 최저한세, 토지등 양도소득(제55조의2)과 미환류소득에 대한 법인세,"
        " 기납부세액은 계산하지 않았다.",
        "신고기한에 음력 공휴일과 대체공휴일은 반영하지 않았다.",
    ]
    if local is None:
        lines.append("2026. 1. 1. 전에 개시한 사업연도의 법인지방소득세는 계산하지 않았다.")
    else:
        lines.append("법인지방소득세는 표준세율이며, 외국납부세액은 없다고 보았다.")
    return lines
