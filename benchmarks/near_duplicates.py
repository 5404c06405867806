"""Near duplicates, ours beside others: `python -m benchmarks.near_duplicates`.

20 MB of synthetic Korean judgments: a fifth nearly repeats an earlier one (other blanks, particles
or misprints, a header, sections missing), a tenth differs from an earlier one in a single figure
and is a judgment of its own. All see the same texts in the same run, as character 5-grams.
datasketch and datatrove are measured where they are installed.
"""

import argparse
import struct
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks.synthetic import Judgment, judgments
from datagen.distinctions import normalised
from datagen.near_duplicates import clusters, shingles

Pairs = Iterable[tuple[int, int]]


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--bytes-each", type=int, default=2900, help="of an average judgment")
    options = parser.parse_args()
    size = int(options.megabytes * 1e6)
    made = list(judgments(size, length=options.bytes_each, twins=0.1))
    texts = [judgment.text for judgment in made]
    planted = sum(each.copy_of is not None for each in made)
    twins = sum(each.twin_of is not None for each in made)
    print(f"{len(made):,} judgments, {planted:,} near duplicates, {twins:,} with another figure\n")
    print(f"{'':28}{'seconds':>9}{'MB/s':>8}{'CPU s':>8}{'MB/CPU s':>10}{'found':>9}{'wrong':>9}")
    for name, module, find in METHODS:
        if module and find_spec(module) is None:
            print(f"{name:28} not installed")
            continue
        started, cpu = time.perf_counter(), time.process_time()
        pairs = list(find(texts))
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        found, wrong = judged(pairs, made)
        print(
            f"{name:28}{seconds:9.1f}{size / 1e6 / seconds:8.1f}{cpu:8.1f}{size / 1e6 / cpu:10.1f}"
            f"{found / planted:9.1%}{wrong / twins:9.1%}"
        )
    print("\nfound: of the near duplicates; wrong: of the judgments with another figure, merged")


def judged(pairs: Pairs, made: list[Judgment]) -> tuple[int, int]:
    """(near duplicates that lie in one cluster with their original, twins that do)."""
    parents = list(range(len(made)))

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    for one, other in pairs:
        parents[root(one)] = root(other)
    found = [
        each.copy_of is not None and root(n) == root(each.copy_of) for n, each in enumerate(made)
    ]
    wrong = [
        each.twin_of is not None and root(n) == root(each.twin_of) for n, each in enumerate(made)
    ]
    return sum(found), sum(wrong)


def ours(texts: list[str]) -> Pairs:
    """datagen.near_duplicates."""
    for cluster in clusters(texts):
        yield from ((cluster[0], other) for other in cluster[1:])


def with_datasketch(texts: list[str]) -> Pairs:
    """datasketch's MinHash and LSH."""
    from datasketch import MinHash, MinHashLSH  # type: ignore[import-not-found]

    index = MinHashLSH(threshold=0.8, num_perm=128)
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=128)
        sketch.update_batch(shingles(normalised(text)))
        yield from ((other, number) for other in index.query(sketch))
        index.insert(number, sketch)


def with_datatrove(texts: list[str]) -> Pairs:
    """The first two of datatrove's four stages; the other two only write what these found."""
    from datatrove.data import Document
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupSignature,
    )
    from datatrove.utils.hashing import create_hash_func

    class Letters:
        """Splits into letters: datatrove's own Korean tokenizer needs a model of 105 MB."""

        def word_tokenize(self, text: str) -> list[str]:
            return list("".join(text.split()))

    class Signature(MinhashDedupSignature):
        """With 5-grams of letters in place of words."""

        def __init__(self, folder: str) -> None:
            from datatrove.io import get_datafolder

            PipelineStep.__init__(self)
            self.output_folder = get_datafolder(folder)
            self.config = MinhashConfig()
            self.num_hashes = self.config.num_buckets * self.config.hashes_per_bucket
            self._parameters = None
            digest = create_hash_func(self.config.hash_config)
            # datatrove 0.10 hands text to xxhash, which since its version 4 takes bytes alone.
            self._hash_func = lambda text: digest(text.encode())
            self.word_tokenizer = Letters()
            self.skip_existing_sigs = False

    with tempfile.TemporaryDirectory() as name:
        documents = (Document(text, str(number)) for number, text in enumerate(texts))
        Signature(f"{name}/signatures").run(documents)
        buckets = MinhashConfig().num_buckets
        for rank in range(buckets):
            MinhashDedupBuckets(f"{name}/signatures", f"{name}/pairs").run(
                None, rank=rank, world_size=buckets
            )
        yield from read_pairs(Path(name, "pairs"))


def read_pairs(folder: Path) -> Iterator[tuple[int, int]]:
    """The pairs of documents that datatrove's second stage wrote."""
    for path in folder.glob("*.dups"):
        for _, one, _, other in struct.iter_unpack("<4I", path.read_bytes()):
            yield one, other


METHODS: tuple[tuple[str, str, Callable[[list[str]], Pairs]], ...] = (
    ("taxqa (rensa, verified)", "", ours),
    ("datasketch", "datasketch", with_datasketch),
    ("datatrove MinHash", "datatrove", with_datatrove),
)

if __name__ == "__main__":
    main()
