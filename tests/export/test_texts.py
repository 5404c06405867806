"""Which texts are asked and scored: spread evenly, most of them taught, within a bound."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_runs import record

from export.texts import comparison_records, spread, within
from taxqa.records import write_jsonl


@given(total=st.integers(0, 40), count=st.integers(0, 40))
def test_questions_are_spread_evenly_in_order_each_once(total: int, count: int) -> None:
    records = [record(number) for number in range(total)]
    found = spread(records, count)
    assert len(found) == min(total, count)
    places = [records.index(one) for one in found]
    assert places == sorted(set(places))
    if found:
        assert places[0] == 0
        gaps = [b - a for a, b in zip(places, [*places[1:], total], strict=True)]
        assert max(gaps) - min(gaps) <= 1


@given(taught=st.integers(0, 20), unseen=st.integers(0, 20), questions=st.integers(0, 40))
def test_most_questions_are_of_what_was_taught(
    taught: int, unseen: int, questions: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = tmp_path_factory.getbasetemp() / "asked"
    run.mkdir(exist_ok=True)
    for name, count in {"heldout": taught, "valid": unseen}.items():
        write_jsonl(run / f"{name}.jsonl", [record(n, name[0]) for n in range(count)])
    found = comparison_records(run, questions)
    assert len(found) == len({one.id for one in found}) == min(questions, taught + unseen)
    of_taught = sum(one.id.startswith("h") for one in found)
    assert of_taught >= min(taught, questions - questions // 4)
    assert len(found) - of_taught >= min(unseen, questions // 4)


def test_a_run_without_questions_is_compared_on_none(tmp_path: Path) -> None:
    assert comparison_records(tmp_path, 24) == []


@given(items=st.lists(st.integers(1, 50)), most=st.integers(0, 400))
def test_texts_within_a_bound_are_as_many_as_can_be(items: list[int], most: int) -> None:
    found = within(items, most, int)
    assert found == spread(items, len(found))
    assert sum(found) <= most or len(found) == min(1, len(items))
    if len(found) < len(items):
        assert sum(spread(items, len(found) + 1)) > most
