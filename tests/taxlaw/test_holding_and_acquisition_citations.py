"""Every article that the taxes on property, withholding and deadlines name exists."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from test_acquisition import bought, given_house
from test_acquisition import case as acquisition
from test_holding import firm, many, only
from test_penalty_case import case as penalised
from test_step_citations import exists
from test_withholding import pay

from taxlaw.acquisition import acquisition_tax
from taxlaw.amounts import find_amounts
from taxlaw.deadlines import RULES
from taxlaw.holding import holding_tax
from taxlaw.limitation import ESTATE, GENERAL, limitation
from taxlaw.penalty_case import penalty_tax
from taxlaw.steps import Result, explain
from taxlaw.withholding import withholding_tax

EOK = 100_000_000

CASES: dict[str, Callable[[], Result]] = {
    "a house": lambda: acquisition_tax(bought()),
    "a share": lambda: acquisition_tax(
        bought(value=4 * EOK, standard_price=6 * EOK, share_standard_price=3 * EOK)
    ),
    **{
        f"{count} houses": lambda count=count: acquisition_tax(  # type: ignore[misc]
            bought(count, regulated=False)
        )
        for count in (2, 3, 4)
    },
    **{
        f"{asset} by {cause}": lambda cause=cause, asset=asset: acquisition_tax(  # type: ignore[misc]
            acquisition(cause, asset)
        )
        for cause in ("purchase", "gift", "inheritance", "original")
        for asset in ("farmland", "other")
    },
    "cheap house": lambda: acquisition_tax(bought(value=EOK)),
    "dear house": lambda: acquisition_tax(bought(value=10 * EOK)),
    "next to nothing": lambda: acquisition_tax(acquisition(value=1)),
    "a given house": lambda: acquisition_tax(given_house()),
    "an inherited house": lambda: acquisition_tax(
        acquisition("inheritance", "house", only_house_of_heir=True)
    ),
    "a corporation": lambda: acquisition_tax(acquisition(corporation=True, metropolitan=True)),
    "a corporation's house": lambda: acquisition_tax(bought(houses=None, corporation=True)),
    "only house": lambda: holding_tax(only(total=20 * EOK + 7)),
    "only house with another": lambda: holding_tax(only(extra_price=EOK, property_tax_credit=1)),
    "three houses": lambda: holding_tax(many(last_year_total=1)),
    "two houses": lambda: holding_tax(many(houses=2)),
    "corporation of three": lambda: holding_tax(firm()),
    "corporation of two": lambda: holding_tax(firm(houses=2)),
    **{
        income: lambda income=income: withholding_tax(pay(income, 1_234_567))  # type: ignore[misc]
        for income in (
            "interest",
            "private_loan",
            "dividend",
            "joint_venture",
            "business",
            "service_charge",
        )
    },
    "small dividend": lambda: withholding_tax(pay("dividend", 1)),
    "small other": lambda: withholding_tax(pay("other", 1, expenses=0)),
    "small lottery": lambda: withholding_tax(pay("lottery", 1, expenses=0)),
    **{
        f"flat {flat}": lambda flat=flat: withholding_tax(  # type: ignore[misc]
            pay("other", flat_expenses=flat)
        )
        for flat in (60, 80)
    },
    "lottery": lambda: withholding_tax(pay("lottery", 4 * EOK, expenses=0)),
    "unfiled": lambda: penalty_tax(penalised()),
    "too low": lambda: penalty_tax(penalised("underreported")),
}


@pytest.fixture(scope="module")
def index(shared: Path) -> dict[str, Any]:
    path = shared / "lawdata" / "article_index.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_articles_of_every_step_exist(name: str, index: dict[str, Any]) -> None:
    for citation in CASES[name]().citations:
        # Printed 제1호의2; the index counts such an item as 1의2.
        indexed = re.sub(r"제([0-9]+)호의([0-9]+)", r"제\1의\2호", citation)
        assert exists(indexed, index), citation


@pytest.mark.parametrize("name", CASES)
def test_every_amount_of_an_explanation_is_found_again(name: str) -> None:
    result = CASES[name]()
    for step, line in zip(result.steps, explain(result).splitlines()[1:], strict=False):
        found = [mention.value for mention in find_amounts(line)]
        assert step.amount in found, line
        assert len(found) == len(re.findall(r"[0-9]원|[만억조]원", line)), line


def test_the_articles_of_every_period_exist(index: dict[str, Any]) -> None:
    for rule in RULES.values():
        for citation in rule.citations:
            assert exists(citation, index), citation
    due = date(2026, 6, 1)
    periods = [limitation("income", due, conduct) for conduct in GENERAL]
    periods += [limitation("gift", due, conduct) for conduct in ESTATE]
    for citation in [each for period in periods for each in period.citations]:
        assert exists(citation, index), citation
