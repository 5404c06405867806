"""Plain questions on further taxes are computed again; what is not plain is not judged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.checks.run import check_records
from taxlaw.amounts import format_amount
from taxlaw.articles import ArticleIndex
from taxlaw.rates import CORPORATE, EOK, INCOME, INHERITANCE_AND_GIFT, MAN, RateTable
from taxqa.records import Rejection

INDEX = ArticleIndex.default()
TAXES = {
    "inheritance-tax-wrong": (
        "상속세 과세표준이 {}이면 상속세는 얼마인가요?",
        INHERITANCE_AND_GIFT[-1],
    ),
    "gift-tax-wrong": ("증여세 과세표준이 {}이면 증여세는 얼마인가요?", INHERITANCE_AND_GIFT[-1]),
    "corporate-tax-wrong": ("2026년 법인세 과세표준이 {}이면 법인세는 얼마인가요?", CORPORATE[-1]),
    "transfer-tax-wrong": ("양도소득 과세표준이 {}이면 양도소득세는 얼마인가요?", INCOME[-1]),
}


def reason(question: str, answer: str) -> str:
    item = {"question": question, "answer": answer, "type": "student", "source": "practical"}
    (result,) = check_records([item], INDEX)
    return result.reason if isinstance(result, Rejection) else ""


@given(st.sampled_from(sorted(TAXES)), st.integers(100, 5_000_000))
def test_the_tax_on_a_stated_base_passes_and_ten_times_it_does_not(name: str, units: int) -> None:
    question, table = TAXES[name]
    base = units * MAN
    question = question.format(format_amount(base))
    tax = table.quick(base)
    assert reason(question, f"산출세액은 {format_amount(tax)}입니다.") == ""
    assert reason(question, f"산출세액은 {format_amount(tax * 10)}입니다.") == name
    assert reason(question, f"산출세액은 {format_amount(tax // 10)}입니다.") == name


@pytest.mark.parametrize("table", CORPORATE)
def test_without_a_year_either_corporate_table_may_be_meant(table: RateTable) -> None:
    answer = f"법인세 산출세액은 {format_amount(table.quick(3 * EOK))}입니다."
    assert reason("법인세 과세표준이 3억원이면 세금이 얼마인가요?", answer) == ""


@pytest.mark.parametrize(
    ("question", "wrong", "right"),
    [
        (
            "상속세 과세가액이 12억원이고 배우자와 자녀 2명이 상속받습니다. 상속세는 얼마인가요?",
            "상속세는 1억 5,000만원입니다.",
            "과세표준은 2억원이고 산출세액은 3,000만원입니다.",
        ),
        (
            "간이과세자인 소매업자의 공급대가가 8,000만원이면 부가가치세는 얼마인가요?",
            "납부할 세액은 800만원입니다.",
            "납부할 세액은 120만원입니다.",
        ),
        (
            "일반과세자이고 공급가액이 1억원, 매입세액이 400만원이면 부가세는 얼마인가요?",
            "매출세액 1,000만원에서 매입세액을 공제하여 납부할 세액은 900만원입니다.",
            "매출세액 1,000만원에서 매입세액을 공제하여 납부할 세액은 600만원입니다.",
        ),
        (
            "토지를 10년 보유하고 양도차익이 3억원이면 장기보유특별공제는 얼마인가요?",
            "장기보유특별공제액은 9,000만원입니다.",
            "장기보유특별공제액은 6,000만원입니다.",
        ),
    ],
)
def test_a_plain_case_is_computed_again(question: str, wrong: str, right: str) -> None:
    assert reason(question, wrong).endswith("-wrong")
    assert reason(question, right) == ""


@pytest.mark.parametrize(
    "question",
    [
        "상속세 과세표준이 10억원이고 손자가 상속받아 할증되면 얼마인가요?",
        "법인세 과세표준이 3억원이고 사업연도가 6개월이면 얼마인가요?",
        "주택을 1년 미만 보유했고 양도소득 과세표준이 1억원이면 얼마인가요?",
        "상속세 과세가액이 12억원이고 자녀 2명과 채무가 있으면 얼마인가요?",
        "간이과세자 음식점의 공급대가가 6,000만원이고 신용카드 매출이 있으면 부가세는요?",
        "아파트를 10년 보유하고 양도차익이 3억원이면 장기보유특별공제는 얼마인가요?",
    ],
)
def test_what_needs_more_facts_is_not_judged(question: str) -> None:
    assert reason(question, "세금은 123만 4,000원입니다.") == ""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("매출세액 500만원에서 매입세액 300만원을 빼면 200만원입니다.", ""),
        ("매출세액 500만원에서 매입세액 300만원을 빼면 250만원입니다.", "arithmetic"),
        ("8만원과 지방소득세 8,000원을 더하면 9만 6,000원입니다.", "arithmetic"),
        ("8만원과 지방소득세 8,000원을 더하면 약 9만원입니다.", ""),
        ("2억원의 10%는 2,000만원입니다.", ""),
        ("2억원의 10%는 200만원입니다.", "arithmetic"),
        ("5,000만원에서 3,000만원을 빼고 남은 금액의 절반은 1,000만원입니다.", ""),
        ("1억원에 20%를 곱하고 1,000만원을 빼면 1,000만원입니다.", ""),
    ],
)
def test_sums_in_words_are_computed_again(answer: str, expected: str) -> None:
    assert reason("어떻게 계산하나요?", answer) == expected
