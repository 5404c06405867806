"""The acceptance set: 200 records, half of them with one error of a language model's kind."""

from collections import Counter

import pytest

from benchmarks.checks import set_items, set_sources, verdict
from datagen.checks.run import check_records
from taxlaw.articles import ArticleIndex
from taxqa.records import Rejection

INDEX = ArticleIndex.default()
ITEMS = set_items("planted")
SOURCES = set_sources("planted")
KINDS = 10


def test_the_set_holds_ten_pairs_of_each_kind_that_differ_in_the_answer_alone() -> None:
    counts = Counter((item["kind"], item["planted"]) for item in ITEMS)
    assert len(counts) == 2 * KINDS and set(counts.values()) == {10}
    for sound, planted in zip(ITEMS[::2], ITEMS[1::2], strict=True):
        assert not sound["planted"] and planted["planted"]
        assert sound["answer"] != planted["answer"]
        assert sound | {"answer": "", "planted": 0} == planted | {"answer": "", "planted": 0}


def test_at_least_95_in_100_planted_errors_are_caught() -> None:
    planted = [item for item in ITEMS if item["planted"]]
    missed = [item["answer"] for item in planted if verdict(item, INDEX, SOURCES) is None]
    assert len(missed) <= len(planted) * 5 // 100, missed


def test_at_most_2_in_100_sound_records_are_rejected() -> None:
    sound = [item for item in ITEMS if not item["planted"]]
    rejected = [item["answer"] for item in sound if verdict(item, INDEX, SOURCES)]
    assert len(rejected) <= len(sound) * 2 // 100, rejected


@pytest.mark.parametrize("kind", sorted({item["kind"] for item in ITEMS}))
def test_most_errors_of_each_kind_are_caught(kind: str) -> None:
    planted = [item for item in ITEMS if item["planted"] and item["kind"] == kind]
    assert sum(verdict(item, INDEX, SOURCES) is not None for item in planted) >= 8


def test_the_sound_records_pass_together_as_one_dataset() -> None:
    records = [
        {name: value for name, value in item.items() if name not in ("kind", "planted")}
        for item in ITEMS
        if not item["planted"]
    ]
    rejected = [r for r in check_records(records, INDEX, SOURCES) if isinstance(r, Rejection)]
    assert len(rejected) <= 2
