"""Exact and near duplicates among texts: proposed by MinHash, verified on the texts themselves.

MinHash over character 5-grams (A. Broder, "On the resemblance and containment of documents", 1997)
proposes pairs; two texts are the same only where one of these holds:

- they have their figures, citations, taxes and words of yes and no in the same order
  (datagen.distinctions), and share their words too where they are short, all but single
  misprints where they are of middle length, and 80 % of their 5-grams where they are long;
- one is an excerpt of the other: it is long, and each of its sentences stands there unchanged.

So 제12조 and 제13조 are never merged. The texts wait in a temporary file (in memory while they are
few); what stays in memory is the index, about 2.5 kB for each text, and its features where it was
proposed.
"""

import re
import tempfile
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Self

from datagen.distinctions import (
    marked,
    normalised,
    only_misprints,
    stems,
    telling,
    without_blanks,
)

if TYPE_CHECKING:
    from rensa import RMinHash

SHINGLE = 5 * 2
"""Bytes of UTF-16."""
PERMUTATIONS, BANDS = 128, 32
"""Of pairs that share half of their 5-grams 87 % are proposed; of those that share 80 %, all."""
PROPOSED = 0.45
"""Estimated Jaccard similarity from which a proposed pair is compared."""
SIMILAR = 0.8
"""Jaccard similarity from which two long texts are the same."""
SHORT, LONG = 300, 3000
"""Characters without blanks; in a text that is not long, one other word makes another text."""
EXCERPT, EXCERPT_SENTENCES = 300, 4
"""The least characters and sentences of an excerpt; less may be a phrase that many texts share."""
SPOOL_BYTES = 32 * 1024 * 1024
SENTENCE_END = re.compile(r"\n+|(?<=다\.)|(?<=[】?!。])")


@dataclass(frozen=True, slots=True)
class Features:
    """What of a text is compared; made when it is first proposed."""

    length: int
    """Characters without blanks."""
    telling: int
    """Hash of its telling words in their order."""
    sentences: "array[int]"
    """Hashes of its different sentences."""


