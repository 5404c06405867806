"""상속세, 증여세, 법인세 or 양도소득세 on a stated 과세표준 is computed again and compared."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from datagen.checks.finding import Context, Finding
from datagen.checks.income import BASE, HOW_MUCH
from datagen.checks.statements import lines_of, wrong, wrong_result
from taxlaw.amounts import find_amounts, format_amount
from taxlaw.holding import (
    CORPORATION_THREE,
    CORPORATION_UP_TO_TWO,
    THREE_HOUSES,
    UP_TO_TWO_HOUSES,
)
from taxlaw.rates import CORPORATE, INCOME, INHERITANCE_AND_GIFT, RateTable
from taxqa.records import QARecord

NOT_READ = re.compile(
    r"각각|부부|늘|줄|차이|세대생략|할증|가산세|무신고|사전증여|10년|지방소득세|(?:19\d\d|20[01]\d|202[0-4])\s?년"
)
TRANSFER_RATE_OF_ITS_OWN = re.compile(
    r"주식|분양권|입주권|미등기|비사업용|중과|다주택|[23]주택|단기|[12]년\s?(?:미만|이내|이하)|\d+\s?개월|비거주"
)
CORPORATE_OF_ITS_OWN = re.compile(
    r"임대|성실신고확인|개월|연환산|조합|비영리|연결|외국법인|토지등|미환류|청산|최저한세|감면"
)


@dataclass(frozen=True)
class BaseTax:
    """How one tax is recognised in a question, and the tables that may apply to its base."""

    reason: str
    topic: re.Pattern[str]
    other: re.Pattern[str]
    """What makes the question another one."""
    name: re.Pattern[str]
    """The tax as an answer names it."""
    tables: Callable[[str], tuple[RateTable, ...]]
    credit: int = 0
    """Percent that a return in time takes off."""


def corporate_tables(question: str) -> tuple[RateTable, ...]:
    """The table of the year that is named; without one, either."""
    if re.search(r"2025\s?년", question):
        return CORPORATE[:1]
    return CORPORATE[1:] if re.search(r"202[6-9]\s?년|올해", question) else CORPORATE


def holding_tables(question: str) -> tuple[RateTable, ...]:
    """The table for as many houses as are named; without a number, any of the owner's."""
    tables = CORPORATION if "법인" in question else PERSON
    if re.search(r"[3-9]\s?주택|세\s?채|네\s?채|[3-9]\s?채|다주택", question):
        return tables[1:]
    return tables[:1] if re.search(r"[12]\s?주택|[한두]\s?채|[12]\s?채", question) else tables


PERSON = (UP_TO_TWO_HOUSES, THREE_HOUSES)
CORPORATION = (CORPORATION_UP_TO_TWO, CORPORATION_THREE)
TAXES = (
    BaseTax(
        "inheritance-tax-wrong",
        re.compile(r"상속세"),
        re.compile(r"증여|법인|소득세|취득세"),
        re.compile(r"상속세액?"),
        lambda question: INHERITANCE_AND_GIFT,
        credit=3,
    ),
    BaseTax(
        "gift-tax-wrong",
        re.compile(r"증여세"),
        re.compile(r"상속(?!세\s?및)|법인|소득세|취득세|혼인|출산"),
        re.compile(r"증여세액?"),
        lambda question: INHERITANCE_AND_GIFT,
        credit=3,
    ),
    BaseTax(
        "corporate-tax-wrong",
        re.compile(r"법인"),
        re.compile(
            rf"종합부동산세|종부세|상속|증여|양도|부가|(?<!지방)소득세|{CORPORATE_OF_ITS_OWN.pattern}"
        ),
        re.compile(r"법인세액?(?!법)"),
        corporate_tables,
    ),
    BaseTax(
        "holding-tax-wrong",
        re.compile(r"종합부동산세|종부세"),
        re.compile(r"상속|증여|양도|토지|재산세만|공시가격"),
        re.compile(r"(?:종합부동산세|종부세)액?"),
        holding_tables,
    ),
    BaseTax(
        "transfer-tax-wrong",
        re.compile(r"양도"),
        re.compile(rf"상속|증여|법인|부가|종합소득|{TRANSFER_RATE_OF_ITS_OWN.pattern}"),
        re.compile(r"양도(?:소득)?세액?"),
        lambda question: INCOME[-1:],
    ),
)
COMPUTED = re.compile(r"산출\s?세액")
LOCAL = re.compile(r"지방\s?소득세")


def check_base_taxes(record: QARecord, context: Context) -> Finding | None:
    """The tax on the one 과세표준 that the question states; None if it states none."""
    if "과세" not in record.question or NOT_READ.search(record.question):
        return None
    tax = asked_tax(record.question)
    base = stated_base(record.question)
    return wrong_tax(record, tax, base) if tax and base else None


def asked_tax(question: str) -> BaseTax | None:
    """The tax that a question is about."""
    for tax in TAXES:
        if tax.topic.search(question) and not tax.other.search(question):
            return tax
    return None


def right_taxes(question: str) -> Iterator[int]:
    """The tax on the one 과세표준 that a question states, by each table that may apply (KRW)."""
    tax, base = asked_tax(question), stated_base(question)
    if tax and base and not NOT_READ.search(question):
        yield from (table.quick(base) for table in tax.tables(question))


def stated_base(question: str) -> int | None:
    """The one amount of a question, where '과세표준' stands in front of it (KRW)."""
    amounts = find_amounts(question)
    if len(amounts) != 1 or not BASE.search(question[: amounts[0].start]):
        return None
    return amounts[0].value


def wrong_tax(record: QARecord, tax: BaseTax, base: int) -> Finding | None:
    """A wrong tax on a base of `base` KRW."""
    lines = [line for line in lines_of(record.answer) if not LOCAL.search(line.text)]
    tables = tax.tables(record.question)
    right = {table.quick(base) for table in tables}
    paid = right | {each - each * tax.credit // 100 for each in right}
    with_local = {each + each // 10 for each in right} if not tax.credit else set()
    found = wrong(lines, COMPUTED, right)
    if not found:
        asked = bool(HOW_MUCH.search(record.question))
        found = wrong_result(lines, tax.name, paid | with_local, asked=asked)
    if not found:
        return None
    table = tables[-1]
    expected = f"{table.formula(base)} = {format_amount(table.quick(base))} ({table.citation})"
    return Finding(tax.reason, "; ".join(dict.fromkeys(found)), expected)
