"""A deadline that an answer states for a tax is compared with the law.

'증여세 … 말일부터 3개월', '종합소득세 … 5월 1일부터 5월 31일', '제1기 확정신고 … 7월 25일', and
the day that follows from a day the question names.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from datagen.checks.finding import Context, Finding, shortened
from datagen.checks.limits import FORMER
from datagen.checks.periods import stated_periods
from datagen.checks.statements import SENTENCE_END
from taxlaw.due_dates import after_days_off, end_of_month
from taxqa.records import QARecord

NOT_READ = re.compile(
    r"종전|개정 전|과거|예전|당시|연장|경정|수정신고|기한\s?후|가산세|감면|물납|연부연납|분납"
    r"|분할납부|부담부|비거주|국외"
    r"|외국|중간예납|성실신고|주식|사업장현황|면세|휴업|폐업|출국|취득세|청산|합병|해산|연결|결정기한|결정은|조사"
    r"|토지거래|허가|아니라|아닌|환급|지급명세서|원천|지방소득세|세무서장|고지|이자상당|반환|돌려|취소|번복"
)


@dataclass(frozen=True)
class Deadline:
    """A deadline of one tax in one way of writing it."""

    tax: re.Pattern[str]
    """What the sentence, or the question alone, has to be about."""
    written: re.Pattern[str]
    """The deadline; its groups are numbers."""
    right: tuple[tuple[int, ...], ...]
    """The numbers that may stand there."""
    shown: str
    """The rule with its article."""


MONTHS = re.compile(r"말일(?:로)?부터\s?(\d{1,2})\s?개월")
WITHIN = re.compile(
    r"(?:신고|납부)(?:[ㆍ·]\s?납부)?\s?(?:기한|기간)(?:은|이|:)(?!\s?(?:지나|지난|끝나|끝난|경과))"
    r"[^.\d]{0,24}(\d{1,2})\s?개월"
)
DAY = r"(\d{1,2})\s?월\s?(\d{1,2})\s?일"
SPAN = re.compile(rf"(?<!\d){DAY}\s?(?:부터|~|-|에서)\s?(?:다음\s?해\s?|같은\s?달\s?)?{DAY}")
UNTIL = re.compile(rf"(?<!\d)(?<!부터)(?<!부터 )(?<!~)(?<!~ ){DAY}\s?까지")
ANY_DAY = re.compile(rf"(?<!\d){DAY}")
GIFT = re.compile(r"증여세")
ESTATE = re.compile(r"상속세")
TRANSFER = re.compile(r"(?=.*예정\s?신고)양도(?:소득)?세")
CORPORATE = re.compile(r"법인세")
GIFT_RULE = "증여받은 날이 속하는 달의 말일부터 3개월 (상속세 및 증여세법 제68조제1항)"
ESTATE_RULE = "상속개시일이 속하는 달의 말일부터 6개월, 국외 9개월 (상속세 및 증여세법 제67조)"
CORPORATE_RULE = "사업연도 종료일이 속하는 달의 말일부터 3개월 (법인세법 제60조제1항)"
DEADLINES = (
    *(Deadline(GIFT, written, ((3,),), GIFT_RULE) for written in (MONTHS, WITHIN)),
    *(Deadline(ESTATE, written, ((6,), (9,)), ESTATE_RULE) for written in (MONTHS, WITHIN)),
    Deadline(
        TRANSFER,
        MONTHS,
        ((2,),),
        "양도일이 속하는 달의 말일부터 2개월 (소득세법 제105조제1항제1호)",
    ),
    *(Deadline(CORPORATE, written, ((3,),), CORPORATE_RULE) for written in (MONTHS, WITHIN)),
    Deadline(
        re.compile(r"종합소득(?:세|과세표준)"),
        SPAN,
        ((5, 1, 5, 31),),
        "다음 해 5월 1일부터 5월 31일까지 (소득세법 제70조제1항)",
    ),
    Deadline(
        re.compile(r"종합부동산세|종부세"),
        SPAN,
        ((12, 1, 12, 15), (9, 16, 9, 30)),
        "12월 1일부터 12월 15일까지 (종합부동산세법 제16조)",
    ),
    *(
        Deadline(
            re.compile(rf"(?=.*{name}\s?신고)(?:제\s?)?{half}\s?기"),
            UNTIL,
            ((month, 25),),
            f"제{half}기 {name}신고는 {month}월 25일까지 (부가가치세법 {article})",
        )
        for half, name, month, article in (
            (1, "예정", 4, "제48조"),
            (1, "확정", 7, "제49조"),
            (2, "예정", 10, "제48조"),
            (2, "확정", 1, "제49조"),
        )
    ),
    Deadline(
        re.compile(r"(?=.*(?:부가|신고))간이과세"),
        UNTIL,
        ((1, 25), (7, 25)),
        "다음 해 1월 25일까지 (부가가치세법 제67조제1항)",
    ),
)
TAX_NAMES = re.compile(
    r"증여세|상속세|양도(?:소득)?세|법인세|종합소득세|종합부동산세|종부세|부가(?:가치)?세|제?\s?[12]기"
)


def check_deadlines(record: QARecord, context: Context) -> Finding | None:
    """Each deadline in the answer that names its tax, and the day asked for."""
    if "개월" not in record.answer and "월" not in record.answer:
        return wrong_period(record)
    late = wrong_period(record) or wrong_certified(record)
    if late:
        return late
    if NOT_READ.search(record.question):
        return None
    for sentence in SENTENCE_END.split(record.answer):
        if "월" in sentence and not NOT_READ.search(sentence):
            for clause in clauses(sentence):
                finding = wrong_deadline(clause, record.question)
                if finding:
                    return finding
    return wrong_day(record)


CERTIFIED = re.compile(r"성실\s?신고\s?확인")
MONTH_DAY = re.compile(rf"{DAY}\s?까지")
CERTIFIED_ENDS = ((6, 30), (7, 1), (7, 2), (4, 30), (5, 2), (5, 3), (5, 4))
"""Of persons and of corporations with the calendar year; the next working day as well."""


def wrong_certified(record: QARecord) -> Finding | None:
    """A last day behind '성실신고확인' that no return with such a report has."""
    for sentence in SENTENCE_END.split(record.answer):
        about = CERTIFIED.search(sentence)
        if about is None or FORMER.search(sentence):
            continue
        ends = [match for match in MONTH_DAY.finditer(sentence) if match.start() > about.end()]
        if ends and tuple(map(int, ends[0].groups())) not in CERTIFIED_ENDS:
            rule = "6월 30일까지 (소득세법 제70조의2제2항), 법인은 4개월 (법인세법 제60조제1항)"
            return Finding("deadline-wrong", shortened(sentence), rule)
    return None


def wrong_period(record: QARecord) -> Finding | None:
    """A period behind the name of what has another."""
    for sentence in SENTENCE_END.split(record.answer):
        for stated in stated_periods(sentence):
            if not stated.is_right:
                return Finding("deadline-wrong", shortened(stated.text), stated.period.shown)
    return None


def clauses(sentence: str) -> list[str]:
    """The parts of a sentence that name a tax each; the whole where not every part does."""
    parts = re.split(r"[,，]\s|(?<=이고)\s|(?<=이며)\s", sentence)
    return parts if all(TAX_NAMES.search(part) for part in parts) else [sentence]


def wrong_deadline(sentence: str, question: str) -> Finding | None:
    """What is wrong in a sentence about one tax, which the question may name alone."""
    about = sentence if TAX_NAMES.search(sentence) else f"{question} {sentence}"
    if "사망" in sentence and not ESTATE.search(about):
        return None
    rules = [each for each in DEADLINES if each.tax.search(about)]
    if len({each.shown for each in rules}) != 1 or len(set(taxes_in(about))) > 1:
        return None
    for rule in rules:
        for match in rule.written.finditer(sentence):
            if tuple(map(int, match.groups())) not in rule.right:
                return Finding("deadline-wrong", shortened(sentence), rule.shown)
    return None


def right_deadlines(sentence: str, question: str) -> Iterator[str]:
    """The deadlines of a sentence that the law gives to the tax it is about, as written."""
    about = sentence if TAX_NAMES.search(sentence) else f"{question} {sentence}"
    for rule in DEADLINES if "월" in sentence else ():
        patterns = (rule.written, ANY_DAY) if rule.written is UNTIL else (rule.written,)
        stated = [match for pattern in patterns for match in pattern.finditer(sentence)]
        right = [each[0] for each in stated if tuple(map(int, each.groups())) in rule.right]
        if right and rule.tax.search(about):
            yield from right
    yield from (each.figure for each in stated_periods(sentence) if each.is_right)


def taxes_in(text: str) -> list[str]:
    """The taxes that a text names; two of them may have two deadlines."""
    return [
        name for name in ("증여세", "상속세", "양도", "법인세", "종합소득", "종부") if name in text
    ]


FULL_DAY = re.compile(r"(20\d\d)\s?(?:년|\.)\s?(\d{1,2})\s?(?:월|\.)\s?(\d{1,2})\s?일?")
EVENTS: tuple[tuple[re.Pattern[str], Callable[[date], date], str], ...] = (
    (re.compile(r"증여"), lambda day: end_of_month(day, 3), GIFT_RULE),
    (
        re.compile(r"상속|돌아가|사망"),
        lambda day: end_of_month(day, 6),
        ESTATE_RULE,
    ),
)
MOST_DAYS_OFF = 5
"""Days by which a weekend with lunar or substitute holidays may put a deadline off."""
ASKED = re.compile(r"기한|언제|며칠")
NOT_PLAIN = re.compile(
    r"법인|주식|양도|팔|팔았|취득세|부담부|국외|해외|외국|비거주|등기|결산|연부|분납|가산세"
)


def wrong_day(record: QARecord) -> Finding | None:
    """A last day to file that does not follow from the one day in the question."""
    question = record.question
    days = FULL_DAY.findall(question)
    events = [event for event in EVENTS if event[0].search(question)]
    if len(days) != 1 or len(events) != 1 or not ASKED.search(question):
        return None
    if NOT_PLAIN.search(question):
        return None
    started = as_date(days[0])
    plain = (part for part in SENTENCE_END.split(record.answer) if not NOT_READ.search(part))
    stated = [as_date(groups) for groups in FULL_DAY.findall("\n".join(plain))]
    if started is None or not stated:
        return None
    _, rule, shown = events[0]
    due = rule(started)
    right = {due + timedelta(days=days) for days in range(MOST_DAYS_OFF + 1)}
    if right & set(stated) or {*stated} <= {started, None}:
        return None
    return Finding("deadline-wrong", shortened(record.answer), f"{after_days_off(due)}: {shown}")


def as_date(groups: tuple[str, str, str]) -> date | None:
    """(year, month, day) as a date; None where no calendar has it."""
    try:
        return date(*map(int, groups))
    except ValueError:
        return None
