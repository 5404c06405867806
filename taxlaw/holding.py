"""종합부동산세 on houses of one year, of a person or an ordinary corporation."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import ClassVar, Final, Literal

from taxlaw.amounts import format_amount
from taxlaw.due_dates import after_days_off
from taxlaw.filing import final_amount
from taxlaw.rates import EOK, LAW_AS_OF, MAN, RateTable, rate_table
from taxlaw.steps import OutOfScopeError, Result, Steps, korean_date, percent
from taxqa.errors import InputError

LAW: Final = "종합부동산세법"
FIRST_YEAR: Final = 2024
IN_FORCE: Final = date(2023, 1, 1)
FAIR_MARKET_RATIO: Final = Fraction(60, 100)
"""공정시장가액비율 of 시행령 제2조의4제1항, since 2022."""
ONE_HOUSE_DEDUCTION: Final = 12 * EOK
DEDUCTION: Final = 9 * EOK
CREDIT_LIMIT: Final = Fraction(80, 100)
CAP: Final = Fraction(150, 100)

UP_TO_TWO_HOUSES: Final = rate_table(
    "종합부동산세(2주택 이하)",
    f"{LAW} 제9조제1항제1호",
    IN_FORCE,
    (3 * EOK, "0.5"),
    (6 * EOK, "0.7"),
    (12 * EOK, "1.0"),
    (25 * EOK, "1.3"),
    (50 * EOK, "1.5"),
    (94 * EOK, "2.0"),
    (None, "2.7"),
)
THREE_HOUSES: Final = rate_table(
    "종합부동산세(3주택 이상)",
    f"{LAW} 제9조제1항제2호",
    IN_FORCE,
    (3 * EOK, "0.5"),
    (6 * EOK, "0.7"),
    (12 * EOK, "1.0"),
    (25 * EOK, "2.0"),
    (50 * EOK, "3.0"),
    (94 * EOK, "4.0"),
    (None, "5.0"),
)
CORPORATION_UP_TO_TWO: Final = rate_table(
    "법인의 종합부동산세(2주택 이하)", f"{LAW} 제9조제2항제3호가목", IN_FORCE, (None, "2.7")
)
CORPORATION_THREE: Final = rate_table(
    "법인의 종합부동산세(3주택 이상)", f"{LAW} 제9조제2항제3호나목", IN_FORCE, (None, "5.0")
)
PROPERTY_TAX: Final = rate_table(
    "주택분 재산세",
    "지방세법 제111조제1항제3호나목",
    IN_FORCE,
    (6000 * MAN, "0.1"),
    (15000 * MAN, "0.15"),
    (3 * EOK, "0.25"),
    (None, "0.4"),
)
PROPERTY_TAX_RATIO: Final = Fraction(60, 100)
"""지방세법 시행령 제109조제1항제2호."""
ONE_HOUSE_PROPERTY_TAX_RATIO: Final = Fraction(45, 100)
"""The same for an only house above 6억원, in ONE_HOUSE_RATIO_YEAR alone."""
ONE_HOUSE_RATIO_YEAR: Final = 2026
AGE_CREDITS: Final = ((70, Fraction(40, 100)), (65, Fraction(30, 100)), (60, Fraction(20, 100)))
"""제9조제6항: from this age on 1 June."""
HOLDING_CREDITS: Final = ((15, Fraction(50, 100)), (10, Fraction(40, 100)), (5, Fraction(20, 100)))
"""제9조제8항: from so many years held."""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """The houses one taxpayer owns on 1 June of a year; those of 제8조제2항 are left out."""

    year: int
    owner: Literal["individual", "corporation"] = "individual"
    """Corporations with general rates (제9조제2항제1호, 제2호) are not covered."""
    total_price: int
    """공시가격 of all of them (KRW)."""
    houses: int
    """How many count for the rate (시행령 제4조의3제3항)."""
    one_house: bool = False
    """1세대 1주택자, or one who counts as such (제8조제4항)."""
    extra_price: int = 0
    """공시가격 of what 제8조제4항 lets be owned beside the only house, within the total (KRW)."""
    age: int | None = None
    """Age on 1 June, of a 1세대 1주택자."""
    held_years: int | None = None
    """Whole years the only house was held on 1 June."""
    property_tax: int | None = None
    """주택분 재산세 of the year, without 도시지역분 and 지방교육세 (KRW)."""
    local_one_house: bool | None = None
    """The property tax was levied as on an only house (지방세법 시행령 제110조의2)."""
    property_tax_credit: int | None = None
    """공제할 재산세액, where it is known from the notice (KRW)."""
    last_year_total: int | None = None
    """직전년도 총세액상당액 of 시행령 제5조제2항 (KRW)."""


@dataclass(frozen=True, kw_only=True)
class HoldingResult(Result):
    """종합부동산세 in KRW, without 농어촌특별세."""

    TAX: ClassVar[str] = "종합부동산세"
    DUE: ClassVar[str] = "납부기한"

    tax_base: int
    gross_tax: int
    """주택분 종합부동산세액 before the property tax is credited."""
    property_tax_credit: int
    one_house_credit: int
    cap_reduction: int | None
    """What 제10조 takes off; None where last year's tax was not given."""
    payable: int
    due: date
    """Last day to pay."""


