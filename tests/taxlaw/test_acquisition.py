"""Acquisition tax: the worked case to the won, every rate against the statute, what is asked."""

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
from rate_boxes import article_text

from taxlaw.acquisition import (
    GIFT_SURCHARGE_FROM,
    NO_TAX_UP_TO,
    STANDARD,
    SURCHARGE_BASE,
    Acquisition,
    acquisition_tax,
    house_rate,
)
from taxlaw.formulas import recompute
from taxlaw.steps import OutOfScopeError, explain
from taxqa.errors import InputError

EOK = 100_000_000
MAN = 10_000
DAY = date(2026, 6, 1)


def case(cause: str = "purchase", asset: str = "other", **given: Any) -> Acquisition:
    return Acquisition(
        **{"cause": cause, "asset": asset, "value": 7 * EOK, "acquired": DAY, **given}
    )


def bought(houses: int = 1, **given: Any) -> Acquisition:
    return case("purchase", "house", **{"houses": houses, "surcharge_exempt": False, **given})


def given_house(**given: Any) -> Acquisition:
    facts = {"regulated": True, "standard_price": 5 * EOK, "surcharge_exempt": False}
    return case("gift", "house", **{**facts, **given})


def rates(case: Acquisition) -> tuple[Fraction, Fraction]:
    """Percent of the tax and of the 지방교육세, as the result has them."""
    result = acquisition_tax(case)
    return result.rate * 100, Fraction(result.education_tax * 100, case.value)


def law(shared: Path, article: str, kind: str = "법률") -> str:
    return article_text(shared / "lawdata" / "statutes" / "지방세법" / f"{kind}.md", article)


def test_the_worked_case_comes_out_to_the_won(shared: Path) -> None:
    cases = json.loads((shared / "cases" / "worked_cases.json").read_text(encoding="utf-8"))
    expected = next(case["expected"] for case in cases["cases"] if case["id"] == "acq-01")
    result = acquisition_tax(bought(value=75_000 * MAN))
    assert result.rate == Fraction(expected["세율"].removesuffix("%")) / 100
    assert (result.acquisition_tax, result.education_tax) == (
        expected["취득세"],
        expected["지방교육세"],
    )
    assert "지방세법 제11조제1항제8호나목" in result.citations


def test_the_standard_rates_are_those_of_the_statute(shared: Path) -> None:
    text = law(shared, "제11조").split("**②**")[0]
    items = dict(re.findall(r"^ +([0-9]+)\\\. ((?:.|\n)*?)(?=^ +[0-9]+\\\.|\Z)", text, re.M))
    drawn = {}
    for item, words in items.items():
        below = re.findall(r"^ +([가-다])\\\. .*?1천분의 ([0-9]+)", words, re.M)
        first = re.search(r"1천분의 ([0-9]+)", words)
        for letter, rate in below or ([("", first[1])] if first else []):
            drawn[f"제{item}호{letter and letter + '목'}"] = Fraction(int(rate), 1000)
    for rate, item in STANDARD.values():
        assert drawn[item] == rate, item
    assert drawn["제8호가목"] == house_rate(6 * EOK) == Fraction(10, 1000)
    assert drawn["제8호다목"] == house_rate(9 * EOK + 1) == Fraction(30, 1000)


def test_the_base_of_surcharges_and_its_multiples_are_those_of_the_statute(shared: Path) -> None:
    defined = re.search(r'"중과기준세율"(?:.|\n)*?1천분의 ([0-9]+)', law(shared, "제6조"))
    assert defined
    assert Fraction(int(defined[1]), 1000) == SURCHARGE_BASE
    items = re.findall(r"([123])\\\. .*?중과기준세율의 100분의 ([0-9]+)", law(shared, "제13조의2"))
    assert items == [("1", "400"), ("2", "200"), ("3", "400")]
    price = re.search(r"시가표준액.*?이 ([0-9])억원 이상", law(shared, "제28조의6", "시행령"))
    assert price
    assert int(price[1]) * EOK == GIFT_SURCHARGE_FROM
    free = re.search(r"취득가액이 ([0-9]+)만원 이하", law(shared, "제17조"))
    assert free
    assert int(free[1]) * MAN == NO_TAX_UP_TO


