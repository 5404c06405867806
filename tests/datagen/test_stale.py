"""After an update of the law only what changed is stale, and only that is asked again."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.generate import generate as generate_command
from cli.stale import stale
from datagen.corpus import read_corpus, write_corpus
from datagen.dataset import generate
from datagen.stale import SOURCES, stale_records, unchanged
from taxqa.errors import InputError
from taxqa.folders import read_manifest
from taxqa.records import Record, read_jsonl

HEAD = """---
제목: 소득세법
법령MST: 1
법령ID: '001565'
법령구분: 법률
공포일자: {day}
공포번호: '00001'
시행일자: {day}
상태: 시행
---

# 소득세법
"""
TITLES = ("목적", "정의", "납세의무", "신고와 납부", "가산금", "환급", "장부", "조사")
JUDGMENT = {
    "사건번호": "2025두1",
    "법원명": "대법원",
    "선고일자": "20250612",
    "사건명": "소득세부과처분취소",
    "판시사항": "장부를 갖추지 않은 사업자에게 추계로 과세할 수 있는지 여부(적극)",
    "판례내용": "상고를 기각한다.",
}


def laws(folder: Path, day: str = "2026-01-01", **other: str) -> Path:
    """A corpus of eight articles and a judgment; `other` gives texts by article number."""
    articles = (
        f"\n##### 제{number}조 ({title})\n\n"
        + other.get(f"a{number}", f"이 조는 {title}에 관하여 거주자가 지킬 것을 모두 정한다.")
        + "\n"
        for number, title in enumerate(TITLES, start=1)
        if other.get(f"a{number}") != "gone"
    )
    folder.mkdir()
    (folder / "법률.md").write_text(HEAD.format(day=day) + "".join(articles), encoding="utf-8")
    (folder / "판례.json").write_text(json.dumps(JUDGMENT), encoding="utf-8")
    write_corpus([folder / "법률.md", folder / "판례.json"], folder / "corpus")
    return folder / "corpus"


def records(folder: Path, name: str = "records") -> list[Record]:
    return list(read_jsonl(folder / f"{name}.jsonl", Record))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus of 2026 and the dataset made of it."""
    folder = tmp_path_factory.mktemp("old")
    corpus = laws(folder / "2026")
    assert len(read_corpus(corpus).documents) == 9
    generate(corpus, folder / "dataset")
    return folder


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(stale, list(map(str, words)))


def test_a_dataset_notes_the_digest_of_every_document(old: Path) -> None:
    lines = (old / "dataset" / SOURCES).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert {row["document"] for row in rows} == {
        document.id for document in read_corpus(old / "2026" / "corpus").documents
    }
    assert all(len(row["sha256"]) == 64 for row in rows)


def test_of_the_same_law_nothing_is_stale(old: Path) -> None:
    assert list(stale_records(old / "dataset", old / "2026" / "corpus")) == []
    result = invoke("--dataset", old / "dataset", "--corpus", old / "2026" / "corpus")
    assert result.exit_code == 0
    assert "Every record rests on the law as it is" in result.stdout


def test_changed_gone_and_newer_articles_are_listed(old: Path, tmp_path: Path) -> None:
    corpus = laws(
        tmp_path / "2027", "2026-07-01", a2="이 조의 말은 새로 고쳐 썼다고 정한다.", a3="gone"
    )
    found = {each.record.document: each for each in stale_records(old / "dataset", corpus)}
    assert found["소득세법 제2조"].reason == "changed"
    assert found["소득세법 제3조"].reason == "gone" and found["소득세법 제3조"].now == ""
    assert found["소득세법 제1조"].reason == "newer"
    assert (found["소득세법 제1조"].was, found["소득세법 제1조"].now) == (
        "2026-01-01",
        "2026-07-01",
    )
    assert "대법원 2025두1" not in found
    result = invoke("--dataset", old / "dataset", "--corpus", corpus, "--json")
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    assert data["by_reason"] == {"changed": 1, "gone": 1, "newer": 6}
    assert {row["document"] for row in data["records"]} == set(found)
    text = invoke("--dataset", old / "dataset", "--corpus", corpus)
    assert text.exit_code == 1
    assert "1 changed: its words have changed" in text.stdout


