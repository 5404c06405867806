"""A judgment or ruling as passages that follow its sections.

What a party claims, what happened, what a lower court held and old law that is quoted are left out:
they read like law and are none.
"""

import re
from collections.abc import Iterator

from datagen.decision_examples import judgment_name, short_title
from datagen.markup import sections_of
from datagen.passage import Passage, pieces
from datagen.tables import without_boxes
from taxqa.records import Document

GISTS = {"판결요지", "결정요지"}
"""Its items answer those of 판시사항."""
WHOLE = {"판결요지", "결정요지", "요지", "회신", "회답", "본문", "이유", "판례내용", "전문"}
"""Sections that are asked about, beside 판시사항; the others are lists, forms or old law."""
QUESTIONS = ("질의요지", "질의")
REMEDY = re.compile(r"조심|심사|이의|적부|국심|감심|\d{4}-")
"""Numbers of decisions on objections and appeals."""
ORDER = re.compile(r"^[【\[]? ?주 ?문 ?[】\]]?\n+(?P<order>[^\n]{5,300})$", re.MULTILINE)
JUDGED = re.compile(
    r"^(?:[(\d가-하). ]{0,6})?(?:판 ?단$|이상의 (?:사실|내용|관련|법|심리)"
    r"|위 (?:사실관계|관련 법령)[^\n]{0,40}(?:종합|살펴)|살피건대|먼저,? (?:청구|쟁점))"
    r"|관련 ?법령[^\n]{0,20}(?:종합하여|살펴)"
)
"""Where the office begins to judge."""
DECIDED = re.compile(r"주문과 같이 (?:결정|판결)")
"""Where it ends; articles quoted as they then were may follow."""
ITEM = re.compile(r"^\[(\d+)\] *", re.MULTILINE)
BRACKETED = re.compile(r"^[【\[] *(주 *문|이 *유|[^】\]\n]{1,40}) *[】\]] *", re.MULTILINE)
BARE_HEADING = re.compile(r"^(주 ?문|이 ?유)$", re.MULTILINE)
PARTY = re.compile(
    r"원고|피고|신청인|청구인|상고인|항소인|원심|제1심|재심|사건|변론|판결선고|전문|참조"
)
SIGNATURE = re.compile(
    r"^(?:대법원장|대법관|재판장|재판관|판사|주심)\b.*$|^\(편집상 여백입니다\)$|^\(표생략\)$",
    re.MULTILINE,
)
ATTACHED = re.compile(r"(?:붙임|별첨|첨부)(?:과|와)? ?같")
STEPS = (
    re.compile(r"^(\d{1,2})\. ?(?=\D)"),
    re.compile(r"^([가-하])\. ?"),
    re.compile(r"^(\d{1,2}) ?\) ?"),
    re.compile(r"^([가-하])\) ?"),
    re.compile(r"^\((\d{1,2})\) ?"),
    re.compile(r"^\(([가-하])\) ?"),
)
"""How the headings of a decision are numbered, from the outermost."""
CLAIM = re.compile(r"(?:주장|의견|항변|소명|불복이유|청구이유|신청이유|답변)(?:의 ?요지|요지)?$")
FACTS = re.compile(
    r"개요|경위|경과|(?<!및 )사실관계|인정 ?사실|원심(?:법원|판결)?의 판단(?: ?요지)?$"
)
"""What happened, and what was decided before: true of one case alone, or overturned."""
OLD_LAW = re.compile(r"(?:관련|관계|참고|근거) ?(?:법령|법률|규정|조문|예규|판례)(?: ?등)?$")
HEADING_LETTERS = 60
LETTER_ORDER = "가나다라마바사아자차카타파하"
SHORT_LEAD = 300


def decision_passages(document: Document, letters: int) -> Iterator[Passage]:
    """The passages of one judgment or ruling."""
    name = judgment_name(document) if document.kind == "judgment" else document.id
    number = 0
    for section, lead, text in asked_sections(document):
        for part, piece in enumerate(pieces(text, letters)):
            number += 1
            hangs_on = lead or (short_title(document.title) if part else "")
            yield Passage(document, number, name, piece, hangs_on, section)


