"""증여세 of a resident donee, under the law in force from 2024 on."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import ClassVar, Final, Literal

from taxlaw.amounts import format_amount
from taxlaw.due_dates import after_days_off, end_of_month, period_end, period_start
from taxlaw.filing import Filing, payable
from taxlaw.rates import EOK, INHERITANCE_AND_GIFT, LAW_AS_OF, MAN, table_in_force
from taxlaw.steps import OutOfScopeError, Result, Steps, korean_date, percent
from taxqa.errors import InputError

Donor = Literal["spouse", "parent", "grandparent", "child", "relative", "other"]
"""Who gives, as the donee sees them: 배우자; 부모 or a parent's spouse; 조부모 and above; 직계비속;
기타 친족 of 제53조제4호; nobody of these."""
Recipient = Literal["adult", "minor"]

FIRST_DAY: Final = date(2024, 1, 1)
"""From here on 제53조의2 is in force and the law of this file holds."""
LAW: Final = "상속세 및 증여세법"
DEDUCTIONS: Final[dict[Donor, tuple[int, str, str]]] = {
    "spouse": (6 * EOK, "제53조제1호", "배우자"),
    "parent": (5000 * MAN, "제53조제2호", "직계존속"),
    "grandparent": (5000 * MAN, "제53조제2호", "직계존속"),
    "child": (5000 * MAN, "제53조제3호", "직계비속"),
    "relative": (1000 * MAN, "제53조제4호", "기타 친족"),
}
MINOR_DEDUCTION: Final = 2000 * MAN
ONCE_IN_LIFE: Final = 1 * EOK
"""제53조의2제3항: marriage and birth together."""
ADDED_FROM: Final = 1000 * MAN
"""제47조제2항: earlier gifts are added when they come to this much."""
HIGH_SURCHARGE_ABOVE: Final = 20 * EOK
NO_TAX_BELOW: Final = 50 * MAN


@dataclass(frozen=True, kw_only=True)
class PriorGift:
    """An earlier gift that still counts: from the same donor, or under the same deduction."""

    amount: int
    """KRW on its day, less debt assumed."""
    day: date
    same_donor: bool = True
    """From the same person; for parents and grandparents, also from that person's spouse."""
    deduction: int = 0
    """What was deducted from it under 제53조 (KRW)."""
    marriage_or_birth_deduction: int = 0
    """What was deducted from it under 제53조의2 (KRW)."""
    tax: int | None = None
    """산출세액 of that gift alone, after its own credit of 제58조 (KRW); None: worked out from the
    gifts given here."""
    surcharge: int | None = None
    """세대생략 할증과세액 of that gift (KRW); None: worked out likewise."""


@dataclass(frozen=True, kw_only=True)
class Gift:
    """One gift of property to a resident; gifts of one day by one donor are one gift."""

    amount: int
    """Value of the property (KRW)."""
    donor: Donor
    recipient: Recipient
    day: date
    prior_gifts: tuple[PriorGift, ...] = ()
    """Every earlier gift under the same 호 of 제53조; those older than 10 years are passed over."""
    marriage_date: date | None = None
    """혼인신고일 of the donee, where 제53조의2제1항 is claimed."""
    birth_date: date | None = None
    """Birth or adoption of the donee's child, where 제53조의2제2항 is claimed."""
    debt: int = 0
    """Debt secured on the property that the donee takes over (KRW)."""
    debt_proven: bool = False
    """It is proven as 제47조제3항 단서 asks between spouses and lineal relatives."""
    parent_deceased: bool = False
    """The donee's parent who was the donor's child has died (제57조제1항 단서)."""
    filing: Filing = field(default_factory=Filing)


@dataclass(frozen=True, kw_only=True)
class GiftResult(Result):
    """증여세 in KRW."""

    TAX: ClassVar[str] = "증여세"

    taxable_value: int
    """과세가액, earlier gifts added."""
    deduction: int
    """제53조 and 제53조의2 together."""
    tax_base: int
    computed_tax: int
    """산출세액."""
    generation_skip_surcharge: int
    prior_tax_credit: int
    filing_credit: int
    tax_due: int
    """After the credits, before penalties."""
    penalties: int
    total_payable: int
    """With the penalties, without what is below 10 won."""
    due: date
    """Last day to file and pay."""


