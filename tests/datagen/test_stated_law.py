"""Rates, limits, deadlines and articles that an answer states by name are compared with the law."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.checks.run import check_records
from taxlaw.amounts import format_amount
from taxlaw.articles import ArticleIndex
from taxlaw.rates import INCOME, INHERITANCE_AND_GIFT, RateTable
from taxlaw.steps import percent
from taxqa.records import Rejection

INDEX = ArticleIndex.default()


def verdict(question: str, answer: str, **fields: Any) -> Rejection | None:
    item = {"question": question, "answer": answer, "type": "student", "source": "practical"}
    (result,) = check_records([item | fields], INDEX)
    return result if isinstance(result, Rejection) else None


def reason(question: str, answer: str, **fields: Any) -> str:
    rejection = verdict(question, answer, **fields)
    return rejection.reason if rejection else ""


@pytest.mark.parametrize(
    ("question", "wrong", "right"),
    [
        ("부가세율이 얼마죠?", "부가가치세의 세율은 12%입니다.", "부가가치세의 세율은 10%입니다."),
        ("일찍 신고하면요?", "신고세액공제율은 5%입니다.", "신고세액공제율은 3%입니다."),
        (
            "안 내면요?",
            "무신고가산세는 원칙적으로 25%입니다.",
            "무신고가산세는 원칙적으로 20%입니다.",
        ),
        ("최고세율은요?", "상속세 최고세율은 60%입니다.", "상속세 최고세율은 50%입니다."),
        ("공제가 있나요?", "일괄공제는 7억원입니다.", "일괄공제는 5억원입니다."),
        (
            "성년 자녀가 받을 때 공제는요?",
            "증여재산공제는 성년 자녀가 직계존속에게서 받으면 3,000만원입니다.",
            "증여재산공제는 성년 자녀가 직계존속에게서 받으면 5,000만원입니다.",
        ),
        (
            "며느리가 시아버지께 증여받으면 공제가 있나요?",
            "네, 기타 친족으로서 5,000만원까지 공제됩니다.",
            "네, 기타 친족으로서 1,000만원까지 공제됩니다.",
        ),
        (
            "1세대 1주택 비과세 한도가 있나요?",
            "양도할 때 고가주택은 실지거래가액이 9억원을 초과하는 주택입니다.",
            "양도할 때 고가주택은 실지거래가액이 12억원을 초과하는 주택입니다.",
        ),
    ],
)
def test_a_wrong_figure_of_law_is_rejected_and_the_right_one_kept(
    question: str, wrong: str, right: str
) -> None:
    rejection = verdict(question, wrong)
    assert rejection is not None and rejection.reason == "fact-wrong"
    assert re.search(r"\(.+ 제\d+조", rejection.expected)
    assert reason(question, right) == ""


@pytest.mark.parametrize(
    "answer",
    [
        "부가가치세 세율은 종전에 13%였습니다.",
        "신고세액공제율은 2018년에 5%였습니다.",
        "전자신고 세액공제는 2만원입니다.",
        "만약 일괄공제가 7억원이라면 세금이 줄어듭니다.",
        "일괄공제는 7억원이 아니라 5억원입니다.",
        "배우자공제와 일괄공제를 합하여 10억원까지 세금이 없습니다.",
        "무신고가산세는 한 달 안에 신고하면 50% 감면됩니다.",
    ],
)
def test_former_law_errors_named_as_such_and_sums_are_not_judged(answer: str) -> None:
    assert reason("세금에 대해 알려 주세요.", answer) == ""


@pytest.mark.parametrize(
    ("question", "wrong", "right"),
    [
        (
            "증여세 신고는 언제까지죠?",
            "증여일이 속하는 달의 말일부터 6개월 이내입니다.",
            "증여일이 속하는 달의 말일부터 3개월 이내입니다.",
        ),
        (
            "기한이 있나요?",
            "상속세 신고기한은 사망일부터 3개월입니다.",
            "상속세 신고기한은 6개월입니다.",
        ),
        (
            "종소세 신고는요?",
            "종합소득세는 5월 1일부터 6월 30일까지 신고합니다.",
            "종합소득세는 5월 1일부터 5월 31일까지 신고합니다.",
        ),
        (
            "부가세 신고일은요?",
            "제2기 확정신고는 다음 해 1월 31일까지입니다.",
            "제2기 확정신고는 다음 해 1월 25일까지입니다.",
        ),
        (
            "2026년 5월 4일에 증여받으면 신고기한이 언제인가요?",
            "2026년 8월 4일까지 신고합니다.",
            "2026년 8월 31일까지 신고합니다.",
        ),
    ],
)
def test_a_wrong_deadline_is_rejected_and_the_right_one_kept(
    question: str, wrong: str, right: str
) -> None:
    assert reason(question, wrong) == "deadline-wrong"
    assert reason(question, right) == ""


@pytest.mark.parametrize(
    "answer",
    [
        "증여세는 3개월, 상속세는 6개월 안에 신고합니다.",
        "성실신고확인대상자는 종합소득세를 5월 1일부터 6월 30일까지 신고합니다.",
        "부담부증여의 양도세 예정신고는 말일부터 3개월 이내입니다.",
        "법인세 중간예납은 중간예납기간이 지난 날부터 2개월 이내입니다.",
        "간이과세자의 과세기간은 1월 1일부터 12월 31일까지입니다.",
        "납세자가 국외에 있으면 상속세는 말일부터 9개월 이내에 신고합니다.",
    ],
)
def test_other_deadlines_are_not_judged(answer: str) -> None:
    assert reason("세금 기한을 알려 주세요.", answer) == ""


@given(
    st.sampled_from([("종합소득세", INCOME[-1]), ("증여세", INHERITANCE_AND_GIFT[-1])]), st.data()
)
def test_every_row_of_a_table_passes_and_no_other_rate_does(
    named: tuple[str, RateTable], data: st.DataObject
) -> None:
    name, table = named
    row = data.draw(st.sampled_from([r for r in table.brackets if r.over and r.up_to]))
    other = data.draw(st.sampled_from([r for r in table.brackets if r.rate != row.rate]))
    over, up_to = format_amount(row.over), format_amount(row.up_to or 0)
    answer = f"과세표준 {over} 초과 {up_to} 이하 구간에는 {{}}의 세율을 적용합니다."
    question = f"{name} 세율을 알려 주세요."
    assert reason(question, answer.format(percent(row.rate))) == ""
    assert reason(question, answer.format(percent(other.rate))) == "bracket-wrong"
    pair = "세율은 {}이고 누진공제는 {}입니다."
    right = pair.format(percent(row.rate), format_amount(row.deduction))
    assert reason(question, right) == ""
    wrong = pair.format(percent(row.rate), format_amount(other.deduction))
    assert reason(question, wrong) == "bracket-wrong"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("신고세액공제(상속세 및 증여세법 제59조)를 받습니다.", "wrong-article"),
        ("상속세 및 증여세법 제26조에 따른 일괄공제입니다.", "wrong-article"),
        ("근로소득공제는 소득세법 제50조에서 정합니다.", "wrong-article"),
        ("장기보유 특별공제는 법인세법 제55조에 있습니다.", "wrong-article"),
        ("신고세액공제(상속세 및 증여세법 제69조)를 받습니다.", ""),
        ("근로소득공제와 소득세법 제50조의 기본공제를 합니다.", ""),
        ("일괄공제는 상속세 및 증여세법 제18조와 제20조의 공제 대신 받습니다.", ""),
        ("무신고가산세는 지방세기본법 제53조에서 정합니다.", ""),
        ("근로소득공제는 소득세법 시행령 제1조에서 정하지 않습니다.", ""),
    ],
)
def test_an_article_beside_a_name_is_the_one_that_has_it(answer: str, expected: str) -> None:
    assert reason("어느 조문에 있나요?", answer) == expected


def test_a_list_of_deductions_is_judged_row_by_row() -> None:
    rows = "| 관계 | 공제 |\n| 배우자 | {} |\n| 기타 친족 | 1,000만원 |"
    question = "증여재산공제를 표로 알려 주세요."
    assert reason(question, rows.format("6억원")) == ""
    assert reason(question, rows.format("5억원")) == "fact-wrong"


def test_two_deadlines_of_a_sentence_are_judged_each() -> None:
    answer = "증여세는 말일부터 {}개월, 상속세는 말일부터 {}개월 이내에 신고합니다."
    assert reason("신고기한을 알려 주세요.", answer.format(3, 6)) == ""
    assert reason("신고기한을 알려 주세요.", answer.format(6, 6)) == "deadline-wrong"
    assert reason("신고기한을 알려 주세요.", answer.format(3, 3)) == "deadline-wrong"


def test_a_row_with_one_wrong_limit_is_rejected() -> None:
    answer = "1,400만원 초과 {} 이하에는 15%를 적용합니다."
    assert reason("종합소득세율은요?", answer.format("5,000만원")) == ""
    assert reason("종합소득세율은요?", answer.format("6,000만원")) == "bracket-wrong"