@pytest.mark.parametrize(
    ("acquisition", "tax", "education"),
    [
        (case(), "4", "0.4"),
        (case("purchase", "farmland"), "3", "0.2"),
        (case("gift"), "3.5", "0.3"),
        (case("gift", "farmland"), "3.5", "0.3"),
        (case("inheritance", "farmland"), "2.3", "0.06"),
        (case("inheritance"), "2.8", "0.16"),
        (case("inheritance", "house", only_house_of_heir=False), "2.8", "0.16"),
        (case("inheritance", "house", only_house_of_heir=True), "0.8", "0.16"),
        (case("original"), "2.8", "0.16"),
        (case("original", "house"), "2.8", "0.16"),
        (bought(value=6 * EOK), "1", "0.1"),
        (bought(value=7 * EOK), "1.67", "0.167"),
        (bought(value=9 * EOK), "3", "0.3"),
        (bought(value=20 * EOK), "3", "0.3"),
        (bought(2, regulated=False), "1.67", "0.167"),
        (bought(2, regulated=True, temporary_two_houses=True), "1.67", "0.167"),
        (bought(2, regulated=True, temporary_two_houses=False), "8", "0.4"),
        (bought(3, regulated=False), "8", "0.4"),
        (bought(3, regulated=True), "12", "0.4"),
        (bought(4), "12", "0.4"),
        (bought(4, surcharge_exempt=True), "1.67", "0.167"),
        (given_house(), "12", "0.4"),
        (given_house(regulated=False), "3.5", "0.3"),
        (given_house(standard_price=3 * EOK - 1), "3.5", "0.3"),
        (given_house(surcharge_exempt=True), "3.5", "0.3"),
        (bought(houses=None, corporation=True), "12", "0.4"),
        (
            bought(houses=None, corporation=True, surcharge_exempt=True, metropolitan=False),
            "1.67",
            "0.167",
        ),
        (given_house(corporation=True, metropolitan=False), "12", "0.4"),
        (case(corporation=True, metropolitan=False), "4", "0.4"),
        (case(corporation=True, metropolitan=True), "8", "1.2"),
        (case("purchase", "farmland", corporation=True, metropolitan=True), "5", "0.6"),
        (case("original", "house", corporation=True, metropolitan=True), "4.4", "0.48"),
        (case("gift", corporation=True, metropolitan=True), "6.5", "0.9"),
    ],
)
def test_each_acquisition_has_its_rate(acquisition: Acquisition, tax: str, education: str) -> None:
    assert rates(acquisition) == (Fraction(tax), Fraction(education))


def test_of_a_share_the_price_of_the_whole_house_makes_the_rate() -> None:
    half = bought(value=4 * EOK, standard_price=6 * EOK, share_standard_price=3 * EOK)
    result = acquisition_tax(half)
    assert result.rate == house_rate(8 * EOK) == Fraction(233, 10_000)
    assert result.acquisition_tax == 4 * EOK * 233 // 10_000
    assert result.steps[1].amount == 8 * EOK


def test_what_costs_little_is_not_taxed() -> None:
    result = acquisition_tax(case(value=NO_TAX_UP_TO))
    assert (result.rate, result.total) == (0, 0)
    assert "지방세법 제17조제1항" in result.citations
    assert acquisition_tax(case(value=NO_TAX_UP_TO + 1)).acquisition_tax == 20_000


@pytest.mark.parametrize(
    ("acquisition", "due"),
    [
        (case(), date(2026, 7, 31)),
        (case(acquired=date(2026, 6, 3)), date(2026, 8, 3)),
        (case("gift"), date(2026, 9, 30)),
        (case("inheritance"), date(2026, 12, 31)),
        (case("inheritance", heir_abroad=True), date(2027, 3, 31)),
        (case("original"), date(2026, 7, 31)),
    ],
)
def test_the_return_is_due_when_the_statute_says(acquisition: Acquisition, due: date) -> None:
    assert acquisition_tax(acquisition).due == due


