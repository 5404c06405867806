"""A question is asked once, whatever its particles, and never when the evaluation asks it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.check import check
from datagen.checks.evaluation import EvaluationQuestions
from datagen.checks.run import check_records
from datagen.dataset import generate
from taxlaw.articles import ArticleIndex
from taxqa.errors import InputError
from taxqa.records import QARecord, Record, Rejection, read_jsonl

INDEX = ArticleIndex.default()
LONG = "상가를 임대하다가 양도한 경우에 부가가치세를 신고하여야 하는지 궁금합니다. 신고해야 하나요?"


def record(question: str, answer: str, document: str = "") -> QARecord:
    plain = QARecord(question=question, answer=answer, type="student", source="practical")
    if not document:
        return plain
    fields = plain.model_dump()
    return Record(**fields, id=f"{document}#{question}", document=document, teacher="test")


def reasons(*records: QARecord, evaluation: EvaluationQuestions | None = None) -> list[str]:
    results = check_records(records, INDEX, None, evaluation)
    return [each.reason if isinstance(each, Rejection) else "" for each in results]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("상가를 양도하면 신고가 필요한가요?", "상가는 양도하면 신고는 필요한가요?"),
        ("상가를 양도하면 신고가 필요한가요?", "혹시 상가 양도하면, 신고 필요한가요"),
        ("땅을 팔았습니다. 신고해야 하나요?", "땅을 팔았어요. 신고해야 하나요?"),
        ("땅을 팔았는데 신고해야 하나요?", "땅을 팔았습니다. 신고해야 하나요?"),
        ("신고기한이 3월 10일까지인가요?", "신고 기한은 3월 10일까지인가요?"),
    ],
)
def test_a_question_in_nearly_the_same_words_is_a_duplicate(first: str, second: str) -> None:
    assert reasons(record(first, "네, 합니다."), record(second, "네, 신고합니다.")) == [
        "",
        "near-duplicate",
    ]
    (_, found) = check_records(
        [record(first, "네, 합니다."), record(second, "네, 신고합니다.")], INDEX
    )
    assert isinstance(found, Rejection)
    assert found.expected.endswith(f"asked before: {first}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("신고기한이 3월 10일까지인가요?", "신고기한이 3월 11일까지인가요?"),
        ("제12조를 적용하나요?", "제13조를 적용하나요?"),
        ("집이 두 채면 신고하나요?", "집이 세 채면 신고하나요?"),
        ("성년 자녀도 신고하나요?", "미성년 자녀도 신고하나요?"),
        ("자녀에게 집을 주면 신고하나요?", "자녀에게서 집을 주면 신고하나요?"),
        ("상속세를 신고하나요?", "증여세를 신고하나요?"),
        ("면적이 1 20인가요?", "면적이 120인가요?"),
        ("신고해야 하나요?", "신고하지 않아야 하나요?"),
    ],
)
def test_a_question_that_differs_in_what_matters_is_another(first: str, second: str) -> None:
    assert reasons(record(first, "네, 맞습니다."), record(second, "네, 그렇습니다.")) == ["", ""]


def test_phrasings_of_one_case_share_document_and_answer_and_all_stay() -> None:
    first, second = "신고가 필요한가요?", "신고는 필요한가요?"
    answer = "네, 신고가 필요합니다."
    assert reasons(record(first, answer, "가"), record(second, answer, "가")) == ["", ""]
    assert reasons(record(first, answer, "가"), record(second, answer, "나")) == [
        "",
        "near-duplicate",
    ]
    assert reasons(record(first, answer, "가"), record(second, "네, 합니다.", "가")) == [
        "",
        "near-duplicate",
    ]
    assert reasons(record(first, answer), record(second, answer)) == ["", "near-duplicate"]
    assert reasons(record(first, answer, "가"), record(first, answer, "가")) == ["", "duplicate"]


def test_no_record_of_the_worked_dataset_is_a_near_duplicate_in_either_format(
    tmp_path: Path,
) -> None:
    generate(None, tmp_path / "dataset")
    made = list(read_jsonl(tmp_path / "dataset" / "records.jsonl", Record))
    held = list(read_jsonl(tmp_path / "dataset" / "heldout.jsonl", Record))
    assert set(reasons(*made, *held)) == {""}
    assert set(reasons(*(each.plain() for each in [*made, *held]))) == {""}


def test_what_the_evaluation_asks_is_not_taught() -> None:
    asked = EvaluationQuestions([LONG, "증여세 20억원은 얼마인가요?"])
    near = LONG.replace("상가를", "상가").replace("궁금합니다", "궁금해요")
    assert reasons(record(LONG, "네, 신고합니다."), evaluation=asked) == ["in_evaluation"]
    assert reasons(record(near, "네, 신고합니다."), evaluation=asked) == ["in_evaluation"]
    assert reasons(record("증여세 20억은 얼마인가요?", "모릅니다."), evaluation=asked) == [
        "in_evaluation"
    ]
    other = [
        LONG.replace("부가가치세", "양도소득세"),
        LONG.replace("신고하여야", "신고하지 않아야"),
        "증여세 30억원은 얼마인가요?",
        "연말정산은 언제 하나요?",
    ]
    results = reasons(*(record(each, "모릅니다.") for each in other), evaluation=asked)
    assert results == ["", "", "", ""]


def test_generate_leaves_out_what_the_evaluation_asks(tmp_path: Path) -> None:
    generate(None, tmp_path / "first", limit=40)
    taught = list(read_jsonl(tmp_path / "first" / "records.jsonl", Record))
    questions = [{"question": each.question} for each in taught[:10]]
    (tmp_path / "평가.json").write_text(json.dumps(questions), encoding="utf-8")
    generate(None, tmp_path / "second", evaluation=tmp_path / "평가.json")
    rejected = (tmp_path / "second" / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["reason"] for line in rejected} == {"in_evaluation"}
    parts = [
        record.question
        for name in ("records", "heldout")
        for record in read_jsonl(tmp_path / "second" / f"{name}.jsonl", Record)
    ]
    assert parts and not {each["question"] for each in questions} & set(parts)


def test_check_takes_an_evaluation_file_and_names_one_without_questions(tmp_path: Path) -> None:
    items = [record(LONG, "네, 신고합니다.").model_dump()]
    for name, content in (("d.json", items), ("e.json", items), ("bad.json", [{"q": "x"}])):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    words = [str(tmp_path / "d.json"), "--evaluation"]
    result = CliRunner().invoke(check, [*words, str(tmp_path / "e.json"), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["rejected"][0]["reason"] == "in_evaluation"
    bad = CliRunner().invoke(check, [*words, str(tmp_path / "bad.json")])
    assert isinstance(bad.exception, InputError)
    assert "holds an item without a question" in str(bad.exception)
