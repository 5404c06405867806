"""`taxqa collect --law-api`: a real process, killed, resumed, refused."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_law_api import KEY, REFUSED, FakeLawApi, Fault, judgment, law, served

from cli.collect import collect
from cli.main import run

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("--law-api", "--pause", "0.05", "--fields", "소법", "--kinds", "statute,judgment")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLawApi]:
    fake = FakeLawApi(most_rows=4)
    fake.laws = [law("소득세법", "11", "20240101"), law("소득세법 시행령", "21", "20250101")]
    fake.decisions = {"prec": [judgment(str(number)) for number in range(1, 11)]}
    with served(fake):
        monkeypatch.setenv("LAW_API_URL", fake.url)
        monkeypatch.setenv("LAW_OC", KEY)
        yield fake


def started(out: Path) -> subprocess.Popen[str]:
    code = "from cli.main import main; main()"
    command = [sys.executable, "-c", code, "collect", *QUICK, "--out", str(out)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("at", [2, 7, 13])
def test_a_killed_run_goes_on_and_asks_nothing_twice(
    fake: FakeLawApi, tmp_path: Path, at: int
) -> None:
    reached, killed = threading.Event(), threading.Event()

    def hold(count: int) -> None:
        if count == at and not killed.is_set():
            reached.set()
            killed.wait(500)

    fake.gate = hold
    fake.fault = lambda asked, times: (
        Fault(status=500) if len(fake.asked) == at and not times else None
    )
    process = started(tmp_path / "corpus")
    assert reached.wait(500)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=500)
    killed.set()
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "corpus").exists()
    fake.fault = lambda asked, times: None
    again = started(tmp_path / "corpus")
    out, err = again.communicate(timeout=500)
    assert again.returncode == 0, err
    assert "14 documents" in out
    # Only the request that the kill left without an answer is asked again.
    counts = Counter(str(sorted(asked.items())) for asked in fake.asked)
    assert sorted(counts.values())[-2:] == [1, 2]
    assert counts[str(sorted(fake.asked[at - 1].items()))] == 2
    assert len(fake.answered) == len(counts) == 16
    assert KEY not in out + err


def test_files_and_the_api_make_one_corpus(fake: FakeLawApi, tmp_path: Path) -> None:
    guide = tmp_path / "안내.md"
    guide.write_text("# 안내\n\n연말정산을 설명하는 글입니다.\n", encoding="utf-8")
    out = tmp_path / "work" / "corpus"
    words = [*QUICK, "--limit", "2", "--from", str(guide), "--out", str(out), "--json"]
    result = CliRunner().invoke(collect, words)
    assert result.exit_code == 0, result.output
    counts = json.loads(result.stdout)["counts"]
    assert (counts["statute"], counts["judgment"], counts["guide"]) == (4, 2, 1)
    settings = (out / "config.yaml").read_text(encoding="utf-8")
    assert "소득세법" in settings
    assert KEY not in settings
    assert (out.parent / "law-api.sqlite3").is_file()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--law-api", "--kinds", "statue"], 2, "There is no kind 'statue'"),
        (["--law-api", "--fields", "민법"], 2, "'민법' is none of the tax acts"),
        (["--law-api", "--since", "gestern"], 2, "--since"),
        (["--since", "2026-01-01", "--from", "."], 2, "--law-api, which is missing"),
        ([], 2, "or '--law-api'"),
        (["--law-api"], 1, "사용자 정보 검증에 실패하였습니다"),
    ],
)
def test_each_refusal_is_one_message(
    fake: FakeLawApi,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    message: str,
) -> None:
    fake.fault = lambda asked, times: Fault(body=json.dumps(REFUSED, ensure_ascii=False))
    out = tmp_path / "corpus"
    monkeypatch.setattr("sys.argv", ["collect", *words, "--out", str(out)])
    assert run(collect) == code
    shown = capsys.readouterr().err
    assert message in shown
    assert KEY not in shown
    assert not out.exists()


def test_a_corpus_that_is_there_is_refused_before_anything_is_asked(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    words = [*QUICK, "--limit", "1", "--out", str(tmp_path / "corpus")]
    assert CliRunner().invoke(collect, words).exit_code == 0
    fake.asked.clear()
    assert "already there" in str(CliRunner().invoke(collect, words).exception)
    assert fake.asked == []