class NearDuplicates:
    """Texts in the order they were taken, and which of them are the same.

    A context manager: at its end the temporary file is gone.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Begin without a text; many texts will wait in `folder`, or where temporary files are."""
        from rensa import RMinHashLSH

        self.spool = tempfile.SpooledTemporaryFile(SPOOL_BYTES, dir=str(folder) if folder else None)  # noqa: SIM115
        self.ends = array("Q", [0])
        """Byte in the spool at which each text ends, after a 0."""
        self.index = RMinHashLSH(threshold=PROPOSED, num_perm=PERMUTATIONS, num_bands=BANDS)
        self.sketches: dict[int, RMinHash] = {}
        self.exact: dict[bytes, int] = {}
        """Key of a text -> the first text that has it."""
        self.features: dict[int, Features] = {}
        self.parents = array("Q")
        """Union-find; the root of a cluster is its first text."""

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Remove the temporary file."""
        self.spool.close()

    def take(self, text: str, sketch: "RMinHash | None" = None) -> int:
        """Take in the next text and join it with those it is the same as; returns its number.

        Args:
            sketch: that of the text, where it was made before.
        """
        number = len(self.parents)
        self.parents.append(number)
        bare = normalised(text)
        first = self.exact.setdefault(key_of(text, bare), number)
        if first != number:
            # Nothing is the same as this one that is not the same as its first copy.
            self.join(first, number)
        if first != number or len(bare) < SHORT:
            self.ends.append(self.ends[-1])
            return number
        sketch = sketch or sketch_of(bare)
        features: Features | None = None
        for other in self.proposed(sketch):
            if self.first_of(other) == self.first_of(number):
                continue
            features = features or features_of(text)
            if self.same(other, text, features):
                self.join(other, number)
        if features:
            self.features[number] = features
        self.index.insert(number, sketch)
        self.sketches[number] = sketch
        self.spool.seek(self.ends[-1])
        self.ends.append(self.ends[-1] + self.spool.write(text.encode("utf-8", "surrogatepass")))
        return number

    def like(self, text: str) -> int | None:
        """The first text taken that is the same as `text`; None where there is none."""
        bare = normalised(text)
        found = self.exact.get(key_of(text, bare))
        if found is not None or len(bare) < SHORT:
            return found
        features = features_of(text)
        proposed = self.proposed(sketch_of(bare))
        return next((other for other in proposed if self.same(other, text, features)), None)

    def proposed(self, sketch: "RMinHash") -> Iterator[int]:
        """The texts whose sketch is alike, in their order."""
        for other in sorted(self.index.query(sketch)):
            if self.sketches[other].jaccard(sketch) >= PROPOSED:
                yield other

    def same(self, other: int, text: str, features: Features) -> bool:
        """Whether a text taken before is the same as `text`, or one an excerpt of the other."""
        if other not in self.features:
            self.features[other] = features_of(self.text(other))
        known = self.features[other]
        if is_excerpt(known, features) or is_excerpt(features, known):
            return True
        if known.telling != features.telling:
            return False
        one, two = normalised(self.text(other)), normalised(text)
        alike = jaccard(shingles(one), shingles(two)) >= SIMILAR
        return alike and (known.length >= LONG or only_misprints(one, two))

    def text(self, number: int) -> str:
        """A text that was taken; '' for a short one, and one that repeats an earlier one."""
        start, end = self.ends[number], self.ends[number + 1]
        self.spool.seek(start)
        return self.spool.read(end - start).decode("utf-8", "surrogatepass")

    def first_of(self, number: int) -> int:
        """The first text of the cluster of a text."""
        while self.parents[number] != number:
            self.parents[number] = self.parents[self.parents[number]]
            number = self.parents[number]
        return number

    def join(self, one: int, other: int) -> None:
        """Make one cluster of two."""
        first, second = sorted((self.first_of(one), self.first_of(other)))
        self.parents[second] = first

    def clusters(self) -> list[list[int]]:
        """The numbers of texts that are the same, two or more together, in their order."""
        members: dict[int, list[int]] = defaultdict(list)
        for number in range(len(self.parents)):
            members[self.first_of(number)].append(number)
        return [numbers for numbers in members.values() if len(numbers) > 1]


def clusters(texts: Iterable[str]) -> list[list[int]]:
    """The positions of exact and near duplicates, two or more together, each in one cluster.

    The texts are read once, one at a time.
    """
    with NearDuplicates() as taken:
        for text in texts:
            taken.take(text)
        return taken.clusters()


def near_duplicate(one: str, other: str) -> bool:
    """Whether two texts are the same, or one an excerpt of the other."""
    with NearDuplicates() as taken:
        taken.take(one)
        return taken.like(other) is not None


def key_of(text: str, bare: str) -> bytes:
    """16 bytes that are the same for texts whose words are; blanks, particles, fillers left out.

    Of a long text every letter counts, which takes less time.
    """
    words = bare if len(bare) >= SHORT else "\0".join((*telling(bare), stems(text)))
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def sketch_of(bare: str) -> "RMinHash":
    """The MinHash sketch of a text without blanks."""
    from rensa import RMinHash

    sketch = RMinHash(num_perm=PERMUTATIONS, seed=1)
    sketch.update(shingles(bare))
    return sketch


def shingles(bare: str) -> list[bytes]:
    """The character 5-grams of a text without blanks; of a shorter one, the text itself.

    In UTF-16, two bytes a letter: slices of bytes are made and hashed faster than those of text.
    """
    units = bare.encode("utf-16-le", "surrogatepass")
    return [
        units[start : start + SHINGLE] for start in range(0, max(len(units) - SHINGLE, 0) + 1, 2)
    ]


def features_of(text: str) -> Features:
    """What of a text is compared with others."""
    bare = normalised(text)
    lines = SENTENCE_END.split(marked(text))
    return Features(
        length=len(bare),
        telling=hash(telling(bare)),
        sentences=array("q", {hash(line) for line in map(without_blanks, lines) if line}),
    )


def is_excerpt(part: Features, whole: Features) -> bool:
    """Whether each sentence of `part` stands in `whole`."""
    return (
        EXCERPT <= part.length <= whole.length
        and EXCERPT_SENTENCES <= len(part.sentences) <= len(whole.sentences)
        and set(whole.sentences).issuperset(part.sentences)
    )


def jaccard(one: list[bytes], other: list[bytes]) -> float:
    """The share of different 5-grams that two texts have in common, 0 to 1."""
    first, second = set(one), set(other)
    common = len(first & second)
    return common / (len(first) + len(second) - common)
