"""How Korean texts write a reference to law: its tokens, as regular expressions.

A locator is 제N조(의N) 제N항 제N호(의N) X목, joined or spaced, or § 129 ①. A law's name stands
before it, in 「」 or bare, or a word that points back: 같은 법, 동조, 위 시행령.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from taxlaw.acts import ACTS, NAMES, squash

CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳㉑㉒㉓㉔㉕㉖㉗㉘㉙㉚㉛㉜㉝㉞㉟㊱㊲㊳㊴㊵㊶㊷㊸㊹㊺㊻㊼㊽㊾㊿"
"""Paragraph numbers 1 to 50 as statutes print them."""

INITIALS = (0, 2, 3, 5, 6, 7, 9, 11, 12, 14, 15, 16, 17, 18)
VOWELS = (0, 4, 8, 13, 18, 20)
LETTERS = "".join(chr(0xAC00 + 588 * i + 28 * v) for v in VOWELS for i in INITIALS)
"""Letters of subitems in their order: 가나다…하, 거너더…허, 고노도…호, 구누두…후, …"""

UNITS = ("조", "항", "호", "목")

# '제53조의 5천만원' and '제6호의 1세대' speak of other things than a branch.
NO_UNIT = r"(?!\d|[.,]\d|[천만억원년월일배%％항목]|호(?!\s*목)|개월|퍼센트|분의|세대|세\b)"
PARTICLE = r"(?![가-힣])|(?=[제및에의를을은는이와과로으부내또상규각본단전후등])"
BRANCH = rf"(?:\s*의(?:\s+(?=\d+(?:{PARTICLE}))|)([1-9]\d{{0,2}}){NO_UNIT})?"
QUALIFIER = r"(?:본문|단서|전단|후단|전문|후문|각\s*[호목](?:\s*외의\s*부분)?|외의\s*부분)"
TITLE = r"(?:\s*[(（【][^()（）【】\n\d]{1,60}[)）】](?=\s*제\s*\d))?"
JOINT = rf"{TITLE}(?:\s*{QUALIFIER}(?=\s*제\s*\d))*(?:\s*의(?=\s*제))?\s*"

ARTICLE = re.compile(
    rf"(?:(?:제\s*)?([1-9]\d{{0,3}})\s*조(?!항|\s*원|\s*의\s*│)|§{{1,2}}\s*([1-9]\d{{0,3}})(?:\s*조)?)"
    rf"{BRANCH}"
)
PARAGRAPH = re.compile(rf"{JOINT}(?:제\s*)?([1-9]\d{{0,2}})\s*항(?!목)|[ \u3000]?([{CIRCLED}])")
ITEM = re.compile(rf"{JOINT}(?:제\s*)?([1-9]\d{{0,2}})\s*호(?!선|실|[기차](?!\s*목)){BRANCH}")
SUBITEM = re.compile(
    rf"(?:\s*의)?\s*(?:\(\s*([{LETTERS}])\s*\)|([{LETTERS}]))\s*목(?![적록표차재])"
    r"(?:\s?\d{1,2}\)(?:\s?[가-힣]\))?)?"
)


class Locator(NamedTuple):
    """The numbers of one locator; 0 or '' where it names none: 제1호 alone names no article."""

    article: int = 0
    branch: int = 0
    paragraph: int = 0
    item: int = 0
    item_branch: int = 0
    subitem: str = ""

    @property
    def rank(self) -> int:
        """Index in UNITS of the first unit it names: 0 for 제5조제1항, 2 for 제1호가목."""
        named = (self.article, self.paragraph, self.item, self.subitem)
        return next((rank for rank, value in enumerate(named) if value), len(UNITS))

    def upto(self, unit: str) -> "Locator":
        """Itself without what is finer than `unit`: '조' leaves the article alone."""
        if unit == "조":
            return Locator(self.article, self.branch)
        if unit == "항":
            return Locator(self.article, self.branch, self.paragraph)
        return self._replace(subitem="")

    def names(self, unit: str) -> bool:
        """Whether it names a `unit`."""
        return bool({"조": self.article, "항": self.paragraph, "호": self.item}[unit])

    def followed_by(self, other: "Locator") -> "Locator | None":
        """`other`, completed from this one before it: 제5조제1항 then 제2항 is 제5조제2항.

        None where they do not fit, as a subitem after an article.
        """
        match other.rank:
            case 0:
                return other
            case 1:
                return other._replace(article=self.article, branch=self.branch)
            case 2:
                article, branch, paragraph, *_ = self
                return other._replace(article=article, branch=branch, paragraph=paragraph)
            case 3 if self.item:
                return self._replace(subitem=other.subitem)
        return None


def read_locator(text: str, start: int) -> tuple[Locator, int]:
    """The locator at `start` of `text` and where it ends; an empty one where none is there."""
    article = branch = paragraph = item = item_branch = 0
    subitem = ""
    end = start
    if found := ARTICLE.match(text, end):
        article, branch = int(found[1] or found[2]), int(found[3] or 0)
        end = found.end()
    if found := PARAGRAPH.match(text, end):
        paragraph = int(found[1]) if found[1] else CIRCLED.index(found[2]) + 1
        end = found.end()
    if found := ITEM.match(text, end):
        item, item_branch = int(found[1]), int(found[2] or 0)
        end = found.end()
    # A subitem stands after an item, or alone: in a list, or after 같은 호.
    if (item or end == start) and (found := SUBITEM.match(text, end)):
        subitem = found[1] or found[2]
        end = found.end()
    return Locator(article, branch, paragraph, item, item_branch, subitem), end


def spaced(name: str) -> str:
    """A pattern for `name` that allows one white space between any two letters."""
    return r"\s?".join(squash(name))


def longest_first(names: Iterable[str]) -> list[str]:
    """`names` so ordered that an alternation finds the whole of one."""
    return sorted(names, key=len, reverse=True)


WHOLE_NAMES = {squash(name) for act in ACTS for name in (act.name, *act.former_names)}
WHOLE = "|".join(spaced(name) for name in longest_first(WHOLE_NAMES))
SHORT = "|".join(longest_first(NAMES.keys() - WHOLE_NAMES))

LEVEL = r"(?:\s*(?:시행령|시행규칙))"
DATED = r"구|舊|종전의?|개정되기\s*전의?|개정\s*전의?|개정된|개정|폐지되기\s*전의?|폐지된"
PREFIX = re.compile(rf"(?:(?P<dated>{DATED})|현행)\s*")
BEFORE = rf"(?:(?<![가-힣])(?:{DATED}|현행)\s*)"
CITED = r"\s*(?:(?:제\s*)?\d{1,4}\s*조(?!\s*원)|§)"
HERE = re.compile(CITED)
ENDS = r"(?=(?:제\s*)?\d|[^가-힣]|$|상|의|에|은|을|이|과|와|및|으|도|만|또)"
POINTER = r"(?<![가-힣])(?:같은|동|위|상기)\s*"
LAW_WORD = r"(?:법률|특별법|특례법|조례|규칙|규정|협약|협정|조약|의정서)"
PAPER_WORD = r"(?:령|고시|지침|예규|정관|약관|직제|기준)"

TOKEN = re.compile(
    "|".join(
        (
            rf"(?P<quoted>{BEFORE}?[「｢『][^「」｢｣『』]{{1,80}}[」｣』]{LEVEL}?)",
            rf"(?P<known>(?:{BEFORE}|(?<![가-힣]))(?:(?:{WHOLE}){LEVEL}?{ENDS}"
            rf"|(?:{SHORT})(?:{LEVEL}{ENDS}|(?=(?:상|의)?(?:{CITED}|\s*[(（])))))",
            rf"(?P<same_law>{POINTER}(?:법률|법){LEVEL}?{ENDS})",
            rf"(?P<same_rule>{POINTER}(?:(?:시행령|시행규칙){ENDS}|(?:영|령|규칙)(?={CITED})))",
            rf"(?P<own>(?<![가-힣])(?:이|본)\s*(?:법|영|령|규칙){LEVEL}?{ENDS})",
            rf"(?P<same_part>{POINTER}[조항호](?=\s*(?:제\s*\d|[{CIRCLED}]|\(?[{LETTERS}]\)?\s*목)))",
            rf"(?P<current>(?<![가-힣])현행(?={CITED}))",
            rf"(?P<about>에\s?(?:관한|대한)\s+(?!구\s)(?:[가-힣]+\s+){{0,2}}?"
            rf"(?:(?:[가-힣]+법|[가-힣]*{LAW_WORD}){LEVEL}?(?={CITED})"
            rf"|(?:법률|특별법|특례법){LEVEL}?{ENDS}))",
            rf"(?P<bare>(?<![가-힣])(?:법{LEVEL}?|영|령|규칙|시행령|시행규칙)(?={CITED}))",
            rf"(?P<unknown>(?:{BEFORE}|(?<![가-힣]))[가-힣ㆍ·]{{1,60}}"
            rf"(?:(?:(?:법|{LAW_WORD}){LEVEL}?|{PAPER_WORD})(?=(?:상|의)?{CITED})"
            rf"|(?:법|법률){LEVEL}?{ENDS}))",
            r"(?P<broken>부\s?칙|별\s?표|별지|통칙|집행기준)",
            rf"(?P<locator>제\s*\d{{1,4}}\s*[조항호]|§|[{CIRCLED}]|(?<![가-힣\d.,])\d{{1,4}}\s?[조항호]"
            rf"|(?<![가-힣])\(?[{LETTERS}]\)?\s?목)",
            r"(?P<open>[(（\[［])",
            r"(?P<close>[)）\]］])",
        )
    )
)

LAW_GAP = re.compile(r"[\s」｣』】>›〉》*_'\"’”]*(?:상|의|은|는|이|가)?\s*")
"""What may stand between a law's name and its article."""
LIST_GAP = re.compile(
    rf"(?:\s*{QUALIFIER})*"
    r"(?:\s*(?:까지|부터|및|와|과|또는|내지|이나|혹은|[,，、ㆍ·․‧･・~∼～–/-]))+\s*"
)
"""What joins a locator to the one before it: 제53조·제54조, 제13조부터 제15조까지."""
BLANK = re.compile(r"\s*")
NOTE_GAP = re.compile(r"\s*(?:【[^【】\n]{1,80}】\s*)?")
"""What may stand between a name or a reference and the note on it in parentheses."""
BROKEN_GAP = re.compile(rf"\s*(?:<[^<>]{{0,40}}>\s*)?|{LIST_GAP.pattern}")
"""What joins an article to a 부칙 or another thing before it that has no articles of the body."""
OUTDATED = re.compile(
    r"(?:개정|폐지|제정|시행)되기\s*전|개정\s*전|되기\s*전의\s*것"
    r"|호로\s*(?:전부\s*|일부\s*)?(?:개정|제정|신설)된"
)
"""In the note after a name: the act is cited as it stood at an earlier date."""
DEFINED = re.compile(r"이하[^'\"‘“「｢]{0,15}['\"‘“「｢]\s*([^'\"‘’“”「」｢｣]{1,40}?)\s*['\"’”」｣]")
"""In the note after a name: what the text will call it from here on."""
WORD = re.compile(r"(?<=\s)[가-힣]+")
ABOUT = re.compile(rf"{BEFORE}?(?:[가-힣ㆍ·]+\s+및\s+)*[가-힣ㆍ·]+$")
"""The beginning of a name before '에 관한 법률'."""
QUOTING = re.compile(r"[^\"“‘'.\n]{0,40}([\"“‘'])\s*")
"""Between a decree's article and the first words quoted from it."""
QUOTES = {'"': '"', "“": "”", "‘": "’", "'": "'"}
"""Opening quotation mark -> the one that closes it."""
HEADER_START = re.compile(r"(?:\A|[\n>])[^가-힣\n>]{0,12}$")
HEADER_END = re.compile(r"\s*[【(（]\s*[가-힣]")
"""A citation alone on its line with the article's title: its text is quoted below."""

NO_NAME = re.compile(
    r"(?:각|개별)?세법|개별법|일반법|특별법|특례법|관련법|(?:개정)?법률|구법|신법|개정법|종전법|현행법|본법"
    r"|국내법|국제법|외국법|실체법|절차법|해법|용법|문법|비법|어법|범법|무법|수법"
    r"|.*(?:방법|위법|적법|불법|입법|사법|합법|준법|탈법|편법|기법|정액법|정률법|평균법|선출법|원가법|시가법"
    r"|저가법|지분법|특례규정)"
)
"""Words that end like a law's name and are none."""
