"""A dataset in the formats that trainers and the Hugging Face hub read, with its dataset card.

`messages` and `prompt_completion` are TRL's; neither has a prompt form in it, since the trainer
lays one around them. `records` has everything that is known of each record.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datagen.card import card
from datagen.dataset import HELDOUT, STAGE, TRAIN, VALID
from taxqa.folders import new_folder, read_manifest
from taxqa.records import Record, read_jsonl, to_json

FORMATS_STAGE = "formats"
MADE_BY = "taxqa generate --out work/dataset"
SPLITS = {"train": TRAIN, "validation": VALID, "test": HELDOUT}
"""The hub's name of a split -> the file of the dataset folder."""
CONFIGS = ("messages", "prompt_completion", "records")
"""The first is what `load_dataset` takes where no other is named."""


def write_formats(
    dataset: Path, out: Path, *, license: str = "other", force: bool = False
) -> dict[str, int]:
    """Write the folder `out` with CONFIG/SPLIT.jsonl and README.md; returns the counts.

    Args:
        license: the hub's name for the licence the owner of the dataset gives it.

    Raises:
        InputError: `dataset` is no dataset folder, or `out` is there already.
    """
    manifest = read_manifest(dataset, stage=STAGE, made_by=MADE_BY)
    config = {"dataset": str(dataset), "license": license}
    inputs = {"dataset": dataset}
    with new_folder(out, stage=FORMATS_STAGE, config=config, inputs=inputs, force=force) as draft:
        records = {
            split: list(read_jsonl(dataset / name, Record))
            for split, name in SPLITS.items()
            if (dataset / name).is_file()
        }
        # A split without a record would have no columns, which the hub's reader refuses.
        records = {split: rows for split, rows in records.items() if rows}
        for name in CONFIGS:
            (draft.path / name).mkdir()
            for split, rows in records.items():
                lines = "".join(to_json(each) + "\n" for each in rows_of(name, rows))
                (draft.path / name / f"{split}.jsonl").write_text(lines, encoding="utf-8")
        text = card(records, manifest, CONFIGS, license)
        (draft.path / "README.md").write_text(text, encoding="utf-8")
        draft.counts |= {split: len(rows) for split, rows in records.items()}
    return draft.counts


def rows_of(name: str, records: list[Record]) -> Iterator[dict[str, Any]]:
    """The rows of one config."""
    for record in records:
        if name == "messages":
            yield {"messages": messages(record)}
        elif name == "prompt_completion":
            yield {"prompt": record.question, "completion": record.answer}
        else:
            yield record.model_dump(mode="json")


def messages(record: Record) -> list[dict[str, str]]:
    """A record as a conversation of two turns."""
    return [
        {"role": "user", "content": record.question},
        {"role": "assistant", "content": record.answer},
    ]
