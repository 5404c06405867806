"""`taxqa calc transfer`."""

from datetime import date
from typing import Any

import click

from cli.calc_options import amount, as_json, day, or_today, show


@click.command()
@click.option(
    "--asset",
    type=click.Choice(
        ["house", "land_or_building", "non_business_land", "presale_right", "other_right"]
    ),
    required=True,
    help="주택, 그 밖의 토지ㆍ건물, 비사업용 토지, 분양권, 그 밖의 부동산 권리.",
)
@click.option("--price", type=amount, required=True, help="양도가액.")
@click.option("--cost", type=amount, required=True, help="취득가액, the actual price.")
@click.option("--expenses", type=amount, default="0", help="자본적지출액 and 양도비.")
@click.option("--acquired", type=day, required=True, help="취득일.")
@click.option("--sold", type=day, help="양도일.  [default: today]")
@click.option("--inherited-from", type=day, help="Day the deceased acquired it.")
@click.option("--one-house", is_flag=True, help="The household's only house (1세대 1주택).")
@click.option("--residence-years", type=int, help="Whole years lived in an only house.")
@click.option(
    "--regulated/--not-regulated",
    "regulated_when_acquired",
    default=None,
    help="It lay in a 조정대상지역 when it was acquired.",
)
@click.option(
    "--surcharge",
    type=click.Choice(["none", "two_houses", "three_houses"]),
    help="Whether 제104조제7항 applies to a house that is not the only one.",
)
@click.option("--unregistered", is_flag=True, help="미등기양도자산.")
@as_json
def transfer(sold: date | None, as_json: bool, **given: Any) -> None:
    """양도소득세 of a resident on one property in Korea.

    taxqa calc transfer --asset house --price 9억 --cost 5억 --acquired 2020-01-10
    --sold 2026-03-02 --surcharge none
    """
    from taxlaw.transfer import Transfer, transfer_tax

    show(transfer_tax(Transfer(sold=or_today(sold), **given)), as_json)
