"""장기보유 특별공제 by 표 1, of a gain and the years that a question states, computed again."""

import re

from datagen.checks.finding import Context, Finding
from datagen.checks.statements import lines_of, wrong
from taxlaw.amounts import find_amounts, format_amount
from taxlaw.steps import percent
from taxlaw.transfer import table_one
from taxqa.records import QARecord

PLAIN_ASSET = re.compile(r"토지|상가|건물|오피스텔|사무실|공장|임야")
NOT_READ = re.compile(
    r"주택|아파트|거주|1세대|분양권|입주권|미등기|주식|조합|임대사업|중과|상속|증여|개월|각각|비거주|농지"
)
GAIN = re.compile(r"양도\s?차익(?:이|은|는|가|의|:)?\s?(?:약\s?)?$")
YEARS = re.compile(r"(?<!\d)(\d{1,2})\s?년(?:간|\s?동안)?\s?(?:을|를)?\s?(?:보유|가지고|소유)")
DEDUCTION = re.compile(r"장기\s?보유\s?특별\s?공제(?:액|금액)?")
RATE = re.compile(r"공제율(?:은|이|:)?\s?(\d{1,2})\s?%")
RESULT = re.compile(r"[=＝]\s?$")


def check_transfer(record: QARecord, context: Context) -> Finding | None:
    """The deduction for land or a building held the stated years; None if none is stated."""
    question = record.question
    if not DEDUCTION.search(question) or NOT_READ.search(question):
        return None
    amounts, years = find_amounts(question), YEARS.findall(question)
    plain = len(amounts) == 1 and len(years) == 1 and PLAIN_ASSET.search(question)
    if not plain or not GAIN.search(question[: amounts[0].start]):
        return None
    gain, rate = amounts[0].value, table_one(int(years[0]))
    right = int(gain * rate)
    found = wrong(lines_of(record.answer), DEDUCTION, {right})
    found += [match[0] for match in RATE.finditer(record.answer) if int(match[1]) != rate * 100]
    if not found:
        return None
    expected = f"{format_amount(gain)} × {percent(rate)} = {format_amount(right)}"
    return Finding(
        "transfer-deduction-wrong", "; ".join(found), f"{expected} (소득세법 제95조제2항)"
    )
