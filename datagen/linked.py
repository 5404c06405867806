"""Documents whose records belong on one side of a split, since they say or ask the same.

Two of them are linked where their texts are near duplicates (one judgment under two numbers), where
a question of one is a question of the other, or where long answers are the same.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from datagen.checks.duplicates import near_key
from datagen.distinctions import normalised
from datagen.near_duplicates import clusters
from taxqa.records import Record

LEAST_LETTERS = 30
"""Letters; a shorter answer ('아니요, 과세되지 않습니다.') may be right for many questions."""


def linked(records: Sequence[Record], texts: Mapping[str, str]) -> dict[str, str]:
    """Document of a record -> the first document that it is linked with, maybe itself.

    Args:
        texts: document -> its text, where that is known.
    """
    names = list(dict.fromkeys(record.document for record in records))
    places = {name: place for place, name in enumerate(names)}
    first = list(range(len(names)))

    def root(place: int) -> int:
        while first[place] != place:
            first[place] = first[first[place]]
            place = first[place]
        return place

    for group in groups(records, texts):
        roots = [root(places[name]) for name in group]
        for place in roots:
            first[place] = min(roots)
    return {name: names[root(place)] for name, place in places.items()}


def groups(records: Sequence[Record], texts: Mapping[str, str]) -> Iterator[set[str]]:
    """Documents with the same text, the same question or the same answer."""
    known = [name for name in dict.fromkeys(each.document for each in records) if texts.get(name)]
    for cluster in clusters(texts[name] for name in known):
        yield {known[number] for number in cluster}
    asking: dict[str, set[str]] = defaultdict(set)
    for record in records:
        asking[near_key(record.question)].add(record.document)
    yield from asking.values()
    answers = [record for record in records if is_long(record.answer)]
    for cluster in clusters(record.answer for record in answers):
        yield {answers[number].document for number in cluster}


def is_long(answer: str) -> bool:
    """Whether an answer says enough to be known again."""
    return len(normalised(answer)) >= LEAST_LETTERS
