"""`taxqa calc gift`."""

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from cli.calc_options import (
    amount,
    as_json,
    as_of,
    day,
    filing_options,
    or_today,
    pairs,
    show,
    take_filing,
)

if TYPE_CHECKING:
    from taxlaw.gift import PriorGift


@click.command()
@click.option("--amount", type=amount, required=True, help="Value of the property.")
@click.option(
    "--donor",
    type=click.Choice(["spouse", "parent", "grandparent", "child", "relative", "other"]),
    required=True,
    help="Who gives, as the donee sees them.",
)
@click.option("--recipient", type=click.Choice(["adult", "minor"]), required=True)
@as_of
@click.option(
    "--prior",
    multiple=True,
    metavar="TEXT",
    help="An earlier gift: 'amount=1억 day=2020-05-01 deduction=5000만'; also deduction_marriage=,"
    " tax=, surcharge=, and donor=other for another donor of the same kind.  [repeatable]",
)
@click.option("--marriage-date", type=day, help="혼인신고일, to claim 제53조의2제1항.")
@click.option("--birth-date", type=day, help="Birth or adoption of a child, for 제53조의2제2항.")
@click.option("--debt", type=amount, default="0", help="Debt on the property taken over.")
@click.option("--debt-proven", is_flag=True, help="The debt is proven (제47조제3항 단서).")
@click.option("--parent-deceased", is_flag=True, help="The donee's parent has died (제57조 단서).")
@filing_options
@as_json
def gift(as_of: date | None, prior: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """증여세: what a gift costs its donee, a resident.

    taxqa calc gift --amount 20억 --donor parent --recipient adult
    """
    from taxlaw.gift import Gift, gift_tax

    filing = take_filing(given)
    priors = tuple(prior_gift(text) for text in prior)
    case = Gift(day=or_today(as_of), prior_gifts=priors, filing=filing, **given)
    show(gift_tax(case), as_json)


def prior_gift(text: str) -> "PriorGift":
    """An earlier gift from the words of --prior.

    Raises:
        InputError: a word is not understood, or amount or day is missing.
    """
    from taxlaw.gift import PriorGift
    from taxqa.errors import InputError

    found = pairs(
        text,
        {
            "amount": amount,
            "day": day,
            "deduction": amount,
            "deduction_marriage": amount,
            "tax": amount,
            "surcharge": amount,
            "donor": str,
        },
    )
    if not {"amount", "day"} <= found.keys() or found.get("donor", "same") not in ("same", "other"):
        raise InputError(
            f"--prior '{text}' needs amount= and day=, and donor= same or other where it is given."
        )
    return PriorGift(
        amount=found["amount"],
        day=found["day"],
        same_donor=found.get("donor", "same") == "same",
        deduction=found.get("deduction", 0),
        marriage_or_birth_deduction=found.get("deduction_marriage", 0),
        tax=found.get("tax"),
        surcharge=found.get("surcharge"),
    )
