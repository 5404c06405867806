"""종합소득세 of a resident, from the 과세표준 or from the salary of one year."""

import math
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import ClassVar, Final

from taxlaw.amounts import format_amount
from taxlaw.rates import INCOME, LAW_AS_OF, LOCAL_INCOME, MAN, rate_table, table_in_force
from taxlaw.steps import OutOfScopeError, Result, Steps, korean_date, percent
from taxqa.errors import InputError

LAW: Final = "소득세법"
FIRST_CHILD_YEAR: Final = 2026
"""From here on the child credit is as 제59조의2 and its 부칙 have it."""
CHILD_AGES: Final = {2026: 9, 2027: 10, 2028: 11, 2029: 12}
"""Age from which a child counts (법률 제21548호 부칙 제2조제2항); 13 from 2030 on."""
CHILD_AGE: Final = 13
WITHOUT_LOWER_AGE: Final = 2017
"""Children born this year count from 13 on (부칙 제2조제3항)."""
EARNED_DEDUCTION: Final = rate_table(
    "근로소득공제",
    f"{LAW} 제47조제1항",
    date(2020, 1, 1),
    (500 * MAN, 70),
    (1500 * MAN, 40),
    (4500 * MAN, 15),
    (10000 * MAN, 5),
    (None, 2),
)
EARNED_DEDUCTION_LIMIT: Final = 2000 * MAN
EARNED_CREDIT: Final = rate_table(
    "근로소득세액공제", f"{LAW} 제59조제1항", date(2016, 1, 1), (130 * MAN, 55), (None, 30)
)
BASIC: Final = 150 * MAN
BIRTH_CREDITS: Final = (30 * MAN, 50 * MAN, 70 * MAN)
"""제59조의2제3항: first, second, and every further child born or adopted in the year."""
STANDARD_CREDIT: Final = 13 * MAN


@dataclass(frozen=True, kw_only=True)
class Income:
    """One person's income of one calendar year: give `tax_base` or `gross_salary`, not both.

    With `gross_salary` the salary is the only income; the fields below it count then alone.
    """

    year: int
    tax_base: int | None = None
    """종합소득과세표준 (KRW)."""
    gross_salary: int | None = None
    """총급여액, without what is tax-free (KRW)."""
    spouse: bool = False
    """A spouse with an income of no more than 100만원 (총급여 500만원)."""
    dependants: int = 0
    """부양가족 of 제50조제1항제3호 other than the spouse, children included."""
    aged_70: int = 0
    """How many of all these, the taxpayer included, are 70 or older."""
    disabled: int = 0
    """How many of all these, the taxpayer included, are disabled."""
    woman: bool = False
    """A married woman, or an unmarried one who heads a household with dependants."""
    single_parent: bool = False
    """No spouse, and a child among the dependants (제51조제1항제6호)."""
    child_birth_years: tuple[int, ...] = ()
    """Years of birth of the children and grandchildren among the dependants."""
    births: tuple[int, ...] = ()
    """Which child each one born or adopted in the year is: 1, 2, 3 ..."""
    pension_contributions: int = 0
    """Paid into a public pension (KRW)."""
    insurance_premiums: int = 0
    """Paid by the employee for health, long-term care and employment insurance (KRW); where they
    are deducted, there is no 표준세액공제 (제59조의4제9항)."""


@dataclass(frozen=True, kw_only=True)
class IncomeResult(Result):
    """종합소득세 and its 개인지방소득세 in KRW; None for what a case from the base lacks."""

    TAX: ClassVar[str] = "종합소득세"

    earned_income_deduction: int | None
    """근로소득공제."""
    income_deductions: int | None
    """종합소득공제."""
    tax_base: int
    computed_tax: int
    """산출세액."""
    tax_credits: int | None
    determined_tax: int | None
    """결정세액; tax already withheld is not taken off."""
    local_income_tax: int
    """개인지방소득세: 지방세법 제92조 on a base; on a salary, a tenth of the 결정세액."""
    total: int
    """Income tax, after credits where they are known, and local income tax."""


