"""The article that an answer gives for something by name is the one that has it.

Judged is only where name and article stand side by side: '신고세액공제(… 제69조)', '… 제69조에 따른
신고세액공제', '신고세액공제는 … 제69조에서 정한다'.
"""

import re

from datagen.checks.finding import Context, Finding, shortened
from datagen.checks.statements import SENTENCE_END
from taxlaw.citations import Citation, Mention, find_citations
from taxqa.records import QARecord

ESTATE = "상속세 및 증여세법"
INCOME = "소득세법"
CORPORATE = "법인세법"
VAT = "부가가치세법"
BASIC = "국세기본법"
SPECIAL = "조세특례제한법"
REAL_ESTATE = "종합부동산세법"
TOPICS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (r"(?<!전자)(?<!전자 )(?<!기납부 )신고\s?세액\s?공제", ESTATE, ("69",)),
    (r"(?<!출산 )(?<!혼인 )(?<!혼인ㆍ출산 )증여\s?재산\s?공제", ESTATE, ("53", "53의2", "54")),
    (r"혼인(?:[ㆍ·]출산)?\s?증여\s?재산\s?공제", ESTATE, ("53의2",)),
    (r"일괄\s?공제", ESTATE, ("21",)),
    (r"(?<!대표자 )기초\s?공제", ESTATE, ("18", "21")),
    (r"배우자\s?상속\s?공제", ESTATE, ("19",)),
    (r"금융\s?재산\s?상속\s?공제", ESTATE, ("22",)),
    (r"동거\s?주택\s?상속\s?공제", ESTATE, ("23의2",)),
    (r"가업\s?상속\s?공제", ESTATE, ("18의2",)),
    (r"영농\s?상속\s?공제", ESTATE, ("18의3",)),
    (r"상속세\s?(?:의\s)?연부\s?연납|증여세\s?(?:의\s)?연부\s?연납", ESTATE, ("71", "72")),
    (r"근로\s?소득\s?공제", INCOME, ("47",)),
    (r"근로\s?소득\s?세액\s?공제", INCOME, ("59",)),
    (r"자녀\s?세액\s?공제", INCOME, ("59의2",)),
    (r"연금\s?계좌\s?세액\s?공제", INCOME, ("59의3",)),
    (r"장기\s?보유\s?특별\s?공제", INCOME, ("95", "95의2")),
    (r"양도\s?소득\s?기본\s?공제", INCOME, ("103",)),
    (r"양도\s?소득(?:세)?\s?(?:과세표준\s)?예정\s?신고", INCOME, ("105", "106", "107", "108")),
    (
        r"종합\s?소득\s?(?:세\s?|과세표준\s?)확정\s?신고",
        INCOME,
        ("70", "70의2", "76", "71", "73", "74"),
    ),
    (r"통합\s?투자\s?세액\s?공제", SPECIAL, ("24",)),
    (r"중소기업(?:에 대한)?\s?특별\s?세액\s?감면", SPECIAL, ("7",)),
    (r"창업\s?중소기업\s?(?:등에 대한\s)?세액\s?감면", SPECIAL, ("6",)),
    (r"(?<!과소)무신고\s?가산세", BASIC, ("47의2",)),
    (r"과소\s?신고[ㆍ·]?(?:초과환급신고)?\s?가산세", BASIC, ("47의3",)),
    (r"납부\s?지연\s?가산세", BASIC, ("47의4",)),
    (r"경정\s?(?:등의\s)?청구", BASIC, ("45의2",)),
    (r"수정\s?신고", BASIC, ("45",)),
    (r"기한\s?후\s?신고", BASIC, ("45의3",)),
    (r"부과\s?제척\s?기간", BASIC, ("26의2",)),
    (r"소멸\s?시효", BASIC, ("27", "28")),
    (r"과세\s?전\s?적부\s?심사", BASIC, ("81의15",)),
    (r"제2차\s?납세\s?의무", BASIC, ("38", "39", "40", "41", "2")),
    (r"금전\s?무상\s?대출", ESTATE, ("41의4",)),
    (r"명의\s?신탁\s?재산의\s증여\s?의제|명의신탁\s증여\s?의제", ESTATE, ("45의2", "4의2", "55")),
    (r"재산\s?취득\s?자금\s?(?:등의\s)?증여\s?추정", ESTATE, ("45",)),
    (r"저가\s?양수", ESTATE, ("35",)),
    (r"단기\s?재상속", ESTATE, ("30",)),
    (r"비과세\s?소득", INCOME, ("12", f"{CORPORATE} 51")),
    (r"인적\s?공제", INCOME, ("50", "51", f"{ESTATE} 20")),
    (r"특별\s?세액\s?공제", INCOME, ("59의4",)),
    (r"기장\s?세액\s?공제", INCOME, ("56의2",)),
    (r"사업용\s?계좌", INCOME, ("160의5", "81의8", "80", "81의9")),
    (r"1세대\s?1주택\s?비과세", INCOME, ("89",)),
    (r"이월\s?과세", INCOME, ("97의2", f"{SPECIAL} 32")),
    (r"비사업용\s?토지의\s?세율|양도소득세(?:의)?\s?세율", INCOME, ("104",)),
    (r"기업\s?업무\s?추진비(?:의)?\s?손금\s?불산입", CORPORATE, ("25", f"{INCOME} 35")),
    (r"업무용\s?승용차", CORPORATE, ("27의2", "74의2", f"{INCOME} 33의2", f"{INCOME} 81의14")),
    (r"대손\s?충당금(?:의)?\s?손금\s?산입", CORPORATE, ("34", f"{INCOME} 28")),
    (r"부당\s?행위\s?계산(?:의)?\s?부인", CORPORATE, ("52", "53", f"{INCOME} 41", f"{INCOME} 101")),
    (
        r"외국\s?납부\s?세액\s?공제",
        CORPORATE,
        ("57", f"{INCOME} 57", f"{ESTATE} 29", f"{ESTATE} 59"),
    ),
    (r"결손금\s?소급\s?공제", CORPORATE, ("72", f"{INCOME} 85의2")),
    (r"의제\s?매입\s?세액", VAT, ("42",)),
    (r"대손\s?세액\s?공제", VAT, ("45",)),
    (r"공제하지\s아니하는\s매입세액|매입세액\s?불공제", VAT, ("39",)),
    (r"면세(?:의)?\s?포기", VAT, ("28",)),
    (r"조기\s?환급", VAT, ("59", "57")),
    (r"사업자\s?등록(?:의)?\s?(?:신청|의무)", VAT, ("8", "5", f"{INCOME} 168", f"{CORPORATE} 111")),
    (r"신용카드\s?(?:등\s)?(?:사용금액에\s대한\s)?소득\s?공제", SPECIAL, ("126의2",)),
    (r"월세(?:액에\s대한)?\s?세액\s?공제", SPECIAL, ("95의2",)),
    (r"중소기업\s?취업자(?:에\s대한)?\s?(?:소득세)?\s?감면", SPECIAL, ("30",)),
    (r"통합\s?고용\s?세액\s?공제", SPECIAL, ("29의8",)),
    (r"자경\s?농지", SPECIAL, ("69",)),
    (r"실질\s?과세", BASIC, ("14",)),
    (r"소급\s?과세(?:의)?\s?금지", BASIC, ("18",)),
    (r"세무\s?조사(?:의)?\s?사전\s?통지", BASIC, ("81의7",)),
    (r"국세\s?환급\s?가산금", BASIC, ("52",)),
)
"""Pattern of the name, its act, and its articles; those of other acts with their act."""
JUDGED_ACTS = frozenset((ESTATE, INCOME, CORPORATE, VAT, BASIC, SPECIAL, REAL_ESTATE))
"""Local tax and customs have penalties and returns of their own under the same names."""
COMPILED = tuple((re.compile(name), act, articles) for name, act, articles in TOPICS)
NAMED = re.compile("|".join(f"(?:{name})" for name, _, _ in TOPICS))
IN_BRACKETS = re.compile(r"\s?[(（]\s?[「『]?$")
SAID_OF = re.compile(
    r"['’”\"*]{0,2}(?:\s?(?:규정|조항|근거\s?(?:조문|규정)?|특례|제도))?(?:은|는)\s(?:[「『])?$"
)
DEFINED = re.compile(
    r"^(?:[)」』]?(?:입니다|이다|이고|이며))|^\s?[)」』]?\s?(?:에서|에|가|이)\s?(?:정하|정해|정합|정한|규정|명시|나와|나옵|있습|있으|있다|두고|따라|따르|근거)"
)
ACCORDING = re.compile(r"^\s?(?:에 따른|의|에서 정한|에 규정된|에 의한|에서 규정하는)\s$")
WHERE = re.compile(r"몇\s?조|어느\s?(?:조|법)|어디|조문|조항|근거|법\s?몇")
GIVEN_FOR = re.compile(
    r"(?:규정|조항|조문|근거(?:는)?|것)(?:은|는|이)?\s[「『]?$|이는\s$|근거는\s$"
)
NOT_READ = re.compile(r"종전|개정 전|과거|예전|당시|준용|특례|배제|제외|아니라|아닌|않")


