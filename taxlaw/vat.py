"""부가가치세 of one period: 일반과세자 and 간이과세자."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import ClassVar, Final, Literal

from taxlaw.amounts import format_amount
from taxlaw.due_dates import after_days_off
from taxlaw.filing import final_amount
from taxlaw.rates import LAW_AS_OF, MAN
from taxlaw.steps import OutOfScopeError, Result, Steps, korean_date, percent
from taxqa.errors import InputError

LAW: Final = "부가가치세법"
FIRST_YEAR: Final = 2024
RATE: Final = Fraction(10, 100)
EXEMPT_BELOW: Final = 4800 * MAN
"""제69조제1항: 간이과세자 with less of 공급대가 in a year pay nothing."""
SIMPLIFIED_BELOW: Final = 10_400 * MAN
"""시행령 제109조제1항: 공급대가 of the year before, below which a person may be 간이과세자."""
INVOICE_CREDIT: Final = Fraction(5, 1000)
RAISED_CARD_CREDIT_UNTIL: Final = 2026

Period = Literal["1-preliminary", "1", "2-preliminary", "2"]
"""예정신고기간 and 과세기간 of a half year."""
PERIODS: Final[dict[Period, tuple[str, int, int, str]]] = {
    "1-preliminary": ("제1기 예정", 4, 0, "제48조제1항"),
    "1": ("제1기 확정", 7, 0, "제49조제1항"),
    "2-preliminary": ("제2기 예정", 10, 0, "제48조제1항"),
    "2": ("제2기 확정", 1, 1, "제49조제1항"),
}
"""Name, month due (on the 25th), years later, paragraph."""

Industry = Literal[
    "retail",
    "restaurant",
    "manufacturing",
    "parcel_delivery",
    "lodging",
    "construction",
    "transport",
    "information",
    "finance",
    "professional",
    "rental",
    "real_estate",
    "other_service",
]
INDUSTRIES: Final[dict[Industry, tuple[str, Fraction]]] = {
    "retail": ("소매업, 재생용 재료수집 및 판매업", Fraction(15, 100)),
    "restaurant": ("음식점업", Fraction(15, 100)),
    "manufacturing": ("제조업, 농업ㆍ임업 및 어업", Fraction(20, 100)),
    "parcel_delivery": ("소화물 전문 운송업", Fraction(20, 100)),
    "lodging": ("숙박업", Fraction(25, 100)),
    "construction": ("건설업", Fraction(30, 100)),
    "transport": ("운수 및 창고업", Fraction(30, 100)),
    "information": ("정보통신업", Fraction(30, 100)),
    "finance": ("금융 및 보험 관련 서비스업", Fraction(40, 100)),
    "professional": ("전문ㆍ과학 및 기술서비스업", Fraction(40, 100)),
    "rental": ("사업시설관리ㆍ사업지원 및 임대서비스업", Fraction(40, 100)),
    "real_estate": ("부동산 관련 서비스업, 부동산임대업", Fraction(40, 100)),
    "other_service": ("그 밖의 서비스업", Fraction(30, 100)),
}
"""부가가치율 of 시행령 제111조제2항, in force since July 2021.

