"""`taxqa calc corporate`."""

from datetime import date
from typing import Any

import click

from cli.calc_options import amount, as_json, day, or_today, show


@click.command()
@click.option("--tax-base", type=amount, help="과세표준; or give --income.")
@click.option("--income", type=amount, help="각 사업연도의 소득.")
@click.option("--starts", type=day, help="First day of the business year.  [default: 1 January]")
@click.option("--ends", type=day, help="Its last day.  [default: 31 December]")
@click.option("--losses", type=amount, default="0", help="이월결손금.")
@click.option("--full-loss-deduction", is_flag=True, help="A 중소기업 or the like (제13조제1항).")
@click.option("--tax-free", type=amount, default="0", help="비과세소득.")
@click.option("--deductions", type=amount, default="0", help="소득공제액.")
@click.option("--small-rental", is_flag=True, help="제60조의2제1항제1호: 소규모 임대 등 법인.")
@click.option("--certified-return", is_flag=True, help="성실신고확인서 is filed.")
@as_json
def corporate(starts: date | None, ends: date | None, as_json: bool, **given: Any) -> None:
    """법인세 of a domestic corporation for one business year.

    taxqa calc corporate --tax-base 10억 --starts 2026-01-01
    """
    from taxlaw.corporate import Corporation, corporate_tax

    first = starts or or_today(ends).replace(month=1, day=1)
    last = ends or first.replace(month=12, day=31)
    show(corporate_tax(Corporation(starts=first, ends=last, **given)), as_json)