def test_records_of_unchanged_documents_are_taken_over_and_the_rest_is_asked_again(
    old: Path, tmp_path: Path
) -> None:
    new = "이 조의 말은 새로 고쳐 썼다고 분명히 정한다."
    corpus = laws(tmp_path / "2027", a2=new, a3="gone")
    documents = read_corpus(corpus).documents
    kept, ask = unchanged(old / "dataset", documents)
    assert ask == {"소득세법 제2조"}
    assert {record.document for record in kept} == {
        record.document for record in records(old / "dataset") if "소득세법" in record.document
    } - {"소득세법 제2조", "소득세법 제3조"} | {"대법원 2025두1"}
    generate(corpus, tmp_path / "dataset", update=old / "dataset")
    made = {record.document: record for record in records(tmp_path / "dataset")}
    assert "소득세법 제3조" not in made
    before = {record.document: record for record in records(old / "dataset")}
    for name in ("소득세법 제1조", "소득세법 제8조", "대법원 2025두1"):
        assert made[name] == before[name]
    counts = read_manifest(tmp_path / "dataset", stage="dataset", made_by="")["counts"]
    assert counts["taken_over"] == len(kept)
    assert list(stale_records(tmp_path / "dataset", corpus)) == []


def test_a_record_that_names_the_old_day_is_asked_again_and_others_are_not(
    old: Path, tmp_path: Path
) -> None:
    corpus = laws(tmp_path / "2027", "2026-07-01")
    kept, ask = unchanged(old / "dataset", read_corpus(corpus).documents)
    dated = {each.document for each in records(old / "dataset") if "2026. 1. 1." in each.answer}
    assert dated and ask == dated
    assert not any("2026. 1. 1." in record.answer for record in kept)
    generate(corpus, tmp_path / "dataset", update=old / "dataset")
    answers = "".join(record.answer for record in records(tmp_path / "dataset"))
    assert "2026. 7. 1." in answers and "2026. 1. 1." not in answers


def test_an_update_without_a_change_gives_the_same_dataset_also_in_its_own_place(
    old: Path, tmp_path: Path
) -> None:
    corpus, out = old / "2026" / "corpus", tmp_path / "dataset"
    shutil.copytree(old / "dataset", out)
    words = ("--corpus", corpus, "--update", out, "--out", out, "--force")
    result = CliRunner().invoke(generate_command, list(map(str, words)))
    assert result.exit_code == 0, result.output
    assert "taken over from the older dataset: " in result.stdout
    for name in ("dataset.json", "records.jsonl", "train.jsonl", "valid.jsonl", SOURCES):
        assert (out / name).read_bytes() == (old / "dataset" / name).read_bytes()


def test_an_answer_that_a_new_index_refutes_is_not_taken_over(old: Path, tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    shutil.copytree(old / "dataset", dataset)
    lines = (dataset / "records.jsonl").read_text(encoding="utf-8").splitlines()
    wrong = [line.replace("여부(적극)", "여부(적극, 소득세법 제999조)") for line in lines]
    wrong = [line.replace("긍정했습니다", "소득세법 제999조로 긍정했습니다") for line in wrong]
    (dataset / "records.jsonl").write_text("\n".join(wrong), encoding="utf-8")
    generate(old / "2026" / "corpus", tmp_path / "new", update=dataset)
    rejected = (tmp_path / "new" / "rejected.jsonl").read_text(encoding="utf-8")
    assert "no-such-article" in rejected


def test_a_dataset_without_sources_and_folders_of_another_stage_are_refused(
    old: Path, tmp_path: Path
) -> None:
    corpus = old / "2026" / "corpus"
    with pytest.raises(InputError, match="is a corpus folder"):
        list(stale_records(corpus, corpus))
    with pytest.raises(InputError, match="is a dataset folder"):
        list(stale_records(old / "dataset", old / "dataset"))
    shutil.copytree(old / "dataset", tmp_path / "dataset")
    (tmp_path / "dataset" / SOURCES).unlink()
    with pytest.raises(InputError, match="an older taxqa made it") as error:
        unchanged(tmp_path / "dataset", ())
    assert "taxqa generate" in error.value.hint