def check_topics(record: QARecord, context: Context) -> Finding | None:
    """Each article that is given for something by name has it."""
    answer = record.answer
    if "조" not in answer:
        return None
    if NAMED.search(answer):
        mentions = find_citations(answer)
        for name, act, articles in COMPILED:
            for match in name.finditer(answer):
                mention = article_beside(answer, match.start(), match.end(), mentions)
                if mention and is_wrong(mention.citation, act, articles):
                    return finding(match[0], mention.citation, act, articles)
    return wrong_for_question(record)


def wrong_for_question(record: QARecord) -> Finding | None:
    """The one article of an answer that says where what was asked for stands, if it does not."""
    if not WHERE.search(record.question) or NOT_READ.search(record.question):
        return None
    asked = [
        (match[0], act, articles)
        for name, act, articles in COMPILED
        if (match := name.search(record.question))
    ]
    if len(asked) != 1:
        return None
    name, act, articles = asked[0]
    mentions = find_citations(record.answer)
    given = [
        each
        for each in mentions
        if GIVEN_FOR.search(record.answer[: each.start])
        and DEFINED.match(record.answer[each.end :])
    ]
    same_act = [each for each in given if each.citation.act == act]
    if len(mentions) == 1 == len(same_act) and is_wrong(mentions[0].citation, act, articles):
        return finding(name, mentions[0].citation, act, articles)
    return None