def holding_tax(case: Holding) -> HoldingResult:
    """The tax on houses of one year, step by step.

    Raises:
        InputError: the law asks for a fact that is not given, or facts contradict each other.
        OutOfScopeError: before 2024, or the property tax to be credited cannot be worked out.
    """
    check_holding(case)
    steps = Steps()
    base = tax_base(steps, case)
    table = rates_of(case)
    gross = steps.add(
        "주택분 종합부동산세액", table.formula(base), table.quick(base), table.citation
    )
    credit = property_tax_credit(steps, case, base, gross)
    net = gross - credit
    if credit:
        formula = f"{format_amount(gross)} - {format_amount(credit)}"
        steps.add("산출세액", formula, net, f"{LAW} 제9조제3항")
    own_credit = one_house_credit(steps, case, net)
    cut = cap_reduction(steps, case, net - own_credit)
    parts = [part for part in (own_credit, cut or 0) if part]
    formula = " - ".join(format_amount(part) for part in (net, *parts))
    payable = steps.add("납부할 세액", formula, net - sum(parts), f"{LAW} 제16조제1항")
    return HoldingResult(
        tax_base=base,
        gross_tax=gross,
        property_tax_credit=credit,
        one_house_credit=own_credit,
        cap_reduction=cut,
        payable=final_amount(steps, payable),
        due=after_days_off(date(case.year, 12, 15)),
        steps=tuple(steps.done),
        assumptions=tuple(assumptions(case, cut)),
    )


def check_holding(case: Holding) -> None:
    """InputError where facts contradict each other."""
    if case.year < FIRST_YEAR:
        raise OutOfScopeError(
            f"종합부동산세 is computed from {FIRST_YEAR} on; this is {case.year}."
        )
    corporation = case.owner == "corporation"
    of_one = (case.age, case.held_years)
    optional = (case.property_tax, case.property_tax_credit, case.last_year_total, *of_one)
    problem = ""
    if min(case.total_price, case.extra_price, *(each or 0 for each in optional)) < 0:
        problem = "an amount or a number of years is negative"
    elif case.houses < 1:
        problem = "there is no house"
    elif case.one_house and (corporation or case.houses > 2):
        problem = "a 1세대 1주택자 is a person whose houses of 제8조제4항 come to two at most"
    elif not case.one_house and (case.extra_price or of_one != (None, None)):
        problem = "age, years held and 제8조제4항 concern a 1세대 1주택자 alone"
    elif case.extra_price > case.total_price:
        problem = "the houses of 제8조제4항 are worth more than all together"
    elif corporation and case.last_year_total is not None:
        problem = "제10조 does not cap the tax of a corporation"
    if problem:
        raise InputError(f"The case does not add up: {problem}.")


