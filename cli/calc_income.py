"""`taxqa calc income`."""

from datetime import date
from typing import Any

import click

from cli.calc_options import amount, as_json, as_of, show, year, year_or_today


@click.command()
@click.option("--tax-base", type=amount, help="종합소득과세표준; or give --salary.")
@click.option("--salary", "gross_salary", type=amount, help="총급여액 of the year.")
@click.option("--year", type=year, help="The tax year.  [default: that of --as-of]")
@as_of
@click.option("--spouse", is_flag=True, help="A spouse without income of their own.")
@click.option("--dependants", type=int, default=0, help="부양가족 beside the spouse.")
@click.option("--aged-70", type=int, default=0, help="How many of the family are 70 or older.")
@click.option("--disabled", type=int, default=0, help="How many of the family are disabled.")
@click.option("--woman", is_flag=True, help="부녀자공제 is met but for the income.")
@click.option("--single-parent", is_flag=True, help="한부모공제.")
@click.option(
    "--child-born",
    "child_birth_years",
    type=int,
    multiple=True,
    help="Year of birth of a child among the dependants.  [repeatable]",
)
@click.option(
    "--birth",
    "births",
    type=int,
    multiple=True,
    help="A child born in the year: 1 the first, 2 the second ...  [repeatable]",
)
@click.option("--pension", "pension_contributions", type=amount, default="0", help="국민연금 paid.")
@click.option(
    "--insurance", "insurance_premiums", type=amount, default="0", help="건강ㆍ고용보험료 paid."
)
@as_json
def income(year: int | None, as_of: date | None, as_json: bool, **given: Any) -> None:
    """종합소득세 of a resident, from the 과세표준 or from a salary.

    taxqa calc income --tax-base 6000만
    """
    from taxlaw.income import Income, income_tax

    case = Income(year=year_or_today(year, as_of), **given)
    show(income_tax(case), as_json)