def finding(name: str, citation: Citation, act: str, articles: tuple[str, ...]) -> Finding:
    """What is given for a name, and what is right."""
    expected = ", ".join(map(spelled, articles))
    return Finding("wrong-article", shortened(f"{name}: {citation}"), f"{act} {expected}")


def sentence_around(text: str, start: int, end: int) -> str:
    """The sentence that text[start:end] stands in."""
    first = max((match.end() for match in SENTENCE_END.finditer(text, 0, start)), default=0)
    last = SENTENCE_END.search(text, end)
    return text[first : last.start() if last else len(text)]


def article_beside(text: str, start: int, end: int, mentions: list[Mention]) -> Mention | None:
    """The one citation that is given for the name at text[start:end]."""
    if NOT_READ.search(sentence_around(text, start, end)):
        return None
    for mention in mentions:
        if end <= mention.start <= end + 5:
            between = text[end : mention.start]
            if IN_BRACKETS.fullmatch(between) and followed_by_end(text, mention.end):
                return mention
            if SAID_OF.fullmatch(between) and DEFINED.match(text[mention.end :]):
                return mention
        elif end < mention.start <= end + 16:
            between = text[end : mention.start]
            if SAID_OF.fullmatch(between) and DEFINED.match(text[mention.end :]):
                return mention
        elif ACCORDING.fullmatch(text[mention.end : max(start, mention.end)]):
            return mention
    return None


def followed_by_end(text: str, at: int) -> bool:
    """Whether nothing but a closing bracket follows a citation in brackets."""
    return bool(re.match(r"\s?[)）]", text[at:]))


def is_wrong(citation: Citation, act: str, articles: tuple[str, ...]) -> bool:
    """Whether a citation is of the same level of law but of no right article."""
    if citation.former or citation.level != "법률" or citation.act not in JUDGED_ACTS:
        return False
    if f"{citation.act} {article_of(citation)}" in articles:
        return False
    if citation.act != act:
        # A tax act has corrections, penalties and time limits of its own.
        return act not in (BASIC, SPECIAL)
    return article_of(citation) not in articles


def article_of(citation: Citation) -> str:
    """'53의2' of 제53조의2."""
    return f"{citation.article}의{citation.branch}" if citation.branch else str(citation.article)


def spelled(article: str) -> str:
    """'제53조의2' of '53의2', '소득세법 제41조' of '소득세법 41'."""
    act, _, article = article.rpartition(" ")
    number, _, branch = article.partition("의")
    return f"{act} 제{number}조".lstrip() + (f"의{branch}" if branch else "")
