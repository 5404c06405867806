"""Transfer tax: the worked case to the won, every rate and table, the only house."""

import json
import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rate_boxes import article_text, boxes

from taxlaw.formulas import recompute
from taxlaw.steps import OutOfScopeError, explain
from taxlaw.transfer import (
    Transfer,
    raised,
    table_one,
    table_two_held,
    table_two_lived,
    tenth,
    transfer_tax,
)
from taxqa.errors import InputError

EOK = 100_000_000
MAN = 10_000
SOLD = date(2026, 6, 1)


def sale(asset: str = "land_or_building", **given: Any) -> Transfer:
    case = {"price": 9 * EOK, "cost": 5 * EOK, "acquired": date(2010, 3, 1), "sold": SOLD}
    return Transfer(**{"asset": asset, **case, **given})


def house(**given: Any) -> Transfer:
    return sale("house", **{"surcharge": "none", **given})


def only_house(**given: Any) -> Transfer:
    case = {"one_house": True, "residence_years": 0, "regulated_when_acquired": False}
    return sale("house", **{**case, **given})


def test_the_worked_case_comes_out_to_the_won(shared: Path) -> None:
    cases = json.loads((shared / "cases" / "worked_cases.json").read_text(encoding="utf-8"))
    expected = next(case["expected"] for case in cases["cases"] if case["id"] == "cgt-01")
    result = transfer_tax(house(expenses=2000 * MAN, acquired=date(2021, 3, 1)))
    assert {
        "과세표준": result.tax_base,
        "양도소득세": result.computed_tax,
        "지방소득세": result.local_income_tax,
    } == expected


def test_the_raised_table_is_the_one_the_statute_draws_for_idle_land(shared: Path) -> None:
    statutes = shared / "lawdata" / "statutes"
    table = raised(Fraction(10, 100))
    national = boxes(article_text(statutes / "소득세법" / "법률.md", "제104조"))[0]
    local = boxes(article_text(statutes / "지방세법" / "법률.md", "제103조의3"))[0]
    for ours, drawn in ((table, national), (tenth(table), local)):
        rows = [(row.up_to, row.tax_below, row.over, row.rate) for row in ours.brackets]
        assert rows == drawn


def test_the_long_term_tables_are_those_of_the_statute(shared: Path) -> None:
    path = shared / "lawdata" / "statutes" / "소득세법" / "법률.md"
    first, second = re.split(r"표 2 ", article_text(path, "제95조"))[:2]
    pattern = r"([0-9]+)년 이상[^│]*│100분의 ?([0-9]+)"
    drawn = {int(years): int(rate) for years, rate in re.findall(pattern, first)}
    assert drawn == {years: int(table_one(years) * 100) for years in range(3, 16)}
    lines = [line for line in second.splitlines() if "년 이상" in line and "100분의" in line]
    held: dict[int, int] = {}
    lived: dict[int, int] = {}
    for line in lines:
        _, years_held, rate_held, years_lived, rate_lived, _ = line.strip().split("│")
        for table, years, rate in ((held, years_held, rate_held), (lived, years_lived, rate_lived)):
            if "100분의" in rate:
                table[int(years.split("년")[0])] = int(rate.split("분의")[1])
    assert held == {years: int(table_two_held(years) * 100) for years in range(3, 11)}
    assert lived == {years: int(table_two_lived(years) * 100) for years in range(2, 11)}
    assert table_one(40) == Fraction(30, 100)
    assert table_two_held(40) == table_two_lived(40) == Fraction(40, 100)
    assert table_one(2) == table_two_held(2) == table_two_lived(1) == 0


@pytest.mark.parametrize(
    ("asset", "years", "rate"),
    [
        ("house", 0, 70),
        ("house", 1, 60),
        ("land_or_building", 0, 50),
        ("land_or_building", 1, 40),
        ("other_right", 0, 50),
        ("other_right", 1, 40),
        ("presale_right", 0, 70),
        ("presale_right", 1, 60),
        ("presale_right", 5, 60),
        ("non_business_land", 0, 50),
    ],
)
def test_short_holding_has_one_rate(asset: str, years: int, rate: int) -> None:
    surcharge = "none" if asset == "house" else None
    acquired = date(2026 - years, 3, 1)
    result = transfer_tax(sale(asset, acquired=acquired, surcharge=surcharge, price=6 * EOK))
    assert result.long_term_deduction == 0
    assert result.computed_tax == 9750 * MAN * rate // 100
    assert result.local_income_tax == 9750 * MAN * rate // 1000


