"""`taxqa calc`: one subcommand a tax; every step is printed with its article."""

import click

from cli.calc_acquisition import acquisition
from cli.calc_corporate import corporate
from cli.calc_deadline import deadline, limitation
from cli.calc_gift import gift
from cli.calc_holding import holding
from cli.calc_income import income
from cli.calc_inheritance import inheritance
from cli.calc_penalty import penalty
from cli.calc_transfer import transfer
from cli.calc_vat import vat
from cli.calc_withholding import withholding


@click.group()
def calc() -> None:
    """Compute a tax step by step, each step with its article.

    Amounts may be written in digits or in Korean: 20억, '1억 2,500만원', 2000000.
    """


for command in (
    gift,
    inheritance,
    income,
    corporate,
    vat,
    transfer,
    acquisition,
    holding,
    withholding,
    penalty,
    deadline,
    limitation,
):
    calc.add_command(command)
