"""Until when: the last day of returns and payments, and of objections to an assessment."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal, get_args

from taxlaw.acquisition import last_day_to_file
from taxlaw.due_dates import after_days_off, end_of_month
from taxlaw.rates import LAW_AS_OF
from taxlaw.steps import OutOfScopeError, korean_date, quote_laws
from taxlaw.withholding import last_day_to_pay
from taxqa.errors import InputError

FIRST_DAY: Final = date(2024, 1, 1)
DAYS_TO_OBJECT: Final = 90
MOVED_BY: Final = "국세기본법 제5조제1항"

Kind = Literal[
    "gift",
    "inheritance",
    "inheritance_abroad",
    "income",
    "income_certified",
    "corporate",
    "corporate_certified",
    "vat_preliminary",
    "vat",
    "vat_simplified",
    "vat_closed",
    "transfer",
    "transfer_shares",
    "transfer_with_debt",
    "transfer_final",
    "holding",
    "acquisition",
    "acquisition_gift",
    "acquisition_inheritance",
    "acquisition_inheritance_abroad",
    "withholding",
    "withholding_half_yearly",
    "objection",
    "examination",
    "adjudication",
]
KINDS: Final = get_args(Kind)


@dataclass(frozen=True)
class Rule:
    """One period: what happens on its day, how it runs, and where the law says so."""

    name: str
    event: str
    words: str
    last_day: Callable[[date], date]
    """The last day by the statute alone, before days off move it."""
    citations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """A last day, with the rule it comes from."""

    name: str
    event: date
    event_name: str
    words: str
    """The period in Korean."""
    by_statute: date
    """The last day before days off are counted."""
    due: date
    citations: tuple[str, ...]
    moved_by: tuple[str, ...]
    """The article that moves the last day from a day off, where one does."""
    assumptions: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The deadline for JSON; days are ISO."""
        days = {name: getattr(self, name).isoformat() for name in ("event", "by_statute", "due")}
        lists = {
            "citations": [*self.citations, *self.moved_by],
            "assumptions": list(self.assumptions),
        }
        return {"name": self.name, **days, **lists}

    def explain(self) -> str:
        """The deadline in Korean, with its articles."""
        lines = [
            f"{self.name}: {korean_date(self.due)}",
            f"1. {self.event_name}: {korean_date(self.event)}",
            f"2. {self.words}: {korean_date(self.by_statute)} ({quote_laws(self.citations)})",
        ]
        if self.due != self.by_statute:
            law = f" ({quote_laws(self.moved_by)})" if self.moved_by else ""
            lines.append(f"3. 쉬는 날의 다음 날: {korean_date(self.due)}{law}")
        return "\n".join([*lines, "", *(f"※ {each}" for each in self.assumptions)])


def deadline(kind: Kind, event: date, days_off: Collection[date] = ()) -> Deadline:
    """The last day of one kind of return, payment or objection.

    Args:
        kind: one of KINDS.
        event: the day the period is counted from, or a day of the tax period.
        days_off: lunar, substitute and other holidays, beside weekends and the fixed ones.

    Raises:
        InputError: no such period has the event.
        OutOfScopeError: the event was before 2024.
    """
    if event < FIRST_DAY:
        raise OutOfScopeError(f"Deadlines are computed from {FIRST_DAY} on, not of {event}.")
    rule = RULES[kind]
    by_statute = rule.last_day(event)
    due = working_day(by_statute, days_off)
    return Deadline(
        name=rule.name,
        event=event,
        event_name=rule.event,
        words=rule.words,
        by_statute=by_statute,
        due=due,
        citations=rule.citations,
        moved_by=(MOVED_BY,) if due != by_statute and not is_local(kind) else (),
        assumptions=tuple(assumptions(kind, days_off)),
    )


def working_day(day: date, days_off: Collection[date]) -> date:
    """`day`, or the next that is no weekend, fixed holiday or one of `days_off`."""
    day = after_days_off(day)
    while day in days_off:
        day = after_days_off(day + timedelta(days=1))
    return day


def is_local(kind: Kind) -> bool:
    """Whether the period is one of a local tax, to which 국세기본법 does not apply."""
    return kind.startswith("acquisition")


