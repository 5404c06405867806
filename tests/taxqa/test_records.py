"""JSON files go out and come back whole; what cannot be read is named, with its line."""

import json
import math
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxqa.errors import InputError
from taxqa.records import (
    ASKERS,
    SOURCES,
    Document,
    QARecord,
    Record,
    Rejection,
    parse_json,
    read_json,
    read_jsonl,
    read_text,
    to_json,
    write_json,
    write_jsonl,
)

TRICKY = '\u2028\u2029\x85\x0b\x0c\x1c\x00 \r\n\t\\"/{}[]😀👨\u200d👩\ufeffㄱ가각\u3000'
NFD = unicodedata.normalize("NFD", "한글 각하")
ROW = {"question": "세율은?", "answer": "10%입니다.", "type": "student", "source": "practical"}

texts = st.one_of(
    st.text(),
    st.text(alphabet=st.sampled_from(TRICKY)),
    st.text(alphabet=st.characters(min_codepoint=0x1100, max_codepoint=0x11FF)),
    st.text(alphabet=st.characters(min_codepoint=0x300, max_codepoint=0x36F)).map("\n".__add__),
)
records = st.builds(
    Record,
    id=texts,
    question=texts,
    answer=texts,
    type=st.sampled_from(ASKERS),
    source=st.sampled_from(SOURCES),
    document=texts,
    citations=st.lists(texts, max_size=3).map(tuple),
    teacher=texts,
    amount=st.none() | st.integers(-(10**20), 10**20),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def nfc(value: Any) -> Any:
    """A JSON value with every string in it NFC-normalised."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {nfc(key): nfc(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [nfc(item) for item in value]
    return value


@given(st.lists(records, max_size=4))
def test_records_come_back_as_they_were_written_but_composed(
    tmp_path_factory: pytest.TempPathFactory, written: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("records") / "records.jsonl"
    assert write_jsonl(path, written) == len(written)
    assert path.read_bytes().count(b"\n") == len(written)
    found = [record.model_dump(mode="json") for record in read_jsonl(path, Record)]
    assert found == [nfc(record.model_dump(mode="json")) for record in written]


@given(json_values)
def test_any_json_value_comes_back_from_its_file(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    path = tmp_path_factory.mktemp("values") / "value.json"
    write_json(path, value)
    assert read_json(path) == nfc(value)


@given(st.text())
def test_any_line_is_a_value_or_an_input_error(line: str) -> None:
    try:
        parse_json(line, "line 1")
    except InputError as error:
        assert error.message.startswith("line 1 is not JSON")


def test_text_is_read_composed_without_its_byte_order_mark_and_carriage_returns(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf" + f"{NFD}\r\n둘\r셋\u2028".encode())
    assert read_text(path) == "한글 각하\n둘\n셋\u2028"


@pytest.mark.parametrize("ascii_only", [True, False])
def test_decomposed_hangul_is_composed_also_where_it_was_escaped(
    tmp_path: Path, ascii_only: bool
) -> None:
    path = tmp_path / "mac.jsonl"
    line = json.dumps(ROW | {"answer": NFD}, ensure_ascii=ascii_only)
    path.write_text(line + "\n", encoding="utf-8")
    assert next(read_jsonl(path, QARecord)).answer == "한글 각하"


def test_a_mark_after_an_escaped_line_end_does_not_break_the_json(tmp_path: Path) -> None:
    record = QARecord(**ROW | {"answer": "\n\u0303"})
    path = tmp_path / "records.jsonl"
    write_jsonl(path, [record])
    assert list(read_jsonl(path, QARecord)) == [record]


def test_korean_stands_in_the_files_as_it_is(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [QARecord(**ROW)])
    write_json(tmp_path / "a.json", ROW)
    for name in ("a.jsonl", "a.json"):
        assert "10%입니다." in (tmp_path / name).read_text(encoding="utf-8")


def test_a_byte_order_mark_crlf_and_blank_lines_make_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "windows.jsonl"
    line = json.dumps(ROW, ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + f"{line}\r\n\r\n  \n{line}".encode())
    assert list(read_jsonl(path, QARecord)) == [QARecord(**ROW)] * 2


def test_a_broken_line_is_named_with_its_number_and_column(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    good = json.dumps(ROW, ensure_ascii=False)
    path.write_text(f'{good}\n\n{{"question": \n{good}\n', encoding="utf-8")
    reading = read_jsonl(path, QARecord)
    assert next(reading) == QARecord(**ROW)
    with pytest.raises(InputError) as caught:
        next(reading)
    assert caught.value.message == (f"{path}, line 3, is not JSON: Expecting value at column 13.")


def test_a_broken_place_in_a_longer_text_is_named_with_its_line() -> None:
    with pytest.raises(InputError, match=r"^x is not JSON: .* at line 2, column 1"):
        parse_json('{"a": 1,\n}', "x")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({**ROW, "type": "lawyer"}, "type: Input should be 'student'"),
        ({**ROW, "extra": 1}, "extra: Extra inputs are not permitted"),
        ({"question": "?"}, "answer: Field required"),
        ({**ROW, "answer": 10}, "answer: Input should be a valid string"),
        ([1, 2], "the whole: "),
    ],
)
def test_a_line_that_is_no_record_says_which_field_and_why(
    tmp_path: Path, row: object, problem: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        list(read_jsonl(path, QARecord))
    assert f"{path}, line 1, is not a QARecord: {problem}" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "NaN", "[Infinity]", '{"a": -Infinity}', "1e999", "-1e999", "1" * 5000, "", "{'a': 1}",
        "[1,]", '"\t"', "[" * 5000 + "]" * 5000, '{"a":' * 5000, "\ufeff{}", '"\\x41"',
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_json(text, "here")
    assert caught.value.message.startswith("here is not JSON")
    assert len(caught.value.message) < 300


def test_a_value_nested_as_deep_as_python_can_parse_is_a_value_or_an_input_error() -> None:
    for depth in range(100, 1200, 100):
        try:
            assert parse_json("[" * depth + "]" * depth, "x")
        except InputError:
            assert depth > 100


def test_a_number_that_json_does_not_have_is_written_as_null() -> None:
    assert (
        to_json({"loss": math.nan, "세율": [math.inf, 1.5]})
        == '{"loss": null, "세율": [null, 1.5]}'
    )


def test_half_a_letter_is_written_as_its_escape_and_read_again(tmp_path: Path) -> None:
    name = b"\xb0\xa1.md".decode("utf-8", "surrogateescape")
    write_json(tmp_path / "a.json", {"path": name})
    assert read_json(tmp_path / "a.json") == {"path": name}
    rejection = Rejection(index=0, reason="r", found="f", expected="e", record={"question": name})
    write_jsonl(tmp_path / "a.jsonl", [rejection])
    assert list(read_jsonl(tmp_path / "a.jsonl", Rejection)) == [rejection]


@pytest.mark.parametrize("line", [1, 3, 5000])
def test_a_file_that_is_not_utf8_is_named_with_the_line(tmp_path: Path, line: int) -> None:
    path = tmp_path / "ansi.jsonl"
    good = json.dumps(ROW, ensure_ascii=False).encode()
    path.write_bytes(b"\n".join([*[good] * (line - 1), "세금".encode("cp949"), good]))
    with pytest.raises(InputError) as caught:
        list(read_jsonl(path, QARecord))
    assert caught.value.message == f"{path} is not UTF-8 text (line {line})."
    assert "iconv -f cp949" in caught.value.hint


def test_a_missing_file_a_folder_and_a_file_taken_for_a_folder_are_told_apart(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    for path, message in [
        (tmp_path / "none.json", "There is no file"),
        (tmp_path, "is a folder; a file was expected"),
        (tmp_path / "file" / "x.json", "cannot be read: Not a directory"),
        (tmp_path / ("가" * 100), "cannot be read: File name too long"),
    ]:
        for read in (read_text, read_json, lambda p: list(read_jsonl(p, Document))):
            with pytest.raises(InputError, match=message):
                read(path)


def test_a_file_that_may_not_be_read_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read_text(tmp_path / "secret.json")


def test_a_record_gives_the_users_own_format() -> None:
    record = Record(**ROW, id="1", document="d", teacher="worked", amount=10)
    assert record.plain().model_dump() == ROW


def test_records_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        QARecord(**ROW).answer = "다른 답"  # type: ignore[misc]
