"""Limits and rates that stand behind a name in a sentence, whatever particles stand between.

One row of LIMITS says what the law gives to a name. What an answer states there is wrong where it
is none of the row's figures; where it is one of them, the law founds it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from taxlaw import gift, holding, transfer, vat, withholding
from taxlaw.amounts import find_amounts
from taxlaw.filing import FILING_CREDIT
from taxlaw.rates import EOK, MAN

GAP = r"[^.,;\n\d%]"
"""What may stand between a name and its figure: no other figure, no end of a clause."""
FORMER = re.compile(
    r"종전|개정 전|과거|예전|당시|개정안|오해|틀린|잘못|착각|아니라|아닙니다|비거주"
    r"|(?:19\d\d|20[01]\d|202[0-4])\s?년"
)
LIMITED = r"\s?(?:까지|(?:을|를|이|가)?\s?한도|(?:을|를) (?:초과|넘)|이하|미만|이내|만 )"
RATE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s?(?:%|％|퍼센트)(?!포인트|p)")
PAID_IN_AT_MOST = 1800 * MAN
"""What may be paid into a pension account in a year (소득세법 시행령 제40조의2제2항)."""
ENDS = rf"{LIMITED}|\s?(?:입니다|이고|이며|이에요|예요|\)|$)"
"""A limit, and no sum that somebody paid."""
SEVERAL = r"(?:두|세|네|[2-9])\s?(?:분|명|사람|인)|모두|각각"
"""Persons whose deductions a sentence may add up."""
YEARLY = r"(?:1명당|1인당|한 명당)?\s?(?:매년|연간|연)?\s?"


@dataclass(frozen=True)
class Limit:
    """What the law gives to a name."""

    name: str
    """Pattern of the name with what leads from it to the figure."""
    right: tuple[int | Fraction, ...]
    """KRW, or fractions for rates; any of these may be stated."""
    citation: str
    about: str = ""
    """Pattern of what the sentence has to speak of as well."""
    not_with: str = r"(?!)"
    after: str = ""
    """Pattern of what has to follow the figure."""

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """name, about, not_with, after."""
        return tuple(map(re.compile, (self.name, self.about, self.not_with, self.after)))


def percents(*rates: str) -> tuple[Fraction, ...]:
    """Rates from percent."""
    return tuple(Fraction(rate) / 100 for rate in rates)


LIMITS = (
    Limit(
        rf"1(?:세대|가구)\s?1주택자?{GAP}{{0,24}}(?:공제|공시가격|합계){GAP}{{0,10}}",
        (holding.ONE_HOUSE_DEDUCTION, holding.DEDUCTION),
        "종합부동산세법 제8조제1항",
        about="종합부동산세|종부세",
        not_with="양도|재산세율|취득세|토지|분납|납부유예",
        after=r"\s?(?:까지|공제|초과)|(?:을|를|이) (?:공제|빼|뺀|차감|초과)",
    ),
    Limit(
        rf"공급\s?대가{GAP}{{0,10}}(?:이|가)\s?(?:연간|연)?\s?",
        (vat.SIMPLIFIED_BELOW, vat.EXEMPT_BELOW, 8000 * MAN),
        "부가가치세법 시행령 제109조제1항",
        about="간이과세",
        after=r"\s?(?:미만|이상)",
    ),
    Limit(
        rf"연금저축(?:계좌)?(?:만|에|은|는|의)?\s?(?:납입{GAP}{{0,4}})?(?:연간|연|최대|한도는?)?\s?",
        (600 * MAN, PAID_IN_AT_MOST),
        "소득세법 제59조의3제1항",
        about="공제",
        after=LIMITED,
    ),
    Limit(
        rf"(?:퇴직연금|IRP){GAP}{{0,14}}합{GAP}{{0,14}}",
        (900 * MAN, PAID_IN_AT_MOST),
        "소득세법 제59조의3제1항",
        about="공제",
        after=LIMITED,
    ),
    Limit(
        rf"경로\s?우대자?\s?(?:추가)?\s?공제(?:로|는|가|액은|:)?\s?{YEARLY}",
        (100 * MAN,),
        "소득세법 제51조제1항제1호",
        not_with=SEVERAL,
    ),
    Limit(
        rf"장애인\s?(?:추가)?\s?공제(?:로|는|가|액은|:)?\s?{YEARLY}",
        (200 * MAN,),
        "소득세법 제51조제1항제2호",
        not_with=rf"상속|증여|기대|{SEVERAL}",
    ),
    Limit(
        rf"한부모\s?(?:추가)?\s?공제(?:로|는|가|액은|:)?\s?{YEARLY}",
        (100 * MAN,),
        "소득세법 제51조제1항제6호",
    ),
    Limit(
        rf"부녀자\s?(?:추가)?\s?공제(?:로|는|가|액은|:)?\s?{YEARLY}",
        (50 * MAN,),
        "소득세법 제51조제1항제3호",
    ),
    Limit(
        rf"감가상각비{GAP}{{0,24}}",
        (800 * MAN, 400 * MAN),
        "법인세법 제27조의2제3항",
        about="승용",
        after=LIMITED,
    ),
    Limit(
        rf"보장성\s?보험료?{GAP}{{0,10}}(?:연간|연|한도(?:는|가)?|최대)\s?",
        (100 * MAN,),
        "소득세법 제59조의4제1항",
        after=ENDS,
    ),
    Limit(
        rf"대학생{GAP}{{0,18}}(?:연간|연|한도(?:는|가)?|최대)\s?",
        (900 * MAN,),
        "소득세법 제59조의4제3항",
        about="교육비",
        after=ENDS,
    ),
    Limit(
        rf"(?:[초중고]등?학생|취학\s?전\s?아동){GAP}{{0,18}}(?:연간|연|한도(?:는|가)?|최대)\s?",
        (300 * MAN,),
        "소득세법 제59조의4제3항",
        about="교육비",
        after=ENDS,
    ),
    Limit(
        rf"월세{GAP}{{0,16}}(?:한도(?:는|가|인)?|최대)\s?(?:연간|연)?\s?",
        (1000 * MAN,),
        "조세특례제한법 제95조의2제1항",
        about="공제",
    ),
    Limit(
        rf"(?:금융소득|배당(?:소득)?|이자소득){GAP}{{0,14}}(?:연간|연)\s?",
        (2000 * MAN,),
        "소득세법 제14조제3항제6호",
        about="종합|합산|합치|합쳐|합한|분리과세",
        not_with="보험료|건강보험",
        after=r"\s?(?:을|를|이하|까지|초과)",
    ),
    Limit(
        rf"영농\s?상속\s?공제{GAP}{{0,8}}(?:한도(?:는|가)?|최대)\s?",
        (30 * EOK,),
        "상속세 및 증여세법 제18조의3제1항",
    ),
    Limit(
        rf"가업\s?상속\s?공제{GAP}{{0,8}}(?:최고|최대)\s?",
        (300 * EOK, 400 * EOK, 600 * EOK),
        "상속세 및 증여세법 제18조의2제1항",
    ),
    Limit(
        r"과세\s?표준이\s?",
        (gift.NO_TAX_BELOW,),
        "상속세 및 증여세법 제25조제2항, 제55조제2항",
        about="(?:상속세|증여세).*(?:과세최저한|부과하지)|과세최저한.*(?:상속세|증여세)",
        after=r"\s?미만",
    ),
    Limit(
        rf"세액이\s?{GAP}{{0,8}}",
        (2000 * MAN,),
        "상속세 및 증여세법 제71조제1항",
        about="연부연납",
        not_with="분할납부|분납|물납",
        after=r"(?:을|를) (?:초과|넘)",
    ),
    Limit(
        rf"세액이\s?{GAP}{{0,8}}",
        (250 * MAN, 500 * MAN),
        "종합부동산세법 제20조, 시행령 제16조제1항",
        about="(?=.*(?:종합부동산세|종부세)).*분납",
        not_with="소득세|법인세|상속|증여|재산세",
        after=r"(?:을|를) (?:초과|넘)",
    ),
    Limit(
        rf"(?:한 차례|건당|1회|1건){GAP}{{0,14}}",
        (3 * MAN, 20 * MAN),
        "법인세법 시행령 제41조제1항",
        about="기업업무추진비|접대비",
        after=r"\s?(?:초과|까지|\(경조)|(?:을|를) (?:초과|넘)",
    ),
    Limit(
        rf"식(?:사)?대{GAP}{{0,8}}월\s?",
        (20 * MAN,),
        "소득세법 제12조제3호러목",
        after=LIMITED,
    ),
    Limit(
        rf"공정\s?시장\s?가액\s?비율{GAP}{{0,8}}",
        (holding.FAIR_MARKET_RATIO, *percents("43", "44", "45", "70", "100")),
        "종합부동산세법 시행령 제2조의4",
        not_with="범위|부터",
    ),
    Limit(
        rf"비영업대금{GAP}{{0,16}}",
        (withholding.RATES["private_loan"], *percents("27.5", "14", "15.4")),
        "소득세법 제129조제1항제1호나목",
    ),
    Limit(
        rf"기타소득{GAP}{{0,10}}원천\s?징수\s?세율{GAP}{{0,6}}",
        (withholding.RATES["other"], *percents("22", "15", "16.5", "30", "33")),
        "소득세법 제129조제1항제6호",
    ),
    Limit(
        rf"(?<!기타)사업소득{GAP}{{0,6}}원천\s?징수\s?세율{GAP}{{0,6}}",
        (withholding.RATES["business"], *percents("3.3", "20", "22")),
        "소득세법 제129조제1항제3호",
    ),
    Limit(
        rf"세대\s?생략{GAP}{{0,4}}할증{GAP}{{0,10}}",
        percents("30", "40"),
        "상속세 및 증여세법 제27조, 제57조",
    ),
    Limit(
        rf"이월\s?결손금{GAP}{{0,14}}소득(?:금액)?의\s?",
        percents("80", "100"),
        "법인세법 제13조제1항",
        not_with="기부금",
    ),
    Limit(
        rf"미등록\s?가산세{GAP}{{0,8}}",
        percents("1", "0.5", "2", "0.2"),
        "부가가치세법 제60조제1항제1호",
    ),
    Limit(
        rf"양도(?:차익|소득){GAP}{{0,8}}(?:연간|연)\s?",
        (transfer.BASIC_DEDUCTION,),
        "소득세법 제103조제1항",
        after=r"을 (?:공제|빼)",
    ),
    Limit(
        rf"기한\s?(?:내에?|안에)\s?신고{GAP}{{0,12}}",
        (FILING_CREDIT,),
        "상속세 및 증여세법 제69조",
        about="공제|빼|뺀",
        not_with="가산세|감면|전자신고|소득세|법인세|부가|않|못",
    ),
)


HINT = re.compile(r"\d\s?(?:%|％|퍼센트|[천백]?[만억])|원")
"""Without an amount or a rate nothing is stated."""


@dataclass(frozen=True)
class Stated:
    """A figure that stands behind a name of the table."""

    text: str
    value: int | Fraction
    limit: Limit

    @property
    def is_right(self) -> bool:
        """Whether the law gives it to that name."""
        return self.value in self.limit.right


def stated_limits(sentence: str) -> Iterator[Stated]:
    """Each figure of a sentence that stands right behind a name of the table."""
    if not HINT.search(sentence) or FORMER.search(sentence):
        return
    for limit in LIMITS:
        name, about, not_with, after = limit.patterns
        for match in name.finditer(sentence):
            if about.search(sentence) and not not_with.search(sentence):
                rate = isinstance(limit.right[0], Fraction)
                found = rate_at(sentence, match.end()) if rate else amount_at(sentence, match.end())
                if found and after.match(sentence, found[1]):
                    yield Stated(sentence[match.start() : found[1]], found[0], limit)


def amount_at(sentence: str, at: int) -> tuple[int, int] | None:
    """(KRW, where it ends) of the amount that begins at `at`."""
    for amount in find_amounts(sentence):
        if amount.start == at:
            return amount.value, amount.end
    return None


def rate_at(sentence: str, at: int) -> tuple[Fraction, int] | None:
    """(rate, where it ends) of the rate that begins at `at`."""
    match = RATE.match(sentence, at)
    return (Fraction(match[1]) / 100, match.end()) if match else None