def assumptions(kind: Kind, days_off: Collection[date]) -> list[str]:
    """What the deadline takes for granted, in Korean."""
    lines = [f"{korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐고, 기한 연장은 없다고 보았다."]
    if not days_off:
        lines.append("음력 공휴일과 대체공휴일은 반영하지 않았다.")
    if is_local(kind):
        lines.append(
            "지방세의 기한도 쉬는 날이면 그다음 날로 보았다. 그 전에 등기하려면 등기를 신청하는"
            " 날까지 신고하고 납부한다(지방세법 제20조제4항)."
        )
    return lines


def months_after(months: int) -> Callable[[date], date]:
    """The period "from the end of the month of the event, `months` months"."""
    return lambda event: end_of_month(event, months)


def half_year_end(event: date) -> date:
    """The last day of the half year of `event`."""
    return end_of_month(event, (6 - event.month) % 6)


def preliminary_vat(event: date) -> date:
    """The 25th after the 예정신고기간 that `event` lies in.

    Raises:
        InputError: it lies in the second quarter of a half year, which has a final return alone.
    """
    if event.month not in (1, 2, 3, 7, 8, 9):
        raise InputError(
            f"{event} lies in no 예정신고기간 (January to March, July to September).",
            hint="Ask for --tax vat, the final return.",
        )
    return end_of_month(event, (3 - event.month) % 3 + 1).replace(day=25)


def final_vat(event: date) -> date:
    """The 25th after the 과세기간, the half year, that `event` lies in."""
    return end_of_month(half_year_end(event), 1).replace(day=25)


def next_year(month: int, day: int) -> Callable[[date], date]:
    """A fixed day of the year after the event."""
    return lambda event: date(event.year + 1, month, day)


def ninety_days(event: date) -> date:
    """The ninetieth day after `event`, which is not counted itself (민법 제157조)."""
    return event + timedelta(days=DAYS_TO_OBJECT)


