"""A teacher's items become records only where the passage bears them out, word for word."""

import json
import unicodedata
from typing import Any

import pytest

from datagen.article_passages import article_passages
from datagen.asking.prompts import Ask
from datagen.asking.replies import Unusable, candidates, problem_of, quote_problem, squeezed
from datagen.passage import Passage
from datagen.teachers.request import Reply
from taxlaw.articles import ArticleIndex
from taxqa.records import Document, Record

INDEX = ArticleIndex.default()
TEXT = """\
① 수증자가 다음 각 호의 어느 하나에 해당하면 그 구분에 따른 금액을 뺀다.

  1. 배우자: 6억원
  2. 직계존속: 5천만원. 다만, 미성년자는 2천만원으로 한다.

② 제1항을 적용받으려면 「소득세법」 제70조에 따른 기한까지, 늦어도 3개월 이내에 신고하여야 한다."""
DOCUMENT = Document(
    id="국세기본법 제47조의2", kind="statute", title="공제", text=TEXT,
    law="국세기본법", article="제47조의2", in_force="2026-01-01",
)  # fmt: skip
(PASSAGE,) = article_passages(DOCUMENT, 1500)
ITEM = {
    "question": "배우자에게 증여받으면 증여세 계산에서 얼마를 빼나요?",
    "quote": "배우자: 6억원",
    "answer": "배우자에게 받으면 6억원을 뺍니다. 근거는 국세기본법 제47조의2제1항제1호입니다.",
    "citations": ["국세기본법 제47조의2제1항제1호"],
}


def reply(*items: dict[str, Any]) -> Reply:
    text = json.dumps({"items": list(items)}, ensure_ascii=False)
    return Reply(text, "end", "fake-1", 100, 100)


def results(*items: dict[str, Any], passage: Passage = PASSAGE) -> list[Record | Unusable]:
    ask = Ask(passage, "employee", "statute", 3)
    return list(candidates(ask, reply(*items), "openai:fake-1", INDEX))


def reason(**changed: Any) -> str:
    (result,) = results(ITEM | changed)
    return result.finding.reason if isinstance(result, Unusable) else ""


def test_a_right_item_becomes_a_record_that_says_where_it_came_from() -> None:
    (record,) = results(ITEM)
    assert isinstance(record, Record)
    assert record.id == "국세기본법 제47조의2#1.1"
    assert (record.type, record.source, record.teacher) == ("employee", "statute", "openai:fake-1")
    assert record.citations == ("국세기본법 제47조의2제1항제1호",)
    assert record.quote == "배우자: 6억원"


def test_an_answer_that_names_no_basis_is_given_the_place_of_its_quotation() -> None:
    (record,) = results(ITEM | {"answer": "6억원을 뺍니다.", "citations": []})
    assert isinstance(record, Record)
    assert record.answer == "6억원을 뺍니다. (국세기본법 제47조의2제1항제1호)"


