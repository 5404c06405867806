"""Amounts are read and written as Korean readers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw.amounts import find_amounts, format_amount, parse_amount
from taxqa.errors import InputError

amounts = st.integers(min_value=0, max_value=10**32 - 1) | st.integers(0, 10**10)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20억", 2_000_000_000),
        ("20억원", 2_000_000_000),
        ("1억 2,500만원", 125_000_000),
        ("1억2천5백만원", 125_000_000),
        ("3,000만원", 30_000_000),
        ("5천만 원", 50_000_000),
        ("2000000", 2_000_000),
        ("2,000,000원", 2_000_000),
        ("1.5억", 150_000_000),
        ("2.5천만원", 25_000_000),
        ("6억 140만원", 601_400_000),
        ("1조 2억", 1_000_200_000_000),
        ("3억 5천", 350_000_000),
        ("3억 5천원", 300_005_000),
        ("천만원", 10_000_000),
        ("오천만원", 50_000_000),
        ("5,000천원", 5_000_000),
        ("1,234백만원", 1_234_000_000),
        ("0원", 0),
        ("9" * 32, 10**32 - 1),
    ],
)
def test_an_amount_is_read_in_every_common_form(text: str, value: int) -> None:
    assert parse_amount(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "원",
        "억",
        "만원",
        "1억 5",
        "1,00만원",
        "5만6억",
        "5조억원",
        "1.234567891억",
        "9" * 33,
        "-5만원",
        "20억x",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not an amount"):
        parse_amount(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0원"),
        (601_400_000, "6억 140만원"),
        (15_440_000, "1,544만원"),
        (123_456_789, "1억 2,345만 6,789원"),
        (10**12, "1조원"),
        (-50_000_000, "-5,000만원"),
    ],
)
def test_an_amount_is_written_with_units_and_separators(value: int, text: str) -> None:
    assert format_amount(value) == text


@given(amounts)
def test_reading_what_was_written_gives_the_amount_back(value: int) -> None:
    assert parse_amount(format_amount(value)) == value


@given(
    st.sampled_from(
        ["부모에게서 ", "세액공제 ", "신고세액공제는 ", "= ", "(", "", "면제 ", "제56조, "]
    ),
    amounts,
    st.sampled_from(["을 증여", " 이하", "입니다.", ", 그리고", ")", "까지 공제", " × 3%", ""]),
)
def test_an_amount_is_found_in_a_sentence_with_its_place(
    before: str, value: int, after: str
) -> None:
    text = f"{before}{format_amount(value)}{after}"
    (found,) = find_amounts(text)
    assert found.value == value
    assert text[found.start : found.end] == found.text == format_amount(value)


@given(st.text() | st.text(alphabet="0123456789.,일이오천백십만억조원제 명", max_size=60))
def test_no_text_makes_the_search_fail(text: str) -> None:
    for found in find_amounts(text):
        assert text[found.start : found.end] == found.text
        assert found.value >= 0


def values(text: str) -> list[int]:
    return [found.value for found in find_amounts(text)]


def test_all_amounts_of_a_sentence_are_found_in_order() -> None:
    text = (
        "20억원 - 5천만 원 = 19억 5,000만원, 세액은 6억 2,000만원이고 30,000원이 남는다(1.5억~3억)."
    )
    assert values(text) == [
        2_000_000_000,
        50_000_000,
        1_950_000_000,
        620_000_000,
        30_000,
        150_000_000,
        300_000_000,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "제53조에 따라 2026년에 10년간",
        "3만 명과 1억 2천만 주, 10만분의 22, 5천명",
        "1만 달러",
        "수천만원을 받고 이만큼 냈다",
        "제3 원고와 2원칙",
        "53조의2 및 제1조 제2호",
        "1,00만원",
        "9" * 40 + "원",
        "1.00001만원",
    ],
)
def test_counts_articles_and_words_are_no_amounts(text: str) -> None:
    assert values(text) == []


def test_an_article_before_an_amount_does_not_hide_it() -> None:
    assert values("제53조 5천만원, 제13조제1항의 1조 2억원") == [50_000_000, 1_000_200_000_000]
    assert values("소득세법제55조 1천만원, 제 53조 2억원") == [10_000_000, 200_000_000]
    assert values("공제 5,000만원, 공제5천만원") == [50_000_000, 50_000_000]


def test_what_follows_an_amount_in_won_does_not_hide_it() -> None:
    text = (
        "4,352,238,355원만 공제, 5천만원 배우자, 6억 배우자, 1억 주식, 3억 대출, 2억 5천 부모,"
        " 3억원 명의, 300,000원가량"
    )
    assert values(text) == [
        4_352_238_355,
        50_000_000,
        600_000_000,
        100_000_000,
        300_000_000,
        250_000_000,
        300_000_000,
        300_000,
    ]


def test_amounts_in_letters_are_found_with_their_unit() -> None:
    assert values("오천만원과 일억 이천만 원") == [50_000_000, 120_000_000]
