"""Which record goes where: training, validation, held out; by document, seeded."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from datagen.checks.duplicates import near_key
from taxqa.records import Record

VALIDATION_SHARE = 0.1
MIN_PHRASINGS = 3
"""A case needs this many phrasings before one of them can be held out."""


def by_document(
    records: Iterable[Record], groups: Mapping[str, str] | None = None
) -> dict[str, list[Record]]:
    """Document id, or the group it is in -> its records, both in the order given."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[(groups or {}).get(record.document, record.document)].append(record)
    return dict(found)


def hold_out(records: Sequence[Record], *, seed: int) -> tuple[list[Record], list[Record]]:
    """Keep back one phrasing of each practical case; returns (rest, held out).

    Phrasings of one case share their document and their answer. Articles and judgments are left
    alone: their questions ask different things, so none stands for another. A phrasing that stays
    behind in nearly the same words is none to test with.
    """
    asked = Counter(near_key(record.question) for record in records)
    cases: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        if record.source == "practical":
            cases[record.document, record.answer].append(record)
    held = {}
    for (document, _), phrasings in cases.items():
        alone = [record for record in phrasings if asked[near_key(record.question)] == 1]
        if len(phrasings) >= MIN_PHRASINGS and alone and document not in held:
            held[document] = random.Random(f"{seed}:{document}").choice(alone)
    ids = {record.id for record in held.values()}
    return [record for record in records if record.id not in ids], list(held.values())


def select(records: Sequence[Record], limit: int | None, *, seed: int) -> list[Record]:
    """At most `limit` records, whole documents at a time, evenly over sources, then askers.

    The last document may be cut short, so that exactly `limit` remain where there are enough.
    """
    if limit is None or limit >= len(records):
        return list(records)
    queues = shuffled_documents(records, seed)
    chosen: list[Record] = []
    by_source = dict.fromkeys((source for source, _ in queues), 0)
    by_asker = dict.fromkeys((asker for _, asker in queues), 0)
    while len(chosen) < limit:
        source, asker = min(queues, key=lambda key: (by_source[key[0]], by_asker[key[1]], key))
        document = queues[source, asker].pop()
        chosen += document
        by_source[source] += len(document)
        for record in document:
            by_asker[record.type] = by_asker.get(record.type, 0) + 1
        if not queues[source, asker]:
            del queues[source, asker]
    return chosen[:limit]


def shuffled_documents(
    records: Sequence[Record], seed: int
) -> dict[tuple[str, str], list[list[Record]]]:
    """(source, asker of the first record) -> documents in an order that the seed decides."""
    queues: dict[tuple[str, str], list[list[Record]]] = defaultdict(list)
    for document in by_document(records).values():
        queues[document[0].source, document[0].type].append(document)
    for (source, asker), queue in queues.items():
        random.Random(f"{seed}:{source}:{asker}").shuffle(queue)
    return dict(queues)


def split(
    records: Sequence[Record],
    *,
    seed: int,
    share: float = VALIDATION_SHARE,
    groups: Mapping[str, str] | None = None,
) -> tuple[list[Record], list[Record]]:
    """(training, validation): no document lies in both, each source gives about `share`.

    From two documents on, neither part is empty.

    Args:
        groups: document -> the group that lies on one side with it (datagen.linked); a document
            that is not named is a group of its own.
    """
    documents = by_document(records, groups)
    by_source: dict[str, list[str]] = defaultdict(list)
    for name, group in documents.items():
        by_source[group[0].source].append(name)
    chosen: set[str] = set()
    for source, names in by_source.items():
        sizes = {name: len(documents[name]) for name in names}
        chosen |= validation_documents(sizes, share, random.Random(f"{seed}:{source}"))
    if not chosen and len(documents) > 1:
        chosen = {min(documents, key=lambda name: len(documents[name]))}
    sides: tuple[list[Record], list[Record]] = [], []
    for record in records:
        sides[(groups or {}).get(record.document, record.document) in chosen].append(record)
    return sides


def validation_documents(sizes: dict[str, int], share: float, order: random.Random) -> set[str]:
    """Documents, in random order, whose records come closest to `share` of all; never all."""
    target = share * sum(sizes.values())
    names = list(sizes)
    order.shuffle(names)
    chosen: set[str] = set()
    taken = 0
    for name in names[1:]:
        if taken + sizes[name] / 2 <= target:
            chosen.add(name)
            taken += sizes[name]
    return chosen
