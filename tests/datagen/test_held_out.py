"""Three sets of records written without sight of the checks: what is caught of them stays caught.

Set A showed what the checks lacked. Sets B and C are for measuring alone: a change that is fitted
to one of their sentences makes them worthless. In A and B each of ten kinds of error has five
pairs; in C, whose answers are long, a kind has as many as it has in life.
"""

from collections import Counter

import pytest

from benchmarks.checks import counts, set_items, set_sources, verdicts
from taxlaw.articles import ArticleIndex

INDEX = ArticleIndex.default()
MEASURED = [
    # set, with its documents, errors caught of 50, sound records rejected of 100
    ("heldout_a", True, 48, 8),
    ("heldout_a", False, 40, 0),
    ("heldout_b", True, 41, 24),
    ("heldout_b", False, 27, 0),
    ("heldout_c", True, 32, 41),
    ("heldout_c", False, 17, 0),
]


@pytest.mark.parametrize(
    ("name", "kinds"), [("heldout_a", 10), ("heldout_b", 10), ("heldout_c", 19)]
)
def test_a_set_holds_50_sound_records_and_50_pairs_of_its_kinds(name: str, kinds: int) -> None:
    items = set_items(name)
    found = Counter((item["kind"], item["planted"]) for item in items)
    assert found.pop(("sound", False)) == 50
    assert (len(found), found.total()) == (2 * kinds, 100)
    assert all(count == found[kind, not planted] for (kind, planted), count in found.items())
    assert name == "heldout_c" or set(found.values()) == {5}
    pairs = [item for item in items if item["kind"] != "sound"]
    for sound, planted in zip(pairs[::2], pairs[1::2], strict=True):
        assert sound["answer"] != planted["answer"]
        assert sound | {"answer": "", "planted": 0} == planted | {"answer": "", "planted": 0}


@pytest.mark.parametrize("name", ["heldout_a", "heldout_b", "heldout_c"])
def test_every_document_of_a_set_is_known_and_used(name: str) -> None:
    named = {item["document"] for item in set_items(name) if "document" in item}
    assert named == set(set_sources(name))
    assert len(named) >= 45


@pytest.mark.parametrize(("name", "documents", "caught", "rejected"), MEASURED)
def test_the_checks_are_no_worse_than_they_were_measured(
    name: str, documents: bool, caught: int, rejected: int
) -> None:
    row = counts(verdicts(name, INDEX, set_sources(name) if documents else {}))["all"]
    assert (row["planted"], row["sound"]) == (50, 100)
    assert row["caught"] >= caught
    assert row["false"] <= rejected