def asked_sections(document: Document) -> Iterator[tuple[str, str, str]]:
    """(section, what leads it, its text) of all that may be asked about."""
    sections = {name: without_boxes(text) for name, text in sections_of(document.text).items()}
    issues = dict(items(sections.get("판시사항", "")))
    question = next((sections[name] for name in QUESTIONS if name in sections), "")
    if "판시사항" in sections:
        yield "판시사항", "", sections["판시사항"]
    replied = "회신" in sections and not ATTACHED.search(sections["회신"][:SHORT_LEAD])
    for name, text in sections.items():
        if name not in WHOLE or ATTACHED.search(text[:SHORT_LEAD]):
            continue
        if name == "본문" and replied:
            # The office's answer stands above; what follows it is the question and old law.
            continue
        if document.kind == "ruling" and REMEDY.match(document.id) and name in ("본문", "이유"):
            text = judged(text)
        if name in GISTS:
            for number, body in items(text):
                yield name, issues.get(number, "")[:SHORT_LEAD], body
        else:
            lead = question if len(question) <= SHORT_LEAD else ""
            yield from reasoned(name, lead, text)


def judged(text: str) -> str:
    """The judgment at the end of a decision on a remedy, with its 주문; '' where none is found.

    Before it stand the claims, the facts, and articles quoted as they then were.
    """
    order = ORDER.search(text)
    lines = text.split("\n")
    last = max((n for n, line in enumerate(lines) if JUDGED.search(line)), default=None)
    if last is None:
        return ""
    end = next((n for n, line in enumerate(lines[last:], last + 1) if DECIDED.search(line)), None)
    heading = f"【주문】\n{order['order'].strip()}\n" if order else ""
    return f"{heading}【이유】\n" + "\n".join(lines[last:end])


def items(text: str) -> Iterator[tuple[str, str]]:
    """(number, text) of each '[1] …'; the number is '' where there are none."""
    before, *parts = ITEM.split(text)
    if before.strip():
        yield "", before.strip()
    for number, body in zip(parts[::2], parts[1::2], strict=True):
        if body.strip():
            yield number, body.strip()


def reasoned(name: str, lead: str, text: str) -> Iterator[tuple[str, str, str]]:
    """The 이유 of a decision, led by its 주문; a text without such headings as it is."""
    text = BARE_HEADING.sub(r"【\1】", text)
    before, *parts = BRACKETED.split(text)
    if not parts:
        kept = own_words(text)
        if kept:
            yield name, lead, kept
        return
    order = ""
    if own_words(before) and not PARTY.search(before[:SHORT_LEAD]):
        yield name, lead, own_words(before)
    for heading, body in zip(parts[::2], parts[1::2], strict=True):
        title = heading.replace(" ", "")
        if title == "주문":
            order = body.strip()
        elif title == "이유" and (kept := own_words(body)):
            decided = f"주문: {order}" if order and len(order) <= SHORT_LEAD else lead
            yield "이유", decided, kept


def own_words(text: str) -> str:
    """What the court or office itself says: no claims, no quoted law, no signatures."""
    kept: list[str] = []
    skipped: tuple[int, int] | None = None
    for line in SIGNATURE.sub("", text).split("\n"):
        step = step_of(line)
        if skipped and step and ends(skipped, step):
            skipped = None
        heading = step and len(line) <= HEADING_LETTERS and line.rstrip(" .:")
        if skipped is None and heading and is_left_out(heading):
            skipped = step
        if skipped is None and line.strip():
            kept.append(line)
    return "\n".join(kept)


def is_left_out(heading: str) -> bool:
    """Whether what stands under a heading is no word of the court's own."""
    if heading.endswith("판단") and "원심" not in heading:
        return False
    return any(kind.search(heading) for kind in (CLAIM, FACTS, OLD_LAW))


def step_of(line: str) -> tuple[int, int] | None:
    """(level, number) of the heading that a line begins with; None where it begins with none."""
    for level, mark in enumerate(STEPS):
        if found := mark.match(line):
            number = found[1]
            place = int(number) if number.isdigit() else LETTER_ORDER.find(number) + 1
            return level, place
    return None


def ends(skipped: tuple[int, int], step: tuple[int, int]) -> bool:
    """Whether a heading ends what is skipped: the next one beside it, or one further out.

    A claim may have numbers of its own; only the very next number at its level ends it.
    """
    if step[0] == skipped[0]:
        return step[1] == skipped[1] + 1
    return step[0] < skipped[0] and step[1] > 1
