"""Periods end as the Civil Act has them end, and a day off moves a last day on."""

from datetime import date

import pytest

from taxlaw.due_dates import after_days_off, end_of_month, period_end, period_start


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        (date(2026, 5, 10), 3, date(2026, 8, 31)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 1, 31), 0, date(2026, 1, 31)),
    ],
)
def test_months_are_counted_from_the_end_of_the_month(day: date, months: int, end: date) -> None:
    assert end_of_month(day, months) == end


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 4, 30), 1, date(2026, 5, 31)),
        (date(2026, 6, 2), 1, date(2026, 7, 2)),
        (date(2027, 1, 29), 1, date(2027, 2, 28)),
        (date(2027, 1, 30), 1, date(2027, 2, 28)),
        (date(2024, 5, 10), 24, date(2026, 5, 10)),
    ],
)
def test_a_period_begins_the_day_after(day: date, months: int, end: date) -> None:
    assert period_end(day, months) == end


@pytest.mark.parametrize(
    ("day", "start"),
    [
        (date(2026, 5, 10), date(2016, 5, 10)),
        (date(2028, 2, 29), date(2018, 3, 1)),
        (date(2026, 3, 1), date(2016, 3, 1)),
    ],
)
def test_ten_years_back_begin_on_the_same_day(day: date, start: date) -> None:
    assert period_start(day, 10) == start


@pytest.mark.parametrize(
    ("day", "moved"),
    [
        (date(2026, 8, 31), date(2026, 8, 31)),
        (date(2026, 5, 31), date(2026, 6, 1)),
        (date(2027, 2, 28), date(2027, 3, 2)),
        (date(2026, 5, 1), date(2026, 5, 4)),
    ],
)
def test_a_day_off_moves_the_last_day_on(day: date, moved: date) -> None:
    assert after_days_off(day) == moved
