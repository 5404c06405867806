"""The judge sees the passage; its verdict counts only with words that stand there."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from asking import LUNA, ToyTeacher

from datagen.judge import Judged, judged
from datagen.teachers.request import Reply
from datagen.teachers.store import ReplyStore
from taxqa.records import Record

PASSAGE = "사과를 파는 사람은 사과 한 개마다 10원을 낸다."


def record(answer: str = "사과 한 개마다 20원을 냅니다.", id: str = "r1") -> Record:
    return Record(
        question="사과를 팔면 얼마를 내나요?", answer=answer, type="student", source="statute",
        id=id, document="사과세법 제1조", teacher="toy",
    )  # fmt: skip


def verdict(**fields: str) -> str:
    whole = {"verdict": "keep", "reason": "none", "found": "", "expected": "", **fields}
    return json.dumps(whole, ensure_ascii=False)


WRONG = verdict(
    verdict="drop", reason="contradicts-source", found="한 개마다 20원",
    expected="한 개마다 10원",
)  # fmt: skip


def saying(*texts: str) -> ToyTeacher:
    return ToyTeacher(
        lambda request, times: Reply(texts[min(times, len(texts) - 1)], "end", "toy", 9, 9)
    )


def judge(teacher: ToyTeacher, path: Path, *records: Record, **settings: Any) -> list[Judged]:
    with ReplyStore.opened(path / "r.db") as store:
        passages = {"사과세법 제1조": PASSAGE}
        return list(judged(records, passages, teacher, store, price=LUNA, **settings))


def test_the_judge_sees_question_answer_and_passage(tmp_path: Path) -> None:
    teacher = saying(verdict())
    judge(teacher, tmp_path, record())
    (asked,) = teacher.asked
    for part in (PASSAGE, record().question, record().answer):
        assert part in asked


def test_a_founded_verdict_drops_with_what_was_found_and_expected(tmp_path: Path) -> None:
    (found,) = judge(saying(WRONG), tmp_path, record())
    assert found.rejection is not None
    assert found.rejection.reason == "judge-contradicts-source"
    assert (found.rejection.found, found.rejection.expected) == ("한 개마다 20원", "한 개마다 10원")
    assert found.rejection.record["id"] == "r1"


def test_a_record_without_fault_is_kept(tmp_path: Path) -> None:
    (found,) = judge(saying(verdict()), tmp_path, record())
    assert (found.rejection, found.unjudged) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        verdict(verdict="drop", reason="contradicts-source", found="30원", expected="10원"),
        verdict(verdict="drop", reason="contradicts-source", found="20원", expected="15원"),
        verdict(verdict="drop", reason="contradicts-source", found="20원"),
        verdict(verdict="drop", reason="misleading", found="", expected="10원"),
        verdict(verdict="drop", reason="none", found="20원", expected="10원"),
        verdict(verdict="maybe"),
        '{"verdict": "drop"}',
        '{"verdict": "drop", "reason": 3, "found": null, "expected": []}',
        "[]",
    ],
)
def test_a_verdict_without_ground_is_asked_again_and_then_no_verdict(
    text: str, tmp_path: Path
) -> None:
    teacher = saying(text)
    (found,) = judge(teacher, tmp_path, record(), attempts=2)
    assert found.rejection is None
    assert found.unjudged is not None
    assert sum(teacher.asked.values()) == 2
    (again,) = judge(saying(text, text, WRONG), tmp_path / "other", record())
    assert again.rejection is not None


def test_what_is_not_in_the_passage_needs_no_quote_from_it(tmp_path: Path) -> None:
    text = verdict(verdict="drop", reason="not-in-source", found="20 원을")
    (found,) = judge(saying(text), tmp_path, record())
    assert found.rejection is not None
    assert found.rejection.reason == "judge-not-in-source"


def test_a_record_without_passage_and_one_beyond_the_budget_are_not_judged(tmp_path: Path) -> None:
    other = record(id="r2").model_copy(update={"document": "배세법 제1조"})
    found = judge(saying(verdict()), tmp_path, record(), other, budget=Decimal(0))
    assert {each.record.id: each.unjudged for each in found} == {"r1": "budget", "r2": "no-passage"}


def test_passages_may_come_from_a_function_and_every_record_comes_back_once(
    tmp_path: Path,
) -> None:
    records = [record(id=f"r{number}") for number in range(5)]
    teacher = saying(WRONG)
    with ReplyStore.opened(tmp_path / "r.db") as store:
        found = list(judged(records, lambda each: PASSAGE, teacher, store, price=LUNA))
        assert store.spending().replies == 1, "the same question is paid for once"
    assert sorted(each.record.id for each in found) == [each.id for each in records]
    assert {each.rejection.index for each in found if each.rejection} == set(range(5))
