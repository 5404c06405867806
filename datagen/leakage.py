"""Whether what a model is measured with was taught to it: the parts of a dataset, compared.

Of valid.jsonl no document, text, question or long answer may be that of a record in train.jsonl, or
nearly. heldout.jsonl asks about taught cases on purpose, so documents and answers are shared; its
questions may not be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datagen.checks.duplicates import near_key
from datagen.linked import is_long
from datagen.near_duplicates import NearDuplicates
from taxqa.errors import ProofError
from taxqa.records import Record

WHATS = ("document", "text", "question", "answer")
SHOWN = 3


@dataclass(frozen=True)
class Leak:
    """What a record of another part shares with one that is trained on."""

    what: str
    """One of WHATS."""
    part: str
    """'valid' or 'heldout'."""
    record: str
    """Id of the record in that part."""
    trained: str
    """Id of the record in train.jsonl."""


def refuse_leakage(
    train: Sequence[Record],
    valid: Sequence[Record],
    heldout: Sequence[Record],
    texts: Mapping[str, str],
) -> dict[str, int]:
    """What was compared, for the manifest: records of each part, documents whose text is known.

    Args:
        texts: document -> its text, where that is known.

    Raises:
        ProofError: something leaks; the message names the first leaks.
    """
    found = leaks(train, valid, heldout, texts)
    if found:
        first = "; ".join(
            f"{leak.record} of {leak.part}.jsonl has the {leak.what} of {leak.trained}"
            for leak in found[:SHOWN]
        )
        raise ProofError(
            f"{len(found):,} times a record would be tested with what another one taught: {first}.",
            hint="Nothing was written. Leave out one of the two, or choose another --seed.",
        )
    documents = {record.document for part in (train, valid) for record in part}
    return {
        "train": len(train),
        "valid": len(valid),
        "heldout": len(heldout),
        "texts": sum(bool(texts.get(name)) for name in documents),
        "leaks": 0,
    }


def leaks(
    train: Sequence[Record],
    valid: Sequence[Record],
    heldout: Sequence[Record],
    texts: Mapping[str, str],
) -> list[Leak]:
    """Everything that valid or held-out records share with trained ones and should not."""
    taught = {record.document: record.id for record in train}
    asked = {near_key(record.question): record.id for record in train}
    found = [
        Leak("document", "valid", record.id, taught[record.document])
        for record in valid
        if record.document in taught
    ]
    for part, records in (("valid", valid), ("heldout", heldout)):
        found += [
            Leak("question", part, record.id, asked[key])
            for record in records
            if (key := near_key(record.question)) in asked
        ]
    tested = {record.document: record.id for record in valid}
    found += alike(
        "text",
        [(name, texts[document]) for document, name in taught.items() if texts.get(document)],
        [(name, texts[document]) for document, name in tested.items() if texts.get(document)],
    )
    found += alike(
        "answer",
        [(record.id, record.answer) for record in train if is_long(record.answer)],
        [(record.id, record.answer) for record in valid if is_long(record.answer)],
    )
    return found


def alike(
    what: str, trained: Sequence[tuple[str, str]], tested: Sequence[tuple[str, str]]
) -> list[Leak]:
    """The (id, text) of `tested` whose text is that of one in `trained`, or nearly."""
    with NearDuplicates() as known:
        for _, text in trained:
            known.take(text)
        return [
            Leak(what, "valid", name, trained[number][0])
            for name, text in tested
            if (number := known.like(text)) is not None
        ]
