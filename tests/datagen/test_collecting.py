"""What lies in a folder becomes documents, each once; the rest is named with a reason."""

import errno
import json
import os
import shutil
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from datagen.collect import Collected, collect
from datagen.corpus import read_corpus, write_corpus
from datagen.versions import Versions
from taxlaw.citations import parse_citation
from taxqa.errors import InputError, NoSpaceError
from taxqa.folders import read_manifest
from taxqa.records import Document

STATUTE = """---
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

##### 제1조 (목적)

이 법은 {word}을 목적으로 한다.

##### 제2조

삭제 <2009.12.31>

## 부칙 <제1호,{day}>

##### 제1조 (시행일)

이 법은 공포한 날부터 시행한다.
"""
JUDGMENT = {
    "사건번호": "2025두1",
    "법원명": "대법원",
    "판례내용": "본문이다.",
    "판례정보일련번호": "1",
}
GUIDE = "# 연말정산 안내\n\n연말정산은 한 해의 세금을 다시 계산하는 일입니다.\n"


def statute(day: str, word: str = "소득") -> str:
    return STATUTE.format(day=day, word=word)


def collected(*paths: Path) -> tuple[list[Document], Collected]:
    found = Collected()
    return list(collect(paths, found)), found


def test_each_article_that_stands_becomes_one_document(tmp_path: Path) -> None:
    (tmp_path / "법률.md").write_text(statute("2026-01-01"), encoding="utf-8")
    (document,), found = collected(tmp_path)
    assert (document.id, document.kind, document.title) == ("소득세법 제1조", "statute", "목적")
    assert (document.law, document.article, document.in_force) == (
        "소득세법",
        "제1조",
        "2026-01-01",
    )
    assert document.text == "이 법은 소득을 목적으로 한다."
    assert not found.skipped


def test_the_newest_version_in_force_is_kept_whatever_the_order(tmp_path: Path) -> None:
    days = ("2022-01-01", "2026-01-01", "2024-01-01", "2999-01-01")
    for number, day in enumerate(days):
        (tmp_path / f"{number}.md").write_text(statute(day), encoding="utf-8")
    documents, found = collected(tmp_path)
    assert [document.in_force for document in documents] == ["2026-01-01"]
    reasons = {path.name: reason for path, reason in found.versions.left_out}
    assert set(reasons) == {"0.md", "2.md", "3.md"}
    assert reasons["0.md"] == "소득세법 in force from 2022-01-01; kept: from 2026-01-01"


def test_of_versions_not_yet_in_force_the_next_one_is_kept() -> None:
    versions = Versions(date(2026, 6, 1))
    for day in ("2028-01-01", "2027-01-01", "2029-01-01"):
        versions.add(Path(day), statute(day))
    assert versions.kept["소득세법"].in_force == date(2027, 1, 1)
    versions.add(Path("now"), statute("2020-01-01"))
    assert versions.kept["소득세법"].in_force == date(2020, 1, 1)


def test_a_judgment_in_three_forms_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"PrecService": JUDGMENT}), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(json.dumps(JUDGMENT) + "\n\n", encoding="utf-8")
    markdown = "---\n사건번호: 2025두1\n법원명: 대법원\n---\n\n## 판례내용\n\n본문이다.\n"
    (tmp_path / "c.md").write_text(markdown, encoding="utf-8")
    (document,), found = collected(tmp_path)
    assert document.id == "대법원 2025두1"
    assert found.duplicates == ["대법원 2025두1"] * 2


