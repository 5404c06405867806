"""A false record is dropped with its reason and the right figure; what is not understood passes."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.checks.arithmetic import wrong_equations
from datagen.checks.expressions import evaluate, tokens
from datagen.checks.files import check_file
from datagen.checks.gift_question import gift_cases
from datagen.checks.run import CHECK_NAMES, check_records
from taxlaw.amounts import format_amount
from taxlaw.articles import ArticleIndex
from taxlaw.gift import gift_tax
from taxqa.errors import InputError
from taxqa.records import QARecord, Record, Rejection

INDEX = ArticleIndex.default()
USERS_QUESTION = "부모님께 20억원 증여받았는데 증여세는 얼마나 나올까요?"


def item(question: str, answer: str, **fields: Any) -> dict[str, Any]:
    return {
        "question": question,
        "answer": answer,
        "type": "student",
        "source": "practical",
    } | fields


def verdict(question: str, answer: str, **fields: Any) -> Rejection | None:
    (result,) = check_records([item(question, answer, **fields)], INDEX)
    return result if isinstance(result, Rejection) else None


def reason(question: str, answer: str, **fields: Any) -> str:
    rejection = verdict(question, answer, **fields)
    return rejection.reason if rejection else ""


# The user's own record


def test_the_users_own_record_is_rejected_with_the_right_figures(shared: Path) -> None:
    data = json.loads((shared / "cases" / "user_example.json").read_text(encoding="utf-8"))
    (rejection,) = check_records(data, INDEX)
    assert isinstance(rejection, Rejection)
    assert (rejection.index, rejection.reason) == (0, "gift-tax-wrong")
    assert "총 증여세 9,000만원" in rejection.found
    assert "공제: 없음" in rejection.found
    assert rejection.expected == (
        "산출세액 6억 2,000만원 (기한 내 신고하면 6억 140만원): 20억원 − 5,000만원"
        " 공제(상속세 및 증여세법 제53조제2호) = 과세표준 19억 5,000만원"
    )
    assert rejection.record == data[0]


# Form


@pytest.mark.parametrize(
    "broken",
    [
        None,
        3,
        "text",
        [],
        {},
        {"question": "질문입니다", "answer": "답입니다"},
        item("", "답입니다"),
        item("질문입니다", "  \n"),
        item("질문입니다", "답입니다", type="child"),
        item("질문입니다", "답입니다", type=None),
        item("질문입니다", "답입니다", source=["practical"]),
        item("질문입니다", "답입니다", category="x"),
        item("질문입니다", "\ud800"),
        {**item("질문입니다", "답입니다"), "answer": 9},
        {**item("질문입니다", "답입니다"), "question": {"a": "\ud800"}},
    ],
)
def test_what_is_no_record_is_a_rejection_and_not_an_error(broken: object) -> None:
    (result,) = check_records([broken], INDEX)
    assert isinstance(result, Rejection)
    assert result.reason == "format"
    assert result.found and result.expected
    result.found.encode("utf-8")


def test_the_fields_of_our_own_records_are_no_mistake() -> None:
    record = Record(
        **item("질문입니다", "답은 이렇습니다."), id="a#1", document="a", teacher="worked"
    )
    (from_json,) = check_records([record.model_dump(mode="json")], INDEX)
    assert from_json == record.plain()
    (kept,) = check_records([record], INDEX)
    assert isinstance(kept, Record)
    assert kept.checks == CHECK_NAMES
    assert kept.model_copy(update={"checks": ()}) == record


@pytest.mark.parametrize(
    "answer",
    [
        "これは税金です 세금입니다.",
        "Это налог 세금입니다.",
        "The gift tax is computed by law.",
        "세금은 <b>없습니다</b>.",
        "세금은\ufffd 없습니다.",
        "贈與稅是六億二千萬元 입니다",
    ],
)
def test_other_scripts_and_leftovers_are_rejected(answer: str) -> None:
    assert reason("세금이 있나요?", answer) == "language"


@pytest.mark.parametrize(
    "answer",
    [
        "과세(課稅) 대상입니다.",
        "甲과 乙의 거래입니다.",
        "3.3%(소득세 3%)입니다.",
        "<개정 2010.1.1> 조항입니다.",
        "0원입니다.",
        "LoRA와 GGUF는 세법과 관계가 없는 말입니다.",
        "12,000,000",
    ],
)
def test_hanja_in_brackets_figures_and_terms_are_korean_text(answer: str) -> None:
    assert reason("세금이 있나요?", answer) == ""


def test_too_short_and_too_long_texts_are_rejected() -> None:
    assert reason("세금?", "세금이 있습니다.") == "length"
    assert reason("세금이 있나요?", "네") == "length"
    assert reason("세금이 있나요?", "세금 " * 1501) == "length"
    assert reason("세금이 있나요? " * 120, "세금이 있습니다.") == "length"


def test_a_question_is_kept_once_and_with_one_answer() -> None:
    items = [
        item("세금이 있나요?", "네, 있습니다."),
        item("세금이  있나요", "네 있습니다"),
        item("세금이 있나요?", "아니요, 없습니다."),
        item("세금이 1.5억원인가요?", "네, 있습니다."),
        item("세금이 15억원인가요?", "네, 있습니다."),
    ]
    results = list(check_records(items, INDEX))
    reasons = [each.reason if isinstance(each, Rejection) else "" for each in results]
    assert reasons == ["", "duplicate", "two-answers", "", ""]


def test_a_rejected_record_does_not_stand_in_the_way_of_a_right_one() -> None:
    items = [
        item(USERS_QUESTION, "증여세는 9,000만원입니다."),
        item(USERS_QUESTION, "증여세는 6억 2,000만원입니다."),
    ]
    first, second = check_records(items, INDEX)
    assert isinstance(first, Rejection) and isinstance(second, QARecord)


# Arithmetic


@pytest.mark.parametrize(
    "line",
    [
        "- 1억원 × 10% = 1,000만원",
        "19억 5,000만원 × 40% − 1억 6,000만원 = 6억 2,000만원",
        "20억원 - 5천만원(증여재산공제) = 19억5천만원",
        "5억원 × 20% = 1억원 - 1천만원 = 9천만원",
        "산출세액 6억 2,000만원 - 신고세액공제(6억 2,000만원 × 3% = 1,860만원) = 6억 140만원",
        "산출세액 × 3% = 1,860만원",
        "산출세액 − 1억원 × 3% = 7억원",
        "(산출세액) − 1억원 × 3% = 7억원",
        "10억원 × 세율 = 3억원",
        "10억원 − 5억원 = 7억원 × 세율",
        "1인당 150만원 × 3명 = 450만원",
        "33,333,333원 × 3% = 999,999원",
        "(20억원 − 5,000만원) × 40% − 1억 6,000만원 = 6억 2,000만원",
        "2억 × 100분의 20 = 4천만",
        "납부세액 = 6억 2,000만원 - 1,860만원 = 6억 140만원",
        "**10억 × 30% − 6,000만 = 2억 4,000만**",
        r"$10억 \times 30\% = 3억$",
        "100 ÷ 3 = 33.3",
        "1) 1억원 × 10% = 1천만원",
        "약 12억 ÷ 7 = 약 1억 7,142만원",
        "5억 ÷ 0 = 무한",
        "5억 ÷ 0 =",
        "1억원 이하 = 10%",
        "2026-01-01 = 시행일",
        "a = b = = = 3",
        "신고세액공제 1억 500만원 × 3% = 315만원",
        "7.5 × 2 ÷ 3 − 3 = 2%",
        "7.5 × 2/3 − 3 = 약 2.0%",
        "1 ÷ 4 = 25%",
        "2% + 0.4% = 2.4%",
    ],
)
def test_right_equations_and_what_is_no_arithmetic_pass(line: str) -> None:
    assert list(wrong_equations(line)) == []


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("- 1억원 × 10% = 2,000만원", 10_000_000),
        ("19억 5,000만원 × 40% − 1억 6,000만원 = 6억 3,000만원", 620_000_000),
        ("20억원 - 5천만원(증여재산공제) = 19억원", 1_950_000_000),
        ("2억 × 100분의 20 = 5천만", 40_000_000),
        ("(20억원 − 5,000만원) × 40% - 1억 6,000만원 = 6억 2,001만원", 620_000_000),
        ("과세표준: 20억원 - 5,000만원 = 20억원", 1_950_000_000),
        ("12 × 12 = 145", 144),
        ("7.5 × 2 ÷ 3 − 3 = 3%", 2),
        ("2% + 0.4% = 240%", 0.024),
        ("10억원 × 2 ÷ 100 = 20%", 20_000_000),
        ("약 12억 ÷ 7 = 약 2억", 1_200_000_000 / 7),
    ],
)
def test_a_wrong_equation_is_found_with_its_right_value(line: str, right: float) -> None:
    ((written, value),) = wrong_equations(line)
    assert value is not None and float(value) == right
    assert "=" in written


@pytest.mark.parametrize(
    "line",
    [
        "20억원 ÷ 0 = 5원",
        "20억원 ÷ 0 = 약 5원",
        "20억원 / 0명 = 5원",
        "1억원 + 20억원 ÷ (5 − 5) × 3 = (5원 + 5원)",
        "2 × 5 = 7 ÷ 0",
        "몫 = 20억원 ÷ 0 = 0원",
    ],
)
def test_a_division_by_zero_is_wrong_whatever_it_is_said_to_be(line: str) -> None:
    ((written, value),) = wrong_equations(line)
    assert "=" in written and value is None
    rejection = verdict("몫은 얼마인가요?", f"계산은 이렇습니다.\n{line}")
    assert rejection is not None
    assert (rejection.reason, rejection.expected) == ("arithmetic", "no division by zero")


def test_a_wrong_equation_rejects_its_record() -> None:
    rejection = verdict("세금 계산은요?", "계산은 이렇습니다.\n- 1억원 × 10% = 2,000만원")
    assert rejection is not None
    assert (rejection.reason, rejection.expected) == ("arithmetic", "= 1,000만원")
    assert rejection.found == "1억원 × 10% = 2,000만원"


@settings(deadline=None)
@given(st.integers(1, 10**6), st.integers(0, 100), st.integers(0, 10**6), st.integers(-9, 9))
def test_any_tax_formula_is_right_exactly_when_its_result_is(
    base: int, rate: int, off: int, change: int
) -> None:
    base, off = base * 10_000, off * 10_000
    exact = base * rate // 100 - off
    stated = exact + change * 1000
    if stated < 0:
        return
    line = f"{format_amount(base)} × {rate}% - {format_amount(off)} = {stated:,}원"
    assert (not list(wrong_equations(line))) == (change == 0)


def test_a_result_in_ten_thousands_may_be_rounded_to_them() -> None:
    line = "11억 9,690만원 × 1% = 1,19{}만원"
    assert [list(wrong_equations(line.format(digit))) == [] for digit in (5, 6, 7, 8)] == [
        False,
        True,
        True,
        False,
    ]


@settings(deadline=None)
@given(st.text(alphabet="0123456789,.억만천원×x%-+=÷/()약 가세", max_size=60))
def test_no_text_that_looks_like_arithmetic_raises(line: str) -> None:
    with suppress(ZeroDivisionError):
        evaluate(tokens(line))
    for written, _ in wrong_equations(line):
        assert "=" in written


# Gifts


@pytest.mark.parametrize(
    ("question", "donor", "recipient", "amount"),
    [
        (USERS_QUESTION, "parent", "adult", 2_000_000_000),
        ("아빠한테 3억 받으면 증여세 얼마야?", "parent", "adult", 300_000_000),
        ("부모 20억 증여 증여세", "parent", "adult", 2_000_000_000),
        ("중학생 아들에게 1억원을 증여하면 증여세는?", "parent", "minor", 100_000_000),
        ("성년인 딸에게 2억원을 주면 증여세는 얼마죠?", "parent", "adult", 200_000_000),
        ("15살인 아들에게 1억을 증여하면 증여세는?", "parent", "minor", 100_000_000),
        ("미성년 손녀에게 25억원을 증여하면 증여세는?", "grandparent", "minor", 2_500_000_000),
        ("고등학생인데 할머니께 5천만원을 증여받으면?", "grandparent", "minor", 50_000_000),
        ("남편에게서 8억원을 증여받았습니다. 증여세는요?", "spouse", "adult", 800_000_000),
        ("아내에게 10억원을 증여하면 증여세는?", "spouse", "adult", 1_000_000_000),
        ("아들이 어머니께 1억원을 증여하면 증여세는?", "child", "adult", 100_000_000),
        ("부모님께 1억원을 증여해 드리면 증여세가 나오나요?", "child", "adult", 100_000_000),
        ("장모님께 5천만원을 증여받으면 증여세는 얼마인가요?", "relative", "adult", 50_000_000),
        ("친구에게 1억을 증여받으면 증여세가 얼마인가요?", "other", "adult", 100_000_000),
        ("부모님이 주신 5억원으로 집을 샀는데 증여세는?", "parent", "adult", 500_000_000),
    ],
)
def test_a_plain_question_about_a_gift_is_understood(
    question: str, donor: str, recipient: str, amount: int
) -> None:
    (case,) = gift_cases(question)
    assert (case.donor, case.recipient, case.amount) == (donor, recipient, amount)


@pytest.mark.parametrize(
    "question",
    [
        "부모님께 각각 1억원씩 증여받으면 증여세는?",
        "아버지가 5년 전에 1억원을 주셨는데 또 증여받으면?",
        "어머니께 1억원, 할머니께 2억원을 증여받으면 증여세는?",
        "부모님께 전세 3억원을 낀 아파트를 증여받으면 증여세는?",
        "2015년에 부모님께 3억원을 증여받았는데 증여세는?",
        "증여재산공제는 얼마까지 되나요?",
        "증여세 5억원을 냈습니다.",
        "아버지가 제 아들에게 1억원을 증여하면 증여세는?",
        "부모님께 5,000만원까지 증여세가 없나요?",
        "형이 누나에게 1억원을 증여하면 증여세는?",
        "상속재산 20억원을 아버지께 받았습니다. 증여세도 내나요?",
    ],
)
def test_a_question_that_says_more_than_one_gift_is_not_judged(question: str) -> None:
    assert gift_cases(question) == ()


def test_a_child_without_an_age_may_be_adult_or_minor() -> None:
    cases = gift_cases("아들에게 1억원을 증여하면 증여세는 얼마인가요?")
    assert [case.recipient for case in cases] == ["adult", "minor"]
    for case in cases:
        answer = f"산출세액은 {format_amount(gift_tax(case).computed_tax)}입니다."
        assert reason("아들에게 1억원을 증여하면 증여세는 얼마인가요?", answer) == ""


def test_a_marriage_may_or_may_not_have_been_reported() -> None:
    question = "결혼하면서 부모님께 3억원을 증여받았는데 증여세는?"
    assert [case.marriage_date is not None for case in gift_cases(question)] == [True, False]
    assert reason(question, "산출세액은 2,000만원입니다.") == ""
    assert reason(question, "산출세액은 4,000만원입니다.") == ""
    assert reason(question, "산출세액은 5,000만원입니다.") == "gift-tax-wrong"


@pytest.mark.parametrize(
    "answer",
    [
        "기한 안에 신고하면 6억 140만원을 냅니다.",
        "산출세액은 6억 2,000만원입니다.",
        "증여세는 620,000,000원입니다.",
        "과세표준: 20억원 − 5,000만원 = 19억 5,000만원\n산출세액: 19억 5,000만원 × 40% − 1억"
        " 6,000만원 = 6억 2,000만원",
        "약 6억 원 정도입니다.",
        "증여세는 과세표준에 따라 다릅니다.",
        "만약 미성년자라면 산출세액은 6억 3,200만원입니다.",
        "증여재산공제(직계존속, 성년): 5,000만원",
        "과세표준 1억원 이하는 10%입니다. 신고세액공제는 없음.",
        "납부할 세액이 1,000만원을 초과하면 분납할 수 있습니다.",
        "직계존속 공제 5,000만원을 뺀 과세표준 19억 5,000만원 × 40% = 7억 8,000만원",
        "혼인 증여재산공제 1억원은 이 경우 적용되지 않고, 산출세액은 6억 2,000만원입니다.",
        "1. 증여재산공제: 5천만원 (직계존속, 10년간)\n2. 세율: 40% (10억 초과 30억 이하)\n"
        "3. 산출세액: 19억 5천만원 × 40% - 1억 6천만원 = 6억 2천만원\n"
        "따라서 약 6억 140만원의 증여세를 납부해야 합니다. 혼인 공제는 1억원입니다.",
        "(5억원 - 1억원) × 20% = 8,000만원\n(19억 5천만원 - 10억원) × 40% = 3억 8,000만원\n"
        "합계: 6억 2,000만원\n과세표준 10억원 초과 30억원 이하 구간은 40%입니다.",
        "10년 내 공제받은 금액이 없음을 가정하면 증여세는 6억 2,000만원입니다.",
        "공제 5천만원 외 다른 공제는 없습니다. 산출세액 6.2억원.",
        "배우자공제는 해당 없음. 납부세액: 601,400,000원",
        "| 증여재산공제 | 5천만원 |\n| 과세표준 | 19억 5천만원 |\n| 산출세액 | 6억 2천만원 |",
        "**산출세액**: **6억 2,000만원**\n**납부할 세액**: **6억 140만원**",
        "증여세만 6억 2천만 원입니다. 참고로 5억원이면 증여세는 8,000만원입니다.",
        "산출세액은 6억 2,000만원이고 무신고가산세 20%인 1억 2,400만원이 추가로 부과됩니다.",
    ],
)
def test_right_and_open_answers_about_a_gift_pass(answer: str) -> None:
    assert reason(USERS_QUESTION, answer) == ""


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("총 증여세: 9,000만원", "gift-tax-wrong"),
        ("증여세는 5억원입니다.", "gift-tax-wrong"),
        ("9,000만원을 내야 합니다.", "gift-tax-wrong"),
        ("증여세: 20억원 × 40% − 1억 6,000만원 = 6억 4,000만원", "gift-tax-wrong"),
        ("납부할 세액은 6억 2,500만원입니다.", "gift-tax-wrong"),
        ("| 과세표준 | 19억 5천만원 |\n| 산출세액 | 6억 5천만원 |", "gift-tax-wrong"),
        ("증여세로 8억원을 납부하셔야 합니다.", "gift-tax-wrong"),
        ("납부세액: 20억원 × 50% = 10억원", "gift-tax-wrong"),
        ("약 8억원 정도 나옵니다.", "gift-tax-wrong"),
        ("산출세액은 6억 2,000만원이지만 최종 납부세액은 5억원입니다.", "gift-tax-wrong"),
        ("과세표준은 20억원입니다. 산출세액은 6억 2,000만원입니다.", "gift-base-wrong"),
        ("증여재산공제: 6억원\n산출세액: 6억 2,000만원", "gift-deduction-wrong"),
        ("부모님 증여는 공제가 없습니다. 산출세액은 6억 2,000만원입니다.", "gift-deduction-wrong"),
    ],
)
def test_wrong_answers_about_a_gift_are_named(answer: str, name: str) -> None:
    rejection = verdict(USERS_QUESTION, answer)
    assert rejection is not None
    assert rejection.reason == name
    assert "산출세액 6억 2,000만원" in rejection.expected
    assert "5,000만원 공제(상속세 및 증여세법 제53조제2호)" in rejection.expected


def test_with_penalties_only_the_computed_tax_is_judged() -> None:
    question = "부모님께 20억원 증여받고 신고하지 않으면 증여세가 얼마인가요?"
    assert reason(question, "무신고가산세를 더해 총 증여세는 7억 4,400만원입니다.") == ""
    assert reason(question, "산출세액은 5억원입니다.") == "gift-tax-wrong"


def test_every_worked_gift_of_the_shared_cases_is_understood_and_agreed_with(shared: Path) -> None:
    text = (shared / "cases" / "worked_cases.json").read_text(encoding="utf-8")
    cases = {case["id"]: case["expected"] for case in json.loads(text)["cases"]}
    questions = {
        "gift-01": "부모에게서 20억원을 증여받으면 증여세는?",
        "gift-02": "미성년 자녀에게 1억원을 증여하면 증여세는?",
        "gift-03": "배우자에게서 8억원을 증여받으면 증여세는?",
        "gift-04": "혼인신고를 하면서 부모에게서 3억원을 증여받으면 증여세는?",
        "gift-06": "미성년 손자에게 1억원을 증여하면 증여세는?",
        "gift-09": "부모에게서 4천만원을 증여받으면 증여세는?",
    }
    for name, question in questions.items():
        expected = cases[name]
        answer = (
            f"과세표준은 {format_amount(expected['과세표준'])}이고"
            f" 산출세액은 {format_amount(expected['산출세액'])}이며"
            f" 납부할 세액은 {format_amount(expected['납부세액'])}입니다."
        )
        assert reason(question, answer) == "", name
        wrong = answer.replace("납부할 세액은 ", "납부할 세액은 1")
        assert reason(question, wrong) == "gift-tax-wrong", name


# Income


def test_the_tax_on_a_stated_base_is_recomputed() -> None:
    question = "종합소득 과세표준이 6,000만원이면 소득세가 얼마인가요?"
    assert reason(question, "산출세액은 864만원, 지방소득세는 86만 4,000원입니다.") == ""
    assert reason(question, "소득세와 지방소득세를 더해 950만 4,000원입니다.") == ""
    for wrong in ("산출세액은 900만원입니다.", "소득세는 900만원입니다.", "900만원을 냅니다."):
        rejection = verdict(question, wrong)
        assert rejection is not None and rejection.reason == "income-tax-wrong"
        assert "864만원" in rejection.expected and "소득세법 제55조제1항" in rejection.expected
    assert reason(question, "지방소득세는 100만원입니다. 산출세액은 864만원입니다.") != ""


def test_the_deduction_of_a_stated_salary_is_recomputed() -> None:
    question = "총급여가 5,000만원이면 근로소득공제는 얼마인가요?"
    assert reason(question, "근로소득공제는 1,225만원, 근로소득금액은 3,775만원입니다.") == ""
    assert reason(question, "근로소득공제는 1,200만원입니다.") == "income-deduction-wrong"
    assert reason(question, "근로소득금액은 3,800만원입니다.") == "income-deduction-wrong"


@pytest.mark.parametrize(
    "question",
    [
        "양도소득 과세표준이 6,000만원이면 세금이 얼마인가요?",
        "법인의 과세표준이 6,000만원이면 법인세와 소득세가 얼마인가요?",
        "과세표준이 5,000만원에서 6,000만원이 되면 소득세가 얼마인가요?",
        "과세표준이 2010년에 6,000만원이면 소득세가 얼마인가요?",
    ],
)
def test_other_taxes_and_comparisons_are_not_judged_as_income(question: str) -> None:
    assert reason(question, "세금은 100만원입니다.") != "income-tax-wrong"


# Citations and cases


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("상속세 및 증여세법 제53조제2호에 있습니다.", ""),
        ("상증세법 제53조 제2호와 같은 법 제56조에 있습니다.", ""),
        ("민법 제1000조에 있습니다.", ""),
        ("구 상속세 및 증여세법 제999조에 있었습니다.", ""),
        ("제999조에 있습니다.", ""),
        ("상속세 및 증여세법 제53조제1항제2호에 있습니다.", "no-such-article"),
        ("소득세법 제999조에 있습니다.", "no-such-article"),
        ("증여세법 제53조에 있습니다.", "no-such-act"),
        ("양도소득세법 제10조에 있습니다.", "no-such-act"),
    ],
)
def test_articles_are_looked_up_and_former_or_foreign_ones_are_not(answer: str, name: str) -> None:
    assert reason("어느 조문에 있나요?", answer) == name


def test_an_article_in_the_question_is_looked_up_too() -> None:
    rejection = verdict("소득세법 제999조는 무엇인가요?", "세율을 정한 조문입니다.")
    assert rejection is not None
    assert (rejection.reason, rejection.found) == ("no-such-article", "소득세법 제999조")


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("대법원 2025. 6. 12. 선고 2025두31960 판결입니다.", ""),
        ("대법원 1999. 8. 20. 선고 99두11844 판결입니다.", ""),
        ("조심2020광0905 결정입니다.", ""),
        ("서면-2026-법규재산-0119 회신입니다.", ""),
        ("대법원 2025. 13. 12. 선고 2025두31960 판결입니다.", "case-number"),
        ("대법원 2025. 2. 30. 선고 2025두31960 판결입니다.", "case-number"),
        ("대법원 2025. 6. 12. 선고 2026두31960 판결입니다.", "case-number"),
        ("대법원 2999. 6. 12. 선고 2025두31960 판결입니다.", "case-number"),
        ("대법원 2999두31960 판결입니다.", "case-number"),
    ],
)
def test_a_case_that_cannot_be_is_rejected(answer: str, name: str) -> None:
    assert reason("판례가 있나요?", answer) == name


# Streams and files


korean = st.text(
    alphabet="부모님께 아들에게 증여받으면 20억원 3천만 과세표준 소득세법 제53조제1항×=%9.,()\n",
    max_size=80,
)


@settings(deadline=None)
@given(korean | st.text(max_size=80), korean | st.text(max_size=120))
def test_no_text_makes_a_check_raise(question: str, answer: str) -> None:
    results = list(check_records([item(question, answer)], INDEX))
    assert len(results) == 1


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["question", "answer", "type", "source", "x"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_json_value_makes_the_pass_raise(value: object) -> None:
    (result,) = check_records([value], INDEX)
    assert isinstance(result, Rejection | QARecord)


def test_the_pass_gives_each_result_before_it_reads_the_next_item() -> None:
    read = []

    def items() -> Any:
        for number in range(3):
            read.append(number)
            yield item(f"질문 {number}은 무엇인가요?", "답은 이렇습니다.")

    results = check_records(items(), INDEX)
    next(results)
    assert read == [0]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_reported_as_counts_and_rejections(tmp_path: Path) -> None:
    items = [
        item("세금이 있나요?", "네, 있습니다."),
        item(USERS_QUESTION, "증여세는 9,000만원입니다."),
        7,
    ]
    path = write(tmp_path / "a.json", json.dumps(items))
    lines = write(tmp_path / "a.jsonl", "\n\n".join(map(json.dumps, items)) + "\n")
    report = check_file(path, INDEX)
    assert report == check_file(lines, INDEX)
    data = report.to_dict()
    assert (data["records"], data["kept"]) == (3, 1)
    assert [set(each) for each in data["rejected"]] == [
        {"index", "reason", "found", "expected"}
    ] * 2
    assert [each["index"] for each in data["rejected"]] == [1, 2]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{}", "a JSON dict; a list of records was expected"),
        ("a.json", '"text"', "a JSON str"),
        ("a.json", "[{]", "is not JSON"),
        ("a.json", "", "is not JSON"),
        ("a.jsonl", '{"question": 1}\n{', "line 2, is not JSON"),
    ],
)
def test_a_file_that_is_no_list_of_records_is_an_input_error(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        check_file(write(tmp_path / name, text), INDEX)


@pytest.mark.parametrize(
    "piece",
    [
        "1억 ",
        "공제 ",
        "= ",
        "증여세 ",
        "(",
        "1,",
        "부모님께 ",
        "과세표준 ",
        "- 1 ",
        "조심2020",
        "제1조",
    ],
)
def test_no_repetition_makes_a_pattern_run_away(piece: str) -> None:
    items = [
        item(USERS_QUESTION, piece * (12_000 // len(piece))),
        item(piece * (4000 // len(piece)), "답은 이렇습니다."),
    ]
    assert len(list(check_records(items, INDEX))) == 2


def test_a_gift_within_the_deduction_is_said_to_bear_no_tax_and_kept() -> None:
    question = "배우자에게 6억원을 증여하면 세금이 있나요?"
    assert reason(question, "10년간 6억원까지 공제되므로 증여세가 없습니다.") == ""
    assert reason(question, "배우자에게는 공제가 없습니다.") == "gift-deduction-wrong"