def income_tax(case: Income) -> IncomeResult:
    """The income tax of one year, step by step.

    Raises:
        InputError: both or neither of base and salary are given, or the family does not add up.
        OutOfScopeError: the year lies before 2023, or before 2026 with children.
    """
    check_income(case)
    steps = Steps()
    if case.gross_salary is None:
        return _from_base(steps, case)
    salary = steps.given("총급여액", case.gross_salary, f"{LAW} 제20조제2항")
    deduction = earned_income_deduction(steps, salary)
    formula = f"{format_amount(salary)} - {format_amount(deduction)}"
    income = steps.add("근로소득금액", formula, salary - deduction, f"{LAW} 제20조제2항")
    deductions = income_deductions(steps, case, income)
    formula = f"{format_amount(income)} - {format_amount(deductions)}"
    base = steps.add("종합소득과세표준", formula, income - deductions, f"{LAW} 제14조제2항")
    tax = computed_tax(steps, base, case.year)
    credits = tax_credits(steps, case, tax)
    formula = f"{format_amount(tax)} - {format_amount(credits)}"
    determined = steps.add("결정세액", formula, tax - credits, f"{LAW} 제15조제2호")
    formula = f"{format_amount(determined)} × 10%"
    local = steps.add("개인지방소득세", formula, determined // 10, "지방세법 제103조의15제1항")
    return IncomeResult(
        earned_income_deduction=deduction,
        income_deductions=deductions,
        tax_base=base,
        computed_tax=tax,
        tax_credits=credits,
        determined_tax=determined,
        local_income_tax=local,
        total=_total(steps, determined, local),
        steps=tuple(steps.done),
        assumptions=(
            *_assumptions(),
            "근로소득만 있고, 위에 적은 것 말고는 소득공제와 세액공제가 없다고 보았다."
            " 이미 원천징수된 세액은 빼지 않았다.",
        ),
    )


def _from_base(steps: Steps, case: Income) -> IncomeResult:
    """The tax on a base that is given; credits are not known."""
    base = steps.given("종합소득과세표준", case.tax_base or 0, f"{LAW} 제14조제2항")
    tax = computed_tax(steps, base, case.year)
    table = table_in_force(LOCAL_INCOME, date(case.year, 12, 31))
    local = table.quick(base)
    steps.add("개인지방소득세 산출세액", table.formula(base), local, table.citation)
    return IncomeResult(
        earned_income_deduction=None,
        income_deductions=None,
        tax_base=base,
        computed_tax=tax,
        tax_credits=None,
        determined_tax=None,
        local_income_tax=local,
        total=_total(steps, tax, local),
        steps=tuple(steps.done),
        assumptions=(
            *_assumptions(),
            "세액공제와 감면, 금융소득(제62조)과 부동산매매업(제64조)의 특례는 계산하지 않았고,"
            " 지방소득세는 표준세율이다.",
        ),
    )


def _total(steps: Steps, tax: int, local: int) -> int:
    """Income tax and local income tax together."""
    formula = f"{format_amount(tax)} + {format_amount(local)}"
    return steps.add("소득세와 개인지방소득세의 합계", formula, tax + local, "")


def _assumptions() -> tuple[str, ...]:
    return (f"납세자는 거주자이고, {korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다.",)


def check_income(case: Income) -> None:
    """InputError where the case is not one, or its numbers contradict each other."""
    if (case.tax_base is None) == (case.gross_salary is None):
        raise InputError(
            "Either the tax base (과세표준) or the gross salary (총급여) is needed, and not both.",
            hint="Give --tax-base or --salary.",
        )
    amounts = (
        case.tax_base or 0,
        case.gross_salary or 0,
        case.pension_contributions,
        case.insurance_premiums,
    )
    if min(*amounts, case.dependants, case.aged_70, case.disabled) < 0:
        raise InputError("An amount or a number of persons is negative.")
    persons = 1 + case.spouse + case.dependants
    children = case.child_birth_years
    problem = ""
    if case.tax_base is not None and case != Income(year=case.year, tax_base=case.tax_base):
        problem = "deductions are given beside a tax base, which has them taken off already"
    elif max(case.aged_70, case.disabled) > persons:
        problem = f"more aged or disabled persons than the {persons} of the family"
    elif len(children) > case.dependants or len(case.births) > len(children):
        problem = "there are more children than dependants, or more births than children"
    elif case.single_parent and (case.spouse or not children):
        problem = "a single parent has no spouse and has a child among the dependants"
    elif any(birth < 1 for birth in case.births):
        problem = "a child born is the first (1), second (2), third (3) ..."
    elif any(not 0 <= case.year - born <= 20 for born in children) and not case.disabled:
        problem = "a child over 20 who is not disabled, or not yet born, is no dependant"
    if problem:
        raise InputError(f"The case does not add up: {problem}.")
    if children and case.year < FIRST_CHILD_YEAR:
        raise OutOfScopeError(
            f"The child credit is computed from {FIRST_CHILD_YEAR} on; the year is {case.year}."
        )


def earned_income_deduction(steps: Steps, salary: int) -> int:
    """근로소득공제 on a year's salary, at most 2,000만원 (KRW)."""
    formula = EARNED_DEDUCTION.table_formula(salary)
    amount = EARNED_DEDUCTION.tax(salary)
    if amount > EARNED_DEDUCTION_LIMIT:
        formula = f"작은 값({formula}, {format_amount(EARNED_DEDUCTION_LIMIT)})"
        amount = EARNED_DEDUCTION_LIMIT
    return steps.add("근로소득공제", formula, amount, EARNED_DEDUCTION.citation)


def income_deductions(steps: Steps, case: Income, income: int) -> int:
    """인적공제, 연금보험료공제 and 보험료 of 제52조, together no more than the income (KRW)."""
    persons = 1 + case.spouse + case.dependants
    formula = f"{format_amount(BASIC)} × {persons}명"
    parts = [steps.add("기본공제", formula, persons * BASIC, f"{LAW} 제50조제1항")]
    parts += additional_deductions(steps, case, income)
    if case.pension_contributions:
        law = f"{LAW} 제51조의3제1항"
        parts.append(steps.given("연금보험료공제", case.pension_contributions, law))
    if case.insurance_premiums:
        law = f"{LAW} 제52조제1항"
        parts.append(steps.given("특별소득공제(보험료)", case.insurance_premiums, law))
    formula = " + ".join(format_amount(part) for part in parts)
    law = f"{LAW} 제51조제4항"
    if sum(parts) > income:
        formula = f"작은 값({formula}, {format_amount(income)})"
    return steps.add("종합소득공제", formula, min(sum(parts), income), law, f"{LAW} 제51조의3제3항")


def additional_deductions(steps: Steps, case: Income, income: int) -> list[int]:
    """추가공제 of 제51조, one amount each (KRW)."""
    parts = []
    for label, count, each, item in (
        ("경로우대자공제", case.aged_70, 100 * MAN, 1),
        ("장애인공제", case.disabled, 200 * MAN, 2),
    ):
        if count:
            formula = f"{format_amount(each)} × {count}명"
            parts.append(steps.add(label, formula, count * each, f"{LAW} 제51조제1항제{item}호"))
    if case.single_parent:
        parts.append(steps.given("한부모공제", 100 * MAN, f"{LAW} 제51조제1항제6호"))
    elif case.woman and income <= 3000 * MAN:
        parts.append(steps.given("부녀자공제", 50 * MAN, f"{LAW} 제51조제1항제3호"))
    return parts


def computed_tax(steps: Steps, base: int, year: int) -> int:
    """종합소득 산출세액 of one year (KRW).

    Raises:
        OutOfScopeError: the year lies before 2023.
    """
    table = table_in_force(INCOME, date(year, 12, 31))
    return steps.add("산출세액", table.formula(base), table.quick(base), table.citation)


def tax_credits(steps: Steps, case: Income, tax: int) -> int:
    """근로소득세액공제, 자녀세액공제 and 표준세액공제, together no more than the tax (KRW)."""
    assert case.gross_salary is not None
    parts = [earned_income_credit(steps, case.gross_salary, tax)]
    parts += child_credits(steps, case)
    if not case.insurance_premiums:
        law = f"{LAW} 제59조의4제9항제1호"
        parts.append(steps.given("표준세액공제", STANDARD_CREDIT, law))
    formula = " + ".join(format_amount(part) for part in parts)
    if sum(parts) > tax:
        formula = f"작은 값({formula}, {format_amount(tax)})"
    return steps.add("세액공제 합계", formula, min(sum(parts), tax), f"{LAW} 제61조")


def earned_income_credit(steps: Steps, salary: int, tax: int) -> int:
    """근로소득세액공제 on the tax of a salary (KRW)."""
    full = EARNED_CREDIT.tax(tax)
    limit, limit_formula, item = earned_credit_limit(salary)
    formula = EARNED_CREDIT.table_formula(tax)
    if full > limit:
        formula = f"작은 값({formula}, {limit_formula})"
    law = f"{LAW} 제59조제2항제{item}호"
    amount = min(full, limit)
    return steps.add("근로소득세액공제", formula, amount, EARNED_CREDIT.citation, law)


def earned_credit_limit(salary: int) -> tuple[int, str, int]:
    """The most that 제59조제2항 lets off a salary (KRW, won below cut), its formula, its 호."""
    for over, highest, rate, lowest, item in (
        (12000 * MAN, 50 * MAN, Fraction(1, 2), 20 * MAN, 4),
        (7000 * MAN, 66 * MAN, Fraction(1, 2), 50 * MAN, 3),
        (3300 * MAN, 74 * MAN, Fraction(8, 1000), 66 * MAN, 2),
    ):
        if salary > over:
            reduced = highest - (salary - over) * rate
            part = f"({format_amount(salary)} - {format_amount(over)}) × {percent(rate)}"
            formula = f"큰 값({format_amount(highest)} - {part}, {format_amount(lowest)})"
            return max(math.floor(reduced), lowest), formula, item
    return 74 * MAN, format_amount(74 * MAN), 1


def child_credits(steps: Steps, case: Income) -> list[int]:
    """자녀세액공제 of 제59조의2, for children of age and for those born in the year (KRW)."""
    parts = []
    count = sum(counts_as_child(born, case.year) for born in case.child_birth_years)
    if count:
        amount, formula = child_credit(count)
        item = min(count, 3)
        law = f"{LAW} 제59조의2제1항제{item}호"
        parts.append(steps.add(f"자녀세액공제({count}명)", formula, amount, law))
    for birth in case.births:
        item = min(birth, 3)
        law = f"{LAW} 제59조의2제3항제{item}호"
        parts.append(steps.given("출산ㆍ입양 세액공제", BIRTH_CREDITS[item - 1], law))
    return parts


def counts_as_child(born: int, year: int) -> bool:
    """Whether a child born in `born` is of the age of 제59조의2 and its 부칙 in `year`."""
    age = CHILD_AGE if born == WITHOUT_LOWER_AGE else CHILD_AGES.get(year, CHILD_AGE)
    return year - born >= age


def child_credit(count: int) -> tuple[int, str]:
    """The credit for `count` children (KRW) and its formula."""
    if count <= 2:
        amount = (25 * MAN, 55 * MAN)[count - 1]
        return amount, format_amount(amount)
    formula = f"{format_amount(55 * MAN)} + {format_amount(40 * MAN)} × {count - 2}명"
    return 55 * MAN + 40 * MAN * (count - 2), formula