RULES: Final[dict[Kind, Rule]] = {
    "gift": Rule(
        "증여세 신고ㆍ납부기한",
        "증여받은 날",
        "증여받은 달의 말일부터 3개월",
        months_after(3),
        ("상속세 및 증여세법 제68조제1항",),
    ),
    "inheritance": Rule(
        "상속세 신고ㆍ납부기한",
        "상속개시일",
        "상속이 개시된 달의 말일부터 6개월",
        months_after(6),
        ("상속세 및 증여세법 제67조제1항",),
    ),
    "inheritance_abroad": Rule(
        "상속세 신고ㆍ납부기한(외국 주소)",
        "상속개시일",
        "상속이 개시된 달의 말일부터 9개월",
        months_after(9),
        ("상속세 및 증여세법 제67조제4항", "상속세 및 증여세법 제67조제1항"),
    ),
    "income": Rule(
        "종합소득세 확정신고기한",
        "과세기간에 속하는 날",
        "과세기간 다음 해의 5월 31일",
        next_year(5, 31),
        ("소득세법 제70조제1항",),
    ),
    "income_certified": Rule(
        "종합소득세 확정신고기한(성실신고확인서 제출)",
        "과세기간에 속하는 날",
        "과세기간 다음 해의 6월 30일",
        next_year(6, 30),
        ("소득세법 제70조의2제2항",),
    ),
    "corporate": Rule(
        "법인세 신고ㆍ납부기한",
        "사업연도 종료일",
        "사업연도가 끝난 달의 말일부터 3개월",
        months_after(3),
        ("법인세법 제60조제1항", "법인세법 제64조제1항"),
    ),
    "corporate_certified": Rule(
        "법인세 신고ㆍ납부기한(성실신고확인서 제출)",
        "사업연도 종료일",
        "사업연도가 끝난 달의 말일부터 4개월",
        months_after(4),
        ("법인세법 제60조제1항", "법인세법 제64조제1항"),
    ),
    "vat_preliminary": Rule(
        "부가가치세 예정신고ㆍ납부기한",
        "예정신고기간에 속하는 날",
        "예정신고기간이 끝난 뒤 25일",
        preliminary_vat,
        ("부가가치세법 제48조제1항",),
    ),
    "vat": Rule(
        "부가가치세 확정신고ㆍ납부기한",
        "과세기간에 속하는 날",
        "과세기간이 끝난 뒤 25일",
        final_vat,
        ("부가가치세법 제49조제1항",),
    ),
    "vat_simplified": Rule(
        "간이과세자의 부가가치세 신고ㆍ납부기한",
        "과세기간에 속하는 날",
        "과세기간이 끝난 뒤 25일",
        next_year(1, 25),
        ("부가가치세법 제67조제1항",),
    ),
    "vat_closed": Rule(
        "폐업한 사업자의 부가가치세 신고ㆍ납부기한",
        "폐업일",
        "폐업한 달의 다음 달 25일",
        lambda event: end_of_month(event, 1).replace(day=25),
        ("부가가치세법 제49조제1항", "부가가치세법 제67조제1항"),
    ),
    "transfer": Rule(
        "양도소득세 예정신고기한(토지ㆍ건물 등)",
        "양도일",
        "양도한 달의 말일부터 2개월",
        months_after(2),
        ("소득세법 제105조제1항제1호",),
    ),
    "transfer_shares": Rule(
        "양도소득세 예정신고기한(주식 등)",
        "양도일",
        "양도한 반기의 말일부터 2개월",
        lambda event: end_of_month(half_year_end(event), 2),
        ("소득세법 제105조제1항제2호",),
    ),
    "transfer_with_debt": Rule(
        "양도소득세 예정신고기한(부담부증여의 채무액)",
        "양도일",
        "양도한 달의 말일부터 3개월",
        months_after(3),
        ("소득세법 제105조제1항제3호",),
    ),
    "transfer_final": Rule(
        "양도소득세 확정신고기한",
        "양도일",
        "양도한 해의 다음 해 5월 31일",
        next_year(5, 31),
        ("소득세법 제110조제1항",),
    ),
    "holding": Rule(
        "종합부동산세 납부기한",
        "과세기준일이 속한 해의 날",
        "그 해의 12월 15일",
        lambda event: date(event.year, 12, 15),
        ("종합부동산세법 제16조제1항",),
    ),
    "acquisition": Rule(
        "취득세 신고ㆍ납부기한",
        "취득일",
        "취득한 날부터 60일",
        lambda event: last_day_to_file("purchase", event),
        ("지방세법 제20조제1항",),
    ),
    "acquisition_gift": Rule(
        "취득세 신고ㆍ납부기한(증여)",
        "취득일",
        "취득한 달의 말일부터 3개월",
        lambda event: last_day_to_file("gift", event),
        ("지방세법 제20조제1항",),
    ),
    "acquisition_inheritance": Rule(
        "취득세 신고ㆍ납부기한(상속)",
        "상속개시일",
        "상속이 개시된 달의 말일부터 6개월",
        lambda event: last_day_to_file("inheritance", event),
        ("지방세법 제20조제1항",),
    ),
    "acquisition_inheritance_abroad": Rule(
        "취득세 신고ㆍ납부기한(외국에 주소를 둔 상속인)",
        "상속개시일",
        "상속이 개시된 달의 말일부터 9개월",
        lambda event: last_day_to_file("inheritance", event, heir_abroad=True),
        ("지방세법 제20조제1항",),
    ),
    "withholding": Rule(
        "원천징수세액 납부기한",
        "징수일",
        "징수한 달의 다음 달 10일",
        last_day_to_pay,
        ("소득세법 제128조제1항",),
    ),
    "withholding_half_yearly": Rule(
        "원천징수세액 납부기한(반기별 납부)",
        "징수일",
        "징수한 반기의 마지막 달의 다음 달 10일",
        lambda event: last_day_to_pay(event, half_yearly=True),
        ("소득세법 제128조제2항",),
    ),
    "objection": Rule(
        "이의신청 기한",
        "처분의 통지를 받은 날",
        "처분의 통지를 받은 날부터 90일",
        ninety_days,
        ("국세기본법 제66조제6항", "국세기본법 제61조제1항"),
    ),
    "examination": Rule(
        "심사청구 기한",
        "처분 또는 이의신청 결정의 통지를 받은 날",
        "통지를 받은 날부터 90일",
        ninety_days,
        ("국세기본법 제61조제1항", "국세기본법 제61조제2항"),
    ),
    "adjudication": Rule(
        "심판청구 기한",
        "처분 또는 이의신청 결정의 통지를 받은 날",
        "통지를 받은 날부터 90일",
        ninety_days,
        ("국세기본법 제68조제1항", "국세기본법 제68조제2항"),
    ),
}
