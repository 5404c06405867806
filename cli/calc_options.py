"""What the subcommands of `taxqa calc` share: amounts, days, and how a result is shown."""

import unicodedata
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from taxlaw.filing import Filing
    from taxlaw.steps import Result

Command = Callable[..., Any]
FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Of any day or year that may be given: from within, no period ends where the calendar does."""
year = click.IntRange(FIRST_YEAR, LAST_YEAR)
"""An option's year."""


def amount(text: str) -> int:
    """An option's amount of money, in digits or Korean: 20억, '1억 2,500만원', 2000000.

    Full-width and decomposed letters, and a ₩ before the digits, are taken as they are meant.

    Raises:
        InputError: it is none.
    """
    from taxlaw.amounts import parse_amount

    return parse_amount(unicodedata.normalize("NFKC", text).strip().removeprefix("₩"))


def day(text: str) -> date:
    """An option's day, as 2026-11-23.

    Raises:
        InputError: it is none, or lies before FIRST_YEAR or after LAST_YEAR.
    """
    from taxqa.errors import InputError

    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is no day; expected one like 2026-11-23.") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise InputError(f"'{text}' is no day of the years {FIRST_YEAR} to {LAST_YEAR}.")
    return found


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
as_of = click.option("--as-of", type=day, help="The day whose law applies.  [default: today]")


FILING = (
    click.option(
        "--filing",
        type=click.Choice(["on_time", "late", "none"]),
        default="on_time",
        show_default=True,
        help="How the return was filed.",
    ),
    click.option("--due", type=day, help="Last day to file, where a holiday moved it."),
    click.option("--filed-on", type=day, help="Day of a late filing."),
    click.option("--paid-on", type=day, help="Day of payment, where it was late."),
    click.option("--reported-tax", type=amount, help="Tax filed in time, where it was too low."),
    click.option("--amended-on", type=day, help="Day of the amended return."),
    click.option(
        "--misconduct",
        type=click.Choice(["none", "fraud", "offshore_fraud"]),
        default="none",
        help="부정행위, and whether across the border.",
    ),
    click.option(
        "--no-underreporting-penalty", is_flag=True, help="국세기본법 제47조의3제4항제1호 applies."
    ),
)


def filing_options(command: Command) -> Command:
    """Give a command the options that say how its return was filed and paid."""
    for option in reversed(FILING):
        command = option(command)
    return command


def take_filing(given: dict[str, Any]) -> "Filing":
    """The filing from the values of `filing_options`, which are taken out of `given`."""
    from taxlaw.filing import Filing

    names = ("due", "filed_on", "paid_on", "reported_tax", "amended_on", "misconduct")
    return Filing(
        status=given.pop("filing"),
        no_underreporting_penalty=given.pop("no_underreporting_penalty"),
        **{name: given.pop(name) for name in names},
    )


def show(result: "Result", as_json: bool) -> None:
    """Print a result: its Korean explanation, or JSON."""
    from cli.main import print_json
    from taxlaw.steps import explain

    if as_json:
        print_json(result.to_dict())
    else:
        click.echo(explain(result))


def or_today(given: date | None) -> date:
    """The day that was given, or today."""
    return given or date.today()


def year_or_today(given: int | None, as_of: date | None = None) -> int:
    """The year that was given, or that of `as_of`, or this one."""
    return or_today(as_of).year if given is None else given


def pairs(text: str, convert: dict[str, Callable[[str], Any]]) -> dict[str, Any]:
    """'deduction=5000만 donor=other' as values by name.

    Raises:
        InputError: a name that `convert` does not have, or a word that is no name=value.
    """
    from taxqa.errors import InputError

    found = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not equals or name not in convert:
            raise InputError(
                f"'{word}' was not understood; expected {', '.join(convert)} as name=value."
            )
        found[name] = convert[name](value)
    return found
