"""Questions about judgments and rulings, answered with their gist and their number."""

import random
import re
from collections.abc import Iterable, Iterator
from datetime import date

from datagen.example import OTHERS, Example
from datagen.markup import sections_of
from datagen.particles import with_particle
from datagen.quotes import quote, quoted, spelled_out
from taxqa.records import Asker, Document, Source

GIST_LENGTH = 400
ISSUE_LENGTH = 160
MIN_ISSUE_LENGTH = 12
ITEM = re.compile(r"^\[\d+\] *", re.MULTILINE)
HOLDING = re.compile(
    r"(?P<issue>.+?)\s*\((?P<holding>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*$", re.DOTALL
)
POINTS_BACK = re.compile(
    r"^(?:이는|이때|이 경우|위 |그 |이러한|또한|나아가|및 )|위 (?:각|규정|시행|법|처분|사안)"
    r"|마찬가지|사안에서|사례$"
)
"""An issue that is understood only after the one before it."""
ASKERS: tuple[tuple[str, Asker], ...] = (
    ("근로", "employee"),
    ("법인", "corporate"),
    ("부가가치세", "self_employed"),
    ("사업", "self_employed"),
    ("양도", "employee"),
    ("주택", "employee"),
    ("증여", "student"),
    ("상속", "employee"),
)
"""What a decision is about -> who asks; every second time it is an expert."""
TWO_ISSUES = re.compile(
    r"(?:의의|의미|취지|요건|소재|정도|방법|범위|여부|효력|기준|시기)(?:와| 및) "
)
"""Of 'A의 의미 및 B인지 여부(적극)' the holding answers B alone."""
CASE_BOUND = re.compile(r"쟁점|청구(?:인|법인|외|주장)|이 사건|이 건|조사청|처분청|본법|원심")
"""Words that only the parties understand: a title or gist with them cannot stand alone."""
CONCLUDES = re.compile(r"[가-힣][음임함됨]$")
"""A title that is the gist itself."""
WHAT_IS_SAID = (
    "{number}의 요지는 무엇인가요?",
    "{number}의 내용을 알려 주세요.",
    "{number} 요지",
)
WHAT = (
    "‘{title}’에 관한 {number}의 요지는 무엇인가요?",
    "{number}에서는 ‘{title}’에 대해 어떻게 판단했나요?",
    "‘{title}’ {number} 요지",
)
BASIC = (
    "‘{title}’에 관한 {act} 기본통칙의 내용은 무엇인가요?",
    "{number_topic} 어떤 내용인가요?",
    "{act} 기본통칙은 ‘{title}’에 대해 어떻게 정하고 있나요?",
)
WHETHER = (
    "{issue}에 대해 판례는 어떻게 보나요?",
    "{issue}에 대해 판결은 어떻게 났나요?",
    "{issue_subject} 문제된 판례가 있나요?",
)
HOLDINGS = {"적극": "긍정했습니다", "소극": "부정했습니다"}


def decision_examples(documents: Iterable[Document], seed: int) -> Iterator[Example]:
    """Examples from each judgment and ruling that states an issue or its gist in short."""
    for turn, document in enumerate(documents):
        order = random.Random(f"{seed}:{document.id}")
        if document.kind == "judgment":
            yield from judgment_examples(document, turn, order)
        elif document.kind == "ruling" and "기본통칙" in document.id:
            yield from basic_ruling_examples(document, turn, order)
        elif document.kind == "ruling":
            yield from gist_examples(
                document, sections_of(document.text).get("요지", ""), turn, order
            )


def judgment_examples(document: Document, turn: int, order: random.Random) -> Iterator[Example]:
    """One example for each issue with a yes or no, and one for the gist."""
    parts = sections_of(document.text)
    for issue, holding in issues(parts.get("판시사항", "")):
        question = order.choice(WHETHER).format(
            issue=issue, issue_subject=with_particle(issue, "이")
        )
        answer = holding_text(document, holding)
        if answer:
            yield example(document, question, answer, turn)
    gist = parts.get("판결요지") or parts.get("결정요지") or parts.get("요지", "")
    yield from gist_examples(document, ITEM.sub("", gist), turn, order)


