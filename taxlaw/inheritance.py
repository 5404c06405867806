"""상속세 on the estate of a resident who died in 2024 or later."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import ClassVar, Final, Literal

from taxlaw.amounts import format_amount
from taxlaw.due_dates import after_days_off, end_of_month, period_start
from taxlaw.estate_deductions import estate_deductions
from taxlaw.filing import Filing, payable
from taxlaw.rates import EOK, INHERITANCE_AND_GIFT, LAW_AS_OF, MAN, table_in_force
from taxlaw.steps import OutOfScopeError, Result, Steps, korean_date, percent
from taxqa.errors import InputError

LAW: Final = "상속세 및 증여세법"
FIRST_DAY: Final = date(2024, 1, 1)
"""From here on the deductions of this file hold."""
HIGH_SURCHARGE_ABOVE: Final = 20 * EOK
NO_TAX_BELOW: Final = 50 * MAN
NO_GIFT_CREDIT_UP_TO: Final = 5 * EOK


@dataclass(frozen=True, kw_only=True)
class EstateGift:
    """A gift that the deceased made before death (제13조제1항)."""

    amount: int
    """KRW on its day."""
    day: date
    to: Literal["spouse", "heir", "legatee", "other"]
    """The spouse, another heir, 수유자 who is no heir, or somebody who receives nothing now."""
    tax: int
    """증여세산출세액 of that gift (KRW)."""
    deduction: int = 0
    """What was deducted from it under 제53조 and 제53조의2 (KRW)."""


@dataclass(frozen=True, kw_only=True)
class SkippedShare:
    """What one descendant receives who is no child of the deceased and represents none."""

    amount: int
    """Property with earlier gifts (KRW)."""
    minor: bool


@dataclass(frozen=True, kw_only=True)
class Inheritance:
    """One estate: give `property` with what is taken off it, or `taxable_value` as a whole."""

    day: date
    """상속개시일, the day of death."""
    property: int | None = None
    """상속재산의 가액, all of it (KRW)."""
    taxable_value: int | None = None
    """상속세 과세가액, with earlier gifts, where that is what is known (KRW)."""
    public_charges: int = 0
    """공과금 (KRW)."""
    debts: int = 0
    """채무, proven (KRW)."""
    funeral: int = 0
    """장례비용, without the burial place (KRW); counted as 500만원 to 1,000만원."""
    burial: int = 0
    """봉안시설 or 자연장지 (KRW), up to 500만원."""
    gifts: tuple[EstateGift, ...] = ()
    spouse: bool = False
    spouse_inherits: int | None = None
    """What the spouse receives after debts, divided and registered in time (제19조제2항) (KRW)."""
    children: int = 0
    """All children, one yet to be born included."""
    co_heirs: int | None = None
    """Shares beside the spouse's (민법 제1009조), the renounced ones too; None: one a child."""
    minors: tuple[date, ...] = ()
    """Birthdays of heirs (not the spouse) and household members under 19."""
    aged_65: int = 0
    """How many heirs (not the spouse) and household members are 65 or older."""
    disabled_years: tuple[int, ...] = ()
    """For each disabled heir or household member, the official 기대여명, rounded up."""
    financial_assets: int = 0
    """금융재산 of 제22조, without shares of a largest shareholder (KRW)."""
    financial_debts: int = 0
    shared_house: int = 0
    """A house that meets 제23조의2제1항, less debt secured on it (KRW)."""
    left_to_others: int = 0
    """Property left to somebody who is no heir first in line (제24조제1호) (KRW)."""
    renounced: int = 0
    """Property that heirs next in line receive because others renounced (제24조제2호) (KRW)."""
    skipped: tuple[SkippedShare, ...] = ()
    abroad: bool = False
    """The deceased or an heir has their address abroad (제67조제4항)."""
    filing: Filing = field(default_factory=Filing)


@dataclass(frozen=True, kw_only=True)
class InheritanceResult(Result):
    """상속세 of the whole estate in KRW; how the heirs share it is not worked out."""

    TAX: ClassVar[str] = "상속세"

    taxable_value: int
    deductions: int
    """상속공제."""
    tax_base: int
    computed_tax: int
    generation_skip_surcharge: int
    gift_tax_credit: int
    filing_credit: int
    tax_due: int
    """After the credits, before penalties."""
    penalties: int
    total_payable: int
    due: date