def test_the_greater_of_two_rates_is_taken() -> None:
    # 40 percent of 31.975억 is less than the basic rates on it.
    result = transfer_tax(sale(price=40 * EOK, cost=8 * EOK, acquired=date(2025, 1, 1)))
    assert result.computed_tax == 319_750 * MAN * 45 // 100 - 6594 * MAN
    compared = next(step for step in result.steps if step.label == "비교 산출세액")
    assert compared.amount == 319_750 * MAN * 40 // 100


def test_idle_land_is_taxed_ten_points_higher_with_the_long_term_deduction() -> None:
    result = transfer_tax(sale("non_business_land"))
    assert result.long_term_deduction == 4 * EOK * 30 // 100
    base = 28_000 * MAN - 250 * MAN
    assert result.tax_base == base
    assert result.computed_tax == base * 48 // 100 - 1994 * MAN
    assert result.local_income_tax == result.computed_tax // 10


@pytest.mark.parametrize(("surcharge", "rate"), [("two_houses", 60), ("three_houses", 70)])
def test_a_surcharged_house_has_a_higher_rate_and_no_long_term_deduction(
    surcharge: str, rate: int
) -> None:
    result = transfer_tax(house(surcharge=surcharge))
    assert result.long_term_deduction == 0
    assert result.computed_tax == 39_750 * MAN * rate // 100 - 2594 * MAN


def test_a_surcharged_house_held_shortly_bears_the_greater_tax() -> None:
    result = transfer_tax(house(surcharge="three_houses", acquired=date(2025, 1, 1)))
    # 70 percent less 2,594만 is more than 60 percent of 3.975억.
    assert result.computed_tax == 39_750 * MAN * 70 // 100 - 2594 * MAN


def test_no_surcharge_where_the_decree_leaves_it_out_for_a_time() -> None:
    with pytest.raises(InputError, match="bears no surcharge"):
        transfer_tax(house(surcharge="two_houses", sold=date(2026, 5, 9)))
    short = house(surcharge="two_houses", sold=date(2026, 5, 9), acquired=date(2025, 1, 1))
    assert transfer_tax(short).computed_tax == 39_750 * MAN * 60 // 100


def test_unregistered_property_is_taxed_at_seventy_percent_of_everything() -> None:
    result = transfer_tax(sale(unregistered=True))
    assert (result.tax_base, result.computed_tax) == (4 * EOK, 28_000 * MAN)
    assert transfer_tax(sale("house", unregistered=True)).computed_tax == 28_000 * MAN


def test_an_only_house_up_to_twelve_eok_is_exempt() -> None:
    result = transfer_tax(only_house(price=12 * EOK))
    assert (result.gain, result.tax_base, result.total) == (0, 0, 0)
    assert "소득세법 제89조제1항제3호가목" in result.citations


def test_of_an_only_house_above_twelve_eok_a_part_is_taxed() -> None:
    case = only_house(price=20 * EOK, cost=8 * EOK, residence_years=7)
    result = transfer_tax(case)
    assert result.gain == 12 * EOK * 8 // 20
    assert result.long_term_deduction == 12 * EOK * 68 // 100 * 8 // 20
    first_table = transfer_tax(replace(case, residence_years=1))
    assert first_table.long_term_deduction == 12 * EOK * 30 // 100 * 8 // 20


@pytest.mark.parametrize(
    ("given", "exempt"),
    [
        ({"acquired": date(2024, 6, 1)}, True),
        ({"acquired": date(2024, 6, 3)}, False),
        ({"regulated_when_acquired": True}, False),
        ({"regulated_when_acquired": True, "residence_years": 2}, True),
    ],
)
def test_an_only_house_is_exempt_when_held_and_lived_in_long_enough(
    given: dict[str, Any], exempt: bool
) -> None:
    assert (transfer_tax(only_house(**given)).total == 0) is exempt


