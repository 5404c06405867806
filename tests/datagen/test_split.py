"""No document lies in two parts, a seed decides alone, and a limit keeps all sources."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.split import by_document, hold_out, select, split
from taxqa.records import ASKERS, SOURCES, Record

askers = st.sampled_from(ASKERS)
sources = st.sampled_from(SOURCES)


@st.composite
def record_lists(draw: st.DrawFn) -> list[Record]:
    records = []
    for number in range(draw(st.integers(0, 25))):
        source, answer = draw(sources), f"답 {draw(st.integers(0, 2))}"
        for phrasing in range(draw(st.integers(1, 6))):
            records.append(
                Record(
                    id=f"{number}#{phrasing}",
                    document=f"문서 {number}",
                    question=f"질문 {number} {phrasing}",
                    answer=answer,
                    type=draw(askers),
                    source=source,
                    teacher="worked",
                )
            )
    return records


def ids(records: list[Record]) -> list[str]:
    return [record.id for record in records]


@settings(deadline=None)
@given(record_lists(), st.integers(0, 5))
def test_training_and_validation_share_no_document_and_lose_no_record(
    records: list[Record], seed: int
) -> None:
    train, valid = split(records, seed=seed)
    assert not {r.document for r in train} & {r.document for r in valid}
    assert sorted(ids(train) + ids(valid)) == sorted(ids(records))
    assert (train, valid) == split(records, seed=seed)
    if len(by_document(records)) > 1:
        assert train and valid


def test_validation_takes_a_tenth_of_each_source() -> None:
    records = [
        Record(
            id=f"{source}{number}#{phrasing}",
            document=f"{source}{number}",
            question="질문",
            answer="답",
            type="expert",
            source=source,  # type: ignore[arg-type]
            teacher="worked",
        )
        for source in SOURCES
        for number in range(100)
        for phrasing in range(3)
    ]
    _, valid = split(records, seed=1)
    assert Counter(r.source for r in valid) == dict.fromkeys(SOURCES, 30)


@settings(deadline=None)
@given(record_lists(), st.integers(0, 5))
def test_a_held_out_phrasing_leaves_others_of_its_case_behind(
    records: list[Record], seed: int
) -> None:
    rest, held = hold_out(records, seed=seed)
    assert sorted(ids(rest) + ids(held)) == sorted(ids(records))
    assert len({r.document for r in held}) == len(held)
    for record in held:
        assert record.source == "practical"
        twins = [r for r in rest if (r.document, r.answer) == (record.document, record.answer)]
        assert len(twins) >= 2


@settings(deadline=None)
@given(record_lists(), st.integers(2, 60), st.integers(0, 5))
def test_a_limit_is_kept_exactly_and_each_document_but_the_last_is_whole(
    records: list[Record], limit: int, seed: int
) -> None:
    chosen = select(records, limit, seed=seed)
    assert len(chosen) == min(limit, len(records))
    assert set(ids(chosen)) <= set(ids(records))
    assert len(set(ids(chosen))) == len(chosen)
    sizes = {name: len(group) for name, group in by_document(records).items()}
    cut = [name for name, group in by_document(chosen).items() if len(group) < sizes[name]]
    assert len(cut) <= 1


@settings(deadline=None)
@given(record_lists(), st.integers(8, 60))
def test_a_limit_leaves_out_no_source_before_it_has_too_much_of_another(
    records: list[Record], limit: int
) -> None:
    chosen = select(records, limit, seed=1)
    counts = Counter(r.source for r in chosen)
    available = Counter(r.source for r in records)
    largest_document = 6
    for source, count in available.items():
        if counts[source] < count and len(chosen) == limit:
            assert counts[source] + 2 * largest_document >= max(counts.values())


def test_another_seed_chooses_other_documents() -> None:
    records = [
        Record(
            id=f"{number}#1",
            document=f"문서 {number}",
            question="질문",
            answer="답",
            type="student",
            source="statute",
            teacher="worked",
        )
        for number in range(100)
    ]
    assert select(records, 10, seed=1) != select(records, 10, seed=2)
    assert split(records, seed=1) != split(records, seed=2)
