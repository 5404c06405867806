"""Leftovers of prompts and other languages, broken answers, and contradictions among records."""

import pytest

from datagen.checks.run import check_records
from taxlaw.articles import ArticleIndex
from taxqa.records import Rejection

INDEX = ArticleIndex.default()


def rejections(*pairs: tuple[str, str]) -> list[Rejection | None]:
    items = [
        {"question": question, "answer": answer, "type": "student", "source": "practical"}
        for question, answer in pairs
    ]
    return [r if isinstance(r, Rejection) else None for r in check_records(items, INDEX)]


def reason(answer: str) -> str:
    (rejection,) = rejections(("세금에 대해 알려 주세요.", answer))
    return rejection.reason if rejection else ""


@pytest.mark.parametrize(
    "answer",
    [
        "저는 AI 언어 모델로서 법률 자문을 드릴 수 없습니다.",
        "죄송하지만 그 질문에는 답할 수 없습니다.",
        "답변: 세금은 없습니다.",
        "### 답변: 세금은 없습니다.",
        "세금은 없습니다.\n### 질문: 다른 세금은요?",
        "```\n세금은 없습니다.\n```",
        '{"answer": "세금은 없습니다."}',
        "납부할 세액은 [금액]입니다.",
        "납부할 세액은 {{세액}}입니다.",
        "세금은 없습니다.<end_of_turn>",
        "<table><tr><td>세금은 없습니다.</td></tr></table>",
        "제공된 문서에 따르면 세금은 없습니다.",
    ],
)
def test_leftovers_of_prompts_and_markup_are_rejected(answer: str) -> None:
    assert reason(answer) in ("leftover", "language")


@pytest.mark.parametrize(
    "answer",
    [
        "증여세는 과세표준에서",
        "증여세는 수증자가 신고하고,",
        "필요한 서류는 다음과 같습니다.\n1. 신고서\n2.",
        "상속세 및 증여세법(제53조",
        "세금을 줄이려면 다음 방법을",
    ],
)
def test_an_answer_that_breaks_off_is_rejected(answer: str) -> None:
    assert reason(answer) == "broken-off"


@pytest.mark.parametrize(
    "answer",
    [
        "세금은 없습니다.",
        "납부할 세액: 1,000만원",
        "신고 대상임",
        "1. 신고서\n2. 계약서",
        "상속세 및 증여세법 제53조(증여재산 공제)",
        "[1] 과세 대상이다. [2] 비과세 대상이다.",
        "LoRA와 홈택스(Hometax)는 세법의 말이 아닙니다.",
        "甲과 乙은 특수관계인입니다.",
        "과세(課稅) 대상입니다.",
        "질문하신 거래는 과세 대상입니다.",
        "취득 시기는 가을",
    ],
)
def test_whole_answers_are_kept(answer: str) -> None:
    assert reason(answer) == ""


@pytest.mark.parametrize(
    "answer",
    [
        "세금을 缴纳하여야 합니다.",
        "이것은 基本原則입니다.",
        "Therefore, 세금을 내야 합니다.",
        "세금이 있습니다. You should pay the tax in time.",
        "세금을 refund하여 드립니다.",
    ],
)
def test_words_of_another_language_are_rejected(answer: str) -> None:
    assert reason(answer) == "language"


def test_two_phrasings_of_a_question_with_different_figures_contradict_each_other() -> None:
    first, second, third, fourth = rejections(
        ("부가가치세 환급 수수료는 얼마인가요?", "수수료는 2만원입니다."),
        ("부가세 환급 수수료는 얼마입니까?", "수수료는 5만원입니다."),
        ("부가세 환급 수수료는 얼마죠?", "2만원이 듭니다."),
        ("부가세 환급 수수료가 있나요?", "네, 5만원입니다."),
    )
    assert first is None and third is None and fourth is None
    assert second is not None and second.reason == "contradiction"
    assert "50,000원" in second.found and "20,000원" in second.expected
