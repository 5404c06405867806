"""Periods that the law gives to a procedure, stated behind its name: '심판청구 … 90일'."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from datagen.checks.limits import FORMER
from taxlaw.deadlines import DAYS_TO_OBJECT

BETWEEN = r"[^.,;\n\d%]{0,34}?"


@dataclass(frozen=True)
class Period:
    """What the law gives to a name."""

    name: str
    """Pattern of the name with what leads to the number."""
    unit: str
    """Pattern of the unit with what follows it."""
    right: tuple[int, ...]
    """Any of these may be stated."""
    shown: str
    """The rule with its article."""
    not_with: str = r"(?!)"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The name, what may stand between, the number with its unit."""
        return re.compile(rf"(?:{self.name})(?P<figure>(?P<number>\d{{1,3}})\s?{self.unit})")


PERIODS = (
    Period(
        rf"경정(?:을|\s?등의)?\s?청구{BETWEEN}(?:지난\s?(?:후|날부터)|지나고|부터)\s",
        r"년",
        (5,),
        "법정신고기한이 지난 후 5년 (국세기본법 제45조의2제1항)",
        not_with="후발|판결|안 날",
    ),
    Period(
        rf"후발적{BETWEEN}안 날부터\s",
        r"개월",
        (3,),
        "사유가 생긴 것을 안 날부터 3개월 (국세기본법 제45조의2제2항)",
    ),
    Period(
        rf"(?:심판|심사)\s?청구(?:는|도|를|의)\s{BETWEEN}날(?:\([^)\d]*\))?부터\s",
        r"일",
        (DAYS_TO_OBJECT,),
        "안 날이나 통지를 받은 날부터 90일 (국세기본법 제61조, 제68조)",
        not_with="보정|적부|결정은|결정을|결과",
    ),
    Period(
        rf"사업자\s?등록{BETWEEN}|사업\s?(?:을\s)?개시(?:한\s?)?일부터\s",
        r"일\s?(?:이내|안에|내)",
        (20,),
        "사업 개시일부터 20일 (부가가치세법 제8조제1항)",
        not_with=r"정정|변경|폐업|휴업|단위|통보|발급|등록(?:을\s)?(?:한\s)?(?:후|뒤|다음)",
    ),
    Period(
        rf"원천\s?징수{BETWEEN}다음\s?달\s",
        r"일",
        (10,),
        "징수일이 속하는 달의 다음 달 10일 (소득세법 제128조제1항)",
        not_with="반기|지급명세서|제출|특별징수",
    ),
    Period(
        rf"세금계산서{BETWEEN}다음\s?달\s|공급(?:한\s?)?(?:일|날)이?\s?(?:이\s)?속하는\s달의\s다음\s?달\s",
        r"일",
        (10,),
        "공급일이 속하는 달의 다음 달 10일 (부가가치세법 제34조제3항)",
        not_with="전송|전자세금계산서 파일|합계표|매입자",
    ),
    Period(
        rf"증여\s?재산\s?공제{BETWEEN}",
        r"년\s?(?:간|동안|단위|이내|안에|을 합산|합산)",
        (10, 2),
        "10년 (상속세 및 증여세법 제47조제2항, 제53조)",
        not_with="상속개시|이월과세|양도|창업|가업|연부|농지|5년|할증|장애|보험|신탁|혼인|출산",
    ),
)


@dataclass(frozen=True)
class StatedPeriod:
    """A period that stands behind a name of the table."""

    text: str
    figure: str
    number: int
    period: Period

    @property
    def is_right(self) -> bool:
        """Whether the law gives it to that name."""
        return self.number in self.period.right


def stated_periods(sentence: str) -> Iterator[StatedPeriod]:
    """Each period of a sentence that stands behind a name of the table."""
    if FORMER.search(sentence) or not re.search(r"[일년월]", sentence):
        return
    for period in PERIODS:
        match = period.pattern.search(sentence)
        if match and not re.search(period.not_with, sentence):
            yield StatedPeriod(match[0], match["figure"], int(match["number"]), period)
