"""What the reviews leave of a dataset, as a dataset folder that every later stage takes."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from datagen.checks.run import check_records
from datagen.checks.sources import source_texts
from datagen.dataset import (
    DATASET,
    HELDOUT,
    RECORDS,
    REJECTED,
    STAGE,
    TRAIN,
    VALID,
    counted,
    plain,
)
from datagen.leakage import refuse_leakage
from datagen.linked import linked
from datagen.report import dataset_report, write_report
from datagen.review.agreement import agreements, quality, settled
from datagen.review.checking import amount_problem
from datagen.review.desk import DROPPED_REASONS, VERDICT_NAMES, decided_record
from datagen.review.items import Item, Material
from datagen.review.store import Decision, Reviews
from datagen.split import hold_out, split
from datagen.stale import SOURCES
from taxqa.errors import InputError
from taxqa.folders import Draft, manifest_of, new_folder
from taxqa.records import Record, Rejection, write_json, write_jsonl

REJECTED_BY_REVIEWER = "rejected_by_reviewer"
REVIEWERS_DISAGREE = "reviewers_disagree"


@dataclass
class Outcome:
    """What becomes of the records."""

    kept: list[Record] = field(default_factory=list)
    """To be checked once more."""
    rejected: list[Rejection] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("accepted", "edited", "rejected_by_reviewer", "reviewers_disagree", "not_reviewed"), 0
        )
    )
    reviewed: set[str] = field(default_factory=set)
    """Ids of records that somebody accepted or edited."""
    heldout: set[str] = field(default_factory=set)
    """Ids of phrasings that are kept to test a model with."""


def export(
    material: Material,
    reviews: Reviews,
    out: Path,
    *,
    reviewed_only: bool = False,
    force: bool = False,
) -> dict[str, int]:
    """Write the dataset folder `out`; returns the counts of its manifest.

    Records that were accepted or edited are taken, those that were rejected or on which reviewers
    differ are not. Everything that is taken passes the checks once more, in one pass, since an
    edit may contradict another record; what fails goes to rejected.jsonl and is counted as
    `failed_after_review` where somebody had accepted or edited it. Reviewers' names stay out.

    Args:
        reviewed_only: leave out what nobody has looked at; else it is taken as it was.

    Raises:
        InputError: fewer than 2 records are left, or `out` is there already.
        ProofError: as `write_parts`.
    """
    corpus = material.corpus_path
    config = {
        "dataset": str(material.path),
        "reviews": str(reviews.path),
        "corpus": str(corpus) if corpus else None,
        "reviewed_only": reviewed_only,
        "seed": material.seed,
    }
    inputs = {"dataset": material.path} | ({"corpus": corpus} if corpus else {})
    outcome = outcome_of(material, reviews, reviewed_only)
    kept, failed = checked_again(outcome, material)
    records = [record for record in kept if record.id not in outcome.heldout]
    heldout = [record for record in kept if record.id in outcome.heldout]
    if material.path.is_file():
        records, heldout = hold_out(kept, seed=material.seed)
    if len(records) < 2:
        raise InputError(
            f"{len(records)} records are left after the review; a dataset has 2 or more.",
            hint="Review more of it, or leave out --reviewed-only.",
        )
    with new_folder(out, stage=STAGE, config=config, inputs=inputs, force=force) as draft:
        write_parts(draft, records, heldout, [*outcome.rejected, *failed], material)
        if (material.path / SOURCES).is_file():
            shutil.copyfile(material.path / SOURCES, draft.path / SOURCES)
        again = sum(str(each.record.get("id")) in outcome.reviewed for each in failed)
        counts = {**outcome.counts, "failed_after_review": again}
        draft.counts |= counts
        draft.details["review"] = summary(material, reviews)
        # A review leaves out and edits; the law stays that of the dataset it was made of.
        draft.details["law_date"] = manifest_of(material.path).get("law_date")
    return draft.counts


def outcome_of(material: Material, reviews: Reviews, reviewed_only: bool) -> Outcome:
    """What the decisions make of each item."""
    outcome = Outcome()
    current = reviews.current()
    for position, item in enumerate(material.items):
        if item.part == "heldout":
            outcome.heldout.add(item.id)
        decisions = current.get(item.digest, {})
        shared = settled(decisions)
        if not decisions and item.part != "dropped":
            outcome.counts["not_reviewed"] += 1
        if decisions and shared is None:
            outcome.counts["reviewers_disagree"] += 1
            drop(outcome, item, disagreement(position, item, decisions))
        elif shared is None:
            take_unreviewed(outcome, item, reviewed_only)
        elif shared.verdict == "reject":
            outcome.counts["rejected_by_reviewer"] += 1
            drop(outcome, item, rejection(position, item, shared))
        elif record := decided_record(item, shared):
            outcome.counts["edited" if shared.edited else "accepted"] += 1
            outcome.reviewed.add(record.id)
            outcome.kept.append(record)
    return outcome


def drop(outcome: Outcome, item: Item, why: Rejection) -> None:
    """Leave an item out; what a check had dropped before keeps the check's reason."""
    outcome.rejected.append(item.rejection or why)


