"""Every article that a step names exists, and every amount of an explanation reads back."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from taxlaw.amounts import find_amounts
from taxlaw.corporate import Corporation, corporate_tax
from taxlaw.filing import Filing
from taxlaw.gift import Gift, PriorGift, gift_tax
from taxlaw.income import Income, income_tax
from taxlaw.inheritance import EstateGift, Inheritance, SkippedShare, inheritance_tax
from taxlaw.steps import Result, explain
from taxlaw.transfer import Transfer, transfer_tax
from taxlaw.vat import CardSales, GeneralVat, SimplifiedVat, general_vat, simplified_vat

EOK = 100_000_000
MAN = 10_000
DAY = date(2026, 5, 20)
DUE = date(2026, 9, 30)
CENTRAL = ("국고금 관리법", "지방회계법")
"""Acts outside the twelve of the index."""


def gift(**given: Any) -> Result:
    case = {"amount": 5 * EOK + 7, "donor": "parent", "recipient": "adult", "day": DAY}
    return gift_tax(Gift(**{**case, **given}))


def estate(**given: Any) -> Result:
    return inheritance_tax(Inheritance(**{"property": 60 * EOK, "day": DAY, **given}))


def salary(amount: int, **given: Any) -> Result:
    return income_tax(Income(year=2026, gross_salary=amount, **given))


def sale(**given: Any) -> Result:
    case = {"price": 20 * EOK, "cost": 5 * EOK, "acquired": date(2015, 1, 1), "sold": DAY}
    return transfer_tax(Transfer(**{"asset": "house", "surcharge": "none", **case, **given}))


PRIOR = PriorGift(amount=2 * EOK, day=date(2024, 1, 5), deduction=2000 * MAN)
UNFILED = Filing(status="none", paid_on=DUE)
ONE_HOUSE = {"one_house": True, "residence_years": 3, "regulated_when_acquired": False}

CASES: dict[str, Callable[[], Result]] = {
    **{
        f"gift of a {donor}": lambda donor=donor: gift(donor=donor)  # type: ignore[misc]
        for donor in ("spouse", "parent", "grandparent", "child", "relative", "other")
    },
    "small gift": lambda: gift(amount=1),
    "marriage": lambda: gift(marriage_date=DAY),
    "birth": lambda: gift(birth_date=DAY, prior_gifts=(PRIOR,)),
    "carried": lambda: gift(
        prior_gifts=(PriorGift(amount=EOK, day=PRIOR.day, marriage_or_birth_deduction=1),)
    ),
    "debt": lambda: gift(debt=1, debt_proven=True),
    "unfiled gift": lambda: gift(filing=UNFILED),
    "fraud": lambda: gift(filing=Filing(status="none", paid_on=DUE, misconduct="fraud")),
    **{
        f"late in {month}": lambda month=month: gift(  # type: ignore[misc]
            filing=Filing(status="late", filed_on=date(2026, month, 20), paid_on=DUE)
        )
        for month in (9, 10, 12)
    },
    **{
        f"amended on {day}": lambda day=day: gift(  # type: ignore[misc]
            filing=Filing(reported_tax=1, amended_on=day, paid_on=DUE)
        )
        for day in (
            date(2026, 9, 5),
            date(2026, 11, 5),
            date(2027, 1, 5),
            date(2027, 7, 5),
            date(2028, 1, 5),
            date(2028, 7, 5),
        )
    },
    "fraud in a return": lambda: gift(
        filing=Filing(reported_tax=1, misconduct="fraud", paid_on=DUE)
    ),
    "estate": lambda: estate(
        debts=EOK,
        children=9,
        spouse=True,
        spouse_inherits=7 * EOK,
        financial_assets=EOK,
        shared_house=EOK,
        left_to_others=EOK,
        skipped=(SkippedShare(amount=EOK, minor=False),),
        gifts=(EstateGift(amount=EOK, day=date(2024, 1, 1), to="heir", tax=MAN),),
    ),
    "spouse alone": lambda: estate(spouse=True, co_heirs=0, financial_assets=MAN),
    "unfiled estate": lambda: estate(filing=UNFILED),
    "small estate": lambda: inheritance_tax(Inheritance(day=DAY, taxable_value=1)),
    "base": lambda: income_tax(Income(year=2026, tax_base=EOK)),
    **{
        f"salary of {amount}": lambda amount=amount: salary(amount * MAN)  # type: ignore[misc]
        for amount in (2000, 4000, 8000, 20_000)
    },
    "family": lambda: salary(
        3000 * MAN,
        dependants=4,
        aged_70=1,
        disabled=1,
        single_parent=True,
        child_birth_years=(2010, 2011, 2012, 2026),
        births=(4,),
        pension_contributions=1,
        insurance_premiums=1,
    ),
    "woman": lambda: salary(3000 * MAN, woman=True, dependants=1, child_birth_years=(2010,)),
    "corporation": lambda: corporate_tax(
        Corporation(starts=date(2026, 3, 1), ends=date(2026, 12, 31), income=EOK, losses=1)
    ),
    "rental": lambda: corporate_tax(
        Corporation(starts=date(2026, 1, 1), ends=date(2026, 12, 31), tax_base=1, small_rental=True)
    ),
    "general": lambda: general_vat(
        GeneralVat(year=2026, period="1", supply=EOK, card_sales=CardSales(amount=EOK))
    ),
    "preliminary": lambda: general_vat(GeneralVat(year=2026, period="2-preliminary", supply=17)),
    "simplified": lambda: simplified_vat(
        SimplifiedVat(year=2026, sales={"retail": EOK}, purchases=EOK)
    ),
    "waived": lambda: simplified_vat(SimplifiedVat(year=2026, sales={"retail": 1}, months=3)),
    "sale": sale,
    "only house": lambda: sale(**ONE_HOUSE),
    "exempt house": lambda: sale(price=9 * EOK, **ONE_HOUSE),
    "two houses": lambda: sale(surcharge="two_houses"),
    "three houses": lambda: sale(surcharge="three_houses", acquired=date(2026, 1, 1)),
    "loss": lambda: sale(price=1),
    **{
        f"{asset} of {year}": lambda asset=asset, year=year: sale(  # type: ignore[misc]
            asset=asset, surcharge=None, acquired=date(year, 1, 1)
        )
        for asset in ("land_or_building", "non_business_land", "presale_right", "other_right")
        for year in (2015, 2025, 2026)
    },
    "unregistered": lambda: sale(surcharge=None, unregistered=True),
}


@pytest.fixture(scope="module")
def index(shared: Path) -> dict[str, Any]:
    path = shared / "lawdata" / "article_index.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_articles_of_every_step_exist(name: str, index: dict[str, Any]) -> None:
    result = CASES[name]()
    assert result.citations
    for citation in result.citations:
        assert exists(citation, index), citation


@pytest.mark.parametrize("name", CASES)
def test_every_amount_of_an_explanation_is_found_again(name: str) -> None:
    result = CASES[name]()
    lines = explain(result).splitlines()[1:]
    for step, line in zip(result.steps, lines, strict=False):
        found = [mention.value for mention in find_amounts(line)]
        assert abs(step.amount) in found, line
        assert line.count("원") >= len(found) == len(re.findall(r"[0-9]원|[만억조]원", line)), line


def exists(citation: str, index: dict[str, Any]) -> bool:
    """Whether the index has the law, article, paragraph and item of a printed citation."""
    match = re.fullmatch(
        r"(.+?) (제[0-9]+조(?:의[0-9]+)?)(?:제([0-9]+)항)?"
        r"(?:제([0-9]+(?:의[0-9]+)?)호)?(?:[가-하]목)?",
        citation,
    )
    if not match:
        return False
    law, article, paragraph, item = match.groups()
    if law in CENTRAL:
        return True
    entry = index.get(law, {}).get("조", {}).get(article)
    if entry is None or entry["삭제"]:
        return False
    items = entry["항"].get(paragraph or "0")
    return (paragraph is None and item is None) or (
        items is not None and (item is None or item in items)
    )