@pytest.mark.parametrize(
    "quote",
    [
        "배우자:6억원",
        " 1. 배우자: \n 6억원 ",
        unicodedata.normalize("NFD", "배우자: 6억원"),
        '"미성년자는 2천만원으로 한다."',
        "｢소득세법｣ 제70조에 따른 기한까지",
    ],
)
def test_blanks_and_forms_of_marks_do_not_alter_a_quotation(quote: str) -> None:
    whole = unicodedata.normalize("NFC", quote)
    assert quote_problem(PASSAGE, whole) is None or len(squeezed(whole)) < 6


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"quote": "미성년자는 3천만원으로 한다."}, "quote-altered"),
        ({"quote": "미성년자는 2천만원으로 합니다."}, "quote-altered"),
        ({"quote": "다만, 성년자는 2천만원으로 한다."}, "quote-altered"),
        ({"quote": "6억원"}, "quote-missing"),
        ({"quote": ""}, "quote-missing"),
        ({"answer": "배우자에게 받으면 5억원을 뺍니다."}, "figure-not-in-source"),
        ({"answer": "6억원을 뺍니다. 따라서 세금은 1억원입니다."}, "figure-not-in-source"),
        ({"answer": "6개월 이내에 신고하면 됩니다."}, "figure-not-in-source"),
        ({"answer": "6억원입니다(국세기본법 제47조의9)."}, "no-such-article"),
        ({"answer": "6억원입니다(국세기본법 제47조의2제9항)."}, "no-such-article"),
        ({"answer": "6억원입니다(국세기본법 제45조)."}, "citation-not-in-passage"),
        ({"answer": "6억원입니다(소득세법 제71조)."}, "citation-not-in-passage"),
        ({"answer": "6억원입니다(구 소득세법 제70조)."}, "citation-not-in-passage"),
        ({"citations": ["세법 어딘가"]}, "citation-form"),
        ({"citations": ["국세기본법 제1조"]}, "citation-not-in-passage"),
        ({"answer": "대법원 2020두12345 판결에 따르면 6억원입니다."}, "case-not-in-source"),
        ({"answer": "법은 “배우자에게는 육억원을 뺀다”고 합니다."}, "quote-altered"),
    ],
)
def test_what_the_passage_does_not_say_is_rejected_with_its_reason(
    changed: dict[str, Any], expected: str
) -> None:
    assert reason(**changed) == expected


def test_what_the_passage_names_itself_may_be_cited() -> None:
    answer = "소득세법 제70조의 기한까지 신고합니다(국세기본법 제47조의2제2항)."
    quote = "제70조에 따른 기한까지, 늦어도 3개월 이내에 신고하여야 한다."
    assert reason(answer=answer, quote=quote, citations=["소득세법 제70조"]) == ""


def test_a_situation_of_the_question_may_be_computed_with() -> None:
    question = "남편에게 8억원을 증여받으면 얼마에 세금이 붙나요?"
    right = "8억원 − 6억원 = 2억원에 붙습니다."
    assert reason(question=question, answer=right) == ""
    wrong = "8억원 − 6억원 = 3억원에 붙습니다."
    assert reason(question=question, answer=wrong) == "figure-not-in-source"


def test_more_items_than_were_asked_for_are_not_taken() -> None:
    found = results(*[ITEM | {"question": f"{ITEM['question']} {n}"} for n in range(4)])
    assert [isinstance(each, Record) for each in found] == [True, True, True, False]


def test_a_decision_is_cited_by_its_number() -> None:
    document = Document(
        id="대법원 2025두1", kind="judgment", title="취소", text="", in_force="2025-06-12"
    )
    name = "대법원 2025. 6. 12. 선고 2025두1 판결"
    passage = Passage(
        document, 1, name, "예고 없이 한 처분은 위법하다고 보아야 한다.", "", "판결요지"
    )
    item = {
        "question": "과세예고 없이 한 처분은 어떻게 되나요?",
        "quote": "예고 없이 한 처분은 위법하다",
        "answer": "위법하다고 보았습니다.",
        "citations": [name],
    }
    (record,) = results(item, passage=passage)
    assert isinstance(record, Record)
    assert record.answer == f"위법하다고 보았습니다. ({name})"
    assert record.citations == (name,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"items": []}', None),
        (reply(ITEM).text, None),
        ("질문은 다음과 같습니다.", "not-json"),
        ('{"items": [{"question": "가"}]}', "wrong-shape"),
        ('{"items": [], "note": "끝"}', "wrong-shape"),
        ("[]", "wrong-shape"),
    ],
)
def test_a_reply_that_cannot_be_read_is_named(text: str, expected: str | None) -> None:
    ask = Ask(PASSAGE, "employee", "statute", 3)
    found = problem_of(ask.request, Reply(text, "end", "fake-1", 1, 1))
    assert (found.partition(":")[0] if found else None) == expected
