"""`taxqa check --judge`: a language model that sees the source may drop what the checks kept."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_teachers import KEY, FakeTeachers, served

from cli.check import check
from datagen.checks.sources import source_texts
from datagen.corpus import read_corpus, write_corpus
from datagen.dataset import generate
from taxqa.errors import InputError
from taxqa.records import Record, read_jsonl

MODEL = "openai:gpt-6-luna"
FRONT = "---\n제목: 시험세법\n법령구분: 법률\n공포일자: 2025-01-01\n시행일자: 2025-01-01\n---\n\n"


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of whoever runs the tests."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of five articles of a law that is none; its corpus lies beside it."""
    folder = tmp_path_factory.mktemp("made")
    articles = [
        f"##### 제{number}조 (공제{number})\n\n**①** 거주자는 해마다 {number}0만원을 공제한다.\n"
        for number in range(1, 6)
    ]
    (folder / "law.md").write_text(FRONT + "\n".join(articles), encoding="utf-8")
    write_corpus([folder / "law.md"], folder / "corpus")
    documents = [document.id for document in read_corpus(folder / "corpus").documents]
    generate(folder / "corpus", folder / "dataset", documents=documents)
    return folder / "dataset"


@pytest.fixture
def fake(dataset: Path) -> Iterator[FakeTeachers]:
    """A judge that finds fault with the first record alone, in its own words and the source's."""
    first = next(iter(read_jsonl(dataset / "records.jsonl", Record)))
    documents = read_corpus(dataset.parent / "corpus").documents
    source = source_texts(documents)[first.document]

    def verdict(asked: str) -> str:
        if first.question in asked and first.answer in asked:
            found = {"verdict": "drop", "reason": "contradicts-source",
                     "found": first.answer[:12], "expected": source[:12]}  # fmt: skip
        else:
            found = {"verdict": "keep", "reason": "none", "found": "", "expected": ""}
        return json.dumps(found, ensure_ascii=False)

    with served(FakeTeachers(answer=verdict)) as server:
        yield server


def judged(fake: FakeTeachers, records: Path, *more: str) -> Result:
    words = [str(records), "--corpus", str(records.parents[1] / "corpus"), *more]
    words += ["--judge", MODEL, "--base-url", fake.openai_url]
    return CliRunner().invoke(check, words)


def test_what_the_judge_drops_is_named_and_the_rest_is_kept(
    fake: FakeTeachers, dataset: Path, tmp_path: Path
) -> None:
    store = str(tmp_path / "verdicts.sqlite3")
    result = judged(fake, dataset / "records.jsonl", "--yes", "--answers", store)
    count = len(list(read_jsonl(dataset / "records.jsonl", Record)))
    assert result.exit_code == 1, result.output
    assert "judge-contradicts-source" in result.stdout
    assert f"{count} records: {count - 1} kept, 1 rejected" in result.stdout
    assert len(fake.billed) == count
    again = judged(fake, dataset / "records.jsonl", "--answers", store)
    assert again.stdout == result.stdout
    assert len(fake.billed) == count  # every verdict was in the store


def test_nothing_is_sent_before_the_user_agreed(
    fake: FakeTeachers, dataset: Path, tmp_path: Path
) -> None:
    result = judged(fake, dataset / "records.jsonl", "--answers", str(tmp_path / "v.sqlite3"))
    assert result.exit_code == 2
    assert "--yes" in result.output
    assert not fake.billed


def test_a_budget_that_is_no_number_is_refused_before_anything_is_asked(
    fake: FakeTeachers, dataset: Path
) -> None:
    result = judged(fake, dataset / "records.jsonl", "--yes", "--budget", "nan")
    assert result.exit_code == 2, result.output
    assert not fake.asked


def test_past_the_budget_records_stand_as_they_were(
    fake: FakeTeachers, dataset: Path, tmp_path: Path
) -> None:
    store = str(tmp_path / "v.sqlite3")
    result = judged(fake, dataset / "records.jsonl", "--yes", "--budget", "0", "--answers", store)
    assert result.exit_code == 0, result.output
    assert "have no verdict (budget)" in result.output
    assert not fake.billed


def test_a_dataset_without_documents_cannot_be_judged(fake: FakeTeachers, dataset: Path) -> None:
    result = judged(fake, dataset / "dataset.json", "--yes")
    assert isinstance(result.exception, InputError)
    assert "does not say what its records rest on" in str(result.exception)


def test_paid_verdicts_outlive_a_dataset_that_is_made_anew(
    fake: FakeTeachers, dataset: Path, tmp_path: Path
) -> None:
    corpus, mine = tmp_path / "corpus", tmp_path / "dataset"
    shutil.copytree(dataset.parent / "corpus", corpus)
    shutil.copytree(dataset, mine)
    first = judged(fake, mine / "records.jsonl", "--yes")
    asked = len(fake.billed)
    assert asked and (tmp_path / "verdicts.sqlite3").is_file()
    documents = [document.id for document in read_corpus(corpus).documents]
    generate(corpus, mine, documents=documents, force=True)
    again = judged(fake, mine / "records.jsonl")
    assert again.stdout == first.stdout
    assert len(fake.billed) == asked
