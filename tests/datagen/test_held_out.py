"""Two sets of records written without sight of the checks: what is caught of them stays caught.

Set A showed what the checks lacked. Set B was run once before and once after that, for measuring
alone: a change that is fitted to one of its sentences makes it worthless.
"""

from collections import Counter

import pytest

from benchmarks.checks import counts, set_items, set_sources, verdicts
from taxlaw.articles import ArticleIndex

INDEX = ArticleIndex.default()
KINDS = 10
MEASURED = [
    # set, with its documents, errors caught of 50, sound records rejected of 100
    ("heldout_a", True, 48, 8),
    ("heldout_a", False, 40, 0),
    ("heldout_b", True, 41, 24),
    ("heldout_b", False, 27, 0),
]


@pytest.mark.parametrize("name", ["heldout_a", "heldout_b"])
def test_a_set_holds_50_sound_records_and_five_pairs_of_each_kind(name: str) -> None:
    items = set_items(name)
    found = Counter((item["kind"], item["planted"]) for item in items)
    assert found.pop(("sound", False)) == 50
    assert len(found) == 2 * KINDS and set(found.values()) == {5}
    pairs = [item for item in items if item["kind"] != "sound"]
    for sound, planted in zip(pairs[::2], pairs[1::2], strict=True):
        assert sound["answer"] != planted["answer"]
        assert sound | {"answer": "", "planted": 0} == planted | {"answer": "", "planted": 0}


@pytest.mark.parametrize("name", ["heldout_a", "heldout_b"])
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
