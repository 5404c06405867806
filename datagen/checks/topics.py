"""The article that an answer gives for something by name is the one that has it.

Judged is only where name and article stand side by side: '신고세액공제(… 제69조)', '… 제69조에 따른
신고세액공제', '신고세액공제는 … 제69조에서 정한다'.
"""

import re

from datagen.checks.finding import Context, Finding, shortened
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
)
"""Pattern of the name, the act that has it, and the articles of that act."""
JUDGED_ACTS = frozenset((ESTATE, INCOME, CORPORATE, VAT, BASIC, SPECIAL, REAL_ESTATE))
"""Local tax and customs have penalties and returns of their own under the same names."""
COMPILED = tuple((re.compile(name), act, articles) for name, act, articles in TOPICS)
NAMED = re.compile("|".join(f"(?:{name})" for name, _, _ in TOPICS))
IN_BRACKETS = re.compile(r"\s?[(（]\s?[「『]?$")
SAID_OF = re.compile(r"(?:은|는)\s(?:[「『])?$")
DEFINED = re.compile(
    r"^\s?[)」』]?\s?(?:에서|에|가|이)\s?(?:정하|정해|정합|정한|규정|명시|나와|나옵|있습|있으|있다|두고|따라|따르|근거)"
)
ACCORDING = re.compile(r"^\s?(?:에 따른|의|에서 정한|에 규정된|에 의한|에서 규정하는)\s$")
NOT_READ = re.compile(r"종전|개정 전|과거|예전|당시|준용|특례|배제|제외|아니라|아닌|않")


def check_topics(record: QARecord, context: Context) -> Finding | None:
    """Each article that is given for something by name has it."""
    answer = record.answer
    if "조" not in answer or not NAMED.search(answer) or NOT_READ.search(answer):
        return None
    mentions = find_citations(answer)
    for name, act, articles in COMPILED:
        for match in name.finditer(answer):
            mention = article_beside(answer, match.start(), match.end(), mentions)
            if mention and is_wrong(mention.citation, act, articles):
                found = f"{match[0]}: {mention.citation}"
                expected = ", ".join(f"제{spelled(each)}" for each in articles)
                return Finding("wrong-article", shortened(found), f"{act} {expected}")
    return None


def article_beside(text: str, start: int, end: int, mentions: list[Mention]) -> Mention | None:
    """The one citation that is given for the name at text[start:end]."""
    for mention in mentions:
        if end <= mention.start <= end + 5:
            between = text[end : mention.start]
            if IN_BRACKETS.fullmatch(between) and followed_by_end(text, mention.end):
                return mention
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
    if citation.act != act:
        # A tax act has corrections, penalties and time limits of its own.
        return act not in (BASIC, SPECIAL)
    return article_of(citation) not in articles


def article_of(citation: Citation) -> str:
    """'53의2' of 제53조의2."""
    return f"{citation.article}의{citation.branch}" if citation.branch else str(citation.article)


def spelled(article: str) -> str:
    """'53조의2' of '53의2'."""
    number, _, branch = article.partition("의")
    return f"{number}조의{branch}" if branch else f"{number}조"
