"""What the addenda say about the days of a part is read, and nothing else is."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taxlaw.addenda import Term, after_period, dated_clauses, day_of, terms
from taxlaw.statutes import read_statute

LAW = "소득세법"
YEAR = date(2026, 1, 1)
NEXT = date(2027, 1, 1)


def after(line: str) -> list[tuple[str, str]]:
    """(article, part) of what one line of the law's own addenda names."""
    found = terms(f"부칙 <제2호,2025.12.23>\n\n{line}", LAW, YEAR)
    assert all(term.first > YEAR or term.last >= YEAR for term in found)
    return [(term.article, term.part) for term in found]


def test_a_part_that_counts_from_next_year_is_known_with_its_day() -> None:
    line = (
        "제1조(시행일) 이 법은 2026년 1월 1일부터 시행한다. 다만, 제14조제3항제8호다목(제21조제1항"
        "제27호에 한정한다), 제70조제2항 및 같은 조 제3항의 개정규정은 2027년 1월 1일부터"
        " 시행하고, 제5조의 개정규정은 공포한 날부터, 제90조는 2024년 7월 1일부터 시행한다."
    )
    found = terms(f"부칙 <제2호,2025.12.23>\n\n{line}", LAW, YEAR)
    assert found == (
        Term("제14조", "제3항제8호다목", first=NEXT),
        Term("제70조", "제2항", first=NEXT),
        Term("제70조", "제3항", first=NEXT),
    )


def test_items_of_the_first_article_name_their_day_at_the_end() -> None:
    assert after("2. 제17조제3항 및 제118조의9부터 제118조의11까지: 2027년 1월 1일") == [
        ("제17조", "제3항"),
        ("제118조의9", ""),
        ("제118조의11", ""),
        ("제118조의10", ""),
    ]
    assert after("1. 제3조 및 제5조의 개정규정: 2026년 1월 1일") == []


def test_ranges_of_articles_and_paragraphs_are_written_out() -> None:
    line = "제142조부터 제144조까지 및 제129조제8항부터 제10항까지의 개정규정은 2027년 1월 1일부터"
    assert set(after(line)) == {
        ("제142조", ""), ("제143조", ""), ("제144조", ""),
        ("제129조", "제8항"), ("제129조", "제9항"), ("제129조", "제10항"),
    }  # fmt: skip


def test_a_part_that_ends_by_itself_is_known_with_its_last_day() -> None:
    line = "제2조(유효기간) 제2조의2제1항제7호의 개정규정은 2026년 6월 30일까지 효력을 가진다."
    found = terms(f"부칙 <제2호,2025.12.23>\n{line}", LAW, YEAR)
    assert found == (Term("제2조의2", "제1항제7호", last=date(2026, 6, 30)),)
    assert after(line.replace("2026", "2019")) == []


def test_addenda_of_a_law_that_amends_this_one_name_articles_of_their_own() -> None:
    line = (
        "제1조(시행일) 이 법은 공포한 날부터 시행한다. 다만, 제7조는 2027년 1월 1일부터 시행한다."
    )
    assert terms(f"부칙(주세법) <제2호,2025.12.23>\n\n{line}", LAW, YEAR) == ()
    assert after(line) == [("제7조", "")]


def test_addenda_under_headings_are_read_alike() -> None:
    text = (
        "## 부칙 <제2호,2025.12.23>\n\n##### 제1조 (시행일)\n\n제7조는 2027년 1월 1일부터 시행한다."
    )
    assert terms(text, LAW, YEAR) == (Term("제7조", "", first=NEXT),)


def test_a_day_that_no_calendar_has_is_passed_over() -> None:
    assert after("다만, 제7조의 개정규정은 2027년 2월 30일부터 시행한다.") == []