def test_a_ruling_with_its_body_wins_over_the_row_of_a_search(tmp_path: Path) -> None:
    row = {"문서번호": "서면-2026-법인-1", "문서구분": "질의회신", "제목": "여부", "요지": "아님"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    whole = json.dumps({**row, "본문": "긴 본문"})
    (tmp_path / "b.jsonl").write_text(whole + "\n", encoding="utf-8")
    (document,), found = collected(tmp_path)
    assert "긴 본문" in document.text
    assert found.duplicates == ["서면-2026-법인-1"]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    plain, windows = tmp_path / "a", tmp_path / "b"
    for folder, text in ((plain, statute("2026-01-01")), (windows, "")):
        folder.mkdir()
        (folder / "법률.md").write_text(text, encoding="utf-8")
    text = "\ufeff" + statute("2026-01-01").replace("\n", "\r\n")
    (windows / "법률.md").write_bytes(text.encode())
    assert collected(plain)[0] == collected(windows)[0]


def test_names_written_by_a_mac_give_whole_letters(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "연말정산 안내.txt")
    (tmp_path / name).write_text(unicodedata.normalize("NFD", GUIDE), encoding="utf-8")
    (document,), _ = collected(tmp_path)
    assert (document.id, document.kind) == ("연말정산 안내.txt", "guide")
    assert document.title == "연말정산 안내"
    assert unicodedata.is_normalized("NFC", document.text)


def test_what_is_not_read_is_listed_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "안내.md").write_text(GUIDE, encoding="utf-8")
    (tmp_path / ".DS_Store").write_bytes(b"\x00\x01")
    (tmp_path / ".git").mkdir()
    (tmp_path / "figures.csv").write_text("a,b", encoding="utf-8")
    (tmp_path / "README.md").write_text("# How to use this data", encoding="utf-8")
    for name in ("empty.md", "empty.jsonl"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "blank.md").write_text("\ufeff \n\n", encoding="utf-8")
    (tmp_path / "blank.jsonl").write_text("\ufeff \n\n", encoding="utf-8")
    (tmp_path / "other.json").write_text('{"Law": "일치하는 판례가 없습니다."}', encoding="utf-8")
    rows = ['{"question": "q"}', json.dumps(JUDGMENT), '{"question": "r"}', "[1]"]
    (tmp_path / "mixed.jsonl").write_text("\n".join(rows), encoding="utf-8")
    documents, found = collected(tmp_path)
    assert {document.kind for document in documents} == {"guide", "judgment"}
    reasons = {name.removeprefix(f"{tmp_path}/"): why for name, why in found.skipped}
    assert reasons == {
        ".git": "a hidden folder",
        ".DS_Store": "a hidden file",
        "README.md": "not a Korean text",
        "empty.md": "an empty file",
        "empty.jsonl": "an empty file",
        "blank.md": "an empty file",
        "blank.jsonl": "an empty file",
        "figures.csv": "'.csv' files are not read",
        "other.json": "neither a judgment nor a ruling (fields: Law)",
        "mixed.jsonl, line 1 and 1 more": "neither a judgment nor a ruling (fields: question)",
        "mixed.jsonl, line 4": "a list, not an object",
    }


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files called closed.md and folders called closed may not be read, also not by root."""
    opened, listed = Path.open, os.scandir

    def open_file(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == "closed.md" and options.get("mode") != "w":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *args, **options)

    def list_folder(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "open", open_file)
    monkeypatch.setattr(os, "scandir", list_folder)


def test_what_cannot_be_read_in_a_folder_is_listed_and_does_not_end_the_collect(
    tmp_path: Path, closed: None
) -> None:
    folder = tmp_path / "in"
    for name in ("closed", "open"):
        (folder / name).mkdir(parents=True)
    for name in ("closed.md", "open/안내.md"):
        (folder / name).write_text(GUIDE, encoding="utf-8")
    (folder / "lost.md").symlink_to(tmp_path / "nowhere")
    (folder / "loop.json").symlink_to(folder / "loop.json")
    (folder / "again").symlink_to(folder / "open")
    os.mkfifo(folder / "pipe.txt")
    write_corpus([folder], tmp_path / "corpus")
    manifest = read_manifest(tmp_path / "corpus", stage="corpus", made_by="")
    skipped, unreadable = (
        {each["path"].removeprefix(f"{folder}/"): each["reason"] for each in manifest[name]}
        for name in ("skipped", "unreadable")
    )
    assert unreadable == {
        "closed": "cannot be read: Permission denied",
        "closed.md": "cannot be read: Permission denied",
        "lost.md": "cannot be read: No such file or directory",
        "loop.json": "cannot be read: Too many levels of symbolic links",
    }
    assert skipped == {
        "again": "a link to a folder, which is not followed",
        "pipe.txt": "not a regular file",
    }
    assert manifest["counts"]["documents"] == 1
    assert manifest["counts"]["unreadable"] == 4


def make_failing_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def open_file(path: Path, *args: Any, **options: Any) -> Any:
        if path.name.startswith("failing"):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return opened(path, *args, **options)

    monkeypatch.setattr(Path, "open", open_file)


def test_a_disk_that_fails_to_read_a_file_costs_that_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("failing.md", "failing.jsonl", "안내.md"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_text(GUIDE, encoding="utf-8")
    make_failing_disk(monkeypatch)
    found = write_corpus([tmp_path / "in"], tmp_path / "corpus")
    assert [Path(name).name for name, _ in found.unreadable] == ["failing.jsonl", "failing.md"]
    assert {why for _, why in found.unreadable} == {"cannot be read: Input/output error"}
    assert [document.id for document in read_corpus(tmp_path / "corpus").documents] == ["안내.md"]


def test_a_full_disk_ends_the_collect_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "안내.md").write_text(GUIDE, encoding="utf-8")

    def full(document: Document) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("datagen.corpus.dump_line", full)
    with pytest.raises(NoSpaceError):
        write_corpus([tmp_path / "in"], tmp_path / "corpus")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_file_that_was_named_and_cannot_be_read_is_an_error(tmp_path: Path, closed: None) -> None:
    (tmp_path / "closed.md").write_text(GUIDE, encoding="utf-8")
    with pytest.raises(InputError, match=r"closed\.md cannot be read: Permission denied"):
        collected(tmp_path / "closed.md")
    (tmp_path / "lost.md").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"There is no file or folder .*lost\.md"):
        collected(tmp_path / "lost.md")
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(InputError, match=r"pipe\.jsonl is no regular file"):
        collected(tmp_path / "pipe.jsonl")


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "안내.md"
    path.write_text(GUIDE, encoding="utf-8")
    documents, found = collected(path, tmp_path)
    assert [document.id for document in documents] == ["안내.md"]
    assert not found.duplicates


def make_empty_folder(path: Path) -> None:
    path.mkdir()


def make_folder_of_csv(path: Path) -> None:
    path.mkdir()
    (path / "a.csv").write_text("1,2", encoding="utf-8")


def make_broken_json(path: Path) -> None:
    path.mkdir()
    (path / "case.json").write_text('{\n "사건번호": \n}', encoding="utf-8")


def make_broken_line(path: Path) -> None:
    path.mkdir()
    (path / "cases.jsonl").write_text("\n{broken\n", encoding="utf-8")


def make_latin_text(path: Path) -> None:
    path.mkdir()
    (path / "안내.txt").write_bytes("impôt\n".encode("latin-1"))


def make_pdf(path: Path) -> None:
    path.mkdir()
    (path / "안내.txt").write_bytes(b"%PDF-1.4\n%\xe2\xe3")


def make_half_written_text(path: Path) -> None:
    path.mkdir()
    (path / "안내.md").write_bytes(GUIDE.encode() + bytes(100))


def make_statute_without_date(path: Path) -> None:
    path.mkdir()
    text = statute("2026-01-01").replace("시행일자: 2026-01-01\n", "")
    (path / "법률.md").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "There is no file or folder"),
        (make_empty_folder, "is empty"),
        (make_folder_of_csv, "There is no statute, judgment, ruling or guide.*'.csv' files"),
        (make_broken_json, r"case\.json: is not JSON: .* line 3"),
        (make_broken_line, r"cases\.jsonl, line 2: is not JSON"),
        (make_latin_text, r"안내\.txt: is neither UTF-8 nor CP949 text .* \(line 1\)"),
        (make_pdf, r"안내\.txt: is a PDF, not text"),
        (make_half_written_text, r"안내\.md: holds NUL bytes"),
        (make_statute_without_date, "법률.md: .*시행일자"),
    ],
)
def test_input_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, make: "object", message: str
) -> None:
    assert callable(make)
    make(tmp_path / "in")
    with pytest.raises(InputError, match=message):
        collected(tmp_path / "in")


def test_a_corpus_that_fails_leaves_no_folder_and_a_whole_one_stays(tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    make_broken_line(tmp_path / "bad")
    with pytest.raises(InputError):
        write_corpus([tmp_path / "bad"], out)
    assert not out.exists()
    (tmp_path / "법률.md").write_text(statute("2026-01-01"), encoding="utf-8")
    write_corpus([tmp_path / "법률.md"], out)
    with pytest.raises(InputError, match="already there"):
        write_corpus([tmp_path / "법률.md"], out)
    with pytest.raises(InputError):
        write_corpus([tmp_path / "bad"], out, force=True)
    assert [document.id for document in read_corpus(out).documents] == ["소득세법 제1조"]


def test_what_is_broken_costs_itself_alone_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    lines = ["{broken", json.dumps(JUDGMENT), '{"사건번호": "2025두', "[NaN]"]
    (folder / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "cut.json").write_text(json.dumps([JUDGMENT])[:-9], encoding="utf-8")
    (folder / "nothing.json").write_text("", encoding="utf-8")
    (folder / "안내.md").write_text(GUIDE, encoding="utf-8")
    (folder / "법률.md").write_text(
        statute("2026-01-01").replace("시행일자", "시행"), encoding="utf-8"
    )
    write_corpus([folder], tmp_path / "corpus")
    documents = read_corpus(tmp_path / "corpus").documents
    assert [document.id for document in documents] == ["대법원 2025두1", "안내.md"]
    assert "was made without 4 files or parts" in capsys.readouterr().err
    manifest = read_manifest(tmp_path / "corpus", stage="corpus", made_by="")
    assert manifest["counts"]["unreadable"] == 4
    reasons = {Path(each["path"]).name: each["reason"] for each in manifest["unreadable"]}
    assert set(reasons) == {
        "cases.jsonl, line 1 and 2 more", "cut.json", "nothing.json", "법률.md",
    }  # fmt: skip
    assert reasons["nothing.json"] == "is not JSON: it is empty"
    assert reasons["cases.jsonl, line 1 and 2 more"].startswith("is not JSON: Expecting")
    assert "시행일자" in reasons["법률.md"]


@pytest.mark.parametrize("text", ["", None, "twice"])
def test_a_corpus_whose_documents_were_changed_is_refused(tmp_path: Path, text: str | None) -> None:
    (tmp_path / "법률.md").write_text(statute("2026-01-01"), encoding="utf-8")
    write_corpus([tmp_path / "법률.md"], tmp_path / "corpus")
    path = tmp_path / "corpus" / "documents.jsonl"
    if text is None:
        path.unlink()
    else:
        path.write_text(path.read_text(encoding="utf-8") * 2 if text else "", encoding="utf-8")
    with pytest.raises(InputError, match=r"documents\.jsonl") as refused:
        read_corpus(tmp_path / "corpus")
    if text is not None:
        count = 2 if text else 0
        assert f"holds {count} documents; its manifest says 1" in refused.value.message
        assert "taxqa collect" in refused.value.hint


def test_the_index_of_a_corpus_knows_its_own_laws_and_those_that_ship(tmp_path: Path) -> None:
    newest = statute("2026-09-01").replace("제1조 (목적)", "제777조 (목적)")
    (tmp_path / "법률.md").write_text(newest, encoding="utf-8")
    write_corpus([tmp_path / "법률.md"], tmp_path / "corpus")
    index = read_corpus(tmp_path / "corpus").index
    assert index.resolve(parse_citation("소득세법 제777조")).ok
    assert not index.resolve(parse_citation("소득세법 제55조")).ok
    assert index.resolve(parse_citation("법인세법 제55조")).ok


def test_all_real_law_becomes_documents(shared: Path, tmp_path: Path) -> None:
    found = write_corpus([shared / "lawdata"], tmp_path / "corpus")
    corpus = read_corpus(tmp_path / "corpus")
    kinds = Counter(document.kind for document in corpus.documents)
    assert kinds == {"statute": 5113, "judgment": 24, "ruling": 130}
    assert len({document.id for document in corpus.documents}) == kinds.total()
    assert {path.parent.name for path, _ in found.versions.left_out} == {"statutes_history"}
    assert len(found.versions.left_out) == 5
    # The index beside the data was made by another parser.
    text = (shared / "lawdata" / "article_index.json").read_text(encoding="utf-8")
    standing = {
        f"{law} {key}"
        for law, entry in json.loads(text).items()
        for key, article in entry["조"].items()
        if not article["삭제"]
    }
    ids = {document.id for document in corpus.documents if document.kind == "statute"}
    # These stand in the data as a heading without a word below it.
    assert standing - ids == {
        "국세징수법 시행령 제53조",
        "상속세 및 증여세법 시행규칙 제9조",
        "상속세 및 증여세법 시행규칙 제21조의2",
        "관세법 시행령 제192조의4",
        "조세특례제한법 시행규칙 제8조",
        "소득세법 시행규칙 제15조의2",
    }
    assert ids <= standing
    assert all(corpus.index.resolve(parse_citation(name)).ok for name in ids)


def test_the_history_alone_gives_its_newest_version_of_each_act(
    shared: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "history"
    shutil.copytree(shared / "lawdata" / "statutes_history", folder)
    documents, found = collected(folder)
    dates = {document.law: document.in_force for document in documents}
    assert dates == {
        "법인세법": "2025-03-14",
        "상속세 및 증여세법": "2018-09-21",
        "소득세법": "2022-01-01",
    }
    assert len(found.versions.left_out) == 2
