"""Limits, periods, articles and rates of more taxes, compared where an answer names or uses them.

Each wrong answer stands beside the right one, which passes.
"""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.checks.limits import LIMITS, stated_limits
from datagen.checks.periods import PERIODS, stated_periods
from datagen.checks.run import check_records
from taxlaw.amounts import format_amount
from taxlaw.articles import ArticleIndex
from taxlaw.citations import find_citations
from taxlaw.holding import THREE_HOUSES, UP_TO_TWO_HOUSES
from taxlaw.rates import INCOME, INHERITANCE_AND_GIFT, RateTable
from taxlaw.steps import percent
from taxqa.records import Rejection

INDEX = ArticleIndex.default()
TABLES = (("종합소득세", INCOME[-1]), ("상속세", INHERITANCE_AND_GIFT[-1]))


def verdict(question: str, answer: str, **fields: Any) -> Rejection | None:
    item = {"question": question, "answer": answer, "type": "student", "source": "practical"}
    (result,) = check_records([item | fields], INDEX)
    return result if isinstance(result, Rejection) else None


def reason(question: str, answer: str) -> str:
    rejection = verdict(question, answer)
    return rejection.reason if rejection else ""


@pytest.mark.parametrize(
    ("question", "right", "wrong", "expected"),
    [
        (
            "집 한 채인데 종부세가 나오나요?",
            "1세대 1주택자는 종합부동산세를 계산할 때 공시가격에서 12억원을 공제합니다.",
            "1세대 1주택자는 종합부동산세를 계산할 때 공시가격에서 11억원을 공제합니다.",
            "fact-wrong",
        ),
        (
            "작은 식당도 간이과세가 되나요?",
            "지난해 공급대가가 1억 400만원 미만이면 간이과세를 적용받습니다.",
            "지난해 공급대가가 1억 4,000만원 미만이면 간이과세를 적용받습니다.",
            "fact-wrong",
        ),
        (
            "연금에 넣으면 얼마까지 공제되나요?",
            "연금저축은 연 600만원까지 공제됩니다. 1,800만원까지 넣을 수는 있습니다.",
            "연금저축은 연 700만원까지 공제됩니다. 1,800만원까지 넣을 수는 있습니다.",
            "fact-wrong",
        ),
        (
            "일흔이 넘은 부모님을 모십니다.",
            "경로우대 추가공제는 1명당 연 100만원입니다.",
            "경로우대 추가공제는 1명당 연 200만원입니다.",
            "fact-wrong",
        ),
        (
            "일흔이 넘은 부모님 두 분을 모십니다.",
            "두 분 모두라면 경로우대 공제 200만원을 받습니다. 경로우대 공제는 1명당 100만원입니다.",
            "두 분 모두라면 경로우대 공제 200만원을 받습니다. 경로우대 공제는 1명당 150만원입니다.",
            "fact-wrong",
        ),
        (
            "상속세를 한 번에 내기 어렵습니다.",
            "1천만원을 넘으면 일부를 납부기한이 지난 뒤 2개월 안에 낼 수 있습니다.",
            "신고기한은 상속개시일이 속하는 달의 말일부터 4개월입니다.",
            "deadline-wrong",
        ),
        (
            "법인 차는요?",
            "업무용승용차의 감가상각비는 연 800만원까지 손금이 됩니다.",
            "업무용승용차의 감가상각비는 연 80만원까지 손금이 됩니다.",
            "fact-wrong",
        ),
        (
            "종부세를 나눠 낼 수 있나요?",
            "종합부동산세는 세액이 250만원을 초과하면 분납할 수 있습니다.",
            "종합부동산세는 세액이 25만원을 초과하면 분납할 수 있습니다.",
            "fact-wrong",
        ),
        (
            "많이 낸 세금을 돌려받고 싶어요.",
            "경정청구는 법정신고기한이 지난 후 5년 안에 합니다.",
            "경정청구는 법정신고기한이 지난 후 3년 안에 합니다.",
            "deadline-wrong",
        ),
        (
            "처분에 불복하려면요?",
            "심판청구는 처분이 있음을 안 날부터 90일 안에 합니다.",
            "심판청구는 처분이 있음을 안 날부터 60일 안에 합니다.",
            "deadline-wrong",
        ),
        (
            "가게를 열었어요.",
            "사업자등록은 사업 개시일부터 20일 이내에 신청합니다.",
            "사업자등록은 사업 개시일부터 30일 이내에 신청합니다.",
            "deadline-wrong",
        ),
        (
            "성실신고 사업자의 종합소득세 기한은요?",
            "성실신고확인서를 내는 사업자는 6월 30일까지 신고합니다.",
            "성실신고확인서를 내는 사업자는 5월 31일까지 신고합니다.",
            "deadline-wrong",
        ),
        (
            "2026년 4월 20일에 증여받았는데 언제까지 신고하나요?",
            "2026년 7월 31일까지 신고합니다. 늦으면 가산세가 붙습니다.",
            "2026년 7월 20일까지 신고합니다. 늦으면 가산세가 붙습니다.",
            "deadline-wrong",
        ),
        (
            "부모님 회사를 물려받습니다.",
            "10년 넘게 경영한 회사라면 가업상속공제는 최대 300억원입니다.",
            "10년 넘게 경영한 회사라면 가업상속공제는 최대 500억원입니다.",
            "fact-wrong",
        ),
        (
            "의제매입은요?",
            "의제매입세액은 부가가치세법 제42조에서 정합니다. 면세를 포기하면 안 됩니다.",
            "의제매입세액은 부가가치세법 제45조에서 정합니다. 면세를 포기하면 안 됩니다.",
            "wrong-article",
        ),
        (
            "실질과세 원칙은 국세기본법 몇 조에 있나요?",
            "겉모습이 아니라 실질에 따라 과세한다는 규정은 국세기본법 제14조입니다.",
            "겉모습이 아니라 실질에 따라 과세한다는 규정은 국세기본법 제15조입니다.",
            "wrong-article",
        ),
        (
            "상속세 최고세율이 궁금해요.",
            "과세표준이 30억원을 넘는 부분의 세율은 50%입니다.",
            "과세표준이 30억원을 넘는 부분의 세율은 40%입니다.",
            "bracket-wrong",
        ),
        (
            "세 채를 가진 사람의 종부세 과세표준이 20억원이면요?",
            "2,560만원이 종합부동산세액입니다.",
            "2,000만원이 종합부동산세액입니다.",
            "holding-tax-wrong",
        ),
        (
            "과세표준이 7,000만원이면 종합소득세 산출세액은 얼마인가요?",
            "계산하면 1,104만원이 산출세액입니다.",
            "계산하면 924만원이 산출세액입니다.",
            "income-tax-wrong",
        ),
    ],
)
def test_a_wrong_statement_is_rejected_and_its_right_twin_is_not(
    question: str, right: str, wrong: str, expected: str
) -> None:
    assert (reason(question, right), reason(question, wrong)) == ("", expected)


