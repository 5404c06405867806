"""`taxqa generate` makes a dataset with and without a corpus."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from cli.generate import generate
from taxqa.errors import ConfigError, InputError


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(generate, list(map(str, words)))


def test_without_a_corpus_the_shipped_material_is_enough(tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    result = invoke("--teacher", "worked", "--out", out)
    assert result.exit_code == 0, result.output
    count = len(json.loads((out / "dataset.json").read_text(encoding="utf-8")))
    assert count >= 500
    assert f"{count:,} records in {out}" in result.stdout
    assert "asked by: " in result.stdout and "student" in result.stdout


def test_json_gives_the_counts_alone_on_stdout(tmp_path: Path) -> None:
    result = invoke("--out", tmp_path / "dataset", "--limit", "30", "--seed", "5", "--json")
    data = json.loads(result.stdout)
    assert data["counts"]["records"] == 30
    assert data["by_source"] == {"practical": 30}
    assert data["rejected_by_reason"] == {}


def test_short_answers_alone_may_be_taken(tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    assert invoke("--out", out, "--max-answer", "150").exit_code == 0
    answers = [item["answer"] for item in json.loads((out / "dataset.json").read_text("utf-8"))]
    assert answers and max(map(len, answers)) <= 150


def test_a_dataset_is_replaced_only_with_force(tmp_path: Path) -> None:
    words = ("--out", tmp_path / "dataset", "--limit", "20")
    assert invoke(*words).exit_code == 0
    assert isinstance(invoke(*words).exception, InputError)
    assert invoke(*words, "--force").exit_code == 0


def test_wrong_options_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    assert invoke("--out", out, "--limit", "0").exit_code == 2
    assert invoke("--out", out, "--max-answer", "0").exit_code == 2
    assert isinstance(invoke("--out", out, "--teacher", "nobody").exception, ConfigError)
    empty = invoke("--out", out, "--max-answer", "3").exception
    assert isinstance(empty, InputError) and "Raise --max-answer" in empty.hint
    missing = invoke("--out", out, "--corpus", tmp_path / "no").exception
    assert isinstance(missing, InputError) and "taxqa collect" in str(missing)
    assert list(tmp_path.iterdir()) == []


def test_the_next_command_can_be_copied_whatever_the_folder_is_called(tmp_path: Path) -> None:
    out = tmp_path / "새 데이터"
    result = CliRunner().invoke(generate, ["--limit", "4", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert f"Next: taxqa finetune --dataset '{out}' " in result.stdout