def inheritance_tax(case: Inheritance) -> InheritanceResult:
    """The inheritance tax, step by step.

    Raises:
        InputError: the case contradicts itself, or lacks a fact the law asks for.
        OutOfScopeError: the death was before 2024, or the law leaves the figure open.
    """
    check_inheritance(case)
    steps = Steps()
    gifts = added_gifts(case)
    value = taxable_value(steps, case, gifts)
    deductions = estate_deductions(steps, case, gifts, value)
    formula = f"{format_amount(value)} - {format_amount(deductions)}"
    base = steps.add("과세표준", formula, value - deductions, f"{LAW} 제25조제1항")
    tax = computed_tax(steps, base, case.day)
    surcharge = generation_skip_surcharge(steps, case, gifts, tax)
    credit = gift_tax_credit(steps, gifts, value, base, tax, surcharge)
    due = case.filing.due or inheritance_due(case)
    left = payable(steps, case.filing, tax, surcharge, credit, due, f"{LAW} 제69조제1항")
    return InheritanceResult(
        taxable_value=value,
        deductions=deductions,
        tax_base=base,
        computed_tax=tax,
        generation_skip_surcharge=surcharge,
        gift_tax_credit=credit,
        filing_credit=left.filing_credit,
        tax_due=left.tax_due,
        penalties=left.penalties,
        total_payable=left.total,
        due=due,
        steps=tuple(steps.done),
        assumptions=tuple(assumptions(case)),
    )


def check_inheritance(case: Inheritance) -> None:
    """InputError where the case contradicts itself or the law asks for more facts."""
    if case.day < FIRST_DAY:
        raise OutOfScopeError(f"Estates are computed from {FIRST_DAY} on; this is of {case.day}.")
    if (case.property is None) == (case.taxable_value is None):
        raise InputError(
            "Either the property or the taxable value (과세가액) is needed, and not both.",
            hint="Give --property or --taxable-value.",
        )
    parts = (case.public_charges, case.debts, case.funeral, case.burial)
    shares = [share.amount for share in case.skipped]
    gifts = sum(gift.amount for gift in case.gifts)
    problem = ""
    if min(*parts, *_amounts(case), *shares) < 0:
        problem = "an amount or a number of persons is negative"
    elif case.taxable_value is not None and any(parts):
        problem = "a taxable value has debts and costs taken off already"
    elif case.spouse_inherits is not None and not case.spouse:
        problem = "a spouse inherits, but there is none"
    elif case.property is None and (case.skipped or (case.spouse_inherits or 0) > 5 * EOK):
        problem = "a share of the estate needs the property, not the taxable value alone"
    elif case.property is not None and sum(shares) > case.property + gifts:
        problem = "grandchildren receive more than the estate"
    elif sum(shares) > case.left_to_others + case.renounced + gifts:
        problem = "a descendant who is no child is left property that is not given as such"
    elif any(gift.day >= case.day for gift in case.gifts):
        problem = "a gift was made on or after the day of death"
    elif any(not 0 <= gift.deduction <= gift.amount or gift.tax < 0 for gift in case.gifts):
        problem = "more was deducted from a gift than its amount"
    if problem:
        raise InputError(f"The case does not add up: {problem}.")


def _amounts(case: Inheritance) -> tuple[int, ...]:
    """Every amount and number of the case that may not be negative."""
    return (
        case.property or 0,
        case.taxable_value or 0,
        case.spouse_inherits or 0,
        case.children,
        case.co_heirs or 0,
        case.aged_65,
        case.financial_assets,
        case.financial_debts,
        case.shared_house,
        case.left_to_others,
        case.renounced,
        *case.disabled_years,
    )


def added_gifts(case: Inheritance) -> tuple[EstateGift, ...]:
    """The gifts that 제13조제1항 adds: ten years for heirs, five for others."""
    years = {"spouse": 10, "heir": 10, "legatee": 5, "other": 5}
    return tuple(gift for gift in case.gifts if gift.day >= period_start(case.day, years[gift.to]))


def taxable_value(steps: Steps, case: Inheritance, gifts: tuple[EstateGift, ...]) -> int:
    """과세가액: the property less charges, funeral and debts, with the gifts."""
    added = sum(gift.amount for gift in gifts)
    if case.property is None:
        value = case.taxable_value or 0
        if value < added:
            raise InputError(f"A taxable value of {value} KRW is less than the gifts of {added}.")
        return steps.given("상속세 과세가액", value, f"{LAW} 제13조제1항")
    value = steps.given("상속재산가액", case.property, f"{LAW} 제13조제1항")
    funeral = funeral_costs(steps, case)
    taken_off = case.public_charges + funeral + case.debts
    parts = [part for part in (case.public_charges, funeral, case.debts) if part]
    formula = " - ".join(format_amount(part) for part in (value, *parts))
    if taken_off > value:
        formula = f"큰 값({formula}, 0원)"
    value = max(value - taken_off, 0)
    steps.add("공과금ㆍ장례비용ㆍ채무를 뺀 가액", formula, value, f"{LAW} 제14조제1항")
    if gifts:
        formula = " + ".join(format_amount(part) for part in (value, *(g.amount for g in gifts)))
        value = steps.add("사전증여를 더한 과세가액", formula, value + added, f"{LAW} 제13조제1항")
    return value