def issues(text: str) -> Iterator[tuple[str, str]]:
    """(issue, holding) of each '… 여부(적극)' that can be understood by itself."""
    for item in ITEM.split(text):
        for part in re.split(r"\s/\s|\n\n", item):
            found = HOLDING.match(" ".join(part.split()))
            if not found:
                continue
            issue = found["issue"].strip()
            if not MIN_ISSUE_LENGTH <= len(issue) <= ISSUE_LENGTH:
                continue
            if not POINTS_BACK.search(issue) and not TWO_ISSUES.search(issue):
                yield issue, found["holding"]


def holding_text(document: Document, holding: str) -> str:
    """'… 선고 2025두34823 판결은 이를 긍정했습니다(적극).'; '' for another kind of remark."""
    case = with_particle(judgment_name(document), "은")
    if holding.startswith("="):
        meaning = holding.removeprefix("=").strip()
        return f"{case} 이를 {with_particle(f'‘{meaning}’', '이라고')} 보았습니다."
    for word, verb in HOLDINGS.items():
        if holding.endswith(word):
            return f"{case} 이를 {verb}({holding})."
    return ""


def judgment_name(document: Document) -> str:
    """'대법원 2026. 1. 15. 선고 2025두34823 판결' where court, day and number are known."""
    court, _, number = document.id.partition(" ")
    if not document.in_force or not number or document.url.startswith("https://taxlaw"):
        # The tax service dates its entry, not the judgment.
        return f"{document.id} {decided_as(document)}"
    day = date.fromisoformat(document.in_force)
    return f"{court} {day.year}. {day.month}. {day.day}. 선고 {number} {decided_as(document)}"


def decided_as(document: Document) -> str:
    """What a court calls what it gave: the Constitutional Court's are 결정."""
    return "결정" if document.id.startswith("헌법재판소 ") else "판결"


def gist_examples(
    document: Document, gist: str, turn: int, order: random.Random
) -> Iterator[Example]:
    """Two questions for the gist, where it is short enough to be given whole."""
    text, title = quote(gist, GIST_LENGTH), short_title(document.title)
    if not text or CASE_BOUND.search(text) or CASE_BOUND.search(title):
        return
    number = f"{document.id} {decided_as(document)}" if document.kind == "judgment" else document.id
    for phrasing in order.sample(WHAT_IS_SAID if CONCLUDES.search(title) else WHAT, 2):
        question = phrasing.format(title=title, number=number)
        yield example(document, question, f"{text} ({document.id})", turn)


def short_title(title: str) -> str:
    """A title without the remark in brackets that the court adds."""
    return title.partition("[")[0].strip() or title


def basic_ruling_examples(document: Document, turn: int, order: random.Random) -> Iterator[Example]:
    """Two questions for a basic ruling (기본통칙)."""
    text = quote(sections_of(document.text).get("본문", ""), GIST_LENGTH)
    if not text:
        return
    act = document.id.partition(" 기본통칙")[0]
    for phrasing in order.sample(BASIC, 2):
        topic = with_particle(document.id, "은")
        question = phrasing.format(title=document.title, act=act, number_topic=topic)
        answer = f"{topic} {quoted(text)} 정합니다.{spelled_out(text, act)}"
        yield example(document, question, answer, turn)


def example(document: Document, question: str, answer: str, turn: int) -> Example:
    """A record of a decision, asked by somebody whom it concerns."""
    text = f"{document.title} {question}"
    concerned = next((asker for word, asker in ASKERS if word in text), OTHERS[turn % len(OTHERS)])
    asker: Asker = "expert" if turn % 2 else concerned
    source: Source = "judgment" if document.kind == "judgment" else "ruling"
    return Example(document.id, question, answer, asker, source)
