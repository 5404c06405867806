"""`taxqa calc penalty`."""

from typing import Any

import click

from cli.calc_options import amount, as_json, day, show


@click.command()
@click.option(
    "--tax",
    type=click.Choice(["income", "corporate", "vat", "transfer", "inheritance", "gift"]),
    required=True,
)
@click.option(
    "--fault",
    type=click.Choice(["unfiled", "underreported", "unpaid"]),
    required=True,
    help="무신고 (a late return too), 과소신고, or paid late alone.",
)
@click.option(
    "--amount", type=amount, required=True, help="The tax not filed, missing or paid late."
)
@click.option("--due", type=day, required=True, help="Last day to file and pay.")
@click.option("--paid-on", type=day, help="Day of payment, before any notice.")
@click.option("--filed-on", type=day, help="Day of a late or amended return.")
@click.option(
    "--misconduct",
    type=click.Choice(["none", "fraud", "offshore_fraud"]),
    default="none",
    help="부정행위, and whether across the border.",
)
@click.option("--double-entry/--single-entry", default=None, help="복식부기의무자, of income tax.")
@click.option(
    "--revenue", type=amount, help="수입금액, of who keeps double entry and did not file."
)
@click.option("--zero-rated", type=amount, help="영세율과세표준 that was not filed.")
@as_json
def penalty(as_json: bool, **given: Any) -> None:
    """가산세 on a return of a national tax that came late, too low or not at all.

    taxqa calc penalty --tax gift --fault unfiled --amount 6.2억 --due 2026-08-31
    --paid-on 2026-10-01
    """
    from taxlaw.penalty_case import PenaltyCase, penalty_tax

    show(penalty_tax(PenaltyCase(**given)), as_json)