def test_an_only_house_that_is_not_exempt_may_still_have_the_second_table() -> None:
    case = only_house(acquired=date(2021, 1, 1), regulated_when_acquired=True, residence_years=1)
    assert transfer_tax(case).long_term_deduction == 4 * EOK * 10 // 100


def test_an_inheritance_counts_from_the_deceased_for_the_rate_alone() -> None:
    case = sale(acquired=date(2025, 1, 1), inherited_from=date(2000, 1, 1))
    result = transfer_tax(case)
    assert result.long_term_deduction == 0
    assert result.computed_tax == 39_750 * MAN * 40 // 100 - 2594 * MAN


def test_a_loss_is_not_taxed() -> None:
    result = transfer_tax(sale(price=4 * EOK))
    assert (result.gain, result.total) == (0, 0)
    assert result.steps[0].amount == -1 * EOK
    small = transfer_tax(sale(price=50_100 * MAN))
    assert small.tax_base == 0


def test_a_period_that_hangs_on_one_day_is_refused() -> None:
    with pytest.raises(OutOfScopeError, match="a day decides"):
        transfer_tax(sale(acquired=date(2024, 6, 2)))
    assert transfer_tax(sale(acquired=date(2024, 6, 1))).steps[-2].amount > 0


def test_the_return_is_due_two_months_after_the_month() -> None:
    assert transfer_tax(sale()).due == date(2026, 8, 31)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (sale(sold=date(2022, 12, 31)), "from 2023-01-01 on"),
        (sale(price=-1), "negative"),
        (sale(acquired=date(2027, 1, 1)), "do not follow"),
        (sale(inherited_from=date(2020, 1, 1)), "do not follow"),
        (sale(one_house=True), "houses alone"),
        (sale(surcharge="none"), "houses alone"),
        (only_house(surcharge="two_houses"), "bears no surcharge"),
        (only_house(unregistered=True), "is registered"),
        (only_house(residence_years=17), "than it was held"),
        (house(unregistered=True), "rate of its own"),
        (only_house(residence_years=None), "years lived in it"),
        (only_house(regulated_when_acquired=None), "years lived in it"),
        (house(surcharge=None), "is not known"),
    ],
)
def test_a_case_that_cannot_be_is_refused(case: Transfer, message: str) -> None:
    with pytest.raises(InputError, match=message):
        transfer_tax(case)


def test_what_was_assumed_is_said() -> None:
    assert "같은 해에 다른 자산을 양도하지 않았고" in explain(transfer_tax(sale()))
    assert "제154조제1항 단서" in explain(transfer_tax(only_house()))


prices = st.integers(0, 100 * EOK)
bought = st.dates(date(2000, 1, 1), date(2026, 5, 31)).filter(
    lambda day: (day.month, day.day) != (6, 2)
)
cases = st.builds(
    sale,
    st.sampled_from(["land_or_building", "non_business_land", "presale_right", "other_right"]),
    price=prices,
    cost=prices,
    expenses=st.integers(0, EOK),
    acquired=bought,
)
houses = st.builds(
    house,
    price=prices,
    cost=prices,
    acquired=bought,
    surcharge=st.sampled_from(["none", "two_houses", "three_houses"]),
)
only_houses = st.builds(
    lambda lived, **given: only_house(
        residence_years=min(lived, max(2025 - given["acquired"].year, 0)), **given
    ),
    st.integers(0, 20),
    price=prices,
    cost=prices,
    acquired=bought,
    regulated_when_acquired=st.booleans(),
)


@given(cases | houses | only_houses)
def test_every_step_can_be_recomputed_and_leads_to_the_result(case: Transfer) -> None:
    result = transfer_tax(case)
    for step in result.steps:
        assert recompute(step.formula) == step.amount, step
    assert result.steps[-1].amount == result.total >= 0
    assert result.local_income_tax == result.computed_tax // 10 or (
        abs(result.local_income_tax * 10 - result.computed_tax) < 10
    )


@given(cases | houses | only_houses, st.integers(0, EOK))
def test_a_greater_cost_never_costs_more_tax(case: Transfer, more: int) -> None:
    assert transfer_tax(replace(case, cost=case.cost + more)).total <= transfer_tax(case).total
