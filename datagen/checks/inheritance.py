"""An estate that the question states plainly is computed again, and the answer's figures compared.

Read is a 과세가액 with children, with or without a spouse who receives no more than the least
deduction.
"""

import re
from datetime import date

from datagen.checks.finding import Context, Finding
from datagen.checks.income import HOW_MUCH
from datagen.checks.statements import lines_of, wrong, wrong_result
from taxlaw.amounts import find_amounts, format_amount
from taxlaw.inheritance import Inheritance, InheritanceResult, inheritance_tax
from taxlaw.steps import OutOfScopeError
from taxqa.errors import InputError
from taxqa.records import QARecord

DAY = date(2026, 1, 2)
"""Any day of the law in force: a question that names another year is not read."""
NOT_READ = re.compile(
    r"채무|빚|대출|장례|사전증여|생전|증여|금융|예금|보험|동거주택|가업|영농|장애|미성년|65세|경로|손자|손녀|손주|며느리"
    r"|사위|형제|부모님과|유언|유증|포기|비거주|해외|국외|무신고|신고하지|가산세|연부|대습|공익|취득세|각각|상속분"
    r"|이상|이하|미만|까지|(?:19\d\d|20[01]\d|202[0-3])\s?년|과세표준"
)
VALUE = re.compile(r"(?:상속세\s?)?과세\s?가액(?:이|은|는|가|의|:)?\s?(?:총\s?)?$")
SPOUSE = re.compile(r"배우자|어머니|아버지|남편|아내")
NO_SPOUSE = re.compile(r"배우자(?:는|가|도)?\s?(?:없|이미)|배우자 없")
COUNTS = {
    "하나": 1,
    "한": 1,
    "둘": 2,
    "두": 2,
    "셋": 3,
    "세": 3,
    "넷": 4,
    "네": 4,
    "1": 1,
    "2": 2,
    "3": 3,
    "4": 4,
}
CHILDREN = re.compile(
    rf"(?:자녀|아들|딸)\s?(?P<count>{'|'.join(COUNTS)})\s?(?:명|이|과|만|의|\b)|(?P<first>외아들|외동딸)"
)
COMPUTED = re.compile(r"산출\s?세액")
BASE = re.compile(r"과세\s?표준")
PLAIN = re.compile(r"상속세액?")


def check_inheritance(record: QARecord, context: Context) -> Finding | None:
    """Base and tax of the estate that the question states; None if it states none."""
    case = estate_case(record.question)
    if case is None:
        return None
    try:
        result = inheritance_tax(case)
    except (InputError, OutOfScopeError):
        return None
    lines = lines_of(record.answer)
    taxes = {result.computed_tax, result.tax_due, result.total_payable}
    found = wrong(lines, COMPUTED, {result.computed_tax})
    found += wrong(lines, BASE, {result.tax_base, max(result.tax_base, 0)})
    if not found:
        asked = bool(HOW_MUCH.search(record.question))
        found = wrong_result(lines, PLAIN, taxes, asked=asked)
    if not found:
        return None
    return Finding("inheritance-tax-wrong", "; ".join(dict.fromkeys(found)), expected_text(result))


def estate_case(question: str) -> Inheritance | None:
    """The estate of a question; None where it is not clear."""
    if "상속" not in question or NOT_READ.search(question):
        return None
    amounts = find_amounts(question)
    children = CHILDREN.findall(question)
    if len(amounts) != 1 or len(children) != 1 or not VALUE.search(question[: amounts[0].start]):
        return None
    spouse = bool(SPOUSE.search(question)) and not NO_SPOUSE.search(question)
    if spouse and not re.search(r"배우자", question):
        return None
    return Inheritance(
        day=DAY,
        taxable_value=amounts[0].value,
        spouse=spouse,
        children=COUNTS.get(children[0][0], 1),
    )


def expected_text(result: InheritanceResult) -> str:
    """'과세표준 10억원 = 15억원 − 5억원, 산출세액 2억 4,000만원 (기한 내 신고하면 …)'."""
    value, base = format_amount(result.taxable_value), format_amount(result.tax_base)
    return (
        f"과세표준 {base} = {value} − 상속공제 {format_amount(result.deductions)},"
        f" 산출세액 {format_amount(result.computed_tax)}"
        f" (기한 내 신고하면 {format_amount(result.tax_due)})"
    )
