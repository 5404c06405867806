"""The pages on taxes, and the READMEs, show what the commands beside them print today."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.calc import calc
from cli.main import taxqa

ROOT = Path(__file__).resolve().parents[2]
READMES = sorted(ROOT.glob("README*.md"))
PAGES = [*sorted((ROOT / "docs" / "tax").glob("*.md")), *READMES]
EXAMPLES = [
    pytest.param(command, output, id=f"{page.stem}-{number}")
    for page in PAGES
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


@pytest.mark.parametrize("page", READMES, ids=lambda path: path.name)
def test_the_readme_shows_what_a_check_of_its_record_prints(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = re.search(
        r"^```json\n(.*?)^```$.*?^```console\n\$ taxqa (check .*?)\n(.*?)^```$",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert example is not None
    monkeypatch.chdir(tmp_path)
    Path("my-dataset.json").write_text(example[1], encoding="utf-8")
    result = CliRunner().invoke(taxqa, shlex.split(example[2]))
    assert (result.exit_code, result.stdout.strip()) == (1, example[3].strip())
