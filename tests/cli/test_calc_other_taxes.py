"""`taxqa calc` of acquisition, holding, withholding, penalties and deadlines, text and JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.calc import calc
from taxqa.errors import InputError

PAGES = Path(__file__).resolve().parents[2] / "docs" / "tax"


def run(words: str) -> Result:
    return CliRunner().invoke(calc, words.split())


def data(words: str) -> dict[str, Any]:
    result = run(f"{words} --json")
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_house_is_acquired() -> None:
    words = "acquisition --cause purchase --asset house --value 7.5억 --houses 1"
    found = data(f"{words} --acquired 2026-06-01")
    assert (found["rate"], found["acquisition_tax"], found["education_tax"]) == (
        "2%",
        15_000_000,
        1_500_000,
    )
    assert found["due"] == "2026-07-31"
    assert "농어촌특별세" in run(words).stdout


def test_houses_are_held() -> None:
    words = "holding --total-price 20억 --houses 1 --one-house --age 66 --held-years 12"
    words += " --property-tax 297만 --local-one-house --year 2026"
    assert data(words)["payable"] == 568_800
    assert data("holding --total-price 9억 --houses 1")["payable"] == 0


def test_a_payment_is_withheld_from() -> None:
    words = "withholding --income business --amount 300만 --paid 2026-06-15"
    assert data(words)["total"] == 99_000
    words = "withholding --income other --amount 100만 --flat-expenses 60"
    assert data(words)["total"] == 88_000


def test_a_return_is_penalised() -> None:
    words = "penalty --tax gift --fault unfiled --amount 6.2억 --due 2026-08-31"
    found = data(f"{words} --paid-on 2026-10-01")
    assert found["filing_penalty"] == 124_000_000
    assert found["late_payment_penalty"] == 620_000_000 * 30 * 22 // 100_000


def test_a_deadline_is_given_as_text_and_json() -> None:
    words = "deadline --tax gift --date 2026-05-15"
    assert data(words)["due"] == "2026-08-31"
    assert run(words).stdout.startswith("증여세 신고ㆍ납부기한: 2026. 8. 31.")
    assert data(f"{words} --day-off 2026-08-31")["due"] == "2026-09-01"


def test_a_limitation_is_given_as_text_and_json() -> None:
    words = "limitation --tax income --due 2026-06-01 --conduct filed"
    assert data(words)["last_day"] == "2031-06-01"
    assert data(f"{words} --cross-border")["last_day"] == "2033-06-01"
    assert "2031. 6. 1.까지" in run(words).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("acquisition --cause purchase --asset house --value 7억", "number of the household"),
        ("holding --total-price 10억 --houses 1", "property tax"),
        ("withholding --income other --amount 100만", "after expenses"),
        ("withholding --income wages --amount 100만", "not covered"),
        ("penalty --tax gift --fault unfiled --amount 1억 --due 2026-08-31", "not known"),
        ("deadline --tax vat_preliminary --date 2026-05-15", "예정신고기간"),
    ],
)
def test_what_is_missing_is_asked_for(words: str, message: str) -> None:
    result = run(words)
    assert isinstance(result.exception, InputError)
    assert message in result.exception.message


def test_every_subcommand_has_an_example_and_every_page_is_in_the_index() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    pages = {path.stem: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    for name in calc.commands:
        assert any(f"$ taxqa calc {name} " in text for text in pages.values()), name
    for stem in pages.keys() - {"README"}:
        assert f"[{stem}]({stem}.md)" in index


@pytest.mark.parametrize(
    "words",
    [
        "acquisition --cause inheritance --asset other --value 1억 --acquired 2100-12-31",
        "holding --total-price 9억 --houses 1 --year 2100",
        "withholding --income interest --amount 1억 --paid 2100-12-31 --half-yearly",
        "deadline --tax transfer_final --date 2100-12-31",
        "limitation --tax gift --due 2100-12-31 --conduct fraud",
    ],
)
def test_the_last_day_that_may_be_given_is_computed(words: str) -> None:
    assert data(words)


def test_a_year_that_is_none_is_refused() -> None:
    assert run("holding --total-price 9억 --houses 1 --year 0").exit_code == 2