def funeral_costs(steps: Steps, case: Inheritance) -> int:
    """장례비용: 500만원 to 1,000만원, and up to 500만원 for the burial place (KRW)."""
    amount = min(max(case.funeral, 500 * MAN), 1000 * MAN) + min(case.burial, 500 * MAN)
    funeral = f"작은 값(큰 값({format_amount(case.funeral)}, 500만원), 1,000만원)"
    burial = f" + 작은 값({format_amount(case.burial)}, 500만원)" if case.burial else ""
    return steps.add("장례비용", funeral + burial, amount, f"{LAW} 시행령 제9조제2항")


def computed_tax(steps: Steps, base: int, day: date) -> int:
    """산출세액; none on a base below 500,000 won."""
    if base < NO_TAX_BELOW:
        return steps.add("산출세액(과세최저한 미만)", "0원", 0, f"{LAW} 제25조제2항")
    table = table_in_force(INHERITANCE_AND_GIFT, day)
    return steps.add("산출세액", table.formula(base), table.quick(base), table.citation)


def generation_skip_surcharge(
    steps: Steps, case: Inheritance, gifts: tuple[EstateGift, ...], tax: int
) -> int:
    """세대생략 할증과세액: on the part of the tax that falls on who is no child."""
    total = 0
    received = sum(gift.amount for gift in gifts if gift.to != "other")
    for share in case.skipped:
        assert case.property is not None
        high = share.minor and share.amount > HIGH_SURCHARGE_ABOVE
        rate = Fraction(40 if high else 30, 100)
        estate = case.property + received
        part = f"{format_amount(share.amount)} ÷ {format_amount(estate)}"
        formula = f"{format_amount(tax)} × {part} × {percent(rate)}"
        amount = int(tax * rate * share.amount / estate) if estate else 0
        total += steps.add("세대생략 할증과세액", formula, amount, f"{LAW} 제27조")
    return total


def gift_tax_credit(
    steps: Steps,
    gifts: tuple[EstateGift, ...],
    value: int,
    base: int,
    tax: int,
    surcharge: int,
) -> int:
    """증여세액공제 for the gifts that were added, each with its limit.

    Raises:
        OutOfScopeError: a limit is reached that depends on each heir's own share of the tax.
    """
    if value <= NO_GIFT_CREDIT_UP_TO or not tax:
        return 0
    total = 0
    mixed = len({gift.to == "other" for gift in gifts}) > 1
    for gift in gifts:
        share = gift.amount - gift.deduction
        limit = tax * share // base
        if gift.tax > limit and (mixed or surcharge) and gift.to != "other":
            raise OutOfScopeError(
                "The credit for an heir's gift is limited by that heir's own share of the tax,"
                f" which is not worked out ({LAW} 제28조제2항)."
            )
        if gift.tax:
            portion = f"{format_amount(tax)} × {format_amount(share)} ÷ {format_amount(base)}"
            formula = f"작은 값({format_amount(gift.tax)}, {portion})"
            law = (f"{LAW} 제28조제1항", f"{LAW} 제28조제2항")
            total += steps.add("증여세액공제", formula, min(gift.tax, limit), *law)
    return total


def inheritance_due(case: Inheritance) -> date:
    """Last day to file and pay: six months from the end of the month, nine abroad (제67조)."""
    return after_days_off(end_of_month(case.day, 9 if case.abroad else 6))


def assumptions(case: Inheritance) -> list[str]:
    """What the result takes for granted, in Korean."""
    lines = [
        f"피상속인은 거주자이고, {korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다.",
        "비과세 재산, 공익법인 출연, 가업ㆍ영농상속공제, 재해손실, 감정평가 수수료, 단기재상속과"
        " 외국납부 세액공제는 없다고 보았다.",
    ]
    if not case.filing.due:
        lines.append("신고기한에 음력 공휴일과 대체공휴일은 반영하지 않았다.")
    if case.spouse and case.spouse_inherits is None:
        lines.append("배우자가 실제 상속받은 금액은 5억원 이하라고 보았다.")
    elif case.spouse:
        lines.append("배우자가 받은 재산은 배우자상속재산분할기한까지 분할ㆍ등기하였다고 보았다.")
    if case.skipped:
        lines.append("세대를 건너뛴 상속의 비율은 채무를 빼기 전의 상속재산가액으로 계산하였다.")
    return lines
