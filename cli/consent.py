"""Before money is spent: what it will be, and one question."""

import math
import sys
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import click


class Dollars(click.FloatRange):
    """An option's amount of USD; 'nan', which is in every range, is none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The amount."""
        amount = float(super().convert(value, param, ctx))
        if not math.isfinite(amount):
            self.fail(f"{value} is no amount of money.", param, ctx)
        return amount


def agree_to_cost(what: str, lines: Iterable[str], budget: Decimal, *, yes: bool) -> None:
    """Show what asking a language model will take and ask once.

    Args:
        what: what costs money, to begin a sentence with.
        yes: do not ask; without a terminal it has to be given.
    """
    for line in lines:
        click.echo(line, err=True)
    click.echo(f"The budget is ${budget}; it is never exceeded.", err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{what} costs money; say that it may with --yes.")
    click.confirm("Go on?", abort=True, err=True)
