"""`taxqa collect` makes a corpus and says what it read, skipped and left out."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.collect import collect
from cli.main import run
from taxqa.errors import InputError, ProofError

GUIDE = "# 연말정산 안내\n\n연말정산은 한 해의 세금을 다시 계산하는 일입니다.\n"
JUDGMENT = {"사건번호": "2025두1", "법원명": "대법원", "판례내용": "본문이다."}


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(collect, list(map(str, words)))


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, Path]:
    guide, cases = tmp_path / "안내.md", tmp_path / "cases"
    guide.write_text(GUIDE, encoding="utf-8")
    cases.mkdir()
    (cases / "a.jsonl").write_text(json.dumps(JUDGMENT) + "\n", encoding="utf-8")
    (cases / "b.csv").write_text("1,2", encoding="utf-8")
    return guide, cases


def test_several_paths_may_follow_one_option(sources: tuple[Path, Path], tmp_path: Path) -> None:
    result = invoke("--from", *sources, "--out", tmp_path / "corpus")
    assert result.exit_code == 0, result.output
    assert "2 documents" in result.stdout
    assert "b.csv: '.csv' files are not read" in result.stdout
    assert "Next: taxqa generate --corpus" in result.stdout


def test_the_option_may_be_repeated_and_json_gives_the_lists(
    sources: tuple[Path, Path], tmp_path: Path
) -> None:
    guide, cases = sources
    out = tmp_path / "corpus"
    result = invoke("--from", guide, "--out", out, "--from", cases, "--json")
    data = json.loads(result.stdout)
    assert data["counts"]["documents"] == 2
    assert data["counts"]["judgment"] == data["counts"]["guide"] == 1
    assert [each["reason"] for each in data["skipped"]] == ["'.csv' files are not read"]
    assert data["older_versions"] == data["duplicates"] == []


def test_a_corpus_is_replaced_only_with_force(sources: tuple[Path, Path], tmp_path: Path) -> None:
    words = ("--from", sources[0], "--out", tmp_path / "corpus")
    assert invoke(*words).exit_code == 0
    refused = invoke(*words)
    assert isinstance(refused.exception, InputError)
    assert invoke(*words, "--force").exit_code == 0


def test_a_missing_path_ends_with_code_two_and_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = str(tmp_path / "corpus")
    monkeypatch.setattr("sys.argv", ["collect", "--from", str(tmp_path / "no"), "--out", out])
    assert run(collect) == 2
    assert "There is no file or folder" in capsys.readouterr().err
    assert invoke("--out", out).exit_code == 2


def test_what_cannot_be_read_is_named_and_the_command_fails_with_the_rest_collected(
    sources: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guide, cases = sources
    line = json.dumps({**JUDGMENT, "사건번호": "2025두2"}, ensure_ascii=False)
    (cases / "c.jsonl").write_bytes(f"{line}\n{line[:40]}".encode("cp949"))
    words = ["--from", str(guide), str(cases), "--out", str(tmp_path / "corpus")]
    monkeypatch.setattr("sys.argv", ["collect", *words])
    assert run(collect) == 1
    shown = capsys.readouterr()
    assert "3 documents" in shown.out
    assert "Read as CP949: 1 file\n" in shown.out
    assert "Error: Could not be read, and is not in the corpus: 1\n" in shown.err
    assert "c.jsonl, line 2: is not JSON: " in shown.err
    assert "collect again with --force" in shown.err
    result = invoke(*words, "--force", "--json")
    assert isinstance(result.exception, ProofError)
    data = json.loads(result.stdout)
    assert (data["counts"]["unreadable"], data["counts"]["read_as_cp949"]) == (1, 1)
    assert [Path(each["path"]).name for each in data["unreadable"]] == ["c.jsonl, line 2"]
    (cases / "c.jsonl").write_bytes(line.encode("cp949"))
    assert invoke(*words, "--force").exit_code == 0


def test_the_real_folder_is_summed_up_in_a_page(shared: Path, tmp_path: Path) -> None:
    result = invoke("--from", shared / "lawdata", "--out", tmp_path / "corpus")
    assert result.exit_code == 0
    assert "5,267 documents" in result.stdout
    assert "Older versions left out: 5" in result.stdout
    assert "kept: from 2026-01-01" in result.stdout
    assert "Came twice, taken once: 44 documents" in result.stdout
    assert len(result.stdout.splitlines()) < 40
