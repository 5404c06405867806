"""What the addenda say about the days of a part is read, and nothing else is."""

from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from taxlaw.addenda import Term, terms
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


@given(st.text(alphabet="부칙 <제1호,2025.>조항의은개정규정부터까지:효력을가진다2027년월일\n()"))
def test_addenda_of_any_shape_never_raise(text: str) -> None:
    for term in terms(f"부칙 <제2호>\n{text}", LAW, YEAR):
        assert term.article


def test_the_real_acts_parts_of_next_year_are_found(shared: Path) -> None:
    statute = read_statute(shared / "lawdata" / "statutes" / "소득세법" / "법률.md")
    asleep = {term.article + term.part for term in statute.terms if term.first == NEXT}
    # The tax on virtual assets, and the one on leaving the country.
    assert {"제21조제1항제27호", "제70조제2항", "제64조의3제2항", "제17조제3항"} <= asleep
    assert {f"제118조의{branch}" for branch in range(9, 19)} <= asleep
    decree = read_statute(shared / "lawdata" / "statutes" / "개별소비세법" / "시행령.md")
    assert Term("제2조의2", "제1항제7호", last=date(2026, 6, 30)) in decree.terms
