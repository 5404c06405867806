"""What makes two alike texts different: figures, citations, names of taxes, yes and no.

제12조 and 제13조, 1억원 and 2억원, 상속세 and 증여세, 이상 and 초과: such words tell apart texts
that share every other letter. Particles, polite endings and blanks do not.
"""

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

WORDS = (
    "제외", "포함", "공제", "감면", "환급", "가산세", "비과세", "면세", "과세", "불산입", "산입",
    "이상", "이하", "초과", "미만", "이전", "이후", "적극", "소극", "긍정", "부정", "인용", "기각",
    "각하", "적법", "위법", "취소", "무효", "유효", "가능", "불가", "비거주자", "거주자", "미성년",
    "성년", "본세", "원천징수", "개인", "법인", "사업자", "상속", "증여", "양도", "취득", "보유",
    "근로", "이자", "배당", "연금", "퇴직", "소득", "부가", "종합부동산", "종부", "재산", "주민세",
    "자동차", "관세", "주세", "교육세", "인지세", "증권거래", "등록면허", "개별소비", "농어촌특별",
    "지방세", "국세", "않", "아니", "아닌", "아닙", "없", "못",
)  # fmt: skip
"""Of two that begin alike the longer stands first."""
NUMBER = r"\d[\d,.]*(?:개월|퍼센트|[조억만천백십원년월일세명회배개채항호목의%％‰])*|[①-⑳㉠-㉻]"
NUMERAL = r"[일이삼사오육칠팔구십백천만억]+(?=원|분의|퍼센트|조|년|개월)"
COUNT = r"(?:한|두|세|네|다섯|여섯|첫|둘|셋|넷)(?=째|채|명|번|개|차례|달|해|사람)"
ITEM = r"(?:(?<=[조항호및(,ㆍ·])|(?<=또는))[가나다라마바사아자차카타파하]목"
OTHERS = r"(?<=[일월년원간%])이내|안(?=[되된될됩하한할합])"
FIRST = "".join(sorted({word[0] for word in WORDS}))
TELLING = re.compile(
    # What none of them begins with is passed over at once.
    rf"(?=[\d①-⑳㉠-㉻{FIRST}일이삼사오육칠팔구십백천만억한두세네다여첫둘셋넷가나라마바아자차카타파하안])"
    rf"(?:{NUMBER}|{NUMERAL}|{COUNT}|{ITEM}|{OTHERS}|{'|'.join(WORDS)})"
)
"""Words that decide what a text says; two texts that differ in one are not the same."""
BETWEEN_FIGURES = re.compile(r"(\d)\s+(?=\d)")
PUNCTUATION = re.compile(r"(?<!\d)[^\w\s]+|[^\w\s]+(?!\d)")
WORD_END = re.compile(
    r"(?:(?<=[가-힣\d%])[은는이가을를의]+"
    r"|(?<=[가-힣])(?:습니다만|습니다|입니다|어요|아요|에요|예요|는데요|는데|은데|거든요|고요|네요|지요|죠))"
    r"(?!\S)"
)
"""Particles and endings without which a word says the same.

에게 and 에게서 turn a gift round and stay. 상가 and 상가를 both become 상: what counts is that a
noun loses the same letters wherever it stands.
"""
PIECE = re.compile(r"[^은는이가을를의\W]*(?:[은는이가을를의]|\W)|[^은는이가을를의\W]+")
"""What a text without blanks is compared by: as far as the next particle or mark."""
LIGHT = re.compile(r"[은는이가을를의]|\W")
MISPRINT = 2
"""Letters; a longer difference is another word."""
FILLERS = frozenset((
    "혹시", "그럼", "그러면", "그런데", "정확히", "대략", "약", "좀", "제가", "저는", "저도",
    "저희", "우리", "안녕하세요", "질문", "궁금한데요", "궁금한데", "과연", "만약", "만일",
    "만약에", "그냥", "지금", "이제", "꼭", "자세히", "간단히", "쉽게",
))  # fmt: skip
"""Words that a question is asked with or without."""


def normalised(text: str) -> str:
    """`text` in NFC and without blanks, in which 제12조 제1항 and 제12조제1항 are the same.

    Between two figures a mark stays, so that '1 20' is not 120.
    """
    return without_blanks(marked(text))


def marked(text: str) -> str:
    """`text` in NFC, with a mark in place of the blanks between two figures."""
    return BETWEEN_FIGURES.sub(r"\1|", unicodedata.normalize("NFC", text))


def without_blanks(text: str) -> str:
    """`text` without blanks and line breaks."""
    return "".join(text.split())


def telling(bare: str) -> tuple[str, ...]:
    """The figures, citations, taxes, and words of yes and no of a normalised text, in order."""
    return tuple(word.replace(",", "").rstrip(".") for word in TELLING.findall(bare))


def stems(text: str) -> str:
    """The words of a text without particles, fillers, blanks and punctuation."""
    words = PUNCTUATION.sub(" ", unicodedata.normalize("NFC", text))
    kept = " ".join(word for word in words.split() if word not in FILLERS)
    return without_blanks(WORD_END.sub("", kept)).casefold()


def only_misprints(bare: str, other: str) -> bool:
    """Whether two normalised texts differ in nothing but particles, marks and single misprints.

    What differs twice in the same way is no misprint: 매수인 in one and 매도인 in the other.
    """
    met = set()
    for mine, yours in differences(PIECE.findall(bare), PIECE.findall(other)):
        if max(len(mine), len(yours)) > MISPRINT or (mine, yours) in met:
            return False
        met.add((mine, yours))
    return True


def differences(mine: list[str], yours: list[str]) -> Iterator[tuple[str, str]]:
    """What stands in the one and what in its place in the other, without what both share."""
    matcher = SequenceMatcher(a=mine, b=yours)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        first = LIGHT.sub("", "".join(mine[start:end]))
        second = LIGHT.sub("", "".join(yours[other_start:other_end]))
        inner = SequenceMatcher(a=first, b=second, autojunk=False)
        for part, begin, stop, other_begin, other_stop in inner.get_opcodes():
            if part != "equal":
                yield first[begin:stop], second[other_begin:other_stop]