Portrait photography and filming of events are other_service, not professional.
"""


@dataclass(frozen=True, kw_only=True)
class CardSales:
    """Sales against card slips and cash receipts that 제46조제1항 gives a credit for.

    Only for who that paragraph names: no corporation, nor an individual above the decree's limit.
    """

    amount: int = 0
    """발급금액 and 결제금액, the tax included (KRW)."""
    credited_this_year: int = 0
    """What was credited already in the same year (KRW)."""


@dataclass(frozen=True, kw_only=True)
class GeneralVat:
    """One period of a 일반과세자."""

    year: int
    period: Period
    supply: int
    """공급가액 at 10 percent, the tax not included (KRW)."""
    zero_rated: int = 0
    """공급가액 at 0 percent (KRW)."""
    input_tax: int = 0
    """매입세액 that may be deducted (KRW)."""
    bad_debt_tax: int = 0
    """대손세액 (KRW)."""
    card_sales: CardSales = field(default_factory=CardSales)
    paid_before: int = 0
    """예정고지세액 and 수시부과세액 of the period, or a refund not yet paid out (KRW)."""


@dataclass(frozen=True, kw_only=True)
class SimplifiedVat:
    """One year of a 간이과세자."""

    year: int
    sales: dict[Industry, int]
    """공급대가 by industry, the tax included (KRW)."""
    purchases: int = 0
    """공급대가 of purchases with 세금계산서 or 신용카드매출전표 (KRW)."""
    card_sales: CardSales = field(default_factory=CardSales)
    months: int = 12
    """Months in business in the year, or under this regime; a part of one as one."""
    paid_before: int = 0
    """예정부과세액 and 수시부과세액 (KRW)."""


@dataclass(frozen=True, kw_only=True)
class VatResult(Result):
    """부가가치세 in KRW; a negative `payable` is refunded."""

    TAX: ClassVar[str] = "부가가치세"

    output_tax: int
    """매출세액; for a 간이과세자 the tax at its 부가가치율."""
    input_tax: int
    """매입세액, or the credit of 제63조제3항."""
    tax: int
    """납부세액 after the credit for purchases; negative: 환급세액."""
    card_credit: int
    payable: int
    due: date


def general_vat(case: GeneralVat) -> VatResult:
    """The value added tax of a 일반과세자, step by step.

    Raises:
        InputError: an amount is negative.
        OutOfScopeError: the year lies before 2024.
    """
    parts = (case.supply, case.zero_rated, case.input_tax, case.bad_debt_tax, case.paid_before)
    check_amounts(case.year, parts, case.card_sales)
    steps = Steps()
    supply, zero = format_amount(case.supply), format_amount(case.zero_rated)
    formula = f"{supply} × 10% + {zero} × 0%" if case.zero_rated else f"{supply} × 10%"
    output = steps.add(
        "매출세액", formula, int(case.supply * RATE), f"{LAW} 제37조제1항", f"{LAW} 제30조"
    )
    formula = format_amount(output)
    if case.bad_debt_tax:
        formula += f" - {format_amount(case.bad_debt_tax)}"
    formula += f" - {format_amount(case.input_tax)}"
    tax = output - case.bad_debt_tax - case.input_tax
    steps.add("납부세액" if tax >= 0 else "환급세액", formula, tax, f"{LAW} 제37조제2항")
    credit = card_credit(steps, case.year, case.card_sales, max(tax, 0))
    name, month, later, paragraph = PERIODS[case.period]
    payable = final_payable(steps, tax, credit, case.paid_before, f"{LAW} {paragraph}")
    lines = [
        *assumptions(),
        f"{name}신고 기간의 금액이다. 의제매입세액, 전자신고세액공제와 가산세는 계산하지 않았다.",
    ]
    return VatResult(
        output_tax=output,
        input_tax=case.input_tax,
        tax=tax,
        card_credit=credit,
        payable=payable,
        due=after_days_off(date(case.year + later, month, 25)),
        steps=tuple(steps.done),
        assumptions=tuple(lines),
    )


def simplified_vat(case: SimplifiedVat) -> VatResult:
    """The value added tax of a 간이과세자, step by step.

    Raises:
        InputError: an amount is negative, or there are no sales.
        OutOfScopeError: the year lies before 2024, or tax was paid that the law now waives.
    """
    check_amounts(
        case.year, (*case.sales.values(), case.purchases, case.paid_before), case.card_sales
    )
    if not case.sales or not 1 <= case.months <= 12:
        raise InputError("Give the sales of at least one industry, and 1 to 12 months.")
    steps = Steps()
    total = steps.add(
        "공급대가",
        " + ".join(format_amount(amount) for amount in case.sales.values()),
        sum(case.sales.values()),
        f"{LAW} 제63조제1항",
    )
    due = after_days_off(date(case.year + 1, 1, 25))
    waived = is_waived(steps, case, total)
    output = 0 if waived else sum(industry_tax(steps, *sale) for sale in case.sales.items())
    if waived and case.paid_before:
        raise OutOfScopeError("Tax was paid in advance that 제69조 waives; claim it back.")
    purchases = purchase_credit(steps, case.purchases, output)
    tax = output - purchases
    credit = card_credit(steps, case.year, case.card_sales, tax)
    payable = final_payable(steps, tax, credit, case.paid_before, f"{LAW} 제67조제2항")
    return VatResult(
        output_tax=output,
        input_tax=purchases,
        tax=tax,
        card_credit=credit,
        payable=payable,
        due=due,
        steps=tuple(steps.done),
        assumptions=(
            *assumptions(),
            "간이과세자에 해당하고, 재고납부세액(제64조), 전자세금계산서 발급세액공제와 가산세는"
            " 없다고 보았다.",
        ),
    )


def check_amounts(year: int, amounts: tuple[int, ...], card_sales: CardSales) -> None:
    """InputError for a negative amount; OutOfScopeError for an early year."""
    if min(*amounts, card_sales.amount, card_sales.credited_this_year) < 0:
        raise InputError("An amount is negative.")
    if year < FIRST_YEAR:
        raise OutOfScopeError(f"부가가치세 is computed from {FIRST_YEAR} on; the year is {year}.")


def is_waived(steps: Steps, case: SimplifiedVat, total: int) -> bool:
    """Whether 제69조 waives the tax: less than 4,800만원 in twelve months."""
    annual = total
    if case.months < 12:
        formula = f"{format_amount(total)} × 12 ÷ {case.months}"
        annual = total * 12 // case.months
        steps.add("12개월로 환산한 공급대가", formula, annual, f"{LAW} 제69조제3항")
    if total * 12 >= EXEMPT_BELOW * case.months:
        return False
    steps.add("납부의무 면제(4,800만원 미만)", "0원", 0, f"{LAW} 제69조제1항")
    return True


def industry_tax(steps: Steps, industry: Industry, amount: int) -> int:
    """납부세액 of one industry: 공급대가 × 부가가치율 × 10 percent."""
    name, rate = INDUSTRIES[industry]
    formula = f"{format_amount(amount)} × {percent(rate)} × 10%"
    laws = (f"{LAW} 제63조제2항", f"{LAW} 시행령 제111조제2항")
    return steps.add(f"납부세액({name})", formula, int(amount * rate * RATE), *laws)


def purchase_credit(steps: Steps, purchases: int, tax: int) -> int:
    """0.5 percent of purchases with a 세금계산서, no more than the tax (KRW)."""
    if not purchases or not tax:
        return 0
    credit = int(purchases * INVOICE_CREDIT)
    formula = f"{format_amount(purchases)} × {percent(INVOICE_CREDIT)}"
    if credit > tax:
        formula = f"작은 값({formula}, {format_amount(tax)})"
    laws = (f"{LAW} 제63조제3항제1호", f"{LAW} 제63조제6항")
    return steps.add("매입 세금계산서등 세액공제", formula, min(credit, tax), *laws)


def card_credit(steps: Steps, year: int, sales: CardSales, tax: int) -> int:
    """신용카드매출전표등 발급 세액공제, within the year's limit and the tax (KRW)."""
    if not sales.amount or not tax:
        return 0
    raised = year <= RAISED_CARD_CREDIT_UNTIL
    rate, limit = (Fraction(13, 1000), 1000 * MAN) if raised else (Fraction(1, 100), 500 * MAN)
    if sales.credited_this_year > limit:
        raise InputError(f"More was credited this year than the {limit} KRW of {LAW} 제46조제1항.")
    left = f"{format_amount(limit)} - {format_amount(sales.credited_this_year)}"
    amount = f"{format_amount(sales.amount)} × {percent(rate)}"
    formula = f"작은 값({amount}, {left}, {format_amount(tax)})"
    credit = min(int(sales.amount * rate), limit - sales.credited_this_year, tax)
    law = f"{LAW} 제46조제1항제3호"
    return steps.add("신용카드매출전표등 세액공제", formula, credit, law, f"{LAW} 제46조제2항")


def final_payable(steps: Steps, tax: int, credit: int, paid_before: int, citation: str) -> int:
    """What is left to pay, or to be refunded (negative)."""
    parts = [part for part in (credit, paid_before) if part]
    formula = " - ".join(format_amount(part) for part in (tax, *parts))
    payable = tax - sum(parts)
    label = "납부할 세액" if payable >= 0 else "환급받을 세액"
    steps.add(label, formula, payable, citation, f"{LAW} 제37조제3항")
    return final_amount(steps, payable) if payable > 0 else payable


def assumptions() -> list[str]:
    """What every result takes for granted, in Korean."""
    return [
        f"{korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다.",
        "신고기한에 음력 공휴일과 대체공휴일은 반영하지 않았다.",
    ]
