"""`taxqa formats` writes a dataset for other trainers and says what it wrote."""

import json
from pathlib import Path

from click.testing import CliRunner, Result
from review_pages import write_reviewed

from cli.formats import formats
from taxqa.errors import InputError


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(formats, list(map(str, words)))


def test_the_folder_is_made_and_replaced_only_with_force(tmp_path: Path) -> None:
    words = ("--dataset", write_reviewed(tmp_path), "--out", tmp_path / "out")
    result = invoke(*words)
    assert result.exit_code == 0, result.output
    assert f"14 records in {tmp_path / 'out'}: train 12, validation 1, test 1" in result.stdout
    assert isinstance(invoke(*words).exception, InputError)
    data = json.loads(invoke(*words, "--force", "--json").stdout)
    assert data["counts"] == {"train": 12, "validation": 1, "test": 1}


def test_what_is_no_dataset_is_said(tmp_path: Path) -> None:
    missing = invoke("--dataset", tmp_path / "no", "--out", tmp_path / "out").exception
    assert isinstance(missing, InputError) and "taxqa generate" in missing.hint
