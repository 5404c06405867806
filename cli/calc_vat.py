"""`taxqa calc vat general` and `taxqa calc vat simplified`."""

from typing import Any

import click

from cli.calc_options import amount, as_json, show, year, year_or_today

CARD_SALES = (
    click.option("--year", type=year, help="The tax year.  [default: this one]"),
    click.option(
        "--card-sales", type=amount, default="0", help="Card and cash-receipt sales of 제46조제1항."
    ),
    click.option(
        "--card-credited", type=amount, default="0", help="Credited for them earlier in the year."
    ),
    click.option("--paid-before", type=amount, default="0", help="예정고지 or 예정부과 paid."),
)


@click.group()
def vat() -> None:
    """부가가치세 of one period."""


@vat.command()
@click.option("--supply", type=amount, required=True, help="공급가액 at 10 percent.")
@click.option(
    "--period",
    type=click.Choice(["1-preliminary", "1", "2-preliminary", "2"]),
    required=True,
    help="예정 (preliminary) or 확정 of the half year.",
)
@click.option("--zero-rated", type=amount, default="0", help="공급가액 at 0 percent.")
@click.option("--input-tax", type=amount, default="0", help="매입세액 that may be deducted.")
@click.option("--bad-debt-tax", type=amount, default="0", help="대손세액.")
@as_json
def general(as_json: bool, **given: Any) -> None:
    """일반과세자.

    taxqa calc vat general --supply 1억 --input-tax 400만 --period 1
    """
    from taxlaw.vat import GeneralVat, general_vat

    show(general_vat(GeneralVat(**take_card_sales(given))), as_json)


@vat.command()
@click.option(
    "--sales",
    multiple=True,
    required=True,
    metavar="INDUSTRY=AMOUNT",
    help="공급대가 of an industry: restaurant=8000만.  [repeatable]",
)
@click.option("--purchases", type=amount, default="0", help="Purchases with a 세금계산서.")
@click.option("--months", type=int, default=12, show_default=True, help="Months in business.")
@as_json
def simplified(sales: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """간이과세자.

    taxqa calc vat simplified --sales restaurant=8000만 --purchases 2000만
    """
    from taxlaw.vat import SimplifiedVat, simplified_vat

    case = SimplifiedVat(sales=read_sales(sales), **take_card_sales(given))
    show(simplified_vat(case), as_json)


for command in (general, simplified):
    for option in reversed(CARD_SALES):
        option(command)


def take_card_sales(given: dict[str, Any]) -> dict[str, Any]:
    """The values of CARD_SALES as fields of a case."""
    from taxlaw.vat import CardSales

    cards = CardSales(amount=given.pop("card_sales"), credited_this_year=given.pop("card_credited"))
    return {**given, "card_sales": cards, "year": year_or_today(given.pop("year"))}


def read_sales(words: tuple[str, ...]) -> dict[Any, int]:
    """The sales by industry from the words of --sales.

    Raises:
        InputError: no such industry, no amount, or an industry twice.
    """
    from taxlaw.vat import INDUSTRIES
    from taxqa.errors import InputError

    sales: dict[Any, int] = {}
    for word in words:
        industry, _, text = word.partition("=")
        if industry not in INDUSTRIES or industry in sales:
            raise InputError(
                f"--sales '{word}' names no industry, or one twice; expected one of"
                f" {', '.join(INDUSTRIES)}, each with =AMOUNT."
            )
        sales[industry] = amount(text)
    return sales
