"""The dataset folder: a teacher's records, checked, selected and split."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from datagen.asking.replies import Unusable
from datagen.asking.taught import Taught
from datagen.checks.run import check_records
from datagen.checks.sources import source_texts
from datagen.corpus import Corpus, read_corpus, shipped_corpus
from datagen.law_date import law_date
from datagen.report import dataset_report, write_report
from datagen.split import hold_out, select, split
from datagen.worked import worked_records
from taxqa.errors import InputError
from taxqa.folders import Draft, new_folder
from taxqa.progress import bar
from taxqa.records import Record, Rejection, write_json, write_jsonl

STAGE = "dataset"
DATASET = "dataset.json"
RECORDS = "records.jsonl"
REJECTED = "rejected.jsonl"
TRAIN = "train.jsonl"
VALID = "valid.jsonl"
HELDOUT = "heldout.jsonl"


def generate(
    corpus: Path | None,
    out: Path,
    *,
    worked: bool = True,
    teach: Callable[[Corpus], Taught] | None = None,
    settings: Mapping[str, Any] | None = None,
    limit: int | None = None,
    max_answer: int | None = None,
    documents: Collection[str] | None = None,
    seed: int = 1,
    force: bool = False,
) -> dict[str, int]:
    """Write the dataset folder `out`; returns the counts of its manifest.

    Without a corpus the records come from the calculators and the guide that ship. dataset.json
    and records.jsonl hold the same records, those of train.jsonl and valid.jsonl; heldout.jsonl
    holds further phrasings of cases in train.jsonl, to see what a model learned.

    Args:
        worked: take the records that are computed or quoted.
        teach: what language models make of the corpus; called once `out` is free and locked.
        settings: what config.yaml says beside the arguments here.
        limit: at most so many records, chosen evenly over sources and askers.
        max_answer: letters of the longest answer that is taken; a small model learns short ones.
        documents: ids of the documents and cases to take records of; None = all.
        seed: the same seed and corpus give the same dataset.

    Raises:
        InputError: `corpus` is no corpus folder, `limit` is below 2, fewer than 2 records are
            left, or `out` is there already.
        TaxqaError: whatever `teach` raises; then nothing is made.
    """
    if limit is not None and limit < 2:
        raise InputError(f"A dataset of {limit} records cannot be split; --limit is 2 or more.")
    config = {
        **(settings or {"teachers": ["worked"]}),
        "corpus": str(corpus) if corpus else None,
        "limit": limit,
        "max_answer": max_answer,
        "documents": None if documents is None else list(documents),
        "seed": seed,
    }
    inputs = {"corpus": corpus} if corpus else {}
    material = read_corpus(corpus) if corpus else shipped_corpus()
    with new_folder(out, stage=STAGE, config=config, inputs=inputs, force=force) as draft:
        taught = teach(material) if teach else Taught()
        with bar("Generating and checking records"):
            kept, rejected = checked(material, taught, worked, seed)
        wanted = [
            record
            for record in kept
            if (max_answer is None or len(record.answer) <= max_answer)
            and (documents is None or record.document in documents)
        ]
        if len(wanted) < 2:
            raise too_few(wanted, kept, max_answer)
        chosen = write_dataset(draft, wanted, rejected, limit, seed)
        day = law_date(chosen, material.documents)
        draft.details["law_date"] = day and day.isoformat()
        draft.counts["not_selected"] += len(kept) - len(wanted)
        draft.details["teachers"] = taught.teachers
    return draft.counts


def checked(
    material: Corpus, taught: Taught, worked: bool, seed: int
) -> tuple[list[Record], list[Rejection]]:
    """The records that pass every check, and the rest with its reasons, each in its order.

    Worked records come first: where a language model asks the same, what is computed stands.
    """
    made = worked_records(material.documents, seed=seed) if worked else ()
    items: list[Record | Unusable] = [*made, *taught.items]
    places = [place for place, item in enumerate(items) if isinstance(item, Record)]
    records = [item for item in items if isinstance(item, Record)]
    kept: list[Record] = []
    rejected = [
        item.rejection(place) for place, item in enumerate(items) if isinstance(item, Unusable)
    ]
    for result in check_records(records, material.index, source_texts(material.documents)):
        if isinstance(result, Rejection):
            rejected.append(result.model_copy(update={"index": places[result.index]}))
        elif isinstance(result, Record):
            kept.append(result)
    return kept, sorted(rejected, key=lambda rejection: rejection.index)


def too_few(wanted: list[Record], kept: list[Record], max_answer: int | None) -> InputError:
    """The error for a selection that leaves no dataset."""
    found = f"{len(wanted)} of {len(kept)} records are left"
    if max_answer is None or not kept:
        return InputError(f"{found}; a dataset has 2 or more.", hint="Take more documents.")
    shortest = min(len(record.answer) for record in kept)
    return InputError(
        f"{found} with an answer of at most {max_answer} letters; a dataset has 2 or more.",
        hint=f"Raise --max-answer: the shortest answer has {shortest} letters.",
    )


def write_dataset(
    draft: Draft, kept: list[Record], rejected: list[Rejection], limit: int | None, seed: int
) -> list[Record]:
    """Select and split the records, and write the files of the folder; the selected records."""
    rest, phrasings = hold_out(kept, seed=seed)
    chosen = select(rest, limit, seed=seed)
    train, valid = split(chosen, seed=seed)
    taught = {record.document for record in train}
    heldout = [record for record in phrasings if record.document in taught]
    write_json(draft.path / DATASET, [plain(record) for record in chosen])
    files: Mapping[str, Sequence[BaseModel]] = {
        RECORDS: chosen,
        TRAIN: train,
        VALID: valid,
        HELDOUT: heldout,
        REJECTED: rejected,
    }
    for name, records in files.items():
        write_jsonl(draft.path / name, records)
    draft.counts |= {
        "records": len(chosen),
        "train": len(train),
        "valid": len(valid),
        "heldout": len(heldout),
        "rejected": len(rejected),
        "not_selected": len(kept) - len(chosen) - len(heldout),
    }
    write_report(draft.path, dataset_report(chosen, rejected))
    draft.details["by_type"] = counted(record.type for record in chosen)
    draft.details["by_teacher"] = counted(record.teacher for record in chosen)
    draft.details["by_source"] = counted(record.source for record in chosen)
    draft.details["rejected_by_reason"] = counted(rejection.reason for rejection in rejected)
    return chosen


def plain(record: Record) -> dict[str, Any]:
    """A record in the user's format."""
    return record.plain().model_dump()


def counted(names: Iterable[str]) -> dict[str, int]:
    """Name -> how often, the most frequent first."""
    return dict(Counter(names).most_common())
