"""An income tax that the question states is computed again, and the answer's figures compared."""

import re

from datagen.checks.finding import Context, Finding
from datagen.checks.statements import lines_of, wrong, wrong_result
from taxlaw.amounts import find_amounts, format_amount
from taxlaw.income import Income, IncomeResult, income_tax
from taxlaw.steps import OutOfScopeError
from taxqa.records import QARecord

YEAR = 2026
BASE = re.compile(r"과세\s?표준(?:금액|액)?(?:이|은|는|가|의|:)?\s*(?:이\s?)?(?:약\s?)?$")
SALARY = re.compile(r"(?:총\s?급여액?|연봉|연간 급여)(?:이|은|는|가|의|:)?\s*$")
ABOUT_INCOME = re.compile(r"소득세|종합소득|근로소득공제")
OTHER_TAX = re.compile(
    r"양도|법인|상속|증여|부가|퇴직|종합부동산|취득세|재산세|원천징수|금융소득|이자|배당|연금소득|기타소득"
    r"|분리과세|비거주자|부부|각각|늘|줄|차이|(?:19\d\d|20[01]\d|202[0-2])\s?년"
)
HOW_MUCH = re.compile(
    r"얼마|계산|몇|나오|납부세액|산출세액|세금은|소득세(?:는|가)?\s*\??$|공제(?:는|액은)?\s*\??$"
)
COMPUTED = re.compile(r"(?<!지방소득세 )(?:종합소득세?\s?)?산출\s?세액")
LOCAL = re.compile(r"(?:개인)?\s?지방\s?소득세(?:\s?산출세액)?")
PLAIN = re.compile(r"(?<!지방)(?<!지방 )(?:종합\s?)?소득세액?(?!법)")
DEDUCTION = re.compile(r"근로\s?소득\s?공제액?")
EARNED = re.compile(r"근로\s?소득\s?금액")


def check_income(record: QARecord, context: Context) -> Finding | None:
    """Tax on a stated 과세표준, or 근로소득공제 of a stated salary; None if neither is stated."""
    case = income_case(record.question)
    if case is None:
        return None
    try:
        result = income_tax(case)
    except OutOfScopeError:
        return None
    if case.tax_base is None:
        return wrong_deduction(record.answer, case.gross_salary or 0, result)
    return wrong_tax(record, result)


def income_case(question: str) -> Income | None:
    """The income that a question states; None where it is about more, or not clear."""
    amounts = find_amounts(question)
    if len(amounts) != 1 or not ABOUT_INCOME.search(question) or OTHER_TAX.search(question):
        return None
    before, value = question[: amounts[0].start], amounts[0].value
    if BASE.search(before) and "공제" not in question:
        return Income(year=YEAR, tax_base=value)
    if SALARY.search(before) and "근로소득공제" in question.replace(" ", ""):
        return Income(year=YEAR, gross_salary=value)
    return None


def wrong_tax(record: QARecord, result: IncomeResult) -> Finding | None:
    """A wrong tax on a stated base."""
    lines = lines_of(record.answer)
    tax, local = result.computed_tax, result.local_income_tax
    found = wrong(lines, COMPUTED, {tax, local}) + wrong(lines, LOCAL, {local})
    if not found:
        asked = bool(HOW_MUCH.search(record.question))
        found = wrong_result(lines, PLAIN, {tax, tax + local}, asked=asked)
    if not found:
        return None
    expected = f"산출세액 {format_amount(tax)} (지방소득세 {format_amount(local)}): "
    expected += " = ".join(
        f"{step.formula} ({step.citation})" for step in result.steps if step.label == "산출세액"
    )
    return Finding("income-tax-wrong", "; ".join(dict.fromkeys(found)), expected)


def wrong_deduction(answer: str, salary: int, result: IncomeResult) -> Finding | None:
    """A wrong 근로소득공제 of a salary (KRW), or what remains of it after that."""
    deduction = result.earned_income_deduction or 0
    lines = lines_of(answer)
    found = wrong(lines, DEDUCTION, {deduction}) + wrong(lines, EARNED, {salary - deduction})
    if not found:
        return None
    expected = f"근로소득공제 {format_amount(deduction)} (소득세법 제47조제1항)"
    return Finding("income-deduction-wrong", "; ".join(dict.fromkeys(found)), expected)