def take_unreviewed(outcome: Outcome, item: Item, reviewed_only: bool) -> None:
    """An item that nobody looked at stays what it was."""
    if item.rejection:
        outcome.rejected.append(item.rejection)
    elif item.record and not reviewed_only:
        outcome.kept.append(item.record)


def rejection(position: int, item: Item, decision: Decision) -> Rejection:
    """The line of rejected.jsonl for a person's rejection."""
    reason = DROPPED_REASONS.get(decision.reason, decision.reason)
    found = f"{reason}: {decision.note}" if decision.note else reason
    expected = "a record that a reviewer accepts"
    return Rejection(
        index=position, reason=REJECTED_BY_REVIEWER, found=found, expected=expected,
        record=dict(item.fields),
    )  # fmt: skip


def disagreement(position: int, item: Item, decisions: Mapping[str, Decision]) -> Rejection:
    """The line of rejected.jsonl for a record on which reviewers differ."""
    found = ", ".join(sorted(VERDICT_NAMES[each.verdict] for each in decisions.values()))
    return Rejection(
        index=position, reason=REVIEWERS_DISAGREE, found=found, expected="one decision",
        record=dict(item.fields),
    )  # fmt: skip


def checked_again(outcome: Outcome, material: Material) -> tuple[list[Record], list[Rejection]]:
    """(kept, rejected): every check over what is taken, as at generation."""
    sources = source_texts(material.corpus.documents)
    kept: list[Record] = []
    failed: list[Rejection] = []
    for position, result in enumerate(check_records(outcome.kept, material.corpus.index, sources)):
        if isinstance(result, Rejection):
            failed.append(result)
        elif isinstance(result, Record):
            problem = amount_problem(result)
            if problem is None:
                kept.append(result)
            else:
                failed.append(
                    Rejection(
                        index=position,
                        reason=problem.reason,
                        found=problem.found,
                        expected=problem.expected,
                        record=result.model_dump(mode="json"),
                    )
                )
    return kept, failed


def write_parts(
    draft: Draft,
    records: list[Record],
    heldout: list[Record],
    rejected: list[Rejection],
    material: Material,
) -> None:
    """Write the files of a dataset folder and its counts.

    What was held out stays held out: to draw anew, as `datagen.dataset.write_dataset` does, would
    lose a reviewed phrasing of each case that validates.

    Raises:
        ProofError: after an edit, what was held back to test with is taught as well.
    """
    texts = {document.id: document.text for document in material.corpus.documents}
    train, valid = split(records, seed=material.seed, groups=linked(records, texts))
    taught = {record.document for record in train}
    asked = [record for record in heldout if record.document in taught]
    draft.details["leakage"] = refuse_leakage(train, valid, asked, texts)
    write_json(draft.path / DATASET, [plain(record) for record in records])
    files: Mapping[str, Sequence[BaseModel]] = {
        RECORDS: records,
        TRAIN: train,
        VALID: valid,
        HELDOUT: asked,
        REJECTED: rejected,
    }
    for name, lines in files.items():
        write_jsonl(draft.path / name, lines)
    write_report(draft.path, dataset_report(records, rejected))
    draft.counts |= {
        "records": len(records),
        "train": len(train),
        "valid": len(valid),
        "heldout": len(asked),
        "rejected": len(rejected),
        "not_selected": len(heldout) - len(asked),
    }
    draft.details["by_type"] = counted(record.type for record in records)
    draft.details["by_source"] = counted(record.source for record in records)
    draft.details["rejected_by_reason"] = counted(rejection.reason for rejection in rejected)


def summary(material: Material, reviews: Reviews) -> dict[str, Any]:
    """How much was reviewed, how well reviewers agreed and what chance says; without names."""
    decisions = reviews.current()
    own = [item.digest for item in material.items]
    names = {name for digest in own for name in decisions.get(digest, {})}
    estimate = quality(material.items, decisions)
    return {
        "reviewers": len(names),
        "agreement": [
            {"joint": each.joint, "kappa": None if each.kappa is None else round(each.kappa, 3)}
            for each in agreements(decisions, own)
        ],
        "by_chance": None
        if estimate is None
        else {
            "looked_at": estimate.looked_at, "changed": estimate.changed,
            "low": round(estimate.low, 4), "high": round(estimate.high, 4),
        },
    }  # fmt: skip
