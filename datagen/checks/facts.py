"""A limit, deduction or rate that an answer states by name is compared with what the law has.

Judged is only a clear statement: the name, a few words without a figure, then the figure. A
sentence that speaks of former law, of an error or of a case of its own is passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from datagen.checks.finding import Context, Finding, shortened
from datagen.checks.limits import stated_limits
from datagen.checks.statements import SENTENCE_END, SUPPOSED
from taxlaw import estate_deductions as estate
from taxlaw import gift, income, penalties, transfer, vat
from taxlaw.amounts import find_amounts, format_amount
from taxlaw.filing import FILING_CREDIT
from taxlaw.rates import INCOME, INHERITANCE_AND_GIFT
from taxlaw.steps import percent
from taxqa.records import QARecord

NOT_READ = re.compile(
    r"종전|개정 전|과거|예전|당시|이전|인상|인하|상향|하향|오해|틀린|잘못|착각|아니라|아닙니다"
    r"|아닌|않|없|비거주|외국"
    r"|(?:19\d\d|20[01]\d|202[0-3])\s?년|2024년 이전|각각|합하|합쳐|합산하|모두|총\s?\d|총액"
    r"|더한|더하"
    r"|나머지|남은|[=×÷]|개정안"
)
FILLER = r"[^.,;:\d\n%()]{0,14}?"
RATE = r"(?P<rate>\d{1,2}(?:\.\d+)?)\s?(?:%|％|퍼센트)"


@dataclass(frozen=True)
class Fact:
    """What a name stands for: rates, or amounts in KRW, with the article."""

    name: str
    """Pattern of the name with the words that belong to it."""
    right: tuple[int | Fraction, ...]
    """Any of these may be stated; a Fraction is a rate."""
    citation: str
    not_with: str = r"(?!)"
    """What makes a sentence speak of something else."""


def per(*rates: str) -> tuple[Fraction, ...]:
    """Rates from percent: per('0.5') is 1/200."""
    return tuple(Fraction(rate) / 100 for rate in rates)


IS = (
    r"(?:의)?\s?(?:한도|금액|액)?(?:은|는|이|가|으로|로|:)?\s?"
    r"(?:최대|연간|연|1인당|1명당|10년(?:간|\s?동안))?\s?"
)
TOP_OF = r"(?:의)?\s?최고\s?세율(?:은|이|:)?"
FACTS = (
    Fact(
        r"부가(?:가치)?세(?:의)?\s?(?:기본|일반)?\s?세율(?:은|이|:)",
        (vat.RATE, Fraction(0)),
        "부가가치세법 제30조",
        "영세율|간이|지방소비",
    ),
    Fact(
        r"(?<!전자)(?<!전자 )신고\s?세액\s?공제(?:율|액)?(?:은|는|이|로|:)?",
        (FILING_CREDIT,),
        "상속세 및 증여세법 제69조",
        "전자신고|법인|소득세",
    ),
    Fact(
        r"(?<!과소)무신고\s?가산세(?:율)?(?:은|는|가|이|:)?",
        (*penalties.UNFILED.values(), *per("0.07", "0.14", "50", "30")),
        "국세기본법 제47조의2제1항",
        "감면|지방|과소|기한 후",
    ),
    Fact(
        r"과소\s?신고\s?가산세(?:율)?(?:은|는|가|이|:)",
        (*penalties.UNDERREPORTED.values(), *per("0.07", "0.14")),
        "국세기본법 제47조의3제1항",
        "감면|지방|무신고|수정신고",
    ),
    Fact(
        r"(?:상속세|증여세)" + TOP_OF,
        (INHERITANCE_AND_GIFT[-1].rows[-1][1],),
        "상속세 및 증여세법 제26조",
    ),
    Fact(r"종합소득세" + TOP_OF, (INCOME[-1].rows[-1][1], *per("49.5")), "소득세법 제55조제1항"),
    Fact(
        r"미등기\s?(?:양도\s?)?(?:자산|부동산)"
        + r"(?:의|에는|은)?\s?(?:양도소득세)?\s?(?:세율(?:은|이)?)?",
        per("70", "77"),
        "소득세법 제104조제1항제10호",
        "공제|지방세",
    ),
    Fact(
        r"(?:인적용역|프리랜서)\s?(?:사업)?소득(?:의|은|에는)?\s?원천징수\s?세율(?:은|이)",
        per("3", "3.3"),
        "소득세법 제129조제1항제3호",
    ),
    Fact(
        r"(?:혼인|출산)(?:\s?[ㆍ·,]\s?출산)?\s?(?:에 따른\s)?증여\s?재산\s?공제"
        r"(?:액|금액)?(?:은|는|이|가|로|:)?",
        (gift.ONCE_IN_LIFE,),
        "상속세 및 증여세법 제53조의2",
        "기본|일반|부부|양가",
    ),
    Fact(r"일괄\s?공제" + IS, (estate.LUMP_SUM,), "상속세 및 증여세법 제21조제1항", "최소|배우자"),
    Fact(
        r"(?<!양도소득 )기초\s?공제" + IS,
        (estate.BASIC,),
        "상속세 및 증여세법 제18조",
        "연금|생활|가업|영농",
    ),
    Fact(
        r"금융재산\s?상속\s?공제(?:는|의|:)?\s?(?:한도(?:는|가)?|최대)\s?",
        (estate.FINANCIAL_MOST,),
        "상속세 및 증여세법 제22조제1항",
    ),
    Fact(
        r"동거\s?주택\s?상속\s?공제(?:는|의|:)?\s?(?:한도(?:는|가)?|최대)\s?",
        (estate.HOUSE_MOST,),
        "상속세 및 증여세법 제23조의2제1항",
    ),
    Fact(
        r"양도소득\s?기본\s?공제" + IS, (transfer.BASIC_DEDUCTION,), "소득세법 제103조제1항", "주식"
    ),
    Fact(
        r"근로\s?소득\s?공제(?:의|는)?\s?(?:한도(?:는|가)?|최대)\s?",
        (income.EARNED_DEDUCTION_LIMIT,),
        "소득세법 제47조제1항",
    ),
    Fact(
        r"간이과세자(?:의|는)?\s?납부\s?의무\s?면제\s?(?:기준|금액)(?:은|이)?",
        (vat.EXEMPT_BELOW,),
        "부가가치세법 제69조제1항",
    ),
)
COMPILED = tuple((re.compile(fact.name), re.compile(fact.not_with), fact) for fact in FACTS)
ANY = re.compile(r"공제|세율|가산세|면제|고가")
RATE_AFTER = re.compile(FILLER + RATE)

RELATIVES: tuple[tuple[re.Pattern[str], tuple[int, ...], str], ...] = (
    (re.compile(r"배우자|남편|아내|부부"), (gift.DEDUCTIONS["spouse"][0],), "제53조제1호"),
    (re.compile(r"미성년"), (gift.MINOR_DEDUCTION,), "제53조제2호"),
    (
        re.compile(r"직계\s?존속|부모|아버지|어머니|조부모|할아버지|할머니|(?<!미)성년"),
        (gift.DEDUCTIONS["parent"][0], gift.MINOR_DEDUCTION),
        "제53조제2호",
    ),
    (re.compile(r"직계\s?비속"), (gift.DEDUCTIONS["child"][0],), "제53조제3호"),
    (
        re.compile(r"기타\s?친족|형제|자매|삼촌|조카|며느리|사위|4촌|사촌|[36]촌"),
        (gift.DEDUCTIONS["relative"][0],),
        "제53조제4호",
    ),
)
GIFT_DEDUCTION = re.compile(
    r"증여\s?(?:재산)?\s?공제|공제\s?(?:한도|금액|액)|(?:까지|원을?|원이)\s?공제"
)
GIFT_RELATION = re.compile(r"증여|공제")
NEAR = 16
"""Characters between a relation and what it may give free of tax."""
ROW = re.compile(r"\s*(?:[|*•-]|\d[.)])")
ASKED_FOR_DEDUCTION = re.compile(r"증여\s?(?:재산)?\s?공제")
ONCE = re.compile(
    r"혼인|결혼|출산|출생|입양|상속|가업|창업|채무|보험|장애|신탁|전기|재해|세액\s?공제|과세표준"
)


def check_facts(record: QARecord, context: Context) -> Finding | None:
    """Each figure that stands behind a name the law gives a figure to."""
    return wrong_named(record) or wrong_limit(record.answer)


def wrong_limit(answer: str) -> Finding | None:
    """The first figure of an answer that the name in front of it does not have."""
    for sentence in SENTENCE_END.split(answer):
        if not SUPPOSED.search(sentence):
            for stated in stated_limits(sentence):
                if not stated.is_right:
                    right, citation = stated.limit.right[0], stated.limit.citation
                    return Finding(
                        "fact-wrong", shortened(stated.text), f"{shown(right)} ({citation})"
                    )
    return None


def right_facts(sentence: str) -> Iterator[int | Fraction]:
    """The figures of a sentence that the law gives to the names in front of them."""
    for name, _, fact in COMPILED:
        for match in name.finditer(sentence):
            stated = stated_value(sentence, match.end(), isinstance(fact.right[0], Fraction))
            if stated and stated[1] in fact.right:
                yield stated[1]
    yield from (each.value for each in stated_limits(sentence) if each.is_right)
    if GIFT_RELATION.search(sentence):
        amounts = find_amounts(sentence)
        for relation, right, _ in RELATIVES:
            for match in relation.finditer(sentence):
                beside = [each for each in amounts if 0 <= each.start - match.end() <= NEAR]
                yield from (each.value for each in beside[:1] if each.value in right)


def wrong_named(record: QARecord) -> Finding | None:
    """A wrong figure behind one of FACTS, a relation that gives, or a word such as '최대'."""
    if not ANY.search(record.answer) or NOT_READ.search(record.question):
        return None
    for sentence in SENTENCE_END.split(record.answer):
        if NOT_READ.search(sentence) or SUPPOSED.search(sentence):
            continue
        if ANY.search(sentence) or ROW.match(sentence):
            finding = wrong_fact(sentence) or wrong_gift_deduction(sentence, record.question)
            if finding:
                return finding
    return wrong_limits(record)


def wrong_fact(sentence: str) -> Finding | None:
    """The first figure of a sentence that its name does not have."""
    for name, not_with, fact in COMPILED:
        match = name.search(sentence)
        if match is None or not_with.search(sentence):
            continue
        stated = stated_value(sentence, match.end(), isinstance(fact.right[0], Fraction))
        if stated and stated[1] not in fact.right:
            expected = " 또는 ".join(map(shown, fact.right))
            found = shortened(sentence[match.start() : stated[0]])
            return Finding("fact-wrong", found, f"{expected} ({fact.citation})")
    return None


def stated_value(sentence: str, at: int, rate: bool) -> tuple[int, int | Fraction] | None:
    """(where it ends, the figure) a few words after `at`; None where none stands there."""
    if rate:
        match = RATE_AFTER.match(sentence, at)
        return (match.end(), Fraction(match["rate"]) / 100) if match else None
    amounts = [each for each in find_amounts(sentence) if each.start >= at]
    if not amounts or not re.fullmatch(FILLER, sentence[at : amounts[0].start]):
        return None
    after = sentence[amounts[0].end :]
    if re.match(r"\s?(?:초과|미만|이하|이상|에서|부터|~|의\s)", after):
        return None
    return amounts[0].end, amounts[0].value


def wrong_gift_deduction(sentence: str, question: str) -> Finding | None:
    """A wrong 증여재산공제 for the one relation that sentence and question name."""
    about = f"{question} {sentence}"
    if "증여" not in about or ONCE.search(about):
        return None
    row_of_list = ROW.match(sentence) and ASKED_FOR_DEDUCTION.search(question)
    if not row_of_list and not GIFT_DEDUCTION.search(sentence):
        return None
    amounts = find_amounts(sentence)
    if len(amounts) != 1 or find_amounts(question):
        return None
    found = [each for each in RELATIVES if each[0].search(sentence)]
    found = found or [each for each in RELATIVES if each[0].search(question)]
    if len(found) == 2 and found[0][2] == found[1][2]:
        found = found[:1]
    if len(found) != 1 or amounts[0].value in found[0][1]:
        return None
    _, right, item = found[0]
    if not row_of_list and "공제" not in sentence:
        return None
    return Finding("fact-wrong", shortened(sentence), f"{shown(right[0])} ({gift.LAW} {item})")


LIMITS: tuple[tuple[re.Pattern[str], re.Pattern[str], tuple[int, ...], str], ...] = (
    (
        re.compile(r"배우자\s?(?:상속)?\s?공제"),
        re.compile(r"(?:최대|최고|한도(?:는|가|인)?)\s?$"),
        (estate.SPOUSE_MOST,),
        "상속세 및 증여세법 제19조제1항",
    ),
    (
        re.compile(r"배우자\s?(?:상속)?\s?공제"),
        re.compile(r"(?:최소|최저|적어도)\s?$"),
        (estate.SPOUSE_LEAST,),
        "상속세 및 증여세법 제19조제4항",
    ),
    (
        re.compile(r"기본\s?공제"),
        re.compile(r"(?:1명당|1인당|한 명당|한 사람당)\s?(?:연|연간|매년)?\s?$"),
        (income.BASIC,),
        "소득세법 제50조제1항",
    ),
    (
        re.compile(r"납부\s?의무"),
        re.compile(r"공급\s?대가(?:의)?\s?(?:합계(?:액)?)?(?:가|이)?\s?(?:연|연간)?\s?$"),
        (vat.EXEMPT_BELOW,),
        "부가가치세법 제69조제1항",
    ),
    (
        re.compile(r"고가\s?주택"),
        re.compile(r"(?:실지거래가액|양도가액|실거래가|매매가격?)(?:이|의 합계액이)?\s?$"),
        (transfer.HIGH_VALUE,),
        "소득세법 제89조제1항제3호",
    ),
)
NOT_THESE_LIMITS = re.compile(
    r"증여재산|종부|종합부동산|\b가업|장애인?\s?(?:추가)?|경로|한부모|부녀자|예정부과|고지|징수하지"
)


def wrong_limits(record: QARecord) -> Finding | None:
    """A wrong limit that a word such as '최대' introduces."""
    for sentence in SENTENCE_END.split(record.answer):
        if NOT_READ.search(sentence) or NOT_THESE_LIMITS.search(sentence):
            continue
        for about, before, right, citation in LIMITS:
            if about.search(sentence):
                for amount in find_amounts(sentence):
                    if before.search(sentence[: amount.start]) and amount.value not in right:
                        expected = f"{shown(right[0])} ({citation})"
                        return Finding("fact-wrong", shortened(sentence), expected)
    return None


def shown(value: int | Fraction) -> str:
    """An amount or a rate as a reader writes it."""
    return percent(value) if isinstance(value, Fraction) else format_amount(value)
