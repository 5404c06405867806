"""`taxqa calc holding`."""

from typing import Any

import click

from cli.calc_options import amount, as_json, show, year, year_or_today


@click.command()
@click.option("--total-price", type=amount, required=True, help="공시가격 of all houses together.")
@click.option("--houses", type=int, required=True, help="How many count for the rate.")
@click.option("--year", type=year, help="The tax year.  [default: this one]")
@click.option(
    "--owner",
    type=click.Choice(["individual", "corporation"]),
    default="individual",
    show_default=True,
)
@click.option("--one-house", is_flag=True, help="1세대 1주택자, or one who counts as such.")
@click.option(
    "--extra-price",
    type=amount,
    default="0",
    help="공시가격 of what 제8조제4항 lets be owned beside.",
)
@click.option("--age", type=int, help="Age of a 1세대 1주택자 on 1 June.")
@click.option("--held-years", type=int, help="Whole years the only house was held on 1 June.")
@click.option(
    "--property-tax", type=amount, help="주택분 재산세, without 도시지역분 and 지방교육세."
)
@click.option(
    "--local-one-house/--local-more-houses",
    default=None,
    help="The property tax was levied as on an only house.",
)
@click.option("--property-tax-credit", type=amount, help="공제할 재산세액, as the notice shows it.")
@click.option(
    "--last-year-total", type=amount, help="직전년도 총세액상당액, for the cap of 제10조."
)
@as_json
def holding(year: int | None, as_json: bool, **given: Any) -> None:
    """종합부동산세 on houses.

    taxqa calc holding --total-price 20억 --houses 1 --one-house --age 66 --held-years 12
    --property-tax 297만 --local-one-house --year 2026
    """
    from taxlaw.holding import Holding, holding_tax

    show(holding_tax(Holding(year=year_or_today(year), **given)), as_json)
