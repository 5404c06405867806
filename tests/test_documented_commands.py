"""Every command that the docs or a message shows exists, with the options shown."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.main import COMMANDS, taxqa

ROOT = Path(__file__).resolve().parent.parent
READMES = [ROOT / "README.md", ROOT / "README.ko.md"]
DOCS = [*READMES, *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.M | re.S)
PROGRAM = re.compile(r"(?:^|.*/)(taxqa|taxqa-export)$")
IN_TEXT = re.compile(r"`(taxqa(?:-export)? [^`\n]+)`")
ARGUMENTS = r"[^`\n;),]*"
IN_MESSAGE = re.compile(
    # After a colon, a backtick or blanks any word is meant as a command; in a sentence ('taxqa
    # knows ...') only those that are one.
    rf"(?:(?:^|[:`]|  ) *)(taxqa(?:-export)? [a-z]+\b(?![.…]){ARGUMENTS})"
    rf"|\b(taxqa (?:{'|'.join(COMMANDS)})\b{ARGUMENTS})",
    re.M,
)


def words_of(line: str) -> list[list[str]]:
    """The simple commands of a shell line, comments left out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("();<>|&"):
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def called(words: list[str]) -> tuple[str, list[str]] | None:
    """(program, arguments) where a command runs one of ours."""
    for place, word in enumerate(words):
        if matched := PROGRAM.match(word):
            return matched[1], words[place + 1 :]
        if "=" not in word and word != "$":
            return None
    return None


def find_command(program: str, arguments: list[str]) -> tuple[click.Command, list[str]]:
    """The command that is meant and what is left of the arguments; UsageError where none is."""
    command: click.Command = taxqa
    if program == "taxqa-export":
        arguments = ["export", *arguments]
    context = click.Context(taxqa, info_name="taxqa")
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        _, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    return command, arguments


def problem(program: str, arguments: list[str], *, whole: bool) -> str:
    """What is wrong with a shown command; '' = nothing.

    Args:
        whole: it can be typed as it is; else only its name and its options have to exist.
    """
    try:
        command, rest = find_command(program, arguments)
        if whole:
            command.make_context(command.name, rest)
    except click.exceptions.Exit:
        return ""  # --help, --version
    except click.UsageError as error:
        return error.format_message()
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    known |= {"-h", "--help", "--version"}
    shown = {word.split("=")[0] for word in rest if re.match("--?[a-z]", word)}
    return f"no such option: {', '.join(sorted(shown - known))}" if shown - known else ""


def fenced_commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Our commands in the code blocks of a Markdown text."""
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if re.search(r"\btaxqa(-export)? ", line):
                yield from filter(None, map(called, words_of(line)))


@pytest.mark.parametrize("page", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_the_docs_can_be_typed(page: Path) -> None:
    if not page.exists():
        pytest.skip(f"there is no {page.name}")
    text = page.read_text(encoding="utf-8")
    commands = list(fenced_commands(text))
    if page in READMES:
        assert commands
    for program, arguments in commands:
        assert not problem(program, arguments, whole=True), [program, *arguments]
    for shown in IN_TEXT.findall(text):
        program, *arguments = shlex.split(shown)
        assert not problem(program, arguments, whole=False), shown


@pytest.mark.parametrize("page", READMES, ids=lambda path: path.name)
def test_every_make_target_in_the_readme_exists(page: Path) -> None:
    if not page.exists():
        pytest.skip(f"there is no {page.name}")
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    shown = re.findall(r"(?:^|`)make (\w+)", page.read_text(encoding="utf-8"), re.M)
    assert set(shown) <= targets


def messages(path: Path) -> Iterator[str]:
    """Every string of a Python file, f-strings with X for their values, docstrings as well."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values
            )
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
        ):
            yield node.value


def commands_in_messages() -> Iterator[tuple[str, str]]:
    """(file, command) for each of our commands that a message, a help or a docstring shows."""
    for folder in sorted(path.parent for path in ROOT.glob("*/__init__.py")):
        for path in sorted(folder.rglob("*.py")):
            for text in messages(path):
                for as_command, in_sentence in IN_MESSAGE.findall(text):
                    yield str(path.relative_to(ROOT)), as_command or in_sentence


def test_every_command_that_a_message_tells_to_run_exists() -> None:
    found = list(commands_in_messages())
    assert len(found) > 20
    wrong = []
    for path, shown in found:
        program, *arguments = re.sub("['\"]", "", shown).split()
        if what := problem(program, arguments, whole=False):
            wrong.append((path, shown, what))
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("taxqa calc gift --amount 20억 --donor parent --recipient adult", ""),
        ("OLLAMA_HOST=1.2.3.4 .venv/bin/taxqa ask '세율은?' --model m  # why", ""),
        ("taxqa-export --quant q4_k_m,q8_0", ""),
        ("$ taxqa --version", ""),
        ("taxqa calc gift --help", ""),
        ("taxqa fly", "No such command"),
        ("taxqa calc gift --amount 20억 --donor parent", "Missing option"),
        ("taxqa calc gift --amount 20억 --donor cat --recipient adult", "is not one of"),
        ("taxqa export --quants q8_0", "No such option"),
        ("cd x && taxqa register a b c | head", "unexpected extra argument"),
    ],
)
def test_a_command_that_does_not_exist_would_be_found(line: str, expected: str) -> None:
    text = f"Words\n```bash\n{line}\n```\n"
    [(program, arguments)] = fenced_commands(text)
    found = problem(program, arguments, whole=True)
    assert expected in found if expected else not found
    assert problem("taxqa", ["export", "--quants", "x"], whole=False) == "no such option: --quants"
