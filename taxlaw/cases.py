"""Numbers of judgments, decisions and rulings in Korean text.

Court: 대법원 2001. 8. 21. 선고 2000두5098 판결, or 대법원-2024-두-55396 in the tax service's form.
Tribunal: 조심 2020광0905, 국심2003중1253. Review by the tax service or the Board of Audit:
심사-부가-2026-0018, 적부-국세청-2026-0119, 감심2024-630. Ruling: 서면-2026-법규재산-0119,
소득46011-1209, 재산세과-1145.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["court", "constitutional", "tribunal", "review", "ruling"]


@dataclass(frozen=True, slots=True)
class CaseMention:
    """A judgment, decision or ruling where a text names it."""

    kind: Kind
    number: str
    """In one form whatever the text writes: '2000두5098', '조심2020광0905'."""
    court: str
    """The court as written: '대법원', '서울고법'; '' where none is named, and for other kinds."""
    date: date | None
    """The day it was given, where the text says it."""
    start: int
    end: int
    text: str


DAY = r"(?P<day{}>\d{{4}}\s*\.\s*\d{{1,2}}\s*\.\s*\d{{1,2}})\s*\.?"
COURT = (
    r"대법원|대법|헌법재판소|헌재|[가-힣]{2,4}(?:고법|지법|행법)"
    r"|[가-힣]{2,6}(?:고등|행정|지방|가정|특허|회생)법원"
)
# Only these look like nothing else between a year and a number, so they need no court before them.
SURE = r"재?[두누]|구합|구단|헌[가나다라마바사아]"
SYMBOL = rf"{SURE}|가[합단소]|고[합단정]|카[합단]|비합|[다도마모므스그무후허나노아부초라]"
NUMBER = rf"(?<!\d)(?:\d{{4}}|\d{{2}})\s?-?(?:{SYMBOL})-?\s?\d{{1,7}}"
MORE = rf"\s*[,·ㆍ]\s*(?:{NUMBER}|\d{{3,7}}(?=\s*(?:[,·ㆍ()]|판결|결정|전원)))"
VERDICT = r"(?:\s*(?:\(병합\)|전원합의체|전원재판부))*(?:\s*(?:판결|결정))?"
OFFICE = (
    r"[가-힣]{0,8}(?:세|세제|법규|법무|세원|운용|해석|정책|관리|심사|조사|지원|총괄)과"
    r"|서면\s?\d팀|서면인터넷방문상담\s?\d팀|[가-힣]{1,6}\d{5}"
)
SHORT_OFFICE = r"재산|법인|소득|부가|상증|양도|원천|징세|법규"

CASE = re.compile(
    "|".join(
        (
            rf"(?P<judgment>(?P<court>(?<![가-힣])(?:{COURT}))\s*-?\s*"
            rf"(?:{DAY.format(1)}\s*(?:선고|자)?\s*)?(?P<numbers>{NUMBER}(?:{MORE})*){VERDICT})",
            rf"(?P<listed>{DAY.format(2)}\s*(?:선고|자)\s*(?P<listed_number>{NUMBER}){VERDICT})",
            r"(?P<tribunal>(?<![가-힣])(?:조심|국심)\s?-?\s?(?:\d{4}|\d{2})\s?-?\s?[가-힣]{1,2}\s?-?"
            r"\s?\d{1,5}(?!\d))",
            r"(?P<review>(?<![가-힣])(?:감심\s?(?:제\s?)?|(?:심사|이의|적부)\s?-?\s?(?:[가-힣]{1,6}\s?-?\s?)?)"
            r"(?:\d{4}|\d{2})-\d{1,5}(?!\d))",
            r"(?P<answer>(?<![가-힣])(?:서면|사전|기준)-\d{4}-[가-힣]{1,10}-\d{1,6}(?!\d))",
            rf"(?P<office>(?<![가-힣])(?:{OFFICE})\s?-\s?\d{{1,5}}(?![-\d]))",
            rf"(?P<short_office>(?<![가-힣])(?:{SHORT_OFFICE})-\d{{1,5}}(?=\s*[,(]\s*\d{{4}}\s*\.))",
            rf"(?P<bare>(?<![\d가-힣-])(?:\d{{4}}|\d{{2}})(?:{SURE})\d{{1,7}}(?!\d))",
        )
    )
)
ONE = re.compile(rf"(\d{{4}}|\d{{2}})\s?-?({SYMBOL})-?\s?(\d{{1,7}})|(\d{{3,7}})")
AFTER = re.compile(rf"호?\s*[,(\[]\s*{DAY.format('')}")
KINDS: dict[str, Kind] = {"tribunal": "tribunal", "review": "review"}


def find_cases(text: str) -> list[CaseMention]:
    """Every judgment, decision and ruling that `text` names by number, in order; nothing raises."""
    mentions: list[CaseMention] = []
    for found in CASE.finditer(text):
        if found["judgment"] or found["listed"] or found["bare"]:
            mentions.extend(judgments(found, mentions[-1] if mentions else None))
        else:
            given = AFTER.match(text, found.end())
            mentions.append(
                CaseMention(
                    kind=KINDS.get(found.lastgroup or "", "ruling"),
                    number=decision_number(found[0]),
                    court="",
                    date=day(given["day"]) if given else None,
                    start=found.start(),
                    end=found.end(),
                    text=found[0],
                )
            )
    return mentions


def judgments(found: re.Match[str], before: CaseMention | None) -> Iterator[CaseMention]:
    """The judgments of one match: joined cases share a court and a day."""
    group = next(g for g in ("numbers", "listed_number", "bare") if found[g])
    court = found["court"] or ""
    if group == "listed_number" and before and found.start() - before.end < 5:
        court = before.court
    given = day(found["day1"] or found["day2"])
    numbers = list(ONE.finditer(found.string, found.start(group), found.end(group)))
    year = symbol = ""
    for index, one in enumerate(numbers):
        year, symbol = one[1] or year, one[2] or symbol
        start = one.start() if index else found.start()
        end = one.end() if index < len(numbers) - 1 else found.end()
        yield CaseMention(
            kind="constitutional" if symbol.startswith("헌") else "court",
            number=f"{year}{symbol}{int(one[3] or one[4])}",
            court=court,
            date=given,
            start=start,
            end=end,
            text=found.string[start:end],
        )


def decision_number(written: str) -> str:
    """'조심-2020-광-905' -> '조심2020광0905', '심사 부가 2026-18' -> '심사-부가-2026-0018'.

    Tribunal numbers are joined; all others keep the hyphens of the tax service's own form. Serials
    have four digits where that form has them: not in 감심2024-630 and 재산세과-1145.
    """
    word = re.sub(r"\s|제(?=\d)", "", written)
    if tribunal := re.fullmatch(r"(조심|국심)-?(\d+)-?([가-힣]+)-?(\d+)", word):
        return f"{tribunal[1]}{tribunal[2]}{tribunal[3]}{int(tribunal[4]):04d}"
    if review := re.fullmatch(r"(심사|이의|적부)-?([가-힣]*)-?(\d+)-(\d+)", word):
        tax = f"-{review[2]}-" if review[2] else ""
        return f"{review[1]}{tax}{review[3]}-{int(review[4]):04d}"
    if answer := re.fullmatch(r"(\S+-\d{4}-\S+)-(\d+)", word):
        return f"{answer[1]}-{int(answer[2]):04d}"
    return word


def day(written: str | None) -> date | None:
    """'2001. 8. 21' as a date; None for none, and for a day that no calendar has."""
    if not written:
        return None
    year, month, number = map(int, written.split("."))
    try:
        return date(year, month, number)
    except ValueError:
        return None
