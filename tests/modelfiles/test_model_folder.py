"""A model folder is read whole, or refused with what to run."""

import json
from pathlib import Path

import pytest
from model_folders import make_model_folder

from modelfiles.model_folder import read_model_folder
from taxqa.errors import InputError


def test_a_model_folder_is_read_and_other_keys_are_passed_over(tmp_path: Path) -> None:
    folder = read_model_folder(make_model_folder(tmp_path / "m", scores={"f16": 50}))
    assert folder.gguf().name == "m-q8_0.gguf"
    assert folder.gguf("Q4_K_M").name == "m-q4_k_m.gguf"
    assert folder.report.law_date is not None


@pytest.mark.parametrize(
    ("key", "value"),
    [("form", "chatml"), ("eos", ""), ("max_length", 0), ("quants", []), ("name", None)],
)
def test_a_broken_report_is_refused_by_field(tmp_path: Path, key: str, value: object) -> None:
    path = make_model_folder(tmp_path / "m") / "export.json"
    report = json.loads(path.read_text(encoding="utf-8")) | {key: value}
    path.write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(InputError, match=f"{path} is not a ExportReport: {key}"):
        read_model_folder(path.parent)


def test_a_folder_of_another_stage_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"stage": "dataset"}', encoding="utf-8")
    with pytest.raises(InputError, match="is a dataset folder; a model folder was expected"):
        read_model_folder(tmp_path)


def test_a_gguf_that_was_copied_in_part_is_refused(tmp_path: Path) -> None:
    folder = read_model_folder(make_model_folder(tmp_path / "m"))
    folder.gguf().write_bytes(b"GGUF")
    with pytest.raises(InputError, match=r"has 4 bytes; export.json says \d+"):
        folder.gguf()
    folder.gguf("q4_k_m").unlink()
    with pytest.raises(InputError, match="has 0 bytes"):
        folder.gguf("q4_k_m")
