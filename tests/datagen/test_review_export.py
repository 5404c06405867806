"""What the reviews leave of a dataset: nothing that a person or a check objects to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from review_pages import record, write_reviewed

from datagen.corpus import write_corpus
from datagen.dataset import generate
from datagen.review.desk import Desk, Refusal
from datagen.review.export import export
from datagen.review.items import Item, load
from datagen.review.store import Reviews
from datagen.split import split
from taxqa.errors import InputError
from taxqa.folders import read_manifest
from taxqa.records import Record, Rejection, read_jsonl


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    dataset = write_reviewed(tmp_path)
    with Reviews.opened(tmp_path / "review.sqlite3") as reviews:
        yield Desk(load(dataset), reviews)


def kept(folder: Path, name: str = "records") -> list[Record]:
    return list(read_jsonl(folder / f"{name}.jsonl", Record))


def rejected(folder: Path) -> dict[str, Rejection]:
    found = read_jsonl(folder / "rejected.jsonl", Rejection)
    return {str(each.record["id"]): each for each in found}


def the(desk: Desk, name: str) -> Item:
    return next(item for item in desk.order if item.id == name)


def fields(item: Item, **changes: Any) -> dict[str, Any]:
    assert item.record
    return {**item.record.plain().model_dump(), **changes}


def do_export(desk: Desk, out: Path, **options: bool) -> dict[str, int]:
    return export(desk.material, desk.reviews, out, **options)


def test_without_a_review_the_export_is_the_dataset(tmp_path: Path) -> None:
    generate(None, tmp_path / "dataset")
    with Reviews.opened(tmp_path / "review.sqlite3") as reviews:
        export(load(tmp_path / "dataset"), reviews, tmp_path / "out")
    for name in ("dataset.json", "records.jsonl", "train.jsonl", "valid.jsonl", "heldout.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (
            tmp_path / "dataset" / name
        ).read_bytes(), name
    days = [
        read_manifest(tmp_path / name, stage="dataset", made_by="")["law_date"]
        for name in ("dataset", "out")
    ]
    assert days[0] == days[1] is not None


def test_an_export_keeps_the_digests_of_its_documents_and_is_compared_for_leakage(
    tmp_path: Path,
) -> None:
    (tmp_path / "안내.md").write_text("# 안내\n\n연말정산을 안내하는 글입니다.\n", encoding="utf-8")
    write_corpus([tmp_path / "안내.md"], tmp_path / "corpus")
    generate(tmp_path / "corpus", tmp_path / "dataset", limit=60)
    with Reviews.opened(tmp_path / "review.sqlite3") as reviews:
        export(load(tmp_path / "dataset"), reviews, tmp_path / "out")
    digests = (tmp_path / "dataset" / "sources.jsonl").read_bytes()
    assert b"sha256" in digests
    assert (tmp_path / "out" / "sources.jsonl").read_bytes() == digests
    manifest = read_manifest(tmp_path / "out", stage="dataset", made_by="")
    assert manifest["leakage"]["train"] == manifest["counts"]["train"]
    assert manifest["leakage"]["leaks"] == 0


def test_each_decision_has_its_effect_and_the_counts_say_so(desk: Desk, tmp_path: Path) -> None:
    one, two, three, four = (the(desk, f"장부 안내 1#{number}") for number in range(1, 5))
    desk.accept("가", one)
    desk.edit("가", two, fields(two, answer="보관 수수료는 30만원이에요. 늦으면 10%를 더해요."))
    desk.reject("가", three, "outdated", "작년 안내")
    desk.accept("가", four)
    desk.reject("나", four, "unclear", "")
    counts = do_export(desk, tmp_path / "out")
    found = {each.id: each for each in kept(tmp_path / "out")}
    assert one.record and found[one.id].plain() == one.record.plain()
    assert found[two.id].answer.endswith("더해요.")
    assert found[two.id].teacher == "worked+reviewer"
    assert {three.id, four.id}.isdisjoint(found)
    why = rejected(tmp_path / "out")
    assert why[three.id].reason == "rejected_by_reviewer"
    assert why[three.id].found == "개정 전 내용: 작년 안내"
    assert why[four.id].reason == "reviewers_disagree"
    assert why[four.id].found == "반려, 승인"
    assert why["보관 안내 2#20"].reason == "no-such-article"
    wanted = {"accepted": 1, "edited": 1, "rejected_by_reviewer": 1, "reviewers_disagree": 1,
              "not_reviewed": 10, "failed_after_review": 0, "rejected": 3}  # fmt: skip
    assert {name: counts[name] for name in wanted} == wanted


def test_the_folder_is_split_as_every_dataset_is_and_has_its_manifest(
    desk: Desk, tmp_path: Path
) -> None:
    desk.accept("가", the(desk, "장부 안내 1#1"))
    do_export(desk, tmp_path / "out")
    manifest = read_manifest(tmp_path / "out", stage="dataset", made_by="")
    assert set(manifest["inputs"]) == {"dataset", "corpus"}
    assert manifest["review"]["reviewers"] == 1
    train, valid = kept(tmp_path / "out", "train"), kept(tmp_path / "out", "valid")
    assert split(kept(tmp_path / "out"), seed=1) == (train, valid)
    assert not {each.document for each in train} & {each.document for each in valid}
    assert load(tmp_path / "out").corpus_path == tmp_path / "corpus"


def test_reviewers_names_stay_out_of_the_export(desk: Desk, tmp_path: Path) -> None:
    for item in desk.order[:6]:
        desk.reject("김비밀", item, "language", "")
        desk.accept("이비밀", item)
    do_export(desk, tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        assert "비밀" not in path.read_text(encoding="utf-8"), path.name


def test_only_what_was_looked_at_may_be_exported(desk: Desk, tmp_path: Path) -> None:
    names = ["장부 안내 1#1", "보관 안내 2#6", "세무서#1"]
    for name in names:
        desk.accept("가", the(desk, name))
    counts = do_export(desk, tmp_path / "out", reviewed_only=True)
    assert sorted(each.id for each in kept(tmp_path / "out")) == sorted(names)
    assert (counts["records"], counts["not_reviewed"]) == (3, 11)


def test_too_little_left_is_said_and_nothing_is_written(desk: Desk, tmp_path: Path) -> None:
    desk.accept("가", the(desk, "세무서#1"))
    with pytest.raises(InputError, match="1 records are left"):
        do_export(desk, tmp_path / "out", reviewed_only=True)
    assert not (tmp_path / "out").exists()


def test_an_export_is_replaced_only_with_force(desk: Desk, tmp_path: Path) -> None:
    do_export(desk, tmp_path / "out")
    with pytest.raises(InputError, match="already there"):
        do_export(desk, tmp_path / "out")
    do_export(desk, tmp_path / "out", force=True)


def test_an_edit_that_a_check_objects_to_is_not_kept(desk: Desk) -> None:
    item = the(desk, "장부 안내 1#1")
    for answer in ("소득세법 제999조에 따라 30만원입니다.", "보관 수수료는 70만원입니다.", ""):
        with pytest.raises(Refusal, match="저장하지 않았습니다") as refused:
            desk.edit("가", item, fields(item, answer=answer))
        assert refused.value.checks
    with pytest.raises(Refusal, match="바뀐 것이 없습니다"):
        desk.edit("가", item, fields(item))
    assert desk.reviews.current() == {}


def test_a_record_that_a_check_dropped_is_accepted_only_after_an_edit(
    desk: Desk, tmp_path: Path
) -> None:
    item = the(desk, "보관 안내 2#20")
    with pytest.raises(Refusal, match="승인할 수 없습니다"):
        desk.accept("가", item)
    desk.edit("가", item, fields(item, answer="소득세법 제160조에 따라 30만원입니다."))
    do_export(desk, tmp_path / "out")
    found = {each.id: each for each in kept(tmp_path / "out")}
    assert found[item.id].citations == ("소득세법 제160조",)
    assert item.id not in rejected(tmp_path / "out")


def test_a_person_may_say_that_a_check_is_wrong_only_of_what_it_dropped(desk: Desk) -> None:
    desk.reject("가", the(desk, "보관 안내 2#20"), "check_wrong", "")
    with pytest.raises(Refusal, match="사유"):
        desk.reject("가", the(desk, "세무서#1"), "check_wrong", "")
    with pytest.raises(Refusal, match="메모"):
        desk.reject("가", the(desk, "세무서#1"), "other", "")


def test_an_edit_may_not_contradict_another_record(desk: Desk, tmp_path: Path) -> None:
    one, two = the(desk, "장부 안내 1#1"), the(desk, "장부 안내 1#2")
    assert one.record
    other = fields(two, question=one.record.question, answer="늦으면 10%를 더합니다.")
    with pytest.raises(Refusal) as refused:
        desk.edit("가", two, other)
    assert [each.name for each in refused.value.checks] == ["duplicates"]
    desk.reject("가", one, "wrong_figure", "")
    desk.edit("가", two, other)
    assert desk.undo("가")
    assert desk.undo("가")


def test_an_edit_that_a_check_objects_to_by_now_is_left_out_and_counted(
    desk: Desk, tmp_path: Path
) -> None:
    one, two = the(desk, "장부 안내 1#1"), the(desk, "장부 안내 1#2")
    assert one.record
    desk.reject("가", one, "wrong_figure", "")
    desk.edit("가", two, fields(two, question=one.record.question, answer="늦으면 10%를 더합니다."))
    # The reviewer changes the mind about the first: now the two contradict each other.
    desk.reviews.decide("가", one.id, one.digest, "accept")
    counts = do_export(desk, tmp_path / "out")
    assert counts["failed_after_review"] == 1
    assert rejected(tmp_path / "out")[two.id].reason == "two-answers"
    assert one.id in {
        each.id for name in ("records", "heldout") for each in kept(tmp_path / "out", name)
    }


def test_the_computed_amount_has_to_stay_in_the_answer(tmp_path: Path) -> None:
    kept_records = [record(1, amount=300_000), record(2), record(3)]
    dataset = write_reviewed(tmp_path, kept_records)
    with Reviews.opened(tmp_path / "r.sqlite3") as reviews:
        desk = Desk(load(dataset), reviews)
        item = the(desk, "장부 안내 1#1")
        with pytest.raises(Refusal) as refused:
            desk.edit("가", item, fields(item, answer="늦으면 10%를 더합니다."))
        assert [each.name for each in refused.value.checks] == ["amount"]
        desk.edit(
            "가", item, fields(item, question="늦으면 얼마를 더하나요?", answer="10%를 더합니다.")
        )
        do_export(desk, tmp_path / "out")
    found = {
        each.id: each for name in ("records", "heldout") for each in kept(tmp_path / "out", name)
    }
    assert found[item.id].amount is None
    assert (
        json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["counts"]["edited"] == 1
    )


def test_an_exported_dataset_can_be_reviewed_again(desk: Desk, tmp_path: Path) -> None:
    desk.accept("가", the(desk, "장부 안내 1#1"))
    desk.reject("가", the(desk, "장부 안내 1#2"), "language", "")
    do_export(desk, tmp_path / "out")
    again = Desk(load(tmp_path / "out"), desk.reviews)
    assert again.progress("가").accept == 1
    dropped = the(again, "장부 안내 1#2")
    assert dropped.part == "dropped" and dropped.rejection
    assert dropped.rejection.reason == "rejected_by_reviewer"
    # A second thought: what only a person rejected may be accepted.
    again.accept("가", dropped)
