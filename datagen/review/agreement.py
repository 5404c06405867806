"""Whether reviewers agree, what a record's decisions come to, and how good the dataset is."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

from datagen.review.items import Item
from datagen.review.risk import by_chance
from datagen.review.store import Decision, Decisions

Z_95 = 1.96
"""Standard deviations to either side that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Agreement:
    """Two reviewers on the records that both have decided."""

    first: str
    second: str
    kappa: float | None
    """Cohen's, of accept, edit and reject; None where chance alone explains everything."""
    joint: int
    disagreements: tuple[tuple[Decision, Decision], ...]


def agree(one: Decision, other: Decision) -> bool:
    """The same verdict, and after an edit the same text; the reasons may differ."""
    return one.verdict == other.verdict and one.edited == other.edited


def settled(decisions: Mapping[str, Decision]) -> Decision | None:
    """The decision that all reviewers of a record share; None where they differ or are none."""
    given = list(decisions.values())
    return given[0] if given and all(agree(given[0], each) for each in given) else None


def agreements(decisions: Decisions, digests: Collection[str]) -> list[Agreement]:
    """Each two reviewers who have a record in common, by name."""
    names = sorted({name for digest in digests for name in decisions.get(digest, {})})
    found = []
    for first, second in combinations(names, 2):
        joint = [
            (decisions[digest][first], decisions[digest][second])
            for digest in digests
            if {first, second} <= set(decisions.get(digest, {}))
        ]
        if joint:
            verdicts = [(one.verdict, other.verdict) for one, other in joint]
            apart = tuple(pair for pair in joint if not agree(*pair))
            found.append(Agreement(first, second, kappa(verdicts), len(joint), apart))
    return found


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa: 1 = agree in everything, 0 = as often as by chance.

    None where there are no pairs, or both always said one and the same.

    Source: J. Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    total = len(pairs)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance_alone = sum(first[name] * second[name] for name in first)
    if total * total == by_chance_alone:
        return None
    same = sum(one == other for one, other in pairs)
    return (same * total - by_chance_alone) / (total * total - by_chance_alone)


@dataclass(frozen=True)
class Quality:
    """How many records of the dataset need a change, from those that were drawn by chance."""

    looked_at: int
    changed: int
    """Edited or rejected by a reviewer."""
    low: float
    """Share: with `high` the 95 % interval (Wilson)."""
    high: float


def quality(items: Sequence[Item], decisions: Decisions) -> Quality | None:
    """The estimate from the random order as far as it was looked at without a gap.

    Records that were looked at for their risk do not bias it: they count only where the random
    order has come to them. None where its first record is still to do.
    """
    changed = looked_at = 0
    for item in by_chance([each for each in items if each.part != "dropped"]):
        given = decisions.get(item.digest, {})
        if not given:
            break
        looked_at += 1
        changed += any(each.verdict != "accept" for each in given.values())
    return Quality(looked_at, changed, *wilson(changed, looked_at)) if looked_at else None


def wilson(successes: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    1927.
    """
    share, z2 = successes / total, Z_95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    return max(middle - half, 0.0), min(middle + half, 1.0)