def gift_tax(case: Gift) -> GiftResult:
    """The gift tax, step by step.

    Raises:
        InputError: the case contradicts itself, or lacks a fact the law asks for.
        OutOfScopeError: the gift was made before 2024, or the law leaves the figure open.
    """
    check_gift(case)
    steps = Steps()
    added = added_gifts(case)
    value = taxable_value(steps, case, added)
    deduction = relation_deduction(steps, case, added)
    deduction += marriage_or_birth_deduction(steps, case, added, deduction)
    formula = f"{format_amount(value)} - {format_amount(deduction)}"
    base = steps.add("과세표준", formula, value - deduction, f"{LAW} 제55조제1항제4호")
    tax = computed_tax(steps, base, case.day)
    surcharge = generation_skip_surcharge(steps, case, added, tax)
    credit = prior_tax_credit(steps, case, added, base, tax)
    due = case.filing.due or gift_due(case.day)
    left = payable(steps, case.filing, tax, surcharge, credit, due, f"{LAW} 제69조제2항")
    return GiftResult(
        taxable_value=value,
        deduction=deduction,
        tax_base=base,
        computed_tax=tax,
        generation_skip_surcharge=surcharge,
        prior_tax_credit=credit,
        filing_credit=left.filing_credit,
        tax_due=left.tax_due,
        penalties=left.penalties,
        total_payable=left.total,
        due=due,
        steps=tuple(steps.done),
        assumptions=tuple(gift_assumptions(case, added)),
    )


def check_gift(case: Gift) -> None:
    """InputError where the case contradicts itself or the law asks for more facts."""
    if case.day < FIRST_DAY:
        raise OutOfScopeError(f"Gifts are computed from {FIRST_DAY} on; this one is of {case.day}.")
    if case.amount < 0 or not 0 <= case.debt <= case.amount:
        raise InputError(
            f"A gift of {case.amount} KRW with a debt of {case.debt} KRW is not possible."
        )
    close = case.donor in ("spouse", "parent", "grandparent", "child")
    if case.debt and close and not case.debt_proven:
        raise InputError(
            "Between spouses and lineal relatives a debt is presumed not to be taken over"
            f" ({LAW} 제47조제3항); say whether it is proven.",
            hint="Add --debt-proven if it is, or leave the debt out.",
        )
    ascendant = case.donor in ("parent", "grandparent")
    if (case.marriage_date or case.birth_date) and not ascendant:
        raise InputError(f"{LAW} 제53조의2 holds for gifts of 직계존속 alone, not of {case.donor}.")
    if case.parent_deceased and case.donor != "grandparent":
        raise InputError("That the parent has died matters for gifts of a grandparent alone.")
    check_prior_gifts(case)


def check_prior_gifts(case: Gift) -> None:
    """InputError where an earlier gift is not earlier, or had more deducted than is possible."""
    for prior in case.prior_gifts:
        if prior.day >= case.day:
            raise InputError(
                f"An earlier gift is of {prior.day}, not before {case.day}.",
                hint="Gifts of one day by one donor (or a couple) are one gift: add them up.",
            )
        deducted = prior.deduction + prior.marriage_or_birth_deduction
        parts = (prior.deduction, prior.marriage_or_birth_deduction, prior.tax or 0)
        if min(parts) < 0 or deducted > prior.amount:
            raise InputError(f"From a gift of {prior.amount} KRW {deducted} cannot be deducted.")


def added_gifts(case: Gift) -> tuple[PriorGift, ...]:
    """The earlier gifts that 제47조제2항 adds to this one."""
    same = tuple(prior for prior in _within_ten_years(case) if prior.same_donor)
    return same if sum(prior.amount for prior in same) >= ADDED_FROM else ()


def _within_ten_years(case: Gift) -> list[PriorGift]:
    """The earlier gifts of the ten years before this one."""
    start = period_start(case.day, 10)
    return [prior for prior in case.prior_gifts if prior.day >= start]


def taxable_value(steps: Steps, case: Gift, added: tuple[PriorGift, ...]) -> int:
    """과세가액: the property less its debt, with the earlier gifts."""
    value = steps.given("증여재산가액", case.amount, f"{LAW} 제31조제1항")
    if case.debt:
        formula = f"{format_amount(value)} - {format_amount(case.debt)}"
        value = steps.add("채무를 뺀 가액", formula, value - case.debt, f"{LAW} 제47조제1항")
    if added:
        formula = " + ".join([format_amount(value), *(format_amount(p.amount) for p in added)])
        value += sum(prior.amount for prior in added)
        steps.add("10년 내 증여를 더한 과세가액", formula, value, f"{LAW} 제47조제2항")
    return value


