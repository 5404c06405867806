"""Every pitfall on the page has its test, and every test named there exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEFINED = re.compile(r"^def (test_\w+)", re.M)


def test_every_pitfall_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "register.md").read_text(encoding="utf-8")
    _, _, table = page.partition("| what Ollama does | test |\n|---|---|\n")
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) > 20
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in DEFINED.findall(path.read_text(encoding="utf-8"))
    }
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= defined, row
