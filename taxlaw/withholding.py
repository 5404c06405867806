"""원천징수 of income tax on one payment to a resident, with the 개인지방소득세 on it."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import ClassVar, Final, Literal

from taxlaw.amounts import format_amount
from taxlaw.due_dates import after_days_off, end_of_month
from taxlaw.filing import final_amount
from taxlaw.rates import EOK, LAW_AS_OF, MAN, RateTable, rate_table
from taxlaw.steps import OutOfScopeError, Result, Steps, korean_date, percent
from taxqa.errors import InputError

LAW: Final = "소득세법"
FIRST_DAY: Final = date(2025, 1, 1)
LOCAL_RATE: Final = Fraction(10, 100)
NO_OTHER_INCOME_UP_TO: Final = 5 * MAN
NO_LOTTERY_UP_TO: Final = 200 * MAN
NOT_COLLECTED_BELOW: Final = 1000

Income = Literal[
    "interest",
    "private_loan",
    "dividend",
    "joint_venture",
    "business",
    "service_charge",
    "other",
    "lottery",
    "wages",
    "pension",
    "retirement",
]
"""이자; 비영업대금의 이익; 배당; 출자공동사업자의 배당; 사업; 봉사료; 기타; 복권 당첨금."""
NAMES: Final[dict[Income, tuple[str, str]]] = {
    "interest": ("이자소득", "제1호라목"),
    "private_loan": ("비영업대금의 이익", "제1호나목"),
    "dividend": ("배당소득", "제2호나목"),
    "joint_venture": ("출자공동사업자의 배당소득", "제2호가목"),
    "business": ("사업소득", "제3호"),
    "service_charge": ("봉사료", "제8호"),
    "other": ("기타소득", "제6호라목"),
    "lottery": ("복권 당첨금", "제6호가목"),
}
RATES: Final[dict[Income, Fraction]] = {
    "interest": Fraction(14, 100),
    "private_loan": Fraction(25, 100),
    "dividend": Fraction(14, 100),
    "joint_venture": Fraction(25, 100),
    "business": Fraction(3, 100),
    "service_charge": Fraction(5, 100),
    "other": Fraction(20, 100),
}
LOTTERY: Final = rate_table(
    "복권 당첨금", f"{LAW} 제129조제1항제6호", FIRST_DAY, (3 * EOK, 20), (None, 30)
)
BY_TABLE: Final[dict[Income, str]] = {
    "wages": "근로소득 is withheld by the 간이세액표 (제129조제3항)",
    "pension": "연금소득 is withheld by table, age and contract (제129조제1항제5호 등)",
    "retirement": "퇴직소득 is withheld by years of service (제129조제1항제7호)",
}


@dataclass(frozen=True, kw_only=True)
class Payment:
    """One payment of income to a resident person."""

    income: Income
    amount: int
    """지급금액 before any tax (KRW)."""
    paid: date
    expenses: int | None = None
    """필요경비 that the payer can verify, of other income (KRW)."""
    flat_expenses: Literal[60, 80] | None = None
    """Percent of 시행령 제87조제1호의2 (60) or 제1호 (80), where the income is one of those."""
    freelance: bool | None = None
    """계속적ㆍ반복적 인적용역 of 시행령 제149조의3, for which small amounts are collected."""
    half_yearly: bool = False
    """The payer has leave to pay by half years (제128조제2항)."""


@dataclass(frozen=True, kw_only=True)
class WithholdingResult(Result):
    """What is withheld from one payment, in KRW."""

    TAX: ClassVar[str] = "원천징수세액"
    DUE: ClassVar[str] = "납부기한"

    base: int
    """The payment, or the income after expenses."""
    income_tax: int
    local_income_tax: int
    total: int
    paid_out: int
    """What the payee receives."""
    due: date
    """Last day for the payer to pay it."""


def withholding_tax(case: Payment) -> WithholdingResult:
    """The tax withheld from one payment, step by step.

    Raises:
        InputError: the law asks for a fact that is not given, or facts contradict each other.
        OutOfScopeError: the income is withheld by tables that are not covered, or before 2025.
    """
    check_payment(case)
    steps = Steps()
    paid = steps.given("지급금액", case.amount, f"{LAW} 제127조제1항")
    base = taxed_income(steps, case)
    exact = income_tax(steps, case, base)
    tax = final_amount(steps, collected(steps, case, exact))
    formula = f"{format_amount(tax)} × {percent(LOCAL_RATE)}"
    law = "지방세법 제103조의13제1항"
    local = steps.add("개인지방소득세 특별징수세액", formula, int(tax * LOCAL_RATE), law)
    formula = f"{format_amount(tax)} + {format_amount(local)}"
    total = steps.add("원천징수할 세액의 합계", formula, tax + local, "")
    formula = f"{format_amount(paid)} - {format_amount(total)}"
    net = steps.add("세금을 떼고 지급할 금액", formula, paid - total, "")
    return WithholdingResult(
        base=base,
        income_tax=tax,
        local_income_tax=local,
        total=total,
        paid_out=net,
        due=after_days_off(last_day_to_pay(case.paid, case.half_yearly)),
        steps=tuple(steps.done),
        assumptions=tuple(assumptions(case)),
    )


def check_payment(case: Payment) -> None:
    """InputError where a fact is missing or facts contradict each other."""
    if case.income in BY_TABLE:
        raise OutOfScopeError(f"{BY_TABLE[case.income]}; that is not covered.")
    if case.paid < FIRST_DAY:
        raise OutOfScopeError(f"Payments are computed from {FIRST_DAY} on, not of {case.paid}.")
    with_expenses = case.income in ("other", "lottery")
    problem = ""
    if min(case.amount, case.expenses or 0) < 0 or (case.expenses or 0) > case.amount:
        problem = "an amount is negative, or the expenses exceed the payment"
    elif not with_expenses and (case.expenses is not None or case.flat_expenses):
        problem = "expenses come off other income alone"
    elif case.income == "lottery" and case.flat_expenses:
        problem = "a lottery prize has no flat expenses"
    elif case.income != "business" and case.freelance is not None:
        problem = "계속적ㆍ반복적 인적용역 is business income"
    if problem:
        raise InputError(f"The case does not add up: {problem}.")
    if with_expenses and case.expenses is None and not case.flat_expenses:
        raise InputError(
            "The tax on other income is withheld from what is left after expenses (제145조제1항).",
            hint="Give --expenses (0 if there are none), or --flat-expenses 60 or 80 where"
            " 시행령 제87조 grants them.",
        )


def taxed_income(steps: Steps, case: Payment) -> int:
    """The payment, or for other income what expenses leave of it (KRW)."""
    if case.income not in ("other", "lottery"):
        return case.amount
    expenses = case.expenses or 0
    laws = (f"{LAW} 제145조제1항", f"{LAW} 시행령 제202조제1항")
    if case.flat_expenses:
        rate = Fraction(case.flat_expenses, 100)
        formula = f"{format_amount(case.amount)} × {percent(rate)}"
        flat = int(case.amount * rate)
        if expenses:
            formula = f"큰 값({formula}, {format_amount(expenses)})"
        expenses = max(flat, expenses)
        item = "제1호의2" if case.flat_expenses == 60 else "제1호"
        steps.add("필요경비", formula, expenses, f"{LAW} 시행령 제87조{item}")
    formula = f"{format_amount(case.amount)} - {format_amount(expenses)}"
    return steps.add("기타소득금액", formula, case.amount - expenses, *laws)


def income_tax(steps: Steps, case: Payment, base: int) -> int:
    """원천징수세액 before small amounts are left out (KRW)."""
    name, item = NAMES[case.income]
    citation = f"{LAW} 제129조제1항{item}"
    label = f"소득세 원천징수세액({name})"
    if case.income == "other" and base <= NO_OTHER_INCOME_UP_TO:
        return steps.add(f"{label}, 과세최저한 이하", "0원", 0, f"{LAW} 제84조제4호")
    if case.income == "lottery":
        if case.amount <= NO_LOTTERY_UP_TO:
            return steps.add(f"{label}, 과세최저한 이하", "0원", 0, f"{LAW} 제84조제2호")
        return lottery_tax(steps, label, LOTTERY, base, citation)
    rate = RATES[case.income]
    formula = f"{format_amount(base)} × {percent(rate)}"
    return steps.add(label, formula, int(base * rate), citation)


def lottery_tax(steps: Steps, label: str, table: RateTable, base: int, citation: str) -> int:
    """20 percent up to 3억원 and 30 above (제129조제1항제6호)."""
    basic = f"{LAW} 제129조제1항제6호라목"
    laws = (basic,) if base <= 3 * EOK else (citation, basic)
    return steps.add(label, table.table_formula(base), table.quick(base), *laws)


def collected(steps: Steps, case: Payment, tax: int) -> int:
    """`tax`, or nothing where it is below 1,000 won and not collected (제86조제1호).

    Raises:
        InputError: it depends on whether business income is 계속적ㆍ반복적 인적용역.
    """
    if not tax or tax >= NOT_COLLECTED_BELOW or case.income in ("interest", "private_loan"):
        return tax
    if case.income == "business":
        if case.freelance is None:
            raise InputError(
                "Less than 1,000 won is collected of 계속적ㆍ반복적 인적용역 alone (제86조제1호).",
                hint="Give --freelance or --not-freelance.",
            )
        if case.freelance:
            return tax
    return steps.add("소액 부징수(1,000원 미만)", "0원", 0, f"{LAW} 제86조제1호")


def last_day_to_pay(paid: date, half_yearly: bool = False) -> date:
    """The 10th of the month after that of `paid`, or after its half year (제128조).

    A day off still moves it.
    """
    months = (6 - paid.month) % 6 + 1 if half_yearly else 1
    return end_of_month(paid, months).replace(day=10)


def assumptions(case: Payment) -> list[str]:
    """What the result takes for granted, in Korean."""
    lines = [
        f"받는 사람은 거주자인 개인이고, {korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다.",
        "비과세ㆍ분리과세 특례와 조세조약, 외국에 낸 세금은 없고, 실지명의가 확인된 지급이라고"
        " 보았다. 개인지방소득세의 10원 미만 끝수는 버리지 않았다.",
        "납부기한에 음력 공휴일과 대체공휴일은 반영하지 않았다.",
    ]
    if case.income == "private_loan":
        lines.append("등록한 온라인투자연계금융업자를 통한 이자(14%)가 아니라고 보았다.")
    elif case.income == "business":
        lines.append(
            "원천징수대상 인적용역 등이고 외국인 직업운동가(20%)의 소득이 아니라고 보았다."
        )
    elif case.income == "service_charge":
        lines.append("공급가액의 20%를 넘게 구분하여 적은 봉사료(시행령 제184조의2)라고 보았다.")
    elif case.income == "other":
        lines.append("공제부금 해지일시금, 연금외수령(15%)과 종교인소득이 아니라고 보았다.")
    return lines
