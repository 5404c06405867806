"""상속공제: what comes off an estate's taxable value (상속세 및 증여세법 제18조부터 제24조까지)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from taxlaw.amounts import format_amount
from taxlaw.rates import EOK, MAN
from taxlaw.steps import OutOfScopeError, Steps
from taxqa.errors import InputError

if TYPE_CHECKING:
    from taxlaw.inheritance import EstateGift, Inheritance

LAW: Final = "상속세 및 증여세법"
BASIC: Final = 2 * EOK
LUMP_SUM: Final = 5 * EOK
SPOUSE_LEAST: Final = 5 * EOK
SPOUSE_MOST: Final = 30 * EOK
CHILD: Final = 5000 * MAN
AGED: Final = 5000 * MAN
EACH_YEAR: Final = 1000 * MAN
FINANCIAL_SMALL: Final = 2000 * MAN
FINANCIAL_MOST: Final = 2 * EOK
HOUSE_MOST: Final = 6 * EOK


def estate_deductions(
    steps: Steps, case: Inheritance, gifts: tuple[EstateGift, ...], value: int
) -> int:
    """All deductions of an estate, within the limit of 제24조 (KRW).

    Raises:
        InputError: the law asks for a fact that is not given.
        OutOfScopeError: a minor is yet to be born.
    """
    parts = [basic_or_lump_sum(steps, case)]
    if case.spouse:
        parts.append(spouse_deduction(steps, case, gifts))
    parts.append(financial_deduction(steps, case))
    if case.shared_house:
        formula = f"작은 값({format_amount(case.shared_house)}, {format_amount(HOUSE_MOST)})"
        amount = min(case.shared_house, HOUSE_MOST)
        parts.append(steps.add("동거주택 상속공제", formula, amount, f"{LAW} 제23조의2제1항"))
    total = sum(parts)
    formula = " + ".join(format_amount(part) for part in parts if part)
    limit = deduction_limit(steps, case, gifts, value)
    if total > limit:
        formula = f"작은 값({formula}, {format_amount(limit)})"
    return steps.add("상속공제 합계", formula, min(total, limit), f"{LAW} 제24조")


def basic_or_lump_sum(steps: Steps, case: Inheritance) -> int:
    """기초공제 with 그 밖의 인적공제, or 일괄공제, whichever the law gives (KRW)."""
    alone = case.spouse and co_heirs(case) == 0
    personal = BASIC + personal_deductions(case)
    if alone:
        return _personal(steps, case, "기초공제와 그 밖의 인적공제(배우자 단독상속)", "제21조제2항")
    if case.filing.status == "none":
        return steps.given("일괄공제(무신고)", LUMP_SUM, f"{LAW} 제21조제1항")
    if personal > LUMP_SUM:
        return _personal(steps, case, "기초공제와 그 밖의 인적공제", "제21조제1항")
    return steps.given("일괄공제", LUMP_SUM, f"{LAW} 제21조제1항")


def _personal(steps: Steps, case: Inheritance, label: str, paragraph: str) -> int:
    """The step that adds up 제18조 and 제20조."""
    parts = [format_amount(BASIC)]
    years = [*(years_until_19(born, case.day) for born in case.minors), *case.disabled_years]
    if case.children:
        parts.append(f"{format_amount(CHILD)} × {case.children}명")
    if case.aged_65:
        parts.append(f"{format_amount(AGED)} × {case.aged_65}명")
    parts += [f"{format_amount(EACH_YEAR)} × {count}년" for count in years]
    amount = BASIC + personal_deductions(case)
    laws = (f"{LAW} 제18조", f"{LAW} 제20조제1항")
    return steps.add(label, " + ".join(parts), amount, f"{LAW} {paragraph}", *laws)


def personal_deductions(case: Inheritance) -> int:
    """그 밖의 인적공제 of 제20조제1항 (KRW)."""
    years = sum(years_until_19(born, case.day) for born in case.minors) + sum(case.disabled_years)
    return CHILD * case.children + AGED * case.aged_65 + EACH_YEAR * years


def years_until_19(born: date, day: date) -> int:
    """Years from `day` to the 19th birthday, a part of a year as one (제20조제3항).

    Raises:
        InputError: not a minor.
        OutOfScopeError: not yet born.
    """
    if born > day:
        raise OutOfScopeError("The years of a child yet to be born are not worked out.")
    try:
        of_age = born.replace(year=born.year + 19)
    except ValueError:
        of_age = date(born.year + 19, 3, 1)
    if of_age <= day:
        raise InputError(f"Somebody born on {born} is no minor on {day}.")
    years = of_age.year - day.year
    return years + (1 if (of_age.month, of_age.day) > (day.month, day.day) else 0)


def co_heirs(case: Inheritance) -> int:
    """How many equal shares stand beside the spouse's.

    Raises:
        InputError: it is not known whether the spouse is alone.
    """
    if case.co_heirs is None and not case.children:
        raise InputError(
            "Whether the spouse inherits alone or with parents of the deceased is not known.",
            hint="Give the number of the other heirs with --co-heirs (0 for none).",
        )
    return case.children if case.co_heirs is None else case.co_heirs


def spouse_deduction(steps: Steps, case: Inheritance, gifts: tuple[EstateGift, ...]) -> int:
    """배우자 상속공제: what the spouse receives, from 5억원 to 30억원 (KRW)."""
    received = case.spouse_inherits or 0
    if received <= SPOUSE_LEAST:
        return steps.given("배우자 상속공제(최소)", SPOUSE_LEAST, f"{LAW} 제19조제4항")
    limit = spouse_share_limit(steps, case, gifts)
    parts = ", ".join(format_amount(part) for part in (received, limit, SPOUSE_MOST))
    formula = f"큰 값(작은 값({parts}), {format_amount(SPOUSE_LEAST)})"
    amount = max(min(received, limit, SPOUSE_MOST), SPOUSE_LEAST)
    return steps.add("배우자 상속공제", formula, amount, f"{LAW} 제19조제1항", f"{LAW} 제19조제4항")


def spouse_share_limit(steps: Steps, case: Inheritance, gifts: tuple[EstateGift, ...]) -> int:
    """법정상속분 한도 of 제19조제1항제1호: (A - B + C) × D - E (KRW)."""
    assert case.property is not None
    to_heirs = sum(gift.amount for gift in gifts if gift.to in ("spouse", "heir"))
    own = sum(gift.amount - gift.deduction for gift in gifts if gift.to == "spouse")
    off = case.public_charges + case.debts
    estate = case.property - off - case.left_to_others + to_heirs
    share = Fraction(3, 3 + 2 * co_heirs(case))
    inner = format_amount(case.property)
    for sign, part in (("-", off), ("-", case.left_to_others), ("+", to_heirs)):
        inner += f" {sign} {format_amount(part)}" if part else ""
    formula = f"({inner}) × {share.numerator} ÷ {share.denominator}"
    formula += f" - {format_amount(own)}" if own else ""
    amount = max(int(estate * share - own), 0)
    if estate * share < own:
        formula = f"큰 값({formula}, 0원)"
    return steps.add("배우자 법정상속분 한도", formula, amount, f"{LAW} 제19조제1항제1호")


def financial_deduction(steps: Steps, case: Inheritance) -> int:
    """금융재산 상속공제 (KRW)."""
    net = case.financial_assets - case.financial_debts
    if net <= 0:
        return 0
    if net <= FINANCIAL_SMALL:
        return steps.given("금융재산 상속공제", net, f"{LAW} 제22조제1항제2호")
    amount = min(max(net // 5, FINANCIAL_SMALL), FINANCIAL_MOST)
    assets = format_amount(case.financial_assets)
    net_formula = f"({assets} - {format_amount(case.financial_debts)})"
    formula = f"작은 값(큰 값({net_formula} × 20%, 2,000만원), 2억원)"
    return steps.add("금융재산 상속공제", formula, amount, f"{LAW} 제22조제1항제1호")


def deduction_limit(
    steps: Steps, case: Inheritance, gifts: tuple[EstateGift, ...], value: int
) -> int:
    """The most that may be deducted (제24조) (KRW)."""
    off = [case.left_to_others, case.renounced]
    if value > LUMP_SUM:
        off.append(sum(gift.amount - gift.deduction for gift in gifts))
    formula = " - ".join(format_amount(part) for part in (value, *(part for part in off if part)))
    limit = value - sum(off)
    if limit < 0:
        formula = f"큰 값({formula}, 0원)"
    return steps.add("공제 적용의 한도", formula, max(limit, 0), f"{LAW} 제24조")
