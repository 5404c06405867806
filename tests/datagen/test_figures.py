"""A figure of an answer stands in its source, or a step is shown that leads to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.checks.figures import figures, known_in, unfounded

SOURCE = (
    "장부는 5년간 보관한다. 19세 미만인 자는 2천만원을 공제한다. 1억원 이하는 100분의 10,"
    " 1억원 초과 5억원 이하는 1천만원 + (1억원을 초과하는 금액의 100분의 20)로 한다."
    " 신고는 3개월 이내에, 12월 31일까지 두 차례 할 수 있다. 2주택을 가진 1세대는 3분의 2를 뺀다."
    " 2026. 7. 1.부터 24개월을 넘지 않는다."
)


def wrong(answer: str, question: str = "3억원을 받으면 얼마인가요?") -> list[str]:
    return list(unfounded(answer, known_in(f"{SOURCE}\n{question}")))


@pytest.mark.parametrize(
    "answer",
    [
        "5년 동안 보관하고, 19세가 안 되면 2,000만원을 뺍니다(소득세법 제55조제7항).",
        "세율은 10%와 20퍼센트입니다. 2회까지 12월 31일까지 신고합니다.",
        "60개월을 지나면 버립니다. 2년을 넘지 않습니다. 2026년부터입니다. 7월 1일입니다.",
        "1,000만원 + (3억원 − 1억원) × 20% = 5,000만원입니다.",
        "3억원 − 1억원 = 2억원\n2억원 × 20% = 4,000만원\n1,000만원 + 4,000만원 = 5,000만원",
        "5,000만원입니다.\n1,000만원 + 4,000만원 = 5,000만원\n2억원 × 20% = 4,000만원\n"
        "3억원 − 1억원 = 2억원",
        "산출세액은 3억원 × 10% = 3,000만원이고, 매달 3,000만원 ÷ 12 = 250만원입니다.",
        "3억원에서 2,000만원을 빼면 2억 8,000만원입니다. 2억 8,000만원의 10%는 2,800만원입니다.",
        "3분의 2를 뺍니다. 두 주택입니다.",
        "1. 첫째 2. 둘째, 대법원 2025두31960 판결",
    ],
)
def test_what_stands_in_the_source_or_follows_from_it_may_be_said(answer: str) -> None:
    assert wrong(answer) == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("6년 동안 보관합니다.", ["6년"]),
        ("20세 미만이면 됩니다.", ["20세"]),
        ("2개월 이내입니다.", ["2개월"]),
        ("11월 30일까지입니다.", ["11월 30일"]),
        ("세 차례 할 수 있습니다.", ["세 차례"]),
        ("3분의 1을 뺍니다.", ["3분의 1"]),
        ("2027년부터 적용합니다.", ["2027년"]),
        ("따라서 세금은 7,000만원입니다.", ["7,000만원"]),
        ("결국 세율은 15%입니다.", ["15%"]),
        ("3억원 × 15% = 4,500만원입니다.", ["4,500만원", "15%"]),
        ("3억원 × 10% = 4,500만원입니다.", ["4,500만원"]),
        ("3억원에서 4,000만원을 빼면 2억 6,000만원입니다.", ["4,000만원", "2억 6,000만원"]),
        # A number that is known with one unit is not known with another.
        ("19명이 있어야 합니다.", ["19명"]),
        ("5세부터입니다.", ["5세"]),
        ("3주택부터입니다.", ["3주택"]),
    ],
)
def test_what_does_not_is_found(answer: str, found: list[str]) -> None:
    assert wrong(answer) == found


def test_articles_and_cases_are_no_figures() -> None:
    text = "소득세법 제55조제3항, 대법원 2025. 6. 12. 선고 2025두31960 판결, 조심 2020광0905"
    assert figures(text) == {}


@given(st.integers(1, 10**9), st.integers(1, 99))
def test_a_right_product_follows_and_a_wrong_one_does_not(amount: int, rate: int) -> None:
    known = known_in(f"{amount:,}만원에 {rate}%를 곱한다.")
    right = amount * 100 * rate
    assert list(unfounded(f"{amount:,}만원 × {rate}% = {right:,}원", known)) == []
    wrong_value = right + 100_003
    assert list(unfounded(f"{amount:,}만원 × {rate}% = {wrong_value:,}원", known)) != []


@given(st.text("0123456789,.%년월일개세억만원분의 =+×제조가", max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert list(unfounded(text, known_in(text))) == [] or "=" in text or "제" in text
