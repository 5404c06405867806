"""Days of filing and payment: months from the end of a month, and what follows a day off."""

import calendar
from datetime import date, timedelta
from typing import Final

FIXED_HOLIDAYS: Final = frozenset(
    [(1, 1), (3, 1), (5, 1), (5, 5), (6, 6), (8, 15), (10, 3), (10, 9), (12, 25)]
)
"""(month, day) of the days off that fall on the same date each year, with 노동절."""


def end_of_month(day: date, months: int = 0) -> date:
    """The last day of the month `months` after that of `day`.

    "…이 속하는 달의 말일부터 3개월 이내" ends on end_of_month(day, 3) (민법 제160조).
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def period_end(day: date, months: int) -> date:
    """The last day of a period of `months` that begins the day after `day`.

    A period that begins on the first of a month ends with a month (민법 제157조, 제160조).
    """
    start = day + timedelta(days=1)
    last = end_of_month(start, months)
    if start.day > last.day:
        return last
    return last.replace(day=start.day) - timedelta(days=1)


def period_start(day: date, years: int) -> date:
    """The first day of the `years` that end on the eve of `day`: 10 years before 2026-05-10 begin
    on 2016-05-10.
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def after_days_off(day: date) -> date:
    """`day`, or the next working day where it is a Saturday, Sunday or fixed holiday.

    국세기본법 제5조제1항. Lunar and substitute holidays are not known here, which a calculator
    that uses this says in its assumptions.
    """
    while day.weekday() >= 5 or (day.month, day.day) in FIXED_HOLIDAYS:
        day += timedelta(days=1)
    return day