LETTERS = "부칙 <제1호,2025.>조항의은개정규정부터까지:효력을가진다2027년월일\n()"
WORDS = st.sampled_from(
    ["공포 후 ", "공포한 날부터 ", "99년", "999개월", "999일", "이 경과한 날", "부터", " 시행한다.",
     "제7조의 개정규정은 ", "1. ", ": ", "9999년 2월 30일", "까지 효력을 가진다", "\n",
     "\n부칙 <제3호,9999.12.31>\n", "\n부칙 <제3호,2025.2.30>\n"]
)  # fmt: skip


@given(st.text(alphabet=LETTERS) | st.lists(WORDS, max_size=20).map("".join))
def test_addenda_of_any_shape_never_raise(text: str) -> None:
    for heading in ("부칙 <제2호>", "부칙 <제2호,9999.12.31>", "부칙 <제2호,2025.12.23>"):
        for term in terms(f"{heading}\n{text}", LAW, YEAR):
            assert term.article


PROMULGATED = date(2025, 12, 23)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("공포 후 1년이 경과한 날", date(2026, 12, 24)),
        ("공포 후 6개월이 경과한 날", date(2026, 6, 24)),
        ("공포후 6월이 경과한 날", date(2026, 6, 24)),
        ("공포한 날부터 6개월이 경과한 날", date(2026, 6, 24)),
        ("공포일부터 6개월이 지난 날", date(2026, 6, 24)),
        ("공포 후 1년 6개월이 경과한 날", date(2027, 6, 24)),
        ("공포 후 30일이 경과한 날", date(2026, 1, 23)),
    ],
)
def test_a_day_told_by_a_period_from_promulgation_is_read(words: str, first: date) -> None:
    heading = "부칙 <제2호,2025.12.23>"
    for line in (
        f"제1조(시행일) 이 법은 공포한 날부터 시행한다. 다만, 제7조제2항의 개정규정은 {words}부터"
        " 시행한다.",
        f"다만, 제7조제2항의 개정규정은 {words}부터, 제8조는 2025년 1월 1일부터 시행하고,"
        " 제9조의 개정규정은 공포한 날부터 시행한다.",
        f"1. 제7조제2항의 개정규정: {words}",
    ):
        found = terms(f"{heading}\n\n{line}", LAW, YEAR)
        assert found == (Term("제7조", "제2항", first=first),)


def test_each_of_several_periods_has_its_own_articles() -> None:
    line = (
        "이 법은 공포 후 3개월이 경과한 날부터 시행하되, 제84조의3은 공포 후 6개월이 경과한"
        " 날부터, 제85조의7과 제85조의8은 공포 후 1년이 경과한 날부터 시행한다. 제86조는 2027년"
        " 1월 1일부터 시행한다."
    )
    found = terms(f"부칙 <제2호,2025.12.23>\n\n{line}", LAW, YEAR)
    assert found == (
        Term("제84조의3", "", first=date(2026, 6, 24)),
        Term("제85조의7", "", first=date(2026, 12, 24)),
        Term("제85조의8", "", first=date(2026, 12, 24)),
        Term("제86조", "", first=NEXT),
    )


@pytest.mark.parametrize(
    "line",
    [
        "다만, 제7조의 개정규정은 이 법 시행 후 1년이 경과한 날부터 시행한다.",
        "다만, 제7조의 개정규정은 「지방세법」 공포 후 1년이 경과한 날부터 시행한다.",
        "다만, 제7조의 개정규정은 공포한 날부터 기산하여 1년이 경과한 날부터 시행한다.",
        "다만, 제7조의 개정규정은 공포 후 1년이 되는 날부터 시행한다.",
        "다만, 제7조의 개정규정은 공포 후 1년 30일이 경과한 날부터 시행한다.",
        "다만, 제7조의 개정규정은 공포 후 1년이 경과한 날부터 1년간 적용한다.",
        "제7조의 개정규정은 공포 후 1년이 경과한 날 이후 신고하는 경우부터 적용한다.",
        "제7조의 개정규정은 신고하는 분부터 적용하고, 이 법은 공포 후 1년이 경과한 날부터"
        " 시행한다.",
        "1. 제7조의 개정규정: 공포 후 1년이 경과한 날이 속하는 해의 다음 해 1월 1일",
    ],
)
def test_a_period_that_cannot_be_read_with_certainty_is_passed_over(line: str) -> None:
    assert after(line) == []


