"""Which encoding a file is in changes no document, and no damage makes another text of it."""

import json
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.collect import Collected, collect
from datagen.encodings import CP949, UTF8, UTF16, Reading, reading_of
from taxqa.errors import InputError
from taxqa.records import Document

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp949")
STATUTE = """---
제목: 소득세법
법령구분: 법률
공포일자: 2025-12-23
시행일자: 2026-01-01
---

##### 제1조 (목적)

{}

##### 제2조

{}
"""
KOREAN = st.text(
    st.one_of(
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
        st.sampled_from("稅法所得가나다의에 .,·ㆍ①②「」%12aB\\"),
    ),
    max_size=40,
)
"""What CP949 can write: all syllables, and signs and letters of texts of law."""


def files(words: list[str]) -> dict[str, str]:
    """One file of each form, with words in it."""
    first, second, third = (f"세금은 {word} 낸다" for word in words)
    rows = [
        {"사건번호": f"2025두{number}", "법원명": "대법원", "판례내용": word}
        for number, word in enumerate((first, second, third))
    ]
    judgment = {**rows[0], "사건번호": "2024두1"}
    return {
        "법률.md": STATUTE.format(first, second),
        "판례.md": f"---\n사건번호: 2023두9\n---\n\n## 판례내용\n\n{third}\n",
        "판례.json": json.dumps({"PrecService": judgment}, ensure_ascii=False, indent=1),
        "판례.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n",
        "안내.txt": f"세금을 내는 때\n\n{first}\n{second}\n",
    }


def collected(folder: Path) -> tuple[list[Document], Collected]:
    found = Collected()
    return list(collect([folder], found)), found


def encoded(text: str, encoding: str, line_end: str) -> bytes:
    return text.replace("\n", line_end).encode(encoding)


@given(
    st.lists(KOREAN, min_size=3, max_size=3),
    st.lists(st.sampled_from(ENCODINGS), min_size=5, max_size=5),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["NFC", "NFD"]),
)
def test_any_mix_of_encodings_gives_the_documents_of_utf8(
    words: list[str], encodings: list[str], line_end: str, form: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        plain, mixed = Path(name, "plain"), Path(name, "mixed")
        for folder in (plain, mixed):
            folder.mkdir()
        for (file, text), encoding in zip(files(words).items(), encodings, strict=True):
            (plain / file).write_text(text, encoding="utf-8")
            path = mixed / unicodedata.normalize(form, file)  # type: ignore[arg-type]
            path.write_bytes(encoded(text, encoding, line_end))
        expected, _ = collected(plain)
        documents, found = collected(mixed)
    assert documents == expected
    assert len(documents) == 8
    assert found.unreadable == found.skipped == []
    assert found.encodings[CP949] == encodings.count("cp949")
    assert found.encodings[UTF16] == encodings.count("utf-16")


@given(st.lists(KOREAN, min_size=3, max_size=3), st.sampled_from(ENCODINGS), st.floats(0, 1))
def test_json_lines_that_break_off_give_whole_documents_and_are_named(
    words: list[str], encoding: str, share: float
) -> None:
    text = files(words)["판례.jsonl"]
    data = encoded(text, encoding, "\n")
    cut = data[: round(share * len(data))]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "판례.jsonl")
        path.write_bytes(data)
        expected, _ = collected(Path(name))
        path.write_bytes(cut)
        found = Collected()
        documents = []
        try:
            documents = list(collect([Path(name)], found))
        except InputError as error:
            assert error.message.startswith("There is no")
    if encoding != "utf-16":  # which may break off within a letter, and then is not read
        assert len(documents) == sum(
            cut.startswith(encoded(text[:end], encoding, "\n"))
            for end in [at for at, letter in enumerate(text) if letter == "\n"]
        )
    assert documents == expected[: len(documents)]
    nothing = b"\xef\xbb\xbf".startswith(cut) or cut == b"\xff\xfe"
    assert [why for _, why in found.skipped] == ["an empty file"] * nothing
    # Half a letter that the cut left is no text.
    ends_a_line = nothing or cut.decode(encoding, "replace").endswith(("\n", "}"))
    assert bool(found.unreadable) != ends_a_line


@given(KOREAN.filter(lambda text: sum("가" <= letter <= "힣" for letter in text) > 4), st.data())
def test_damaged_utf8_is_never_taken_for_cp949(text: str, data: st.DataObject) -> None:
    whole = text.encode()
    at = data.draw(st.integers(0, len(whole) - 1))
    damage = data.draw(st.sampled_from([b"", b"\xff", b"\xb0", b"\xb0\xa1"]))
    damaged = whole[:at] + damage + whole[at + data.draw(st.integers(0, 1)) :]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "a.txt")
        path.write_bytes(damaged)
        assert reading_of(path).encoding == UTF8


def test_a_damaged_line_costs_itself_alone(tmp_path: Path) -> None:
    for encoding in ("utf-8", "cp949"):
        lines = files(["가", "나", "다"])["판례.jsonl"].encode(encoding).split(b"\n")
        lines[1] = lines[1].replace("낸다".encode(encoding), b"\xff\xff")
        (tmp_path / "판례.jsonl").write_bytes(b"\n".join(lines))
        documents, found = collected(tmp_path)
        assert [document.id for document in documents] == ["대법원 2025두0", "대법원 2025두2"]
        ((name, why),) = found.unreadable
        assert name.endswith("판례.jsonl, line 2")
        assert why == "is neither UTF-8 nor CP949 text"


def test_dumps_put_one_after_the_other_may_each_begin_with_a_mark(tmp_path: Path) -> None:
    lines = files(["가", "나", "다"])["판례.jsonl"].splitlines()
    whole = b"".join(f"{line}\n".encode("utf-8-sig") for line in lines)
    (tmp_path / "판례.jsonl").write_bytes(whole)
    documents, found = collected(tmp_path)
    assert len(documents) == 3
    assert not found.unreadable


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_letters_on_the_border_of_two_pieces_are_whole(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datagen.encodings.CHUNK", size)
    text = "연말정산을 안내하는 글입니다. " * 9
    for encoding, expected in (("utf-8", UTF8), ("cp949", CP949), ("utf-16", UTF16)):
        (tmp_path / "a.txt").write_bytes(text.encode(encoding))
        assert reading_of(tmp_path / "a.txt") == Reading(expected)
        (tmp_path / "a.txt").write_bytes(text.encode(encoding)[:-3])
        assert not reading_of(tmp_path / "a.txt").whole
