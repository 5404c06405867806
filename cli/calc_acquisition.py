"""`taxqa calc acquisition`."""

from datetime import date
from typing import Any

import click

from cli.calc_options import amount, as_json, day, or_today, show


@click.command()
@click.option(
    "--cause",
    type=click.Choice(["purchase", "gift", "inheritance", "original"]),
    required=True,
    help="유상, 무상, 상속, 원시취득 (a new building).",
)
@click.option(
    "--asset",
    type=click.Choice(["house", "farmland", "other"]),
    required=True,
    help="주택, 농지, other real estate (오피스텔 too).",
)
@click.option(
    "--value",
    type=amount,
    required=True,
    help="Price; of a gift its 시가인정액, of an inheritance its 시가표준액.",
)
@click.option("--acquired", type=day, help="Day of acquisition, or of death.  [default: today]")
@click.option("--houses", type=int, help="Houses of the household, this one among them.")
@click.option("--regulated/--not-regulated", default=None, help="It lies in a 조정대상지역.")
@click.option(
    "--temporary/--not-temporary",
    "temporary_two_houses",
    default=None,
    help="일시적 2주택 (시행령 제28조의5).",
)
@click.option(
    "--exempt/--not-exempt",
    "surcharge_exempt",
    default=None,
    help="It bears no surcharge (시행령 제28조의2, 제28조의6제2항).",
)
@click.option("--standard-price", type=amount, help="시가표준액 of the whole house.")
@click.option("--share-standard-price", type=amount, help="시가표준액 of the share acquired.")
@click.option("--corporation", is_flag=True, help="A corporation acquires.")
@click.option(
    "--metropolitan/--not-metropolitan", default=None, help="제13조제2항 applies to a corporation."
)
@click.option(
    "--only-house-of-heir/--other-houses-of-heir",
    default=None,
    help="The heir's household has no other house (시행령 제29조).",
)
@click.option("--heir-abroad", is_flag=True, help="An heir lives abroad.")
@as_json
def acquisition(acquired: date | None, as_json: bool, **given: Any) -> None:
    """취득세 on real estate, with its 지방교육세.

    taxqa calc acquisition --cause purchase --asset house --value 7.5억 --houses 1
    """
    from taxlaw.acquisition import Acquisition, acquisition_tax

    show(acquisition_tax(Acquisition(acquired=or_today(acquired), **given)), as_json)