def test_a_period_counts_from_the_heading_that_stands_above_it() -> None:
    line = "다만, 제7조의 개정규정은 공포 후 1년이 경과한 날부터 시행한다."
    assert terms(f"부칙 <제2호>\n\n{line}", LAW, YEAR) == ()
    assert terms(f"부칙 <제2호,2025.2.30>\n\n{line}", LAW, YEAR) == ()
    assert terms(f"부칙 <제1호,2024.12.31>\n\n{line}", LAW, YEAR) == ()
    both = f"부칙 <제1호,2024.12.31>\n\n{line}\n\n부칙 <제2호,2026. 3. 2.>\n\n{line}"
    assert terms(both, LAW, YEAR) == (Term("제7조", "", first=date(2027, 3, 3)),)


def end_by_the_civil_code(first: date, months: int) -> date:
    """제160조, a day at a time: the eve of the day of the last month that has the number of
    `first`, where it has none its last day.
    """
    left, day = months, first
    while left or day.day != first.day:
        following = day + timedelta(days=1)
        if following.month != day.month:
            if not left:
                return day
            left -= 1
        day = following
    return day - timedelta(days=1)


@example(date(2024, 12, 31), 6)
@example(date(2025, 8, 30), 6)
@example(date(2025, 8, 31), 6)
@example(date(2023, 8, 29), 6)
@example(date(2024, 2, 28), 12)
@given(st.dates(date(1948, 7, 17), date(2199, 12, 31)), st.integers(1, 40))
def test_a_period_of_months_is_over_as_the_civil_code_counts(day: date, months: int) -> None:
    last = end_by_the_civil_code(day + timedelta(days=1), months)
    assert after_period(day, months, 0) == last + timedelta(days=1)


def test_known_days_after_a_period() -> None:
    assert after_period(date(2024, 12, 31), 6, 0) == date(2025, 7, 1)
    assert after_period(date(2025, 8, 31), 6, 0) == date(2026, 3, 1)
    assert after_period(date(2025, 8, 30), 6, 0) == date(2026, 3, 1)
    assert after_period(date(2010, 6, 4), 0, 30) == date(2010, 7, 5)


def test_laws_that_count_from_a_period_are_in_force_from_the_day_their_data_tell(
    shared: Path,
) -> None:
    agree = []
    for path in sorted((shared / "lawdata").glob("statutes*/**/*.md")):
        statute, text = read_statute(path), path.read_text(encoding="utf-8")
        heading = rf"^(?:## )?부칙.*<제0*{statute.number}호,(\d+)\.(\d+)\.(\d+)>$"
        for found in re.finditer(heading, text, re.MULTILINE):
            assert day_of(found.groups()) == statute.promulgated
            rest = text[found.end() :].strip().split("\n")[0]
            whole = re.search(r"이 (?:법|영|규칙)은 공포 ?후 .*?시행한다", rest)
            if whole:
                ((_, first),) = dated_clauses(whole[0], statute.promulgated)
                agree.append((statute.law, first == statute.in_force))
    assert agree == [("개별소비세법", True), ("상속세 및 증여세법", True)]


def test_the_real_acts_parts_of_next_year_are_found(shared: Path) -> None:
    statute = read_statute(shared / "lawdata" / "statutes" / "소득세법" / "법률.md")
    asleep = {term.article + term.part for term in statute.terms if term.first == NEXT}
    # The tax on virtual assets, and the one on leaving the country.
    assert {"제21조제1항제27호", "제70조제2항", "제64조의3제2항", "제17조제3항"} <= asleep
    assert {f"제118조의{branch}" for branch in range(9, 19)} <= asleep
    decree = read_statute(shared / "lawdata" / "statutes" / "개별소비세법" / "시행령.md")
    assert Term("제2조의2", "제1항제7호", last=date(2026, 6, 30)) in decree.terms