@pytest.mark.parametrize(
    "answer",
    [
        "종전에는 1세대 1주택자의 종합부동산세 공시가격 공제가 11억원이었습니다.",
        "대학생 자녀 등록금으로 연 1,000만원을 썼다면 교육비 공제는 한도까지입니다.",
        "감가상각비 1,200만원 중 승용차의 한도를 넘는 부분은 이월됩니다.",
        "양도소득의 부당행위계산 부인(소득세법 제101조)도 있습니다.",
        "업무용승용차(소득세법 제33조의2)의 비용도 한도가 있습니다.",
        "총급여 5,000만원 이하이면 9%의 세율로 분리과세됩니다.",
        "발급은 등록을 한 후 2일 이내에 됩니다. 사업자등록증은 무료입니다.",
    ],
)
def test_a_statement_about_something_else_passes(answer: str) -> None:
    assert reason("종합소득세와 관련하여 알려 주세요.", answer) == ""


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("| 소득세 | 90만원 |\n| 지방소득세 | 9만원 |\n| 합계 | 99만원 |", ""),
        ("| 소득세 | 90만원 |\n| 지방소득세 | 9만원 |\n| 합계 | 98만원 |", "arithmetic"),
        ("- 재료비: 300만원\n- 임차료: 200만원\n- 합계: 600만원", "arithmetic"),
        ("- 재료비: 300만원\n- 임차료: 200만원\n- 합계: 약 600만원", ""),
        ("- 산출세액: 500만원\n- 신고세액공제: 15만원\n- 합계: 485만원", ""),
        ("- 본인 150만원, 배우자 150만원\n- 자녀: 300만원\n- 합계: 600만원", ""),
        ("- 과세표준: 1억원\n- 국세: 10만원\n- 지방세: 1만원\n- 합계: 11만원", ""),
    ],
)
def test_a_total_is_what_rows_above_it_come_to(rows: str, expected: str) -> None:
    assert reason("합계를 보여 주세요.", rows) == expected


@pytest.mark.parametrize("limit", LIMITS, ids=lambda each: each.citation)
def test_the_article_of_each_limit_exists(limit: Any) -> None:
    mentions = find_citations(limit.citation)
    assert mentions and all(INDEX.resolve(each.citation).ok for each in mentions)


@pytest.mark.parametrize("period", PERIODS, ids=lambda each: each.shown)
def test_the_article_of_each_period_exists(period: Any) -> None:
    mentions = find_citations(period.shown)
    assert mentions and all(INDEX.resolve(each.citation).ok for each in mentions)


@given(st.text(alphabet="0123456789억만천백원%.,년월일까지연공제한도증여소득 ", max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for sentence in (text, f"종부세 1세대 1주택자 공제 {text}", f"심판청구는 안 날부터 {text}"):
        assert all(isinstance(each.value, int | Fraction) for each in stated_limits(sentence))
        assert all(each.number >= 0 for each in stated_periods(sentence))


@given(st.sampled_from(TABLES), st.integers(1, 60).map(lambda n: n * 50_000_000))
def test_a_base_is_accepted_in_its_own_row_and_in_no_other(
    named: tuple[str, RateTable], base: int
) -> None:
    tax, table = named
    own = table.bracket(base)
    for row in table.brackets:
        if row.deduction:
            answer = (
                f"{format_amount(base)} × {percent(row.rate)} − {format_amount(row.deduction)}"
                "을 계산하면 됩니다."
            )
            found = reason(f"{tax} 계산식을 알려 주세요.", answer)
            assert found == ("" if row == own else "bracket-wrong")


@given(st.integers(1, 400).map(lambda n: n * 10_000_000))
def test_holding_tax_is_computed_by_the_number_of_houses(base: int) -> None:
    few, many = UP_TO_TWO_HOUSES.quick(base), THREE_HOUSES.quick(base)
    question = f"주택 세 채의 종부세 과세표준이 {format_amount(base)}이면 세액은 얼마인가요?"
    answer = f"종합부동산세액은 {format_amount(many)}입니다."
    assert reason(question, answer) == ""
    if abs(few - many) >= 10:
        wrong = f"종합부동산세액은 {format_amount(few)}입니다."
        assert reason(question, wrong) == "holding-tax-wrong"
