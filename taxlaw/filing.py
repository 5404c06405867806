"""How inheritance and gift tax were filed and paid, and what that adds or takes off."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, Literal

from taxlaw.amounts import format_amount
from taxlaw.penalties import (
    Misconduct,
    late_payment_penalty,
    underreported_penalty,
    unfiled_penalty,
)
from taxlaw.steps import Steps, percent
from taxqa.errors import InputError

FILING_CREDIT: Final = Fraction(3, 100)
"""상속세 및 증여세법 제69조, since 2019."""


@dataclass(frozen=True, kw_only=True)
class Filing:
    """How one return was filed and paid; the default is in time and in full."""

    status: Literal["on_time", "late", "none"] = "on_time"
    due: date | None = None
    """Last day to file and pay, where a holiday moved it; None: worked out by the calculator."""
    filed_on: date | None = None
    """Day of a late filing, made before the tax office announced an assessment."""
    paid_on: date | None = None
    """Day of payment by oneself, before a notice of the tax office; None: in time."""
    reported_tax: int | None = None
    """Tax filed in time where it was too low: 산출세액 with surcharge, less credits (KRW)."""
    amended_on: date | None = None
    """Day of the amended return, made before the tax office announced a correction."""
    misconduct: Misconduct = "none"
    no_underreporting_penalty: bool = False
    """Filed too low for a reason of 국세기본법 제47조의3제4항제1호, as a deduction misread."""


@dataclass(frozen=True)
class Settlement:
    """What filing and payment did to a tax (KRW)."""

    filing_credit: int
    penalties: int


def settle(steps: Steps, filing: Filing, tax: int, due: date, citation: str) -> Settlement:
    """신고세액공제 and the penalty taxes on `tax`, the tax to be filed (KRW).

    Args:
        due: last day to file and pay.
        citation: the paragraph of the filing credit.

    Raises:
        InputError: a day or an amount is missing that a penalty is counted from.
    """
    check_filing(filing, tax, due)
    if tax == 0:
        return Settlement(0, 0)
    if filing.status != "on_time":
        return Settlement(0, _not_filed(steps, filing, tax, due))
    reported = tax if filing.reported_tax is None else filing.reported_tax
    formula = f"{format_amount(reported)} × {percent(FILING_CREDIT)}"
    credit = steps.add("신고세액공제", formula, int(reported * FILING_CREDIT), citation)
    if reported < tax:
        return Settlement(credit, _filed_too_low(steps, filing, tax - reported, due))
    if filing.paid_on is None:
        return Settlement(credit, 0)
    return Settlement(credit, late_payment_penalty(steps, tax - credit, due, filing.paid_on))


@dataclass(frozen=True)
class Payable:
    """What is left to pay of a gift or inheritance tax (KRW)."""

    filing_credit: int
    tax_due: int
    """Before penalties."""
    penalties: int
    total: int


def payable(
    steps: Steps, filing: Filing, tax: int, surcharge: int, credit: int, due: date, citation: str
) -> Payable:
    """The last steps of both taxes: filing credit, tax due, penalties (상속세 및 증여세법 제70조).

    Args:
        tax: 산출세액.
        surcharge: 세대생략 할증.
        credit: what gifts taxed before leave to deduct.
        citation: of the filing credit, which each tax has in a 항 of its own.
    """
    net = tax + surcharge - credit
    settled = settle(steps, filing, net, due, citation)
    formula = format_amount(tax) + (f" + {format_amount(surcharge)}" if surcharge else "")
    for part in (credit, settled.filing_credit):
        formula += f" - {format_amount(part)}" if part else ""
    tax_due = net - settled.filing_credit
    steps.add("납부할 세액", formula, tax_due, "상속세 및 증여세법 제70조제1항")
    total = tax_due + settled.penalties
    if settled.penalties:
        formula = f"{format_amount(tax_due)} + {format_amount(settled.penalties)}"
        steps.add("가산세를 더한 금액", formula, total, "국세기본법 제47조제3항")
    return Payable(settled.filing_credit, tax_due, settled.penalties, final_amount(steps, total))


def _not_filed(steps: Steps, filing: Filing, tax: int, due: date) -> int:
    """The penalties of a return that came late or not at all."""
    paid_on = _required_day(filing.paid_on, "the tax was paid")
    filed_on = _required_day(filing.filed_on, "of filing") if filing.status == "late" else None
    penalty = unfiled_penalty(steps, tax, filing.misconduct, due, filed_on)
    return penalty + late_payment_penalty(steps, tax, due, paid_on)


def _filed_too_low(steps: Steps, filing: Filing, missing: int, due: date) -> int:
    """The penalties of a return in time that left out `missing` KRW of tax."""
    paid_on = _required_day(filing.paid_on, "the missing tax was paid")
    late = late_payment_penalty(steps, missing, due, paid_on)
    if filing.no_underreporting_penalty:
        return late
    return late + underreported_penalty(steps, missing, filing.misconduct, due, filing.amended_on)


def _required_day(day: date | None, what: str) -> date:
    """`day`, which a penalty is counted from."""
    if day is None:
        raise InputError(
            f"The penalty for paying late is counted by days; the day {what} is not known.",
            hint="Give it with --paid-on (and --filed-on for a late return).",
        )
    return day


def check_filing(filing: Filing, tax: int, due: date) -> None:
    """InputError where the facts of a filing contradict each other or the tax."""
    in_time = filing.status == "on_time"
    reported = filing.reported_tax
    problem = ""
    if reported is not None and not (in_time and 0 <= reported <= tax):
        problem = f"a reported tax of {reported} KRW does not fit a {filing.status} return of {tax}"
    elif filing.misconduct != "none" and in_time and reported is None:
        problem = "misconduct is given, but the return was in time and complete"
    elif filing.filed_on and (in_time or filing.filed_on <= due):
        problem = f"the day of a late filing is given, but the return was due on {due}"
    elif filing.status == "none" and filing.filed_on:
        problem = "a day of filing is given, but nothing was filed"
    elif filing.amended_on and (reported is None or filing.amended_on <= due):
        problem = f"an amended return needs a reported tax and a day after {due}"
    if problem:
        raise InputError(f"The filing contradicts itself: {problem}.")


def final_amount(steps: Steps, amount: int) -> int:
    """`amount` without what is below 10 won, which is not taken in (국고금 관리법 제47조제1항)."""
    cut = amount % 10
    if not cut:
        return amount
    formula = f"{format_amount(amount)} - {format_amount(cut)}"
    return steps.add("10원 미만 끝수 버림", formula, amount - cut, "국고금 관리법 제47조제1항")
