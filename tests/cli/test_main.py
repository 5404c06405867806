"""The command line as a whole: light helps, one message for an error, its exit code."""

import errno
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import taxqa as package
from cli import main
from cli.main import COMMANDS, SHORT_HELP, LazyGroup, load_command, print_json, run, taxqa
from taxqa.errors import BusyError, InputError, MissingExtraError, ServiceError, TaxqaError

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "torch", "transformers", "trl", "peft", "datasets", "accelerate", "unsloth", "openai",
    "anthropic", "llama_cpp", "ollama", "gguf", "numpy", "pydantic", "yaml", "httpx", "rich",
    "matplotlib", "filelock", "fastapi", "uvicorn", "jinja2",
)  # fmt: skip
ALL_HELPS = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HEAVY:
            raise ImportError(f"{name} is imported for a --help")

sys.meta_path.insert(0, Refuse())
try:
    import yaml
except ImportError:
    print("refusing")

import click
import cli.main

def paths(command, words):
    yield words
    for name in getattr(command, "commands", {}):
        yield from paths(command.commands[name], [*words, name])

def help_of(words):
    sys.argv = ["taxqa", *words, "--help"]
    print("--", *words, cli.main.run(cli.main.taxqa, prog_name="taxqa"))

help_of([])
print("loaded", *(name for name in sys.modules if name.startswith("cli.") and name != "cli.main"))
for name in cli.main.COMMANDS:
    for words in paths(cli.main.load_command(name), [name]):
        help_of(words)
"""


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what the command line was given."""
    return lambda *words: monkeypatch.setattr(sys, "argv", ["taxqa", *words])


