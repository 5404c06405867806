"""`taxqa calc` prints the same figures as the calculators, as Korean text or as JSON."""

import json
import subprocess
import sys
import unicodedata
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.calc import calc
from taxqa.errors import InputError


def run(*words: str) -> Result:
    return CliRunner().invoke(calc, list(words))


def data(*words: str) -> dict[str, Any]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


GIFT = ("gift", "--amount", "20억", "--donor", "parent", "--recipient", "adult")


def test_a_gift_of_two_billion_from_parents_is_printed_as_json() -> None:
    found = data(*GIFT, "--as-of", "2026-05-10")
    assert found["tax_base"] == 1_950_000_000
    assert found["computed_tax"] == 620_000_000
    assert found["filing_credit"] == 18_600_000
    assert found["tax_due"] == 601_400_000
    assert found["steps"][3]["formula"] == "19억 5,000만원 × 40% - 1억 6,000만원"
    assert "상속세 및 증여세법 제53조제2호" in found["citations"]


def test_without_json_the_steps_are_explained_in_korean() -> None:
    result = run(*GIFT)
    assert result.exit_code == 0
    assert "6억 2,000만원 - 1,860만원 = 6억 140만원" in result.stdout
    assert "「상속세 및 증여세법」 제53조제2호" in result.stdout


def test_earlier_gifts_are_read_from_words() -> None:
    prior = "amount=1억 day=2020-05-01 deduction=5,000만원"
    words = ("gift", "--amount", "100000000", "--donor", "parent", "--recipient", "adult")
    found = data(*words, "--as-of", "2026-05-10", "--prior", prior)
    assert found["prior_tax_credit"] == 5_000_000
    assert found["tax_due"] == 14_550_000
    other = data(*words, "--as-of", "2026-05-10", "--prior", f"{prior} donor=other")
    assert other["taxable_value"] == 100_000_000
    assert other["deduction"] == 0


def test_a_late_return_is_computed_with_its_penalties() -> None:
    late = ("--filing", "late", "--filed-on", "2026-09-15", "--paid-on", "2026-09-15")
    found = data(*GIFT, "--as-of", "2026-05-10", *late)
    assert found["penalties"] == 62_000_000 + 620_000_000 * 14 * 22 // 100_000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--prior", "amount=1억"), "needs amount= and day="),
        (("--prior", "amount=1억 day=2020-01-01 donor=x"), "same or other"),
        (("--prior", "amount"), "was not understood"),
        (("--prior", "price=1"), "was not understood"),
        (("--as-of", "2026-13-01"), "is no day"),
        (("--debt", "5만x"), "is not an amount"),
        (("--filing", "none"), "is not known"),
    ],
)
def test_wrong_words_are_answered_with_what_was_expected(
    words: tuple[str, ...], message: str
) -> None:
    result = run(*GIFT, *words)
    assert isinstance(result.exception, InputError)
    assert message in result.exception.message


SALE = "transfer --asset house --price 9억 --cost 5억 --surcharge none"


@pytest.mark.parametrize(
    "line",
    [
        f"{' '.join(GIFT)} --as-of 9999-12-31",
        f"{' '.join(GIFT)} --marriage-date 0001-01-01",
        f"{' '.join(GIFT)} --prior amount=1억\u00a0day=1899-12-31",
        "inheritance --property 20억 --as-of 9999-12-31",
        "corporate --tax-base 10억 --starts 9999-12-31",
        "corporate --tax-base 10억 --ends 0001-01-01",
        f"{SALE} --acquired 2020-01-01 --sold 9999-12-31",
        "income --tax-base 1억 --as-of 2101-01-01",
    ],
)
def test_a_day_whose_periods_would_leave_the_calendar_is_refused(line: str) -> None:
    result = run(*line.split(" "))
    assert isinstance(result.exception, InputError)
    assert "is no day of the years 1900 to 2100" in result.exception.message


@pytest.mark.parametrize("year", ["0", "-5", "1899", "2101", "99999"])
@pytest.mark.parametrize(
    "line",
    ["income --tax-base 1억", "vat general --supply 1억 --period 2",
     "vat simplified --sales rental=8000만"],
)  # fmt: skip
def test_a_year_that_is_none_is_refused_and_not_taken_for_this_one(line: str, year: str) -> None:
    result = run(*line.split(), "--year", year)
    assert result.exit_code == 2
    assert f"{year} is not in the range 1900<=x<=2100" in result.stderr


@pytest.mark.parametrize(
    "line",
    [
        f"{' '.join(GIFT)} --as-of 2100-12-31 --filing none --paid-on 2100-12-31",
        "inheritance --property 20억 --as-of 2100-12-31",
        "corporate --tax-base 10억 --ends 2100-12-31",
        f"{SALE} --acquired 1900-06-01 --inherited-from 1900-01-02 --sold 2100-12-31",
        "income --tax-base 1억 --year 2100",
        "vat general --supply 1억 --period 2 --year 2100",
    ],
)
def test_the_last_day_that_may_be_given_is_computed(line: str) -> None:
    assert data(*line.split())["steps"]


