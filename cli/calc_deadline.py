"""`taxqa calc deadline` and `taxqa calc limitation`: last days rather than amounts."""

from datetime import date
from typing import Any

import click

from cli.calc_options import as_json, day
from cli.main import print_json

KINDS = (
    "gift",
    "inheritance",
    "inheritance_abroad",
    "income",
    "income_certified",
    "corporate",
    "corporate_certified",
    "vat_preliminary",
    "vat",
    "vat_simplified",
    "vat_closed",
    "transfer",
    "transfer_shares",
    "transfer_with_debt",
    "transfer_final",
    "holding",
    "acquisition",
    "acquisition_gift",
    "acquisition_inheritance",
    "acquisition_inheritance_abroad",
    "withholding",
    "withholding_half_yearly",
    "objection",
    "examination",
    "adjudication",
)


@click.command()
@click.option(
    "--tax",
    "kind",
    type=click.Choice(KINDS),
    required=True,
    help="The return, payment or objection (이의신청, 심사청구, 심판청구).",
)
@click.option(
    "--date",
    "event",
    type=day,
    required=True,
    help="The day the period is counted from, or one of the tax period.",
)
@click.option(
    "--day-off",
    "days_off",
    type=day,
    multiple=True,
    help="A lunar, substitute or other holiday.  [repeatable]",
)
@as_json
def deadline(kind: Any, event: date, days_off: tuple[date, ...], as_json: bool) -> None:
    """The last day to file, pay or object.

    taxqa calc deadline --tax gift --date 2026-05-15
    """
    from taxlaw.deadlines import deadline as last_day

    found = last_day(kind, event, days_off)
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(found.explain())


@click.command()
@click.option(
    "--tax",
    type=click.Choice(["income", "corporate", "vat", "transfer", "inheritance", "gift", "holding"]),
    required=True,
)
@click.option("--due", type=day, required=True, help="Last day of the (final) return.")
@click.option(
    "--conduct",
    type=click.Choice(["filed", "unfiled", "fraud", "false_return"]),
    required=True,
    help="신고, 무신고, 부정행위, 거짓ㆍ누락신고 (of inheritance and gift tax).",
)
@click.option("--cross-border", is_flag=True, help="역외거래.")
@as_json
def limitation(tax: Any, due: date, conduct: Any, cross_border: bool, as_json: bool) -> None:
    """부과제척기간: until when a national tax may be assessed.

    taxqa calc limitation --tax gift --due 2026-08-31 --conduct unfiled
    """
    from taxlaw.limitation import limitation as period

    found = period(tax, due, conduct, cross_border)
    if as_json:
        print_json(found.to_dict())
    else:
        click.echo(found.explain())
