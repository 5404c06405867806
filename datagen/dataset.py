"""The dataset folder: a teacher's records, checked, selected and split."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from datagen.asking.replies import Unusable
from datagen.asking.taught import Taught
from datagen.checks.evaluation import EvaluationQuestions
from datagen.checks.run import check_records
from datagen.checks.sources import source_texts
from datagen.corpus import Corpus, read_corpus, shipped_corpus
from datagen.law_date import law_date
from datagen.leakage import refuse_leakage
from datagen.linked import linked
from datagen.report import dataset_report, write_report
from datagen.split import hold_out, select, split
from datagen.stale import SOURCES, state_of, unchanged
from datagen.worked import worked_records
from taxqa.errors import InputError
from taxqa.folders import Draft, new_folder
from taxqa.progress import bar
from taxqa.records import Document, Record, Rejection, write_json, write_jsonl

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
    update: Path | None = None,
    evaluation: Path | None = None,
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
        update: an older dataset, whose records of documents that did not change are taken over;
            the teacher is asked about the others alone.
        evaluation: JSON or JSONL of questions that a model will be tested with and is not taught.
        seed: the same seed and corpus give the same dataset.

    Raises:
        InputError: `corpus` is no corpus folder, `limit` is below 2, fewer than 2 records are
            left, or `out` is there already; as `unchanged` and `EvaluationQuestions.read`.
        ProofError: a record of one part of the dataset is in another one as well.
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
        "update": str(update) if update else None,
        "evaluation": str(evaluation) if evaluation else None,
        "seed": seed,
    }
    given = {"corpus": corpus, "update": update, "evaluation": evaluation}
    inputs = {name: path for name, path in given.items() if path}
    material = read_corpus(corpus) if corpus else shipped_corpus()
    questions = EvaluationQuestions.read(evaluation) if evaluation else None
    taken_over, ask = unchanged(update, material.documents) if update else ([], None)
    with new_folder(out, stage=STAGE, config=config, inputs=inputs, force=force) as draft:
        taught = teach(documents_to_ask(material, ask)) if teach else Taught()
        with bar("Generating and checking records"):
            made = asked_again(material, ask, seed) if worked else []
            items = [*made, *taught.items, *taken_over]
            kept, rejected = checked(items, material, questions)
        wanted = [
            record
            for record in kept
            if (max_answer is None or len(record.answer) <= max_answer)
            and (documents is None or record.document in documents)
        ]
        if len(wanted) < 2:
            reasons = Counter(rejection.reason for rejection in rejected)
            for teacher in taught.teachers:
                reasons.update(teacher["not_answered"])
            raise too_few(wanted, kept, max_answer, reasons)
        chosen = write_dataset(draft, wanted, rejected, limit, seed, material.documents)
        day = law_date(chosen, material.documents)
        draft.details["law_date"] = day and day.isoformat()
        draft.counts["not_selected"] += len(kept) - len(wanted)
        draft.counts["taken_over"] = len(taken_over)
        draft.details["teachers"] = taught.teachers
    return draft.counts


def documents_to_ask(material: Corpus, ask: Collection[str] | None) -> Corpus:
    """The corpus with the documents in `ask` alone; None = all."""
    if ask is None:
        return material
    asked = tuple(document for document in material.documents if document.id in ask)
    return replace(material, documents=asked)


def asked_again(material: Corpus, ask: Collection[str] | None, seed: int) -> Iterable[Record]:
    """The worked records of the documents in `ask` (None = all), and of all worked cases.

    The teacher sees every document: whether a title is the only one of its law depends on all.
    """
    left_alone = {document.id for document in material.documents} - set(ask or ())
    for record in worked_records(material.documents, seed=seed):
        if ask is None or record.document not in left_alone:
            yield record


def checked(
    items: Sequence[Record | Unusable],
    material: Corpus,
    questions: EvaluationQuestions | None = None,
) -> tuple[list[Record], list[Rejection]]:
    """The records that pass every check, and the rest with its reasons, each in its order.

    Where two ask the same, the first stands: worked records are to come first, they are computed.
    """
    places = [place for place, item in enumerate(items) if isinstance(item, Record)]
    records = [item for item in items if isinstance(item, Record)]
    kept: list[Record] = []
    rejected = [
        item.rejection(place) for place, item in enumerate(items) if isinstance(item, Unusable)
    ]
    sources = source_texts(material.documents)
    for result in check_records(records, material.index, sources, questions):
        if isinstance(result, Rejection):
            rejected.append(result.model_copy(update={"index": places[result.index]}))
        elif isinstance(result, Record):
            kept.append(result)
    return kept, sorted(rejected, key=lambda rejection: rejection.index)


def too_few(
    wanted: list[Record],
    kept: list[Record],
    max_answer: int | None,
    reasons: Counter[str],
) -> InputError:
    """The error for a selection that leaves no dataset; `reasons` for what was dropped."""
    found = f"{len(wanted)} of {len(kept)} records are left"
    if max_answer is None or not kept:
        dropped = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
        return InputError(
            f"{found}; a dataset has 2 or more." + (f" Rejected: {dropped}." if dropped else ""),
            hint="Take more documents, or another teacher where its answers cannot be used.",
        )
    shortest = min(len(record.answer) for record in kept)
    return InputError(
        f"{found} with an answer of at most {max_answer} letters; a dataset has 2 or more.",
        hint=f"Raise --max-answer: the shortest answer has {shortest} letters.",
    )


def write_dataset(
    draft: Draft,
    kept: list[Record],
    rejected: list[Rejection],
    limit: int | None,
    seed: int,
    documents: Sequence[Document] = (),
) -> list[Record]:
    """Select and split the records, and write the files of the folder; the selected records.

    Args:
        documents: what the records were made from.

    Raises:
        ProofError: what was held back to test with is taught as well.
    """
    texts = {document.id: document.text for document in documents}
    rest, phrasings = hold_out(kept, seed=seed)
    chosen = select(rest, limit, seed=seed)
    train, valid = split(chosen, seed=seed, groups=linked(chosen, texts))
    taught = {record.document for record in train}
    heldout = [record for record in phrasings if record.document in taught]
    draft.details["leakage"] = refuse_leakage(train, valid, heldout, texts)
    write_json(draft.path / DATASET, [plain(record) for record in chosen])
    files: Mapping[str, Sequence[BaseModel]] = {
        RECORDS: chosen,
        TRAIN: train,
        VALID: valid,
        HELDOUT: heldout,
        REJECTED: rejected,
        SOURCES: [state_of(document) for document in documents],
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