def test_income_is_computed_from_a_base_or_a_salary() -> None:
    base = data("income", "--tax-base", "6,000만원", "--year", "2026")
    assert (base["computed_tax"], base["local_income_tax"]) == (8_640_000, 864_000)
    salary = data("income", "--salary", "5천만", "--as-of", "2026-12-31")
    assert salary["earned_income_deduction"] == 12_250_000
    assert salary["determined_tax"] == 3_387_500


def test_help_loads_no_calculator() -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from cli.calc import calc\n"
        "for name in [None, *calc.commands]:\n"
        "    words = [name, '--help'] if name else ['--help']\n"
        "    assert CliRunner().invoke(calc, words).exit_code == 0, name\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('taxlaw', 'pydantic')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_estate_is_computed_with_its_gifts_and_skipped_shares() -> None:
    found = data("inheritance", "--taxable-value", "20억", "--as-of", "2026-03-01")
    assert (found["tax_base"], found["tax_due"]) == (1_500_000_000, 426_800_000)
    words = ("--property", "40억", "--as-of", "2026-03-01", "--left-to-others", "10억")
    gift = "amount=3억 day=2020-05-01 to=heir tax=4000만 deduction=5000만"
    found = data("inheritance", *words, "--skipped", "amount=10억 minor=yes", "--gift", gift)
    assert found["gift_tax_credit"] == 40_000_000
    assert found["generation_skip_surcharge"] == found["computed_tax"] * 3 * 10 // (43 * 10)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--gift", "amount=1억 day=2020-01-01 to=heir"), "needs amount="),
        (("--gift", "amount=1억 day=2020-01-01 to=me tax=0"), "one of spouse"),
        (("--skipped", "minor=yes"), "needs amount="),
        (("--skipped", "amount=1억 minor=maybe"), "yes or no"),
    ],
)
def test_wrong_words_about_an_estate_are_answered(words: tuple[str, ...], message: str) -> None:
    result = run("inheritance", "--property", "1억", *words)
    assert isinstance(result.exception, InputError)
    assert message in result.exception.message


def test_a_corporation_is_computed_for_its_business_year() -> None:
    found = data("corporate", "--tax-base", "10억", "--starts", "2026-01-01")
    assert (found["computed_tax"], found["local_income_tax"]) == (180_000_000, 18_000_000)
    found = data("corporate", "--income", "10억", "--ends", "2025-12-31")
    assert (found["computed_tax"], found["due"]) == (170_000_000, "2026-03-31")


def test_value_added_tax_is_computed_for_both_regimes() -> None:
    words = ("--sales", "restaurant=8000만", "--purchases", "2,000만원", "--year", "2026")
    assert data("vat", "simplified", *words)["payable"] == 1_100_000
    words = ("--supply", "1억", "--input-tax", "400만", "--period", "1", "--card-sales", "1천만")
    assert data("vat", "general", *words, "--year", "2026")["payable"] == 5_870_000


@pytest.mark.parametrize("sales", ["cafe=1억", "restaurant", "rental=5억 rental=1억"])
def test_unknown_sales_are_answered_with_the_industries(sales: str) -> None:
    words = [word for sale in sales.split() for word in ("--sales", sale)]
    result = run("vat", "simplified", *words)
    assert isinstance(result.exception, InputError)


def test_a_sale_is_computed_and_asks_for_what_decides_it() -> None:
    words = ("--asset", "house", "--price", "9억", "--cost", "5억", "--expenses", "2천만원")
    days = ("--acquired", "2021-03-01", "--sold", "2026-06-01")
    found = data("transfer", *words, *days, "--surcharge", "none")
    assert (found["computed_tax"], found["local_income_tax"]) == (109_860_000, 10_986_000)
    only = ("--one-house", "--residence-years", "0", "--not-regulated")
    assert data("transfer", *words, *days, *only)["total"] == 0
    asked = run("transfer", *words, *days)
    assert isinstance(asked.exception, InputError)
    assert "--surcharge" in asked.exception.hint


@pytest.mark.parametrize("text", ["3억 5천", "350000000", "3.5억", "₩350,000,000", "３억 5천만원",
                                  unicodedata.normalize("NFD", "3억5천만원")])  # fmt: skip
def test_an_amount_may_be_written_as_people_write_it(text: str) -> None:
    found = data("gift", "--amount", text, "--donor", "parent", "--recipient", "adult")
    assert found["taxable_value"] == 350_000_000


def test_the_last_day_to_file_and_pay_is_printed() -> None:
    assert "\n신고ㆍ납부기한: 2026. 8. 31.\n" in run(*GIFT, "--as-of", "2026-05-10").stdout
    payment = ("withholding", "--income", "business", "--amount", "300만", "--paid", "2026-06-15")
    assert "\n납부기한: 2026. 7. 10.\n" in run(*payment).stdout