@pytest.fixture
def failing(
    arguments: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Callable[[BaseException], click.Command]:
    """Makes a command that ends with an error."""
    arguments()

    def make(error: BaseException) -> click.Command:
        @click.command()
        def fail() -> None:
            raise error

        return fail

    return make


def python(code: str, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **options)  # type: ignore[call-overload,no-any-return]


def test_every_help_is_printed_without_a_heavy_package() -> None:
    done = python(f"HEAVY = {HEAVY!r}\n{ALL_HELPS}")
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "refusing"
    assert "loaded" in lines, "`taxqa --help` imports a subcommand"
    shown = [line for line in lines if line.startswith("-- ")]
    assert {line.split()[1] for line in shown} >= set(COMMANDS)
    assert len(shown) > len(COMMANDS)
    assert all(line.endswith(" 0") for line in shown)
    assert done.stdout.count("Usage: taxqa") == len(shown)


def test_the_list_of_commands_is_the_list_of_their_short_helps() -> None:
    assert list(COMMANDS) == list(SHORT_HELP)
    assert taxqa.list_commands(click.Context(taxqa)) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_where_the_table_says_and_describes_itself(name: str) -> None:
    command = load_command(name)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help
    assert command.short_help in (None, SHORT_HELP[name])
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help or option.required or option.show_default, option.name


def test_the_help_lists_every_command(
    arguments: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments("-h")
    assert run(taxqa) == 0
    shown = capsys.readouterr().out
    for name, text in SHORT_HELP.items():
        assert f"  {name} " in shown
        assert text.split()[0] in shown


def test_the_version_is_that_of_the_package_also_where_it_is_not_installed(
    arguments: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments("--version")
    assert run(taxqa) == 0
    assert capsys.readouterr().out == f"taxqa, version {package.__version__}\n"


def test_the_exit_code_of_a_run_is_that_of_the_process(
    arguments: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments("fly")
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("Usage: taxqa ")
    assert "No such command 'fly'" in shown.err
    assert shown.out == ""


def test_taxqa_export_is_the_export_command(
    arguments: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments("--help")
    with pytest.raises(SystemExit) as ended:
        main.export_main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: taxqa-export [OPTIONS]")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("There is no file a."), 2, "Error: There is no file a.\n"),
        (InputError("No a.", hint="Make a."), 2, "Error: No a.\nMake a.\n"),
        (TaxqaError("세금"), 1, "Error: 세금\n"),
        (ServiceError("No Ollama."), 1, "Error: No Ollama.\n"),
        (BusyError("Busy."), 1, "Error: Busy.\n"),
        (click.ClickException("wrong"), 1, "Error: wrong\n"),
        (click.UsageError("wrong"), 2, "Usage: taxqa [OPTIONS]\nTry 'taxqa --help' for help.\n\n"
         "Error: wrong\n"),
        (OSError(errno.EIO, "Input/output error", "a"), 1,
         "Error: [Errno 5] Input/output error: 'a'\n"),
        (OSError("no number"), 1, "Error: no number\n"),
        (KeyboardInterrupt(), 130, "\nInterrupted; whatever was finished is kept.\n"),
        (click.Abort(), 130, "Interrupted; whatever was finished is kept.\n"),
        (click.exceptions.Exit(3), 3, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)  # fmt: skip
def test_an_error_is_one_message_on_stderr_and_an_exit_code(
    failing: Callable[[BaseException], click.Command],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    message: str,
) -> None:
    assert run(failing(error), prog_name="taxqa") == code
    assert capsys.readouterr() == ("", message)


def test_a_missing_extra_is_a_message_with_the_line_to_type(
    failing: Callable[[BaseException], click.Command], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(failing(MissingExtraError("peft", "finetune"))) == 1
    assert "pip install 'taxqa[finetune]'" in capsys.readouterr().err


def test_a_mistake_of_ours_is_not_hidden(
    failing: Callable[[BaseException], click.Command],
) -> None:
    with pytest.raises(ZeroDivisionError):
        run(failing(ZeroDivisionError()))


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1), ("text", 0)])
def test_what_a_command_returns_is_its_exit_code(
    arguments: Callable[..., None], result: object, code: int
) -> None:
    arguments()

    @click.command()
    def end() -> object:
        return result

    assert run(end) == code


def test_an_interrupt_from_the_keyboard_ends_with_130_and_no_traceback() -> None:
    code = (
        "import click, signal, time, cli.main\n"
        # A test run in the background of a script inherits that the interrupt is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "@click.command()\n"
        "def wait():\n"
        "    click.echo('waiting')\n"
        "    time.sleep(600)\n"
        "raise SystemExit(cli.main.run(wait))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        error = process.communicate()[1]
    assert process.returncode == 130
    assert error.strip() == "Interrupted; whatever was finished is kept."


def test_a_reader_that_stops_reading_makes_no_noise() -> None:
    code = (
        "import click, cli.main\n"
        "@click.command()\n"
        "def write():\n"
        "    for number in range(100_000): click.echo(str(number))\n"
        "raise SystemExit(cli.main.run(write))"
    )
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    with process, os.fdopen(reading) as pipe:
        assert pipe.readline() == "0\n"
        pipe.close()
        error = process.communicate()[1]
    assert error == ""
    assert process.returncode == 1


def test_half_a_letter_in_a_name_does_not_stop_the_output() -> None:
    code = (
        "import click, cli.main\n"
        "@click.command()\n"
        "def show():\n"
        "    click.echo('세금 \\udcb0')\n"
        "    cli.main.print_json({'이름': '\\udcb0'})\n"
        "    raise click.ClickException('\\udcb0')\n"
        "raise SystemExit(cli.main.run(show))"
    )
    done = python(code, env=os.environ | {"PYTHONIOENCODING": "utf-8:strict"})
    assert (done.returncode, done.stderr) == (1, "Error: \\udcb0\n")
    assert done.stdout == '세금 \\udcb0\n{\n  "이름": "\\udcb0"\n}\n'


def test_json_is_for_people_and_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"세액": 601_400_000})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"세액": 601_400_000}
    assert "세액" in shown


def test_only_what_is_called_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(importlib, "import_module", asked.append)
    group = LazyGroup("taxqa")
    context = click.Context(group)
    assert group.get_command(context, "fly") is None
    assert asked == []
    with pytest.raises(AttributeError):
        group.get_command(context, "check")
    assert asked == ["cli.check"]
