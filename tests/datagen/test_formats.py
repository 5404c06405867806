"""The hub's own reader loads the formats of a dataset, and the card tells the truth."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from review_pages import record, write_reviewed

from datagen.card import card, table
from datagen.formats import CONFIGS, write_formats
from taxqa.errors import InputError
from taxqa.folders import read_manifest
from taxqa.records import Record, read_jsonl, write_json

SPLIT_FILES = {"train": "train", "validation": "valid", "test": "heldout"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reviewed(tmp_path_factory.mktemp("formats"))


@pytest.fixture(scope="module")
def made(dataset: Path) -> Path:
    write_formats(dataset, dataset.parent / "formats", license="cc-by-4.0")
    return dataset.parent / "formats"


def rows(folder: Path, config: str, split: str) -> list[dict[str, Any]]:
    lines = (folder / config / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def front_matter(text: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text.split("---\n")[1]))


@pytest.mark.parametrize("split", SPLIT_FILES)
def test_each_format_says_what_the_records_say(dataset: Path, made: Path, split: str) -> None:
    records = list(read_jsonl(dataset / f"{SPLIT_FILES[split]}.jsonl", Record))
    assert records
    assert rows(made, "prompt_completion", split) == [
        {"prompt": each.question, "completion": each.answer} for each in records
    ]
    assert rows(made, "messages", split) == [
        {
            "messages": [
                {"role": "user", "content": each.question},
                {"role": "assistant", "content": each.answer},
            ]
        }
        for each in records
    ]
    assert [Record.model_validate(row) for row in rows(made, "records", split)] == records


@pytest.mark.parametrize("config", CONFIGS)
def test_the_hubs_reader_loads_each_config_from_the_card(
    made: Path, config: str, tmp_path: Path
) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra 'finetune' is not installed")
    loaded = datasets.load_dataset(str(made), config, cache_dir=str(tmp_path))
    assert set(loaded) == {"train", "validation", "test"}
    for split in loaded:
        assert list(loaded[split]) == rows(made, config, split)


def test_the_first_config_is_the_default(made: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra 'finetune' is not installed")
    loaded = datasets.load_dataset(str(made), cache_dir=str(tmp_path))
    assert loaded["train"].column_names == ["messages"]


def test_the_card_has_what_the_hub_asks_for_and_the_counts(dataset: Path, made: Path) -> None:
    text = (made / "README.md").read_text(encoding="utf-8")
    head = front_matter(text)
    assert head["license"] == "cc-by-4.0"
    assert head["language"] == ["ko"]
    assert head["size_categories"] == ["n<1K"]
    counts = read_manifest(dataset, stage="dataset", made_by="")["counts"]
    assert f"| train | {counts['train']} |" in text
    assert "| no-such-article | 1 |" in text
    assert "citations" in text and "No person reviewed it." in text
    assert "Not known." in text  # a model is among the teachers, its cost is not noted
    assert str(dataset.parent) not in text


def test_the_card_tells_of_the_review_and_of_the_cost() -> None:
    manifest = {
        "counts": {"accepted": 8, "edited": 1, "rejected_by_reviewer": 2, "not_reviewed": 3},
        "review": {
            "reviewers": 2,
            "agreement": [{"joint": 5, "kappa": 0.6}, {"joint": 1, "kappa": None}],
            "by_chance": {"looked_at": 10, "changed": 1, "low": 0.018, "high": 0.404},
        },
        "teachers": [{"name": "openai:gpt", "krw": 1200}],
    }
    text = card({"train": [record(1)]}, manifest, CONFIGS, "other")
    assert "2 people reviewed it: 8 accepted, 1 edited, 2 rejected, 3 not looked at." in text
    assert "kappa 0.60 on 5" in text and "kappa not defined on 1" in text
    assert "1.8% to 40.4%" in text
    assert '"krw": 1200' in text
    worked = card(
        {"train": [record(1), record(2, teacher="worked+reviewer")]}, {}, CONFIGS, "other"
    )
    assert "no language model was asked" in worked


def test_a_name_cannot_break_out_of_its_table() -> None:
    assert table(("teacher", "records"), [("a|b<img src=x>\nc", 1)]).endswith(
        "| a\\|b&lt;img src=x> c | 1 |\n"
    )
    assert table(("teacher", "records"), []) == ""


def test_an_empty_split_is_left_out(dataset: Path, tmp_path: Path) -> None:
    copy = tmp_path / "dataset"
    copy.mkdir()
    for name in ("train", "valid"):
        content = (dataset / f"{name}.jsonl").read_bytes()
        (copy / f"{name}.jsonl").write_bytes(content)
    (copy / "heldout.jsonl").write_bytes(b"")
    write_json(copy / "manifest.json", {"stage": "dataset"})
    assert set(write_formats(copy, tmp_path / "out")) == {"train", "validation"}
    assert not (tmp_path / "out" / "records" / "test.jsonl").exists()
    datasets = pytest.importorskip("datasets", reason="the extra 'finetune' is not installed")
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == {"train", "validation"}


def test_only_a_dataset_is_taken_and_nothing_is_replaced_unasked(
    dataset: Path, made: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="already there"):
        write_formats(dataset, made)
    with pytest.raises(InputError, match="corpus folder"):
        write_formats(dataset.parent / "corpus", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
