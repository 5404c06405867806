"""`taxqa check` names each wrong record and its exit code says whether there is one."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.check import check
from cli.main import run
from datagen.corpus import write_corpus

GOOD = {
    "question": "증여세 신고 기한은 언제인가요?",
    "answer": "받은 달의 말일부터 3개월 안에 신고합니다(상속세 및 증여세법 제68조제1항).",
    "type": "student",
    "source": "practical",
}


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(check, list(map(str, words)))


def write(path: Path, items: Any) -> Path:
    path.write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")
    return path


def test_the_users_record_is_rejected_in_json_with_exactly_these_fields(shared: Path) -> None:
    result = invoke(shared / "cases" / "user_example.json", "--json")
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    assert set(data) == {"records", "kept", "rejected"}
    assert (data["records"], data["kept"]) == (1, 0)
    (rejection,) = data["rejected"]
    assert set(rejection) == {"index", "reason", "found", "expected"}
    assert (rejection["index"], rejection["reason"]) == (0, "gift-tax-wrong")
    assert "총 증여세 9,000만원" in rejection["found"]
    assert "산출세액 6억 2,000만원" in rejection["expected"]


def test_the_report_for_people_shows_question_found_and_expected(shared: Path) -> None:
    result = invoke(shared / "cases" / "user_example.json")
    assert result.exit_code == 1
    assert "record 0: gift-tax-wrong" in result.stdout
    assert "question  부모님께 20억원" in result.stdout
    assert "1 record: 0 kept, 1 rejected" in result.stdout


def test_a_right_list_ends_with_code_zero(tmp_path: Path) -> None:
    path = write(tmp_path / "dataset.json", [GOOD])
    assert invoke(path).exit_code == 0
    data = json.loads(invoke(path, "--json").stdout)
    assert data == {"records": 1, "kept": 1, "rejected": []}


def test_an_empty_list_is_no_failure_but_is_said(tmp_path: Path) -> None:
    result = invoke(write(tmp_path / "dataset.json", []), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"records": 0, "kept": 0, "rejected": []}
    assert "holds no records" in " ".join(result.stderr.split())


def test_a_record_of_the_wrong_shape_is_a_rejection(tmp_path: Path) -> None:
    result = invoke(write(tmp_path / "d.json", [GOOD, {"question": "q"}, None]), "--json")
    assert result.exit_code == 1
    data = json.loads(result.stdout)
    assert data["kept"] == 1
    assert [(each["index"], each["reason"]) for each in data["rejected"]] == [
        (1, "format"),
        (2, "format"),
    ]


@pytest.mark.parametrize("text", ["{}", "not json", "[1,", "\x00"])
def test_a_file_that_is_no_list_ends_with_code_two(
    tmp_path: Path,
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "dataset.json"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["check", str(path)])
    assert run(check) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Error: ") and "dataset.json" in captured.err


def test_the_command_itself_ends_with_code_one_when_a_record_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "dataset.json", [{**GOOD, "type": "child"}])
    monkeypatch.setattr("sys.argv", ["check", str(path)])
    assert run(check) == 1
    assert "type child" in capsys.readouterr().out


def test_json_lines_of_a_generated_dataset_are_all_kept(tmp_path: Path) -> None:
    from datagen.dataset import generate

    generate(None, tmp_path / "dataset", limit=60)
    result = invoke(tmp_path / "dataset" / "records.jsonl", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["kept"] == 60


def test_a_corpus_decides_which_articles_exist(shared: Path, tmp_path: Path) -> None:
    statute = shared / "lawdata" / "statutes" / "소득세법" / "법률.md"
    text = statute.read_text(encoding="utf-8").replace(
        "시행일자: 2026-04-21", "시행일자: 2026-05-01"
    )
    changed = tmp_path / "법률.md"
    changed.write_text(
        text.replace("##### 제55조 (세율)", "##### 제955조 (세율)"), encoding="utf-8"
    )
    write_corpus([changed], tmp_path / "corpus")
    path = write(
        tmp_path / "dataset.json", [{**GOOD, "answer": "소득세법 제955조에서 세율을 정합니다."}]
    )
    assert invoke(path, "--corpus", tmp_path / "corpus").exit_code == 0
    assert invoke(path).exit_code == 1


def test_a_records_words_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "hostile.json"
    question = "증여세는\x1b]52;c;ZXZpbA==\x07 얼마인가?\x9b2J"
    answer = "\x1b]0;x\x07(소득세법 제9999조)"
    write(path, [{**GOOD, "question": question, "answer": answer}])
    result = invoke(path)
    assert "얼마인가?" in result.output
    assert not any(letter in result.output for letter in "\x1b\x07\x9b")


def test_a_dataset_folder_is_checked_by_its_records(tmp_path: Path) -> None:
    write(tmp_path / "records.jsonl", GOOD)
    result = invoke(tmp_path)
    assert result.exit_code == 0, result.output
    assert result.stdout == "1 record: 1 kept, 0 rejected\n"
