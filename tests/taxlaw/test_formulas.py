"""Formulas are recomputed as a reader would, and what is none is refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw.formulas import recompute
from taxlaw.steps import Result, Step, Steps, explain, percent, quote_law, quote_laws
from taxqa.errors import InputError


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("19억 5,000만원 × 40% - 1억 6,000만원", 620_000_000),
        ("1,200만원 + (5,000만원 - 4,500만원) × 5%", 12_250_000),
        ("작은 값(5,000만원, 3,000만원, 1,000원) + 1원", 1_001),
        ("큰 값(-5만원, 0원)", 0),
        ("100원 ÷ 3", 33),
        ("-100원 ÷ 3", -34),
        ("1,000원 × 83일 × 0.022%", 18),
        ("1억 2,345만 6,789원", 123_456_789),
        ("150만원 × 3명", 4_500_000),
    ],
)
def test_a_formula_gives_its_amount(formula: str, value: int) -> None:
    assert recompute(formula) == value


@pytest.mark.parametrize(
    "formula",
    ["", "5원 +", "5원 5원", "(5원", "작은 값 5원", "작은 값(5원", "5원 ÷ 0", "5원 x", "× 5", "()"],
)
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(InputError, match="no formula"):
        recompute(formula)


@given(st.text(alphabet="0123456789만억원작은큰 값()×÷+-,.%년", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        assert isinstance(recompute(text), int)
    except InputError as error:
        assert error.message


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Fraction(2, 5), "40%"),
        (Fraction(27, 1000), "2.7%"),
        (Fraction(22, 100_000), "0.022%"),
        (Fraction(0), "0%"),
        (Fraction(2, 3), "2/3"),
    ],
)
def test_a_rate_is_written_exactly(rate: Fraction, text: str) -> None:
    assert percent(rate) == text


def test_a_law_is_quoted_as_statutes_print_it() -> None:
    assert quote_law("상속세 및 증여세법 제53조제2호") == "「상속세 및 증여세법」 제53조제2호"
    assert quote_law("국고금 관리법") == "국고금 관리법"


def test_an_act_is_named_once_where_its_articles_follow_each_other() -> None:
    citations = (
        "소득세법 제92조",
        "소득세법 제103조제1항",
        "소득세법 시행령 제2조",
        "소득세법 제5조",
    )
    assert quote_laws(citations) == (
        "「소득세법」 제92조, 제103조제1항, 「소득세법 시행령」 제2조, 「소득세법」 제5조"
    )


def test_steps_are_numbered_and_an_unfounded_one_has_no_brackets() -> None:
    steps = Steps()
    steps.given("가액", 5)
    steps.extend([Step("합계", "5원 + 5원", 10, "소득세법 제1조", ("소득세법 제2조",))])
    result = Result(steps=tuple(steps.done))
    assert explain(result).splitlines()[1:] == [
        "1. 가액: 5원",
        "2. 합계: 5원 + 5원 = 10원 (「소득세법」 제1조, 제2조)",
    ]
    assert result.citations == ("소득세법 제1조", "소득세법 제2조")
