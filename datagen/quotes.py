"""Whole passages cut out of a text, word for word.

Never a part of one: the sentence that is left out may be the exception ('다만, …').
"""

import re
from datetime import date

from datagen.particles import with_particle
from taxlaw.grammar import CIRCLED

PARAGRAPH_MARK = re.compile(rf"^([{CIRCLED}]) *", re.MULTILINE)
DRAWN = re.compile(r"[│─┌└├┃━]|\s\|(?:\s|$)|^\|", re.MULTILINE)
INCOMPLETE = re.compile(r"삭제|다음의? (?:표|산식|계산식)|별표|별지")
"""A passage with these words says only together with something else what it says."""
WITHOUT_WORDS = re.compile(
    rf"[{CIRCLED}]\s*(?=[{CIRCLED}]|\Z)|^\s*\d{{1,2}}(?:의\d+)?\.\s*$", re.MULTILINE
)
"""A paragraph or an item of which nothing but its number is left."""
LEANS = re.compile(r"(?:제\d+항|이 경우|이 항)")
"""How a paragraph begins that is understood only after another one of its article."""
SHORT_NAME = re.compile(r"(?<![가-힣」])(?<!같은 )(?<!이 )(?<!동 )(법|영) 제\d")
LAST_DAY = re.compile(r"(\d{4})년 (\d{1,2})월 (\d{1,2})일 ?(?:까지|이전)")


def quote(text: str, limit: int) -> str:
    """A passage on one line; '' where it is longer than `limit`, or cannot stand alone."""
    line = " ".join(text.split())
    if len(line) > limit or DRAWN.search(text) or INCOMPLETE.search(line):
        return ""
    return "" if WITHOUT_WORDS.search(text) else line


def quoted(text: str) -> str:
    """'“…한다.”라고', '“… 하는 것”이라고'."""
    return with_particle(f"“{text}”", "이라고")


def spelled_out(text: str, act: str) -> str:
    """' 여기서 ‘법’은 소득세법입니다.', where a passage says '법 제3조' or '영 제3조'; else ''."""
    names = {"법": act, "영": f"{act} 시행령"}
    used = sorted(set(SHORT_NAME.findall(text)), key="법영".index)
    parts = [f"{with_particle(f'‘{name}’', '은')} {names[name]}" for name in used]
    return f" 여기서 {', '.join(parts)}입니다." if parts else ""


def leans(text: str) -> bool:
    """Whether a paragraph begins with another one: '제1항을 적용할 때 …'."""
    return LEANS.match(text) is not None


def is_past(text: str, day: str) -> bool:
    """Whether the last day that a passage sets ('…까지') lies before `day` (ISO date)."""
    days = [tuple(map(int, found)) for found in LAST_DAY.findall(text)]
    return bool(days) and max(days) < date.fromisoformat(day).timetuple()[:3]


def paragraphs(text: str) -> list[tuple[int, str]]:
    """(number, text) of each 항; the number is 0 where an article has no numbered ones."""
    parts = PARAGRAPH_MARK.split(text)
    if len(parts) == 1:
        return [(0, text.strip())]
    bodies = zip(parts[1::2], parts[2::2], strict=True)
    return [(CIRCLED.index(mark) + 1, body.strip()) for mark, body in bodies]
