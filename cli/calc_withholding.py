"""`taxqa calc withholding`."""

from datetime import date
from typing import Any

import click

from cli.calc_options import amount, as_json, day, or_today, show

INCOMES = (
    "interest",
    "private_loan",
    "dividend",
    "joint_venture",
    "business",
    "service_charge",
    "other",
    "lottery",
    "wages",
    "pension",
    "retirement",
)


@click.command()
@click.option(
    "--income",
    type=click.Choice(INCOMES),
    required=True,
    help="이자, 비영업대금, 배당, 출자공동사업자, 사업, 봉사료, 기타, 복권 (the rest is refused).",
)
@click.option("--amount", type=amount, required=True, help="지급금액 before tax.")
@click.option("--paid", type=day, help="Day of payment.  [default: today]")
@click.option("--expenses", type=amount, help="필요경비 of other income that the payer verified.")
@click.option(
    "--flat-expenses",
    type=click.Choice(["60", "80"]),
    help="Percent of expenses that 시행령 제87조 grants this kind of other income.",
)
@click.option("--freelance/--not-freelance", default=None, help="계속적ㆍ반복적 인적용역.")
@click.option("--half-yearly", is_flag=True, help="The payer pays by half years.")
@as_json
def withholding(paid: date | None, flat_expenses: str | None, as_json: bool, **given: Any) -> None:
    """원천징수: what is withheld from one payment to a resident.

    taxqa calc withholding --income business --amount 300만
    """
    from taxlaw.withholding import Payment, withholding_tax

    flat: Any = int(flat_expenses) if flat_expenses else None
    show(withholding_tax(Payment(paid=or_today(paid), flat_expenses=flat, **given)), as_json)
