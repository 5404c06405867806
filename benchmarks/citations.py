"""How fast citations are read and looked up: `python -m benchmarks.citations`.

Prints milliseconds (best of five) for loading the index, for parsing and resolving a thousand
citations drawn from it, and for finding them all in one running text.
"""

import random
import time
from collections.abc import Callable
from pathlib import Path

import taxlaw
from taxlaw.articles import ArticleIndex
from taxlaw.citations import find_citations, numbered, parse_citation
from taxlaw.packing import split

COUNT = 1000
INDEX = Path(taxlaw.__file__).with_name("data") / "articles.json"


def main() -> None:
    """Measure and print."""
    index = ArticleIndex.load(INDEX)
    citations = sample(index)
    text = "에 따른 금액과 ".join(citations)
    report("load the index", lambda: ArticleIndex.load(INDEX))
    report(f"parse {COUNT} citations", lambda: [parse_citation(text) for text in citations])
    report(
        f"parse and resolve {COUNT} citations",
        lambda: [index.resolve(parse_citation(text)) for text in citations],
    )
    report(f"find {COUNT} citations in {len(text)} characters", lambda: find_citations(text))


def sample(index: ArticleIndex) -> list[str]:
    """Citations of articles all over the index, the same ones each time."""
    names = [
        f"{law} {numbered(*split(key), '조')}제1항"
        for law, versions in index.laws.items()
        for key in versions[-1].articles
    ]
    return random.Random(0).sample(names, COUNT)


def report(what: str, act: Callable[[], object]) -> None:
    """Print the best time of five."""
    best = min(timed(act) for _ in range(5))
    print(f"{what}: {best * 1000:.1f} ms")


def timed(act: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
