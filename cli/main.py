"""The commands `taxqa` and `taxqa-export`: subcommands are imported when they are called."""

import importlib
import io
import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from taxqa import __version__

COMMANDS = {
    "demo": "cli.demo:demo",
    "collect": "cli.collect:collect",
    "generate": "cli.generate:generate",
    "check": "cli.check:check",
    "review": "cli.review:review",
    "formats": "cli.formats:formats",
    "stale": "cli.stale:stale",
    "finetune": "cli.finetune:finetune",
    "pods": "cli.pods:pods",
    "export": "cli.export:export",
    "register": "cli.register:register",
    "unregister": "cli.models:unregister",
    "models": "cli.models:models",
    "ask": "cli.ask:ask",
    "calc": "cli.calc:calc",
    "doctor": "cli.doctor:doctor",
}
"""Subcommand -> where it lives, in the order of the line from law to model."""

SHORT_HELP = {
    "demo": "Run the whole line once on what ships with the package.",
    "collect": "Statutes, judgments and guides to a corpus.",
    "generate": "A corpus to a checked question-and-answer dataset.",
    "check": "Check any dataset; say which record is wrong and why.",
    "review": "Look through a dataset in the browser; export what is accepted.",
    "formats": "A dataset in TRL's formats, with a dataset card.",
    "stale": "Which records rest on law that has changed since.",
    "finetune": "A dataset to a LoRA adapter.",
    "pods": "What is rented from RunPod, what it costs, and how to end it.",
    "export": "An adapter to quantized, compared GGUF models.",
    "register": "A GGUF model to Ollama, its prompt proven.",
    "unregister": "Remove a registered model from Ollama.",
    "models": "What is registered with Ollama, and how it was proven.",
    "ask": "Ask a model one question.",
    "calc": "Compute a tax step by step, each step with its article.",
    "doctor": "What is on this machine, and what each thing is needed for.",
}
"""What `taxqa --help` prints, so that it imports no subcommand."""


class LazyGroup(click.Group):
    """A group that imports a subcommand only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All subcommands, in their own order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, imported now."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SHORT_HELP.items()))


def load_command(name: str) -> click.Command:
    """The click command behind a name of COMMANDS."""
    module, attribute = COMMANDS[name].split(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="taxqa")
def taxqa() -> None:
    """Korean tax law to a checked dataset, a fine-tuned model, and Ollama.

    Start with `taxqa demo`, or see what this machine has with `taxqa doctor`.
    """


def main() -> None:
    """Run `taxqa`; errors become one message and an exit code."""
    sys.exit(run(taxqa, prog_name="taxqa"))


def export_main() -> None:
    """Run `taxqa-export`, the same as `taxqa export`."""
    sys.exit(run(load_command("export"), prog_name="taxqa-export"))


def run(command: click.Command, prog_name: str | None = None) -> int:
    """Run a command; the exit code: 0 done, 1 failed, 2 wrong input, 130 interrupted."""
    from taxqa.errors import TaxqaError
    from taxqa.progress import printable

    print_anything()
    try:
        result = command.main(prog_name=prog_name, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; whatever was finished is kept.", err=True)
        return 130
    except TaxqaError as error:
        click.echo(f"Error: {printable(str(error))}", err=True)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        # What the library did not foresee of disks and files still is a message, not a traceback.
        click.echo(f"Error: {printable(str(error))}", err=True)
        return 1


def print_anything() -> None:
    """Let stdout take half a letter (as in a file's name that is not UTF-8) by its escape."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_json(value: Mapping[str, Any]) -> None:
    """The result of a command with --json, on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