def tax_base(steps: Steps, case: Holding) -> int:
    """과세표준: the prices less the deduction, at the 공정시장가액비율 (KRW)."""
    total = steps.given("공시가격 합계", case.total_price, f"{LAW} 제8조제1항")
    deduction, item = DEDUCTION, "제3호"
    if case.owner == "corporation":
        deduction, item = 0, "제2호"
    elif case.one_house:
        deduction, item = ONE_HOUSE_DEDUCTION, "제1호"
    left = f"{format_amount(total)} - {format_amount(deduction)}"
    formula = f"({left}) × {percent(FAIR_MARKET_RATIO)}"
    if total < deduction:
        formula = f"큰 값({formula}, 0원)"
    base = int(max(total - deduction, 0) * FAIR_MARKET_RATIO)
    laws = (f"{LAW} 제8조제1항{item}", f"{LAW} 시행령 제2조의4제1항")
    return steps.add("과세표준", formula, base, *laws)


def rates_of(case: Holding) -> RateTable:
    """The rates by owner and number of houses."""
    few = case.houses <= 2
    if case.owner == "corporation":
        return CORPORATION_UP_TO_TWO if few else CORPORATION_THREE
    return UP_TO_TWO_HOUSES if few else THREE_HOUSES


def property_tax_credit(steps: Steps, case: Holding, base: int, gross: int) -> int:
    """공제할 재산세액 of 제9조제3항, no more than the tax itself (KRW).

    Raises:
        InputError: neither it nor the property tax is given.
        OutOfScopeError: it cannot be worked out from the property tax.
    """
    if not base:
        return 0
    if case.property_tax_credit is not None:
        formula = f"작은 값({format_amount(case.property_tax_credit)}, {format_amount(gross)})"
        amount = min(case.property_tax_credit, gross)
        return steps.add("공제할 재산세액(고지된 금액)", formula, amount, f"{LAW} 제9조제3항")
    ratio = property_tax_ratio(case)
    levied = case.property_tax or 0
    top = PROPERTY_TAX.brackets[-1]
    part = f"{format_amount(base)} × {percent(ratio)} × {percent(top.rate)}"
    whole = f"{format_amount(case.total_price)} × {percent(ratio)} × {percent(top.rate)}"
    whole += f" - {format_amount(top.deduction)}"
    formula = f"작은 값({format_amount(levied)} × ({part}) ÷ ({whole}), {format_amount(gross)})"
    standard = case.total_price * ratio * top.rate - top.deduction
    credit = levied * base * ratio * top.rate / standard
    laws = (f"{LAW} 시행령 제4조의3제1항", PROPERTY_TAX.citation)
    return steps.add(
        "공제할 재산세액", formula, min(int(credit), gross), f"{LAW} 제9조제3항", *laws
    )


def property_tax_ratio(case: Holding) -> Fraction:
    """공정시장가액비율 of the property tax that was levied.

    The taxed part of a person's houses lies wholly in the top row of the property tax: 60 percent
    of 9억원, or 45 of 12억원, is above 3억원. So its standard rate is the top one.
    """
    known = "Give --property-tax-credit as the notice shows it."
    if case.owner == "corporation":
        raise OutOfScopeError(
            "What is credited to a corporation, which has no deduction, is not worked out.",
            hint=known,
        )
    if case.property_tax is None or case.local_one_house is None:
        raise InputError(
            "The property tax of the year is credited (제9조제3항) and is not known, or not whether"
            " it was levied as on an only house.",
            hint="Give --property-tax, and --local-one-house or --local-more-houses; or"
            " --property-tax-credit as the notice shows it.",
        )
    if not case.local_one_house:
        return PROPERTY_TAX_RATIO
    if case.houses > 1 or case.extra_price or not case.one_house:
        raise OutOfScopeError(
            "Property tax of an only house together with other houses, or of a share, has more than"
            " one 공정시장가액비율.",
            hint=known,
        )
    if case.year != ONE_HOUSE_RATIO_YEAR:
        raise OutOfScopeError(
            f"The 공정시장가액비율 of an only house is known for {ONE_HOUSE_RATIO_YEAR} alone.",
            hint=known,
        )
    return ONE_HOUSE_PROPERTY_TAX_RATIO


