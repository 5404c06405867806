"""How long a tax may be assessed: the years of the statute, counted from the day after."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rate_boxes import article_text

from taxlaw.limitation import ESTATE, GENERAL, NAMES, Conduct, Tax, limitation
from taxlaw.steps import OutOfScopeError
from taxqa.errors import InputError

DUE = date(2026, 6, 1)


def test_the_years_are_those_of_the_statute(shared: Path) -> None:
    text = article_text(shared / "lawdata" / "statutes" / "국세기본법" / "법률.md", "제26조의2")
    first, second, _, fourth = re.split(r"\*\*[②③④]\*\*", text)[:4]
    assert re.findall(r"날부터 ([0-9]+)년", first) == ["5", "7"]
    items = re.findall(r"날부터 ([0-9]+)년\(역외거래.*?([0-9]+)년", second)
    years = {conduct: (at_home, abroad) for conduct, (at_home, abroad, _) in GENERAL.items()}
    assert years["filed"] == (5, 7)
    assert [years["unfiled"], years["fraud"]] == [(int(one), int(two)) for one, two in items]
    assert re.findall(r"([0-9]+)년으로", fourth.split("**⑤**")[0]) == ["10", "15"]
    assert [years for years, _ in ESTATE.values()] == [10, 15, 15, 15]


@pytest.mark.parametrize(
    ("tax", "conduct", "cross_border", "last_day", "paragraph"),
    [
        ("income", "filed", False, date(2031, 6, 1), "제1항"),
        ("income", "filed", True, date(2033, 6, 1), "제1항"),
        ("corporate", "unfiled", False, date(2033, 6, 1), "제2항제1호"),
        ("vat", "fraud", True, date(2041, 6, 1), "제2항제2호"),
        ("gift", "filed", False, date(2036, 6, 1), "제4항"),
        ("inheritance", "false_return", False, date(2041, 6, 1), "제4항제3호"),
        ("gift", "unfiled", False, date(2041, 6, 1), "제4항제2호"),
        ("gift", "fraud", False, date(2041, 6, 1), "제4항제1호"),
    ],
)
def test_each_tax_may_be_assessed_for_its_years(
    tax: Tax, conduct: Conduct, cross_border: bool, last_day: date, paragraph: str
) -> None:
    found = limitation(tax, DUE, conduct, cross_border)
    assert (found.starts, found.last_day) == (DUE + timedelta(days=1), last_day)
    assert found.citations[0] == f"국세기본법 제26조의2{paragraph}"
    assert NAMES[tax] in found.explain()


def test_a_period_that_ends_on_a_day_off_says_so() -> None:
    assert "쉬는 날" in limitation("gift", date(2026, 8, 31), "unfiled").explain()
    assert "쉬는 날" not in limitation("income", date(2026, 6, 1), "filed", True).explain()


def test_a_final_return_is_what_counts_for_taxes_that_have_a_preliminary_one() -> None:
    assert "확정신고기한" in limitation("transfer", DUE, "filed").explain()


def test_what_is_not_covered_is_refused() -> None:
    with pytest.raises(OutOfScopeError, match="not computed"):
        limitation("holding", DUE, "filed")
    with pytest.raises(OutOfScopeError, match="before 2020"):
        limitation("income", date(2019, 12, 31), "filed")
    with pytest.raises(InputError, match="alone"):
        limitation("income", DUE, "false_return")


@given(
    st.sampled_from(["income", "gift"]),
    st.sampled_from(["filed", "unfiled", "fraud"]),
    st.dates(date(2020, 1, 1), date(2060, 1, 1)),
)
def test_the_period_holds_its_whole_years(tax: Tax, conduct: Conduct, due: date) -> None:
    found = limitation(tax, due, conduct)
    assert found.last_day.year == due.year + found.years or (due.month, due.day) == (12, 31)
    assert found.to_dict()["last_day"] == found.last_day.isoformat()
    days = (found.last_day - found.starts).days + 1
    assert 365 * found.years <= days <= 366 * found.years
