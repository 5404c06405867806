"""A plan is the same for a seed, keeps its proportions, and grows without asking anew."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.asking.plan import plan
from datagen.asking.prompts import ASKERS, SCHEMA, SYSTEM, Ask, user_text
from datagen.passage import Passage
from taxlaw.acts import ACTS
from taxqa.records import ASKERS as TYPES
from taxqa.records import Asker, Document, DocumentKind, Source

EVEN: dict[Asker, float] = dict.fromkeys(ASKERS, 1.0)
SOURCES: dict[Source, float] = {"practical": 0.3, "statute": 0.4, "judgment": 0.2, "ruling": 0.1}


def passage(kind: DocumentKind, number: int, text: str = "") -> Passage:
    law = ACTS[number % len(ACTS)].name if kind == "statute" else ""
    document = Document(
        id=f"{law} 제{number}조" if law else f"{kind} {number}", kind=kind, title="제목", law=law,
        text="", article=f"제{number}조" if law else "", in_force="2026-01-01",
    )  # fmt: skip
    return Passage(document, 1, document.id, text or f"{number}번째 글은 이렇게 정한다. " * 20)


MANY = [
    passage(kind, number)
    for kind, count in (("statute", 600), ("guide", 60), ("judgment", 200), ("ruling", 200))
    for number in range(1, count + 1)
]  # fmt: skip


def planned(limit: int | None = None, seed: int = 1, **changed: object) -> list[Ask]:
    settings = {"askers": EVEN, "sources": SOURCES, "questions": 3, **changed}
    return plan(MANY, limit=limit, seed=seed, **settings)  # type: ignore[arg-type]


def test_the_wanted_proportions_come_out_within_a_few() -> None:
    asks = planned(400)
    sources = Counter(each.source for each in asks)
    askers = Counter(each.asker for each in asks)
    for source, share in SOURCES.items():
        assert abs(sources[source] - 400 * share) <= 2
    for asker in TYPES:
        assert abs(askers[asker] - 80) <= 3  # type: ignore[index]
    acts = Counter(each.passage.document.law for each in asks if each.passage.document.law)
    assert len(acts) == len(ACTS) and max(acts.values()) - min(acts.values()) <= 1


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 5))
def test_a_larger_plan_begins_with_the_smaller_one(one: int, other: int, seed: int) -> None:
    small, large = sorted((one, other))
    assert planned(large, seed)[:small] == planned(small, seed)


def test_no_passage_is_asked_about_twice_and_all_are_in_the_end() -> None:
    asks = planned(None)
    assert Counter(each.passage.id for each in asks) == Counter(each.id for each in MANY)
    assert planned(None, seed=2) != asks


def test_a_share_of_nothing_gives_none() -> None:
    asks = planned(None, askers={"expert": 2.0, "student": 0.0}, sources={"judgment": 1.0})
    assert {each.asker for each in asks} == {"expert"}
    assert {each.passage.document.kind for each in asks} == {"judgment"}
    assert len(asks) == 200


def test_what_is_too_short_not_whole_or_overridden_is_not_asked_about() -> None:
    overridden = passage("statute", 1)
    document = overridden.document.model_copy(update={"id": "소득세법 제59조의2"})
    unusable = [
        passage("statute", 1, "짧다."),
        passage("statute", 2, "다음 계산식에 따라 계산한 금액으로 한다. " * 4),
        Passage(document, 1, document.id, "한 해에 25만원을 공제한다. " * 9),
    ]
    assert plan(unusable, askers=EVEN, sources=SOURCES, questions=3, limit=None, seed=1) == []


@pytest.mark.parametrize(("letters", "count"), [(60, 1), (320, 2), (2000, 3)])
def test_a_short_passage_is_asked_fewer_questions(letters: int, count: int) -> None:
    one = [passage("ruling", 1, "가" * letters)]
    (ask,) = plan(one, askers=EVEN, sources=SOURCES, questions=3, limit=None, seed=1)
    assert ask.count == count


def test_a_request_is_the_same_for_the_same_ask_and_says_who_asks_about_what() -> None:
    ask = planned(1)[0]
    assert ask.request.key == planned(1)[0].request.key
    assert ask.request.system == SYSTEM and ask.request.schema == SCHEMA
    text = user_text(ask)
    assert ask.passage.citation in text and ask.passage.text.strip() in text
    assert ASKERS[ask.asker] in text and f"{ask.count}개" in text
    keys = {each.request.key for each in planned(300)}
    assert len(keys) == 300
