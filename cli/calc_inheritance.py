"""`taxqa calc inheritance`."""

from collections.abc import Callable
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
    from taxlaw.inheritance import EstateGift, SkippedShare


@click.command()
@click.option("--property", type=amount, help="상속재산의 가액, all of it; or --taxable-value.")
@click.option("--taxable-value", type=amount, help="상속세 과세가액, where that is known.")
@as_of
@click.option("--public-charges", type=amount, default="0", help="공과금.")
@click.option("--debts", type=amount, default="0", help="채무.")
@click.option("--funeral", type=amount, default="0", help="장례비용.")
@click.option("--burial", type=amount, default="0", help="봉안시설, 자연장지.")
@click.option(
    "--gift",
    "gifts",
    multiple=True,
    metavar="TEXT",
    help="A gift before death: 'amount=3억 day=2020-05-01 to=heir tax=4000만 deduction=5000만';"
    " to= spouse, heir, legatee or other.  [repeatable]",
)
@click.option("--spouse", is_flag=True, help="There is a spouse.")
@click.option("--spouse-inherits", type=amount, help="What the spouse receives after debts.")
@click.option("--children", type=int, default=0, help="All children.")
@click.option("--co-heirs", type=int, help="Shares beside the spouse's.  [default: the children]")
@click.option(
    "--minor",
    "minors",
    type=day,
    multiple=True,
    help="Birthday of an heir or household member under 19.  [repeatable]",
)
@click.option("--aged-65", type=int, default=0, help="How many of them are 65 or older.")
@click.option(
    "--disabled-years",
    type=int,
    multiple=True,
    help="기대여명 of a disabled heir or household member, in years.  [repeatable]",
)
@click.option("--financial-assets", type=amount, default="0", help="금융재산.")
@click.option("--financial-debts", type=amount, default="0", help="금융채무.")
@click.option("--shared-house", type=amount, default="0", help="A house that meets 제23조의2.")
@click.option("--left-to-others", type=amount, default="0", help="Left to who is no first heir.")
@click.option("--renounced", type=amount, default="0", help="What next heirs get by renouncement.")
@click.option(
    "--skipped",
    multiple=True,
    metavar="TEXT",
    help="A descendant who is no child: 'amount=5억', with minor=yes for one under age."
    "  [repeatable]",
)
@click.option("--abroad", is_flag=True, help="The deceased or an heir lives abroad.")
@filing_options
@as_json
def inheritance(
    as_of: date | None,
    gifts: tuple[str, ...],
    skipped: tuple[str, ...],
    as_json: bool,
    **given: Any,
) -> None:
    """상속세 on the estate of a resident; --as-of is the day of death.

    taxqa calc inheritance --property 20억 --children 2
    """
    from taxlaw.inheritance import Inheritance, inheritance_tax

    filing = take_filing(given)
    case = Inheritance(
        day=or_today(as_of),
        gifts=tuple(map(estate_gift, gifts)),
        skipped=tuple(map(skipped_share, skipped)),
        filing=filing,
        **given,
    )
    show(inheritance_tax(case), as_json)


def estate_gift(text: str) -> "EstateGift":
    """A gift from the words of --gift.

    Raises:
        InputError: a word is not understood, or one of the four needed is missing.
    """
    from taxlaw.inheritance import EstateGift
    from taxqa.errors import InputError

    names: dict[str, Callable[[str], Any]] = {
        "amount": amount,
        "day": day,
        "to": str,
        "tax": amount,
        "deduction": amount,
    }
    found = pairs(text, names)
    people = ("spouse", "heir", "legatee", "other")
    if not {"amount", "day", "to", "tax"} <= found.keys() or found["to"] not in people:
        raise InputError(
            f"--gift '{text}' needs amount=, day=, tax=, and to= one of {', '.join(people)}."
        )
    return EstateGift(**found)


def skipped_share(text: str) -> "SkippedShare":
    """A share from the words of --skipped.

    Raises:
        InputError: a word is not understood, or the amount is missing.
    """
    from taxlaw.inheritance import SkippedShare
    from taxqa.errors import InputError

    found = pairs(text, {"amount": amount, "minor": str})
    if "amount" not in found or found.get("minor", "no") not in ("yes", "no"):
        raise InputError(f"--skipped '{text}' needs amount=, and minor= yes or no where given.")
    return SkippedShare(amount=found["amount"], minor=found.get("minor") == "yes")
