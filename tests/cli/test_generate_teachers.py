"""`taxqa generate` with language models: killed, lied to, out of money, by batch."""

import itertools
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fake_teachers import KEY, FakeTeachers, served
from taught_answers import answer_from, lying

from cli.generate import generate
from taxqa.errors import ConfigError, InputError

ROOT = Path(__file__).resolve().parents[2]
MODEL = "openai:gpt-6-luna"
FILES = ("dataset.json", "records.jsonl", "train.jsonl", "valid.jsonl", "rejected.jsonl")
FRONT = "---\n제목: 시험세법\n법령구분: 법률\n공포일자: 2025-01-01\n시행일자: 2025-01-01\n---\n\n"


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(generate, list(map(str, words)))


def asked(fake: FakeTeachers, corpus: Path, out: Path, *more: str | Path) -> list[str | Path]:
    """The words of a run that may cost something."""
    words = ["--corpus", corpus, "--base-url", fake.openai_url, "--out", out, "--yes", *more]
    return words if "--teacher" in more or "--config" in more else [*words, "--teacher", MODEL]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty articles of a law that is none, and a guide."""
    from datagen.corpus import write_corpus

    folder = tmp_path_factory.mktemp("law")
    articles = [
        f"##### 제{number}조 (공제{number})\n\n"
        f"**①** 거주자는 해마다 {number * 10}만원을 공제한다. 다만, 미성년자는 제외한다.\n\n"
        f"**②** 제1항의 공제는 {number % 11 + 1}개월 이내에 신청한 사람에게만 적용한다."
        " 늦으면 그러하지 아니하다.\n"
        for number in range(1, 31)
    ]
    (folder / "law.md").write_text(FRONT + "\n".join(articles), encoding="utf-8")
    write_corpus([folder / "law.md"], folder / "corpus")
    return folder / "corpus"


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of whoever runs the tests."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def fake() -> Iterator[FakeTeachers]:
    with served(FakeTeachers(answer=answer_from)) as server:
        yield server


def manifest(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "manifest.json").read_text(encoding="utf-8")))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_language_model_teaches_and_each_record_says_so(
    fake: FakeTeachers, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    result = invoke(*asked(fake, corpus, out, "--max-passages", "40", "--json"))
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert shown["counts"]["records"] > 30
    (teacher,) = shown["teachers"]
    assert teacher["requests"] == teacher["answered"] == 40
    assert teacher["usd"] > 0 and teacher["krw"] >= 1 and teacher["not_answered"] == {}
    records = lines(out / "records.jsonl")
    assert {each["teacher"] for each in records} == {MODEL}
    assert all(each["quote"] and each["checks"] for each in records)
    assert len({each["type"] for each in records}) == 5
    assert sum(fake.asked.values()) == 40
    again = invoke(*asked(fake, corpus, out, "--max-passages", "40", "--force"))
    assert again.exit_code == 0 and sum(fake.asked.values()) == 40
    assert "40 of 40 answered" in again.stdout


def test_a_larger_run_pays_only_for_what_is_new(
    fake: FakeTeachers, corpus: Path, tmp_path: Path
) -> None:
    assert invoke(*asked(fake, corpus, tmp_path / "try", "--max-passages", "10")).exit_code == 0
    assert invoke(*asked(fake, corpus, tmp_path / "all", "--max-passages", "25")).exit_code == 0
    assert sum(fake.asked.values()) == 25 and set(fake.asked.values()) == {1}


def test_models_share_the_passages_and_the_worked_teacher_may_join_them(
    fake: FakeTeachers, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    both = ("--teacher", MODEL, "--teacher", "openai:gpt-5.6-luna", "--teacher", "worked")
    assert invoke(*asked(fake, corpus, out, "--max-passages", "21", *both)).exit_code == 0
    assert [each["requests"] for each in manifest(out)["teachers"]] == [11, 10]
    teachers = manifest(out)["by_teacher"]
    assert set(teachers) == {"worked", MODEL, "openai:gpt-5.6-luna"}
    assert set(fake.asked.values()) == {1}


LIES: tuple[tuple[str, dict[str, object]], ...] = (
    ("figure-not-in-source", {"answer": "거주자는 해마다 7,777만원을 공제합니다."}),
    ("figure-not-in-source", {"answer": "따라서 세율은 33%가 됩니다."}),
    ("no-such-article", {"answer": "소득세법 제999조에 따라 공제합니다."}),
    ("citation-not-in-passage", {"answer": "소득세법 제55조에 따라 공제합니다."}),
    ("quote-altered", {"quote": "거주자는 언제나 모든 금액을 공제한다."}),
    ("leftover", {"answer": "AI 언어 모델로서 답할 수 없습니다."}),
)


def test_a_teacher_that_lies_is_rejected_with_the_right_reason(
    corpus: Path, tmp_path: Path
) -> None:
    out, turn = tmp_path / "dataset", itertools.count()

    def lie(item: dict[str, object]) -> dict[str, object]:
        number = next(turn)
        return item | LIES[number % len(LIES)][1] if number < 24 else item

    with served(FakeTeachers(answer=lying(lie))) as fake:
        run = asked(fake, corpus, out, "--config", only_statutes(tmp_path))
        assert invoke(*run).exit_code == 0
    reasons = Counter(reason for reason, _ in LIES)
    expected = {reason: 24 // len(LIES) * count for reason, count in reasons.items()}
    assert manifest(out)["rejected_by_reason"] == expected
    rejected = lines(out / "rejected.jsonl")
    assert [each["index"] for each in rejected] == sorted(each["index"] for each in rejected)
    assert {each["record"]["teacher"] for each in rejected} == {MODEL}
    kept = {each["answer"] for each in lines(out / "records.jsonl")}
    assert kept and not kept & {each["record"]["answer"] for each in rejected}


def test_a_reply_that_cannot_be_read_is_asked_for_again_and_counted_where_it_stays_so(
    corpus: Path, tmp_path: Path
) -> None:
    def moody(prompt: str) -> str:
        bad = fake.asked[prompt] == 1 or "공제7)" in prompt
        return '{"items": [{"question": "?"}]}' if bad else answer_from(prompt)

    out = tmp_path / "dataset"
    with served(FakeTeachers(answer=moody)) as fake:
        assert invoke(*asked(fake, corpus, out, "--config", only_statutes(tmp_path))).exit_code == 0
    (teacher,) = manifest(out)["teachers"]
    assert teacher["not_answered"] == {"wrong-shape": 1} and teacher["answered"] == 29
    assert sorted(set(fake.asked.values())) == [2, 3]


def only_statutes(folder: Path, **more: object) -> Path:
    """A config that asks about every article and nothing else."""
    path = folder / "statutes.yaml"
    data = {"teachers": [MODEL], "sources": {"statute": 1}, **more}
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_a_teacher_of_whose_answers_none_can_be_used_is_the_reason_that_is_told(
    corpus: Path, tmp_path: Path
) -> None:
    with served(FakeTeachers(answer=lambda prompt: "{}")) as fake:
        result = invoke(*asked(fake, corpus, tmp_path / "new", "--max-passages", "3"))
    assert isinstance(result.exception, InputError)
    assert "Rejected: " in str(result.exception)
    assert "another teacher" in result.exception.hint


def test_an_estimate_sends_nothing_makes_nothing_and_needs_no_key(
    fake: FakeTeachers, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    out = tmp_path / "new" / "dataset"
    words = asked(fake, corpus, out, "--max-passages", "40", "--estimate")
    shown = invoke(*words)
    assert shown.exit_code == 0, shown.output
    assert "Nothing was sent" in shown.stdout and "40" in shown.stdout and "USD" in shown.stdout
    data = json.loads(invoke(*words, "--json").stdout)
    assert data["estimates"][0]["requests"] == 40
    assert not fake.asked and not out.parent.exists()


def test_an_estimate_leaves_out_what_is_answered(
    fake: FakeTeachers, corpus: Path, tmp_path: Path
) -> None:
    assert invoke(*asked(fake, corpus, tmp_path / "d", "--max-passages", "10")).exit_code == 0
    words = asked(fake, corpus, tmp_path / "d", "--max-passages", "25", "--estimate", "--json")
    assert json.loads(invoke(*words).stdout)["estimates"][0]["requests"] == 15


def test_the_budget_is_never_exceeded_and_what_it_bought_is_used(
    fake: FakeTeachers, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    run = asked(fake, corpus, out, "--max-passages", "40")
    result = invoke(*run, "--budget", "0.01", "--concurrency", "4")
    assert result.exit_code == 0, result.output
    paid = sum(0.125e-6 * read + 0.5e-6 * written for _, read, written in fake.billed)
    assert 0 < paid <= 0.01
    (teacher,) = manifest(out)["teachers"]
    assert teacher["not_answered"].keys() == {"budget"} and teacher["answered"] < 40
    assert "not answered: budget" in result.stdout
    before = len(fake.billed)
    assert invoke(*run, "--budget", "1", "--force").exit_code == 0
    assert len(fake.billed) == 40 and before < 40
    assert set(fake.asked.values()) == {1}


def test_a_paid_run_without_a_terminal_has_to_be_told_yes(
    fake: FakeTeachers, corpus: Path, tmp_path: Path
) -> None:
    words = [each for each in asked(fake, corpus, tmp_path / "d") if each != "--yes"]
    refused = invoke(*words)
    assert refused.exit_code == 2 and "--yes" in refused.output
    assert not fake.asked and not (tmp_path / "d").exists()


def test_what_cannot_be_used_is_told_before_anything_is_sent(
    fake: FakeTeachers, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "d"

    def error(*words: str | Path) -> BaseException | None:
        return invoke("--corpus", corpus, "--out", out, "--yes", *words).exception

    assert isinstance(error("--teacher", "nobody"), ConfigError)
    assert isinstance(error("--teacher", "openai"), InputError)
    assert isinstance(error("--teacher", "anthropic:claude-3-sonnet-20240229"), InputError)
    assert isinstance(error("--teacher", "worked", "--model", "gpt-6-luna"), ConfigError)
    monkeypatch.delenv("OPENAI_API_KEY")
    missing = error("--teacher", MODEL)
    assert isinstance(missing, InputError) and "OPENAI_API_KEY" in str(missing)
    assert not out.exists() and not fake.asked
    assert invoke("--out", out, "--estimate").exit_code == 2


def test_a_dataset_that_is_there_is_told_before_anything_is_sent(
    fake: FakeTeachers, corpus: Path, tmp_path: Path
) -> None:
    run = asked(fake, corpus, tmp_path / "d")
    assert invoke(*run, "--max-passages", "8").exit_code == 0
    assert isinstance(invoke(*run).exception, InputError)
    assert sum(fake.asked.values()) == 8


def test_the_users_own_config_names_key_and_model(
    fake: FakeTeachers, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    own = tmp_path / "config.yaml"
    own.write_text(
        f"langmodel:\n  API:\n    OpenAI:\n      apikey: {KEY}\n      chat_model: gpt-6-luna\n",
        encoding="utf-8",
    )
    words = asked(fake, corpus, tmp_path / "d", "--config", own, "--teacher", "openai")
    result = invoke(*words, "--max-passages", "12")
    assert result.exit_code == 0, result.output
    assert manifest(tmp_path / "d")["teachers"][0]["teacher"] == MODEL
    for path in (tmp_path / "d").iterdir():
        assert KEY not in path.read_text(encoding="utf-8")


def test_a_batch_is_left_and_picked_up_again(corpus: Path, tmp_path: Path) -> None:
    with served(FakeTeachers(answer=answer_from, batch_polls=2)) as fake:
        out = tmp_path / "batched" / "dataset"
        run = asked(fake, corpus, out, "--max-passages", "20")
        first = invoke(*run, "--batch", "--json")
        assert first.exit_code == 0, first.output
        assert json.loads(first.stdout) == {"dataset": None, "in_batch": 20}
        assert not out.exists()
        for _ in range(5):
            result = invoke(*run, "--batch")
            assert result.exit_code == 0, result.output
            if out.exists():
                break
        assert len(fake.batches) == 1 and len(fake.billed) == 20
        plain = tmp_path / "plain" / "dataset"
        assert invoke(*asked(fake, corpus, plain, "--max-passages", "20")).exit_code == 0
    for name in FILES:
        assert (out / name).read_bytes() == (plain / name).read_bytes()
    batched, direct = (manifest(each)["teachers"][0]["usd"] for each in (out, plain))
    assert batched == pytest.approx(direct / 2)


def test_a_batch_that_was_left_is_picked_up_by_a_run_that_asks_live(
    corpus: Path, tmp_path: Path
) -> None:
    with served(FakeTeachers(answer=answer_from, batch_polls=1)) as fake:
        out = tmp_path / "dataset"
        run = asked(fake, corpus, out, "--max-passages", "10")
        assert invoke(*run, "--batch").exit_code == 0
        assert not out.exists()
        for _ in range(3):
            if not out.exists():
                result = invoke(*run)  # as the hint says, but for a --batch that was forgotten
                assert result.exit_code == 0, result.output
        assert out.exists()
        assert len(fake.billed) == 10


def test_killed_at_any_moment_and_run_again_it_ends_in_the_same_dataset(
    corpus: Path, tmp_path: Path
) -> None:
    """In a process of its own, killed with SIGKILL again and again."""
    command = [sys.executable, "-c", "from cli.main import main; main()", "generate"]
    in_flight, passages, kills = 5, 71, 3
    dice = random.Random(20261120)
    with served(FakeTeachers(answer=answer_from, latency=0.05)) as fake:
        out = tmp_path / "killed" / "dataset"
        more = ["--concurrency", str(in_flight), "--max-passages", str(passages)]
        run = [*command, *map(str, asked(fake, corpus, out, *more))]
        for _ in range(kills):
            reached = len(fake.billed) + dice.randrange(3, 20)
            # It comes no further than that, however late it is killed.
            fake.stop_after(reached)
            process = subprocess.Popen(run, cwd=ROOT, stderr=subprocess.DEVNULL)
            while len(fake.billed) < reached:
                assert process.poll() is None
                time.sleep(0.01)
            process.kill()
            process.wait()
            assert not out.exists()
        fake.held = lambda: False
        assert subprocess.run(run, cwd=ROOT, capture_output=True).returncode == 0
        assert passages <= sum(fake.asked.values()) <= passages + kills * in_flight
        plain = tmp_path / "plain" / "dataset"
        assert invoke(*asked(fake, corpus, plain, *more)).exit_code == 0
    for name in FILES:
        assert (out / name).read_bytes() == (plain / name).read_bytes()
    assert len(lines(out / "records.jsonl")) > 50
