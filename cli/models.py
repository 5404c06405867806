"""`taxqa models` and `taxqa unregister`: what taxqa registered with Ollama."""

import sys
from typing import TYPE_CHECKING, Any

import click

from cli.main import print_json

if TYPE_CHECKING:
    from modelfiles.models import Listed


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def models(as_json: bool) -> None:
    """List what taxqa registered with Ollama, and whether it is still what was proven.

    ready: the very model that was proven; changed: another one has its name; removed: none has;
    not asked: its server does not answer.
    """
    from modelfiles.models import listed

    found = listed()
    if as_json:
        print_json({"models": [values(one) for one in found]})
    elif found:
        print_table(found)
    else:
        click.echo("No model has been registered yet. Register one: taxqa register --model FOLDER")


def values(one: "Listed") -> dict[str, Any]:
    """A model for --json."""
    return one.entry.model_dump(mode="json") | {"state": one.state}


def print_table(found: "list[Listed]") -> None:
    """The list on stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for column in ("name", "state", "quant", "size", "law of", "prompt proven by", "server"):
        table.add_column(column, justify="right" if column == "size" else "left", overflow="fold")
    for one in found:
        entry = one.entry
        table.add_row(
            entry.name,
            one.state,
            entry.quant,
            f"{entry.bytes / 1e6:,.0f} MB",
            str(entry.law_date or "not known"),
            f"{entry.proof}, {entry.cases} cases",
            entry.server,
        )
    Console(width=None if sys.stdout.isatty() else 120).print(table)


@click.command()
@click.argument("name")
@click.option("--host", default="", help="Where Ollama listens  [OLLAMA_HOST, or this machine]")
@click.option("--force", is_flag=True, help="Remove it though taxqa did not register it.")
def unregister(name: str, host: str, force: bool) -> None:
    """Remove a model from Ollama that `taxqa register` made; the model folder stays."""
    from modelfiles.models import unregister as remove

    if remove(name, host=host, force=force):
        click.echo(f"{name} is no longer in Ollama; its model folder is as it was.")
    else:
        click.echo(f"{name} was not in Ollama any more; taxqa has forgotten it now.")