def relation_deduction(steps: Steps, case: Gift, added: tuple[PriorGift, ...]) -> int:
    """증여재산공제 of 제53조: what this gift may still use, and what the added ones used.

    Raises:
        InputError: the earlier gifts used more than the law allows.
    """
    if case.donor == "other":
        return 0
    limit, item, relation = DEDUCTIONS[case.donor]
    if case.recipient == "minor" and item == "제53조제2호":
        limit, relation = MINOR_DEDUCTION, "직계존속, 미성년자"
    used = sum(prior.deduction for prior in _within_ten_years(case))
    carried = sum(prior.deduction for prior in added)
    if used > limit:
        raise InputError(
            f"The earlier gifts used a deduction of {used} KRW; {LAW} {item} allows {limit}."
        )
    own = case.amount - case.debt
    formula = f"작은 값({format_amount(limit)}, {format_amount(own)})"
    if used:
        left = f"{format_amount(limit)} - {format_amount(used)}"
        formula = f"작은 값({left}, {format_amount(own)}) + {format_amount(carried)}"
    elif own >= limit:
        formula = format_amount(limit)
    amount = min(limit - used, own) + carried
    return steps.add(f"증여재산공제({relation})", formula, amount, f"{LAW} {item}")


def marriage_or_birth_deduction(
    steps: Steps, case: Gift, added: tuple[PriorGift, ...], deducted: int
) -> int:
    """혼인ㆍ출산 증여재산 공제 of 제53조의2, after `deducted` KRW of 제53조.

    Raises:
        InputError: the gift lies outside the two years.
    """
    paragraph = marriage_or_birth_paragraph(case)
    used = sum(prior.marriage_or_birth_deduction for prior in case.prior_gifts)
    carried = sum(prior.marriage_or_birth_deduction for prior in added)
    if used > ONCE_IN_LIFE:
        raise InputError(f"제53조의2 was used for {used} KRW; it allows {ONCE_IN_LIFE} in a life.")
    left = case.amount - case.debt - (deducted - sum(prior.deduction for prior in added))
    new = min(ONCE_IN_LIFE - used, left) if paragraph else 0
    if not new + carried:
        return 0
    limit = f"{format_amount(ONCE_IN_LIFE)} - {format_amount(used)}"
    formula = f"작은 값({limit}, {format_amount(left)}) + {format_amount(carried)}"
    if not paragraph:
        formula = format_amount(carried)
    elif not used:
        formula = f"작은 값({format_amount(ONCE_IN_LIFE)}, {format_amount(left)})"
    citation = f"{LAW} 제53조의2{paragraph or '제3항'}"
    return steps.add("혼인ㆍ출산 증여재산공제", formula, new + carried, citation)


def marriage_or_birth_paragraph(case: Gift) -> str:
    """The paragraph of 제53조의2 that the case meets; '' where none is claimed."""
    if case.marriage_date:
        start, end = period_start(case.marriage_date, 2), period_end(case.marriage_date, 24)
        if start <= case.day <= end:
            return "제1항"
    if case.birth_date and case.birth_date <= case.day <= period_end(case.birth_date, 24):
        return "제2항"
    if case.marriage_date or case.birth_date:
        raise InputError(
            f"The gift of {case.day} is not within 2 years before or after the marriage, or after"
            f" the birth ({LAW} 제53조의2), so nothing is deducted for it.",
            hint="Leave --marriage-date and --birth-date out.",
        )
    return ""


def computed_tax(steps: Steps, base: int, day: date) -> int:
    """산출세액; none on a base below 500,000 won."""
    if base < NO_TAX_BELOW:
        return steps.add("산출세액(과세최저한 미만)", "0원", 0, f"{LAW} 제55조제2항")
    table = table_in_force(INHERITANCE_AND_GIFT, day)
    formula = table.formula(base)
    return steps.add("산출세액", formula, table.quick(base), f"{LAW} 제56조", table.citation)


