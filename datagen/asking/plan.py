"""Which passages are asked about, by whom and how much: the same for the same seed.

A plan begins with the plan of a smaller number: whoever tried 50 passages and goes on with 5,000
is not asked to pay for the 50 again.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from datagen.article_examples import OVERRIDDEN, level_of
from datagen.asking.prompts import Ask
from datagen.example import ASKERS as CONCERNED
from datagen.passage import Passage
from taxlaw.acts import find_act
from taxqa.records import Asker, Source

LEVEL_WEIGHTS = {"": 1.0, "시행령": 0.5, "시행규칙": 0.2}
"""How likely a passage of an act, decree or rule comes before others of its act."""
GISTS = frozenset(("판결요지", "결정요지", "요지", "회신", "회답", "본문"))
DETAIL_WEIGHT = 0.3
"""The same for the other sections of a decision."""
MIN_LETTERS = 40
"""A shorter passage says too little to be asked about."""
LETTERS_PER_QUESTION = 150
SOURCES_OF: Mapping[str, tuple[Source, ...]] = {
    "statute": ("statute", "practical"),
    "guide": ("practical",),
    "judgment": ("judgment",),
    "ruling": ("ruling",),
}
"""Kind of document -> what questions it can be asked."""
N = TypeVar("N", Asker, Source)
FITTING = 1.0
"""How many questions an asker may be ahead of the wanted share where a law concerns them."""


def plan(
    passages: Iterable[Passage],
    *,
    askers: Mapping[Asker, float],
    sources: Mapping[Source, float],
    questions: int,
    limit: int | None,
    seed: int,
) -> list[Ask]:
    """What to ask, in order, at most once of a passage.

    Args:
        askers: asker -> share; 0 = never.
        sources: source -> share; where the passages of one are used up, the others go on.
        questions: of a passage at most; short ones are asked fewer.
        limit: passages at most; None = all that there are.
    """
    usable = [each for each in passages if is_askable(each)]
    return list(islice(asks(usable, askers, sources, questions, seed), limit))


def is_askable(passage: Passage) -> bool:
    """Whether a passage says, whole and by itself, something that holds now."""
    return (
        len(passage.text) >= MIN_LETTERS
        and passage.is_whole
        and passage.document.id not in OVERRIDDEN
    )


def asks(
    passages: Sequence[Passage],
    askers: Mapping[Asker, float],
    sources: Mapping[Source, float],
    questions: int,
    seed: int,
) -> Iterator[Ask]:
    """Every ask, each source and asker as near to its share as it can be at any time."""
    pools = {
        kind: in_turn([each for each in passages if each.document.kind == kind], seed)
        for kind in SOURCES_OF
    }
    ready = {kind: next(pool, None) for kind, pool in pools.items()}
    sourced: dict[Source, int] = defaultdict(int)
    asked: dict[Asker, int] = defaultdict(int)
    while open_sources := wanted_sources(sources, ready):
        source = furthest_behind(open_sources, sourced)
        kind = kind_for(source, ready, sourced[source])
        passage = ready[kind]
        assert passage is not None
        ready[kind] = next(pools[kind], None)
        asker = furthest_behind(askers, asked, fitting=concerned(passage))
        sourced[source] += 1
        asked[asker] += 1
        count = min(questions, max(1, len(passage.text) // LETTERS_PER_QUESTION))
        yield Ask(passage, asker, source, count)


def wanted_sources(
    sources: Mapping[Source, float], ready: Mapping[str, Passage | None]
) -> dict[Source, float]:
    """The sources with a share for which a passage is left."""
    left = {source for kind, each in ready.items() if each for source in SOURCES_OF[kind]}
    return {source: share for source, share in sources.items() if share > 0 and source in left}


def kind_for(source: Source, ready: Mapping[str, Passage | None], turn: int) -> str:
    """The kind of document that the `turn`-th question of a source is about."""
    kinds = [kind for kind, each in ready.items() if each and source in SOURCES_OF[kind]]
    return kinds[turn % len(kinds)]


Name = Asker | Source


def furthest_behind(
    shares: Mapping[N, float], given: Mapping[N, int], fitting: frozenset[N] = frozenset()
) -> N:
    """The name that lacks most to its share; those that fit may be a little ahead."""
    whole = sum(shares.values())
    total = sum(given.get(name, 0) for name in shares) + 1
    names = [name for name, share in shares.items() if share > 0]

    def behind(name: N) -> float:
        lack = shares[name] / whole * total - given.get(name, 0)
        return lack + (FITTING if name in fitting else 0)

    return max(names, key=behind)


def concerned(passage: Passage) -> frozenset[Asker]:
    """Whom the law of a passage concerns; nobody in particular for other documents."""
    act = find_act(passage.document.law)
    return frozenset(CONCERNED[act.name]) if act else frozenset()


def in_turn(passages: Sequence[Passage], seed: int) -> Iterator[Passage]:
    """Passages, one of each act or of each document after the other, at random within them."""
    groups: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        act = find_act(passage.document.law)
        groups[act.name if act else passage.document.law or passage.document.id].append(passage)
    names = sorted(groups)
    random.Random(f"{seed}:groups").shuffle(names)
    queues = [sorted(groups[name], key=lambda each: place(each, seed)) for name in names]
    for turn in range(max(map(len, queues), default=0)):
        yield from (queue[turn] for queue in queues if turn < len(queue))


def place(passage: Passage, seed: int) -> float:
    """Where a passage comes in its group: at random, acts and gists before the rest."""
    weight = LEVEL_WEIGHTS[level_of(passage.document.law)]
    if passage.section and passage.section not in GISTS:
        weight *= DETAIL_WEIGHT
    return random.Random(f"{seed}:{passage.id}").random() / weight
