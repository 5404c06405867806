"""The pages on taxes show what the commands beside them print today."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.calc import calc

PAGES = Path(__file__).resolve().parents[2] / "docs" / "tax"
EXAMPLES = [
    pytest.param(command, output, id=f"{page.stem}-{number}")
    for page in sorted(PAGES.glob("*.md"))
    for number, (command, output) in enumerate(
        re.findall(
            r"^```console\n\$ taxqa calc (.*?)\n(.*?)^```$",
            page.read_text(encoding="utf-8"),
            re.MULTILINE | re.DOTALL,
        )
    )
]


@pytest.mark.parametrize(("command", "output"), EXAMPLES)
def test_a_page_shows_what_its_command_prints(command: str, output: str) -> None:
    result = CliRunner().invoke(calc, shlex.split(command))
    assert result.exit_code == 0, result.exception
    assert result.stdout.strip() == output.strip()


def test_every_tax_has_a_page_with_an_example() -> None:
    shown = {example.values[0].split()[0] for example in EXAMPLES}
    assert shown >= {"gift", "inheritance", "income", "corporate", "vat", "transfer"}
