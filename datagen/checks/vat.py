"""A value added tax that the question states plainly is computed again and compared."""

import re
from dataclasses import dataclass

from datagen.checks.finding import Context, Finding
from datagen.checks.income import HOW_MUCH
from datagen.checks.statements import lines_of, wrong, wrong_result
from taxlaw.amounts import AmountMention, find_amounts, format_amount
from taxlaw.vat import GeneralVat, Industry, SimplifiedVat, VatResult, general_vat, simplified_vat
from taxqa.records import QARecord

YEAR = 2026
NOT_READ = re.compile(
    r"영세율|수출|면세|의제|신용카드|현금영수증|대손|예정|고지|가산세|겸영|안분|각각|매월|월\s?\d|환급|폐업|개업|신규|세금계산서"
    r"|이상|이하|미만|까지|(?:19\d\d|20[01]\d|202[0-3])\s?년|전환|포함(?!되지| 안)|매입액"
    r"|매입금액|매입가액"
)
INDUSTRIES: tuple[tuple[re.Pattern[str], Industry], ...] = (
    (re.compile(r"음식점|식당"), "restaurant"),
    (re.compile(r"(?<!도)소매"), "retail"),
    (re.compile(r"제조업"), "manufacturing"),
    (re.compile(r"숙박업"), "lodging"),
    (re.compile(r"건설업"), "construction"),
    (re.compile(r"부동산\s?임대"), "real_estate"),
)
TURNOVER = re.compile(r"공급\s?대가(?:의 합계액?)?(?:이|은|는|가|의|:)?\s?$")
SUPPLY = re.compile(r"공급\s?가액(?:이|은|는|가|의|:)?\s?$")
INPUT_TAX = re.compile(r"매입\s?세액(?:이|은|는|가|의|:)?\s?$")
OUTPUT = re.compile(r"매출\s?세액")
PAYABLE = re.compile(r"(?:납부|부담|내야)\s?(?:할|하는|하실)?\s?(?:부가(?:가치)?세액?|세액|세금)")
PLAIN = re.compile(r"부가(?:가치)?세액?")


@dataclass(frozen=True)
class Read:
    """What a question states: the result, and whether it is of a 일반과세자."""

    result: VatResult
    general: bool


def check_vat(record: QARecord, context: Context) -> Finding | None:
    """The tax of the plain sales that the question states; None if it states none."""
    read = vat_of(record.question)
    if read is None:
        return None
    lines, result = lines_of(record.answer), read.result
    right = {result.payable, result.tax, abs(result.tax)}
    found = wrong(lines, PAYABLE, right)
    if read.general:
        found += wrong(lines, OUTPUT, {result.output_tax})
    if not found:
        asked = bool(HOW_MUCH.search(record.question))
        found = wrong_result(lines, PLAIN, right | {result.output_tax}, asked=asked)
    if not found:
        return None
    expected = " → ".join(
        f"{step.label} {step.formula} = {format_amount(step.amount)}" for step in result.steps[:3]
    )
    return Finding("vat-wrong", "; ".join(dict.fromkeys(found)), expected)


def vat_of(question: str) -> Read | None:
    """The tax that a question states; None where it is not clear."""
    if not re.search(r"부가(?:가치)?세", question) or NOT_READ.search(question):
        return None
    amounts = find_amounts(question)
    if "간이과세" in question and "일반과세" not in question:
        return simplified(question, amounts)
    if "일반과세" in question and "간이과세" not in question:
        return general(question, amounts)
    return None


def simplified(question: str, amounts: list[AmountMention]) -> Read | None:
    """A year of a 간이과세자 in one industry."""
    industries = [industry for words, industry in INDUSTRIES if words.search(question)]
    if len(industries) != 1 or len(amounts) != 1:
        return None
    if not TURNOVER.search(question[: amounts[0].start]):
        return None
    case = SimplifiedVat(year=YEAR, sales={industries[0]: amounts[0].value})
    return Read(simplified_vat(case), general=False)


def general(question: str, amounts: list[AmountMention]) -> Read | None:
    """A period of a 일반과세자 with 공급가액 and 매입세액."""
    if len(amounts) != 2 or not SUPPLY.search(question[: amounts[0].start]):
        return None
    if not INPUT_TAX.search(question[: amounts[1].start]):
        return None
    case = GeneralVat(year=YEAR, period="1", supply=amounts[0].value, input_tax=amounts[1].value)
    return Read(general_vat(case), general=True)
