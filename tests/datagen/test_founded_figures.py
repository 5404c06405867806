"""What an answer may say though its document lacks it: what the law gives, and what follows."""

import pytest

from datagen.checks.run import check_records
from datagen.checks.sources import source_texts
from taxlaw.articles import ArticleIndex
from taxqa.records import Document, Rejection

INDEX = ArticleIndex.default()
DOCUMENT = Document(
    id="note",
    kind="guide",
    title="안내",
    text="부담금은 매출의 15%다."
    " 매출이 1,000만원에 못 미치면 3%다. 낸 돈의 110분의 10을 돌려받는다."
    " 신고는 말일부터 2개월 안에 한다.",
)


def reason(answer: str, question: str = "안내문을 설명해 주세요.") -> str:
    item = {
        "question": question,
        "answer": answer,
        "type": "student",
        "source": "practical",
        "document": "note",
    }
    (result,) = check_records([item], INDEX, source_texts([DOCUMENT]))
    return result.reason if isinstance(result, Rejection) else ""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        # Supposed in an example.
        ("예를 들어 매출이 4,000만원이면 15%인 600만원을 냅니다.", ""),
        ("예를 들어 매출이 4,000만원이면 15%인 700만원을 냅니다.", "figure-not-in-source"),
        ("매출이 4,000만원이라면 15%인 600만원을 냅니다.", ""),
        ("매출이 4,000만원 이상이라면 더 냅니다.", "figure-not-in-source"),
        ("매출이 4,000만원이면 더 냅니다.", "figure-not-in-source"),
        ("공제율은 25%이고, 매출이 1,000만원이었다면 더 냅니다.", "figure-not-in-source"),
        # Follows from what is known beside it.
        ("1,000만원의 15%는 150만원이고, 남는 돈은 850만원입니다.", ""),
        ("1,000만원의 15%는 150만원이고, 남는 돈은 950만원입니다.", "figure-not-in-source"),
        ("1,000만원 × 10/110 = 90만 9,090원입니다.", ""),
        ("1,000만원이면 3%인 30만원에 지방소득세 3만원이 붙습니다.", ""),
        ("1,000만원이면 3%인 30만원에 지방소득세 5만원이 붙습니다.", "figure-not-in-source"),
        # Given by the law to the name in front of it.
        ("무신고가산세는 20%입니다.", ""),
        ("무신고 부담금은 20%입니다.", "figure-not-in-source"),
        ("경로우대 추가공제는 1명당 연 100만원입니다.", ""),
        ("심판청구는 통지를 받은 날부터 90일 안에 합니다.", ""),
        ("상담은 통지를 받은 날부터 90일 안에 합니다.", "figure-not-in-source"),
    ],
)
def test_a_figure_is_founded_or_is_not(answer: str, expected: str) -> None:
    assert reason(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("기한은 2026년 6월 30일입니다.", ""),
        ("4월 30일부터 세어 기한은 2026년 6월 30일입니다.", ""),
        ("기한은 2026년 6월 10일입니다.", "figure-not-in-source"),
    ],
)
def test_a_last_day_follows_from_a_day_and_a_period(answer: str, expected: str) -> None:
    assert reason(answer, "2026년 4월 10일에 팔았는데 신고는 언제까지인가요?") == expected


def test_the_steps_of_the_gift_that_is_asked_about_are_founded() -> None:
    question = "아버지에게서 현금 7억원을 증여받았습니다. 저는 35살인데 증여세를 계산해 주세요."
    right = "5,000만원을 빼면 과세표준은 6억 5,000만원이고 산출세액은 1억 3,500만원입니다."
    assert reason(right, question) == ""
    assert reason(f"{right} 수수료는 77만원입니다.", question) == "figure-not-in-source"


def test_the_rows_of_the_table_that_applies_are_founded() -> None:
    question = "상속세 과세표준이 8억원이면 산출세액은 얼마인가요?"
    assert reason("30%와 누진공제 6,000만원을 적용해 1억 8,000만원입니다.", question) == ""
