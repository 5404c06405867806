"""Deadlines: each against the statute's own words, days off, and what is refused."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rate_boxes import article_text

from cli.calc_deadline import KINDS as OFFERED
from taxlaw.deadlines import DAYS_TO_OBJECT, KINDS, MOVED_BY, RULES, Kind, deadline, working_day
from taxlaw.steps import OutOfScopeError
from taxqa.errors import InputError

EVENT = date(2026, 5, 15)


@pytest.mark.parametrize(
    ("kind", "event", "by_statute"),
    [
        ("gift", EVENT, date(2026, 8, 31)),
        ("inheritance", EVENT, date(2026, 11, 30)),
        ("inheritance_abroad", EVENT, date(2027, 2, 28)),
        ("income", EVENT, date(2027, 5, 31)),
        ("income_certified", EVENT, date(2027, 6, 30)),
        ("corporate", date(2026, 12, 31), date(2027, 3, 31)),
        ("corporate", date(2026, 3, 15), date(2026, 6, 30)),
        ("corporate_certified", date(2026, 12, 31), date(2027, 4, 30)),
        ("vat_preliminary", date(2026, 1, 1), date(2026, 4, 25)),
        ("vat_preliminary", date(2026, 3, 31), date(2026, 4, 25)),
        ("vat_preliminary", date(2026, 8, 1), date(2026, 10, 25)),
        ("vat", date(2026, 1, 1), date(2026, 7, 25)),
        ("vat", date(2026, 6, 30), date(2026, 7, 25)),
        ("vat", date(2026, 7, 1), date(2027, 1, 25)),
        ("vat_simplified", EVENT, date(2027, 1, 25)),
        ("vat_closed", EVENT, date(2026, 6, 25)),
        ("transfer", EVENT, date(2026, 7, 31)),
        ("transfer", date(2026, 12, 31), date(2027, 2, 28)),
        ("transfer_shares", EVENT, date(2026, 8, 31)),
        ("transfer_shares", date(2026, 7, 1), date(2027, 2, 28)),
        ("transfer_with_debt", EVENT, date(2026, 8, 31)),
        ("transfer_final", EVENT, date(2027, 5, 31)),
        ("holding", date(2026, 6, 1), date(2026, 12, 15)),
        ("acquisition", date(2026, 6, 3), date(2026, 8, 2)),
        ("acquisition_gift", EVENT, date(2026, 8, 31)),
        ("acquisition_inheritance", EVENT, date(2026, 11, 30)),
        ("acquisition_inheritance_abroad", EVENT, date(2027, 2, 28)),
        ("withholding", EVENT, date(2026, 6, 10)),
        ("withholding_half_yearly", EVENT, date(2026, 7, 10)),
        ("objection", date(2026, 7, 1), date(2026, 9, 29)),
        ("examination", date(2026, 7, 1), date(2026, 9, 29)),
        ("adjudication", date(2026, 7, 1), date(2026, 9, 29)),
    ],
)
def test_each_period_ends_when_the_statute_says(kind: Kind, event: date, by_statute: date) -> None:
    assert deadline(kind, event).by_statute == by_statute


@pytest.mark.parametrize(
    ("act", "article", "words"),
    [
        ("상속세및증여세법", "제68조", "말일부터 3개월 이내"),
        ("상속세및증여세법", "제67조", "말일부터 6개월 이내"),
        ("상속세및증여세법", "제67조", "기간을 9개월로"),
        ("소득세법", "제70조", "다음 연도 5월 1일부터 5월 31일까지"),
        ("소득세법", "제70조의2", "5월 1일부터 6월 30일까지"),
        ("법인세법", "제60조", "말일부터 3개월"),
        ("법인세법", "제60조", "제출하는 경우에는 4개월"),
        ("부가가치세법", "제48조", "끝난 후 25일 이내"),
        ("부가가치세법", "제49조", "다음 달 25일"),
        ("부가가치세법", "제67조", "끝난 후 25일"),
        ("소득세법", "제105조", "달의 말일부터 2개월"),
        ("소득세법", "제105조", "반기의 말일부터 2개월"),
        ("소득세법", "제105조", "달의 말일부터 3개월"),
        ("소득세법", "제110조", "5월 1일부터 5월 31일까지"),
        ("종합부동산세법", "제16조", "12월 1일부터 12월 15일"),
        ("지방세법", "제20조", "부터 60일"),
        ("소득세법", "제128조", "다음 달 10일까지"),
        ("국세기본법", "제61조", f"{DAYS_TO_OBJECT}일 이내"),
        ("국세기본법", "제68조", f"{DAYS_TO_OBJECT}일 이내"),
    ],
)
def test_the_statute_says_so_in_the_article_that_is_cited(
    act: str, article: str, words: str, shared: Path
) -> None:
    text = article_text(shared / "lawdata" / "statutes" / act / "법률.md", article)
    assert words in text
    cited = [each for rule in RULES.values() for each in rule.citations]
    assert any(
        each.replace(" ", "").startswith(act) and re.search(rf" {article}제", each)
        for each in cited
    )


def test_a_day_off_moves_the_last_day() -> None:
    found = deadline("vat_preliminary", date(2026, 2, 1))
    assert (found.by_statute, found.due) == (date(2026, 4, 25), date(2026, 4, 27))
    assert found.moved_by == (MOVED_BY,)
    assert "3. 쉬는 날의 다음 날: 2026. 4. 27. (「국세기본법」 제5조제1항)" in found.explain()


def test_holidays_that_are_given_move_it_further() -> None:
    days_off = (date(2026, 9, 29), date(2026, 9, 30))
    found = deadline("adjudication", date(2026, 7, 1), days_off)
    assert found.due == date(2026, 10, 1)
    assert not any("음력" in line for line in found.assumptions)


def test_a_local_tax_is_not_moved_by_the_national_act() -> None:
    found = deadline("acquisition", date(2026, 6, 3))
    assert (found.due, found.moved_by) == (date(2026, 8, 3), ())
    assert "국세기본법" not in found.explain()


def test_no_preliminary_return_is_due_for_the_second_quarter() -> None:
    with pytest.raises(InputError, match="예정신고기간"):
        deadline("vat_preliminary", date(2026, 4, 1))


def test_a_working_day_is_not_moved() -> None:
    found = deadline("gift", EVENT)
    assert found.due == found.by_statute
    assert "쉬는 날의" not in found.explain()


def test_an_early_event_is_refused() -> None:
    with pytest.raises(OutOfScopeError, match="from 2024"):
        deadline("gift", date(2023, 12, 31))


def test_the_command_offers_every_kind() -> None:
    assert OFFERED == KINDS == tuple(RULES)


@given(
    st.sampled_from([kind for kind in KINDS if kind != "vat_preliminary"]),
    st.dates(date(2024, 1, 1), date(2060, 1, 1)),
    st.integers(0, 400),
)
def test_a_later_event_is_never_due_earlier(kind: Kind, event: date, later: int) -> None:
    first = deadline(kind, event)
    assert deadline(kind, event + timedelta(days=later)).due >= first.due
    assert first.due >= first.by_statute
    assert first.to_dict()["due"] == first.due.isoformat()


@given(st.dates(), st.lists(st.dates(), max_size=3))
def test_the_working_day_is_the_first_that_is_none_off(day: date, days_off: list[date]) -> None:
    if day.year > 9990:
        return
    found = working_day(day, days_off)
    assert found >= day
    assert found.weekday() < 5
    assert found not in days_off
    assert working_day(found, days_off) == found