def generation_skip_surcharge(
    steps: Steps, case: Gift, added: tuple[PriorGift, ...], tax: int
) -> int:
    """세대생략 할증과세액, less what earlier gifts bore of it.

    Raises:
        InputError: what they bore cannot be worked out.
        OutOfScopeError: whether 20억 is passed depends on debt the law does not speak of.
    """
    if case.donor != "grandparent" or case.parent_deceased:
        return 0
    gross = case.amount + sum(prior.amount for prior in added)
    minor = case.recipient == "minor"
    if minor and gross > HIGH_SURCHARGE_ABOVE >= gross - case.debt:
        raise OutOfScopeError("With its debt the gift passes 20억원 and without it does not.")
    rate = surcharge_rate(minor, gross)
    formula = f"{format_amount(tax)} × {percent(rate)}"
    borne = prior_surcharge(case, added)
    if borne:
        formula = f"큰 값({formula} - {format_amount(borne)}, 0원)"
    amount = max(int(tax * rate) - borne, 0)
    decree = f"{LAW} 시행령 제46조의3제2항"
    return steps.add("세대생략 할증과세액", formula, amount, f"{LAW} 제57조제1항", decree)


def surcharge_rate(minor: bool, property_value: int) -> Fraction:
    """30 percent, or 40 for a minor who receives more than 20억원 (KRW)."""
    high = minor and property_value > HIGH_SURCHARGE_ABOVE
    return Fraction(40 if high else 30, 100)


def prior_surcharge(case: Gift, added: tuple[PriorGift, ...]) -> int:
    """The surcharge that the added gifts bore (KRW)."""
    given = [prior.surcharge for prior in added if prior.surcharge is not None]
    if added and len(given) == len(added):
        return sum(given)
    value = sum(prior.amount for prior in added)
    if given or (case.recipient == "adult" and value > HIGH_SURCHARGE_ABOVE):
        raise InputError(
            "What the earlier gifts bore of 세대생략 할증과세 is not known for all of them.",
            hint="Give the surcharge of each earlier gift.",
        )
    minor = case.recipient == "minor"
    return int(prior_tax(case, added) * surcharge_rate(minor, value))


def prior_base(added: tuple[PriorGift, ...]) -> int:
    """과세표준 of the added gifts (KRW)."""
    return sum(p.amount - p.deduction - p.marriage_or_birth_deduction for p in added)


def prior_tax(case: Gift, added: tuple[PriorGift, ...]) -> int:
    """산출세액 of the added gifts at their time (KRW).

    Raises:
        InputError: it is given for some of them alone.
    """
    given = [prior.tax for prior in added if prior.tax is not None]
    if given and len(given) < len(added):
        raise InputError("Give the tax of every earlier gift, or of none.")
    base = prior_base(added)
    if given or base < NO_TAX_BELOW:
        return sum(given)
    return table_in_force(INHERITANCE_AND_GIFT, case.day).quick(base)


def prior_tax_credit(
    steps: Steps, case: Gift, added: tuple[PriorGift, ...], base: int, tax: int
) -> int:
    """납부세액공제 of 제58조 for the added gifts, with its limit."""
    paid = prior_tax(case, added)
    if not paid or not tax:
        return 0
    share = prior_base(added)
    limit = f"{format_amount(tax)} × {format_amount(share)} ÷ {format_amount(base)}"
    formula = f"작은 값({format_amount(paid)}, {limit})"
    amount = min(paid, tax * share // base)
    return steps.add("납부세액공제", formula, amount, f"{LAW} 제58조제1항", f"{LAW} 제58조제2항")


def gift_due(day: date) -> date:
    """Last day to file and pay: three months from the end of the month (제68조제1항)."""
    return after_days_off(end_of_month(day, 3))


def gift_assumptions(case: Gift, added: tuple[PriorGift, ...]) -> list[str]:
    """What the result takes for granted, in Korean."""
    lines = [
        f"수증자는 거주자이고, {korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다.",
        "감정평가 수수료, 재해손실, 외국납부세액, 조세특례제한법의 특례는 없다고 보았다.",
    ]
    if not case.filing.due:
        lines.append("신고기한에 음력 공휴일과 대체공휴일은 반영하지 않았다.")
    if case.debt:
        lines.append("인수한 채무에 해당하는 부분은 증여자의 양도소득세 과세대상이 될 수 있다.")
    if added and not all(prior.tax is not None for prior in added):
        lines.append("더한 종전 증여에는 그보다 앞선 다른 증여가 합산되지 않았다고 보았다.")
    return lines
