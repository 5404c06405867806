"""Decisions outlive everything: a kill, another process, a dataset that is made anew."""

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from review_pages import ROOT, record, write_reviewed

from datagen.review.items import load
from datagen.review.store import Reviews, reviews_path
from taxqa.errors import InputError, NoSpaceError
from taxqa.records import write_json, write_jsonl

TEXT = {"question": "질문?", "answer": "답.", "type": "student", "source": "practical"}


def test_the_last_decision_of_each_reviewer_counts(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with Reviews.opened(tmp_path / "r.sqlite3") as reviews:
        reviews.decide("가", "id", "d1", "accept")
        reviews.decide("나", "id", "d1", "reject", reason="outdated", note="2025년 개정")
        reviews.decide("가", "id", "d1", "edit", edited=TEXT)
        after = datetime.now(UTC)
        given = reviews.current()["d1"]
        assert (given["가"].verdict, given["가"].edited) == ("edit", TEXT)
        assert (given["나"].reason, given["나"].note) == ("outdated", "2025년 개정")
        # Within one millisecond the store writes the next ones for the sake of their order.
        first, second, third = (decision.at for decision in reviews.all())
        step = timedelta(milliseconds=1)
        assert before - step < first <= second - step <= third - 2 * step <= after


def test_undoing_goes_back_one_decision_at_a_time(tmp_path: Path) -> None:
    with Reviews.opened(tmp_path / "r.sqlite3") as reviews:
        reviews.decide("가", "id", "d1", "accept")
        reviews.decide("나", "id", "d1", "accept")
        reviews.decide("가", "id", "d2", "edit", edited=TEXT)
        reviews.decide("가", "id", "d1", "reject", reason="other")
        known = {"d1", "d2"}
        assert (undone := reviews.undo("가", known)) and undone.verdict == "reject"
        assert reviews.current()["d1"]["가"].verdict == "accept"
        assert (undone := reviews.undo("가", known)) and undone.digest == "d2"
        assert reviews.draft("가", "d2") == TEXT
        assert reviews.undo("가", {"d9"}) is None
        assert reviews.undo("가", known)
        assert reviews.undo("가", known) is None
        assert list(reviews.current()["d1"]) == ["나"]


def test_a_draft_is_the_reviewers_own_and_gone_after_the_decision(tmp_path: Path) -> None:
    with Reviews.opened(tmp_path / "r.sqlite3") as reviews:
        reviews.save_draft("가", "d1", {"answer": "초"})
        reviews.save_draft("가", "d1", {"answer": "초안"})
        assert reviews.draft("가", "d1") == {"answer": "초안"}
        assert reviews.draft("나", "d1") is None
        reviews.decide("가", "id", "d1", "edit", edited=TEXT)
        assert reviews.draft("가", "d1") is None
        reviews.save_draft("가", "d2", {"answer": "초안"})
        reviews.drop_draft("가", "d2")
        assert reviews.draft("가", "d2") is None


def test_a_process_that_is_killed_after_a_decision_has_kept_it(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite3"
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from datagen.review.store import Reviews\n"
        f"with Reviews.opened(Path({str(path)!r})) as reviews:\n"
        "    reviews.decide('가', 'id', 'd1', 'accept')\n"
        "    reviews.save_draft('가', 'd2', {'answer': '초안'})\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    with Reviews.opened(path) as reviews:
        assert reviews.current()["d1"]["가"].verdict == "accept"
        assert reviews.draft("가", "d2") == {"answer": "초안"}


def test_two_processes_see_each_others_decisions(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite3"
    with Reviews.opened(path) as one, Reviews.opened(path) as other:
        one.decide("가", "id", "d1", "accept")
        assert other.current()["d1"]["가"].verdict == "accept"
        other.decide("나", "id", "d1", "reject", reason="other")
        assert set(one.current()["d1"]) == {"가", "나"}


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path) -> None:
    text, foreign, newer = (tmp_path / name for name in ("text", "foreign.db", "newer.db"))
    text.write_text("이것은 데이터베이스가 아니다. " * 100, encoding="utf-8")
    for path, statement in (
        (foreign, "CREATE TABLE decisions (a)"),
        (newer, "PRAGMA user_version=2"),
    ):
        db = sqlite3.connect(path)
        db.execute(statement)
        db.close()
    for path, why in ((text, "not a database"), (foreign, "other tables"), (newer, "version 2")):
        content = path.read_bytes()
        with pytest.raises(InputError, match=why) as refused, Reviews.opened(path):
            pass
        assert "--reviews" in refused.value.hint
        assert path.read_bytes() == content
    with pytest.raises(InputError, match="no folder"), Reviews.opened(tmp_path / "no" / "r.db"):
        pass


def test_a_full_disk_loses_no_decision_that_was_kept(tmp_path: Path) -> None:
    with Reviews.opened(tmp_path / "r.sqlite3") as reviews:
        reviews.decide("가", "id", "d1", "accept")
        (pages,) = reviews.db.execute("PRAGMA page_count").fetchone()
        reviews.db.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(NoSpaceError, match="every decision before"):
            reviews.decide("가", "id", "d2", "reject", reason="other", note="긴 메모 " * 5000)
        assert set(reviews.current()) == {"d1"}


def test_a_changed_record_is_reviewed_anew_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    dataset = write_reviewed(tmp_path / "one")
    items = {item.id: item.digest for item in load(dataset).items}
    kept = [record(1), record(2, answer="보관 수수료는 30만원입니다."), record(3)]
    again = write_reviewed(tmp_path / "two", kept)
    found = {item.id: item.digest for item in load(again).items}
    assert found[kept[0].id] == items[kept[0].id]
    assert found[kept[1].id] != items[kept[1].id]


def test_the_reviews_lie_beside_the_dataset_so_that_force_leaves_them(tmp_path: Path) -> None:
    assert reviews_path(tmp_path / "work" / "dataset").parent == tmp_path / "work"
    dataset = write_reviewed(tmp_path / "work")
    assert reviews_path(dataset / "records.jsonl") == tmp_path / "work" / "review.sqlite3"


def test_what_a_folder_has_is_there_to_review(tmp_path: Path) -> None:
    material = load(write_reviewed(tmp_path))
    parts = [item.part for item in material.items]
    assert (parts.count("dataset"), parts.count("heldout"), parts.count("dropped")) == (13, 1, 1)
    assert [each.id for each in material.corpus.documents] == ["장부 안내 1", "보관 안내 2"]
    [dropped] = [item for item in material.items if item.part == "dropped"]
    assert dropped.rejection and dropped.rejection.reason == "no-such-article"


def test_a_file_in_the_users_format_is_checked_and_given_ids(tmp_path: Path) -> None:
    good = {"question": "어디에 물어보나요?", "answer": "세무서에 물어봅니다.",
            "type": "student", "source": "practical"}  # fmt: skip
    bad = {**good, "question": "어느 조문에 있나요?", "answer": "소득세법 제999조입니다."}
    path = tmp_path / "내 자료.json"
    write_json(path, [good, bad, good, "글", {"question": 1}])
    material = load(path)
    reasons = [item.rejection and item.rejection.reason for item in material.items]
    assert reasons == [None, "no-such-article", "format", "format"]
    first = material.items[0].record
    assert first and first.id.startswith("question:") and first.teacher == "file"
    assert material.items[2].record is None


def test_records_with_one_answer_count_as_of_one_document(tmp_path: Path) -> None:
    asked = {"answer": "세무서에 물어봅니다.", "type": "student", "source": "practical"}
    write_json(
        tmp_path / "d.json", [{**asked, "question": q} for q in ("어디서요?", "누구에게요?")]
    )
    records = [item.record for item in load(tmp_path / "d.json").items]
    assert len({each.document for each in records if each}) == 1
    assert len({each.id for each in records if each}) == 2


def test_a_dataset_without_records_or_without_its_corpus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json(tmp_path / "empty.json", [])
    with pytest.raises(InputError, match="no records"):
        load(tmp_path / "empty.json")
    dataset = write_reviewed(tmp_path)
    (tmp_path / "corpus").rename(tmp_path / "moved")
    assert load(dataset).corpus.documents == ()
    assert "--corpus" in capsys.readouterr().err
    assert len(load(dataset, tmp_path / "moved").corpus.documents) == 2
    write_jsonl(dataset / "heldout.jsonl", [])
    (dataset / "rejected.jsonl").unlink()
    assert {item.part for item in load(dataset, tmp_path / "moved").items} == {"dataset"}