@pytest.mark.parametrize(
    ("acquisition", "hint"),
    [
        (bought(houses=None), "--houses"),
        (bought(2), "--regulated"),
        (bought(3), "--regulated"),
        (bought(2, regulated=True), "--temporary"),
        (bought(4, surcharge_exempt=None), "--exempt"),
        (given_house(regulated=None), "--regulated"),
        (given_house(standard_price=None), "--standard-price"),
        (given_house(surcharge_exempt=None), "--exempt"),
        (case("inheritance", "house"), "--only-house-of-heir"),
        (case(corporation=True), "--metropolitan"),
    ],
)
def test_a_fact_that_decides_is_asked_for(acquisition: Acquisition, hint: str) -> None:
    with pytest.raises(InputError, match="is not known") as caught:
        acquisition_tax(acquisition)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("acquisition", "message"),
    [
        (case(value=-1), "negative"),
        (bought(standard_price=-1), "negative"),
        (bought(share_standard_price=EOK), "exceeds"),
        (bought(standard_price=EOK, share_standard_price=2 * EOK), "exceeds"),
        (case(houses=1), "a house alone"),
        (case(regulated=False), "a house alone"),
        (case("inheritance", corporation=True), "inherits nothing"),
        (bought(corporation=True), "no household"),
        (case(metropolitan=True), "corporation alone"),
        (bought(0), "itself counts"),
        (bought(3, temporary_two_houses=True), "means two houses"),
        (case(heir_abroad=True), "nothing was inherited"),
        (case(only_house_of_heir=True), "nothing was inherited"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(
    acquisition: Acquisition, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        acquisition_tax(acquisition)


@pytest.mark.parametrize(
    ("acquisition", "message"),
    [
        (case(acquired=date(2023, 12, 31)), "from 2024"),
        (given_house(corporation=True, metropolitan=True), "not covered"),
        (
            bought(houses=None, corporation=True, surcharge_exempt=True, metropolitan=True),
            "not covered",
        ),
    ],
)
def test_what_is_not_covered_is_refused(acquisition: Acquisition, message: str) -> None:
    with pytest.raises(OutOfScopeError, match=message):
        acquisition_tax(acquisition)


def test_a_result_says_that_the_rural_tax_is_not_in_it() -> None:
    assert "농어촌특별세는" in explain(acquisition_tax(bought()))


cases = st.builds(
    replace,
    st.sampled_from(
        [
            case(),
            case("purchase", "farmland"),
            case("gift"),
            case("inheritance"),
            case("original"),
            bought(),
            bought(3, regulated=True),
            given_house(),
            case("inheritance", "house", only_house_of_heir=True),
            case(corporation=True, metropolitan=True),
        ]
    ),
    value=st.integers(0, 10**13),
)


@given(cases)
def test_every_step_can_be_recomputed_and_leads_to_the_result(acquisition: Acquisition) -> None:
    result = acquisition_tax(acquisition)
    for step in result.steps:
        assert recompute(step.formula) == step.amount, step
    assert result.total == result.acquisition_tax + result.education_tax == result.steps[-1].amount


@given(cases, st.integers(0, 10**12))
def test_what_is_worth_more_never_costs_less(acquisition: Acquisition, more: int) -> None:
    dearer = replace(acquisition, value=acquisition.value + more)
    assert acquisition_tax(dearer).total >= acquisition_tax(acquisition).total


@given(st.integers(0, 20 * EOK))
def test_the_rate_of_a_house_rises_without_a_jump(price: int) -> None:
    step = house_rate(price + MAN) - house_rate(price)
    assert 0 <= step <= Fraction(1, 10_000)
    exact = min(max((Fraction(price * 2, 3 * EOK) - 3) / 100, Fraction(1, 100)), Fraction(3, 100))
    assert abs(house_rate(price) - exact) <= Fraction(1, 20_000)