def one_house_credit(steps: Steps, case: Holding, tax: int) -> int:
    """The credits for age and years held of a 1세대 1주택자, 80 percent at most (KRW).

    Raises:
        InputError: age or years held are not given.
    """
    if not case.one_house or not tax:
        return 0
    if case.age is None or case.held_years is None:
        raise InputError(
            "A 1세대 1주택자 has credits by age and years held on 1 June (제9조제6항, 제8항).",
            hint="Give --age and --held-years.",
        )
    age = next((rate for start, rate in AGE_CREDITS if case.age >= start), Fraction(0))
    held = next((rate for start, rate in HOLDING_CREDITS if case.held_years >= start), Fraction(0))
    if not age + held:
        return 0
    laws = [f"{LAW} 제9조제5항"]
    laws += [f"{LAW} 제9조{'제7항' if case.extra_price else '제6항'}"] if age else []
    laws += [f"{LAW} 제9조{'제9항' if case.extra_price else '제8항'}"] if held else []
    rate = min(age + held, CREDIT_LIMIT)
    shown = f"작은 값({percent(age)} + {percent(held)}, {percent(CREDIT_LIMIT)})"
    formula, own = f"{format_amount(tax)} × {shown}", case.total_price - case.extra_price
    if case.extra_price:
        formula += f" × {format_amount(own)} ÷ {format_amount(case.total_price)}"
    amount = int(tax * rate * own / case.total_price)
    return steps.add("1세대 1주택자 세액공제(연령ㆍ보유기간)", formula, amount, *laws)


def cap_reduction(steps: Steps, case: Holding, tax: int) -> int | None:
    """What 제10조 takes off `tax` KRW; None where last year's tax is not given.

    Raises:
        InputError: last year's tax is given, but not the property tax of this year.
    """
    if case.last_year_total is None:
        return None
    if case.property_tax is None:
        raise InputError(
            "The cap of 제10조 compares the property tax and this tax with last year's.",
            hint="Give --property-tax too, or leave --last-year-total out.",
        )
    limit = f"{format_amount(case.last_year_total)} × {percent(CAP)}"
    over = f"{format_amount(case.property_tax)} + {format_amount(tax)} - {limit}"
    exact = case.property_tax + tax - case.last_year_total * CAP
    amount = int(min(max(exact, Fraction(0)), Fraction(tax)))
    formula = f"작은 값(큰 값({over}, 0원), {format_amount(tax)})"
    laws = (f"{LAW} 제10조", f"{LAW} 시행령 제5조제1항", f"{LAW} 시행령 제5조제2항")
    return steps.add("세부담 상한 초과세액", formula, amount, *laws)


def assumptions(case: Holding, cut: int | None) -> list[str]:
    """What the result takes for granted, in Korean."""
    lines = [
        f"{korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다. 농어촌특별세는 다른 법률에 따른"
        " 세금이어서 넣지 않았고, 토지에 대한 종합부동산세와 가산세, 분납도 계산하지 않았다.",
        "합산배제 주택(제8조제2항)의 가격은 빠졌고, 주택 수는 시행령 제4조의3제3항에 따라 세었다고"
        " 보았다.",
    ]
    if case.owner == "corporation":
        lines.append("일반 누진세율이 적용되는 법인(제9조제2항제1호, 제2호)이 아니라고 보았다.")
    elif cut is None:
        lines.append(
            "직전 연도의 총세액상당액이 주어지지 않아 세부담 상한(제10조)을 적용하지 않았다. 상한에"
            " 걸리면 세액은 이보다 적다."
        )
    if case.property_tax_credit is None and case.property_tax is not None:
        lines.append(
            "재산세는 주택 전체(지분이 아닌)에 부과된 것이고, 공제할 재산세액의 분자에는 과세표준이"
            " 속하는 재산세 최고 구간의 표준세율 0.4%를 썼다."
        )
    return lines
