"""Agreement of reviewers, the estimate from chance, and who is shown what."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_pages import TEXT, record

from datagen.review.agreement import agreements, kappa, quality, settled, wilson
from datagen.review.filters import MIN_DECISIONS, Filter, Status, matches, per_hour, sampled
from datagen.review.items import Item, item_of
from datagen.review.risk import EVERY, by_chance, points, queue, risks
from datagen.review.store import Decision, Verdict

pairs = st.lists(st.tuples(st.sampled_from("aer"), st.sampled_from("aer")), min_size=1)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def decision(item: Item, reviewer: str, verdict: Verdict = "accept", answer: str = "") -> Decision:
    edited = {"answer": answer} if answer else None
    return Decision(1, NOON, reviewer, item.id, item.digest, verdict, edited=edited)


def items(count: int) -> list[Item]:
    return [item_of(record(n).model_dump(mode="json"), "dataset") for n in range(count)]


def test_kappa_is_that_of_a_published_example() -> None:
    # 50 proposals read by two: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no (Wikipedia, Cohen's kappa)
    given = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(given) == pytest.approx(0.4)


@given(pairs)
def test_kappa_is_the_same_from_either_side_and_at_most_one(given: list[tuple[str, str]]) -> None:
    found = kappa(given)
    assert found == kappa([(other, one) for one, other in given])
    if found is None:
        assert len(set(given)) == 1
    else:
        assert -1 <= found <= 1
        assert (found == 1) == all(one == other for one, other in given)


@given(pairs)
def test_kappa_is_what_its_definition_says(given: list[tuple[str, str]]) -> None:
    total = len(given)
    observed = sum(one == other for one, other in given) / total
    left, right = Counter(one for one, _ in given), Counter(other for _, other in given)
    expected = sum(left[name] * right[name] for name in "aer") / total**2
    found = kappa(given)
    if found is not None:
        assert found == pytest.approx((observed - expected) / (1 - expected))


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_interval_of_a_share_holds_it(changed: int, more: int) -> None:
    low, high = wilson(changed, changed + more)
    assert 0 <= low <= changed / (changed + more) <= high <= 1


def test_the_interval_is_that_of_a_table() -> None:
    low, high = wilson(1, 10)
    assert (round(low, 4), round(high, 4)) == (0.0179, 0.4042)


def test_two_reviewers_agree_on_an_edit_only_with_the_same_text() -> None:
    [item] = items(1)
    one, other = decision(item, "가", "edit", "글"), decision(item, "나", "edit", "다른 글")
    assert settled({"가": one, "나": other}) is None
    assert settled({"가": one, "나": decision(item, "나", "edit", "글")}) == one
    assert settled({}) is None
    [found] = agreements({item.digest: {"가": one, "나": other}}, [item.digest])
    assert (found.joint, found.disagreements) == (1, ((one, other),))


def test_agreement_is_over_records_that_both_have_seen() -> None:
    first, second, third = items(3)
    decisions = {
        first.digest: {"가": decision(first, "가"), "나": decision(first, "나")},
        second.digest: {"가": decision(second, "가"), "나": decision(second, "나", "reject")},
        third.digest: {"가": decision(third, "가")},
    }
    [found] = agreements(decisions, [first.digest, second.digest, third.digest])
    assert (found.first, found.second, found.joint, found.kappa) == ("가", "나", 2, 0)
    assert len(found.disagreements) == 1
    assert agreements(decisions, [third.digest]) == []


def test_what_was_looked_at_for_its_risk_does_not_move_the_estimate() -> None:
    order = by_chance(items(10))
    looked_at = [*order[:3], *order[5:]]
    verdicts: list[Verdict] = ["accept", "edit", "accept", *["reject"] * 5]  # type: ignore[list-item]
    decisions = {
        item.digest: {"가": decision(item, "가", verdict)}
        for item, verdict in zip(looked_at, verdicts, strict=True)
    }
    found = quality(items(10), decisions)
    assert found is not None
    assert (found.looked_at, found.changed) == (3, 1)
    assert quality(items(10), {}) is None


def test_what_a_model_wrote_comes_before_what_was_computed() -> None:
    model = record(1, teacher="openai:gpt", answer="세금은 7만원입니다.", document="x")
    computed = record(2, amount=300_000, answer="보관 수수료는 30만원입니다.")
    assert points(risks(model, "")) > points(risks(computed, TEXT))
    reasons = {why for _, why in risks(model, "")}
    assert {"언어 모델이 씀", "다시 계산하지 않은 수치", "인용 조문 없음"} <= reasons
    assert "긴 답변" in {why for _, why in risks(record(3, answer="가" * 900), TEXT)}
    assert "사람이 고친 기록" in {why for _, why in risks(record(3, teacher="worked+reviewer"), "")}


@given(st.integers(0, 40))
def test_the_queue_has_each_record_once_and_some_by_chance(count: int) -> None:
    given = items(count)
    dropped = item_of(record(99).model_dump(mode="json"), "dropped")
    order = [item for item, _ in queue([dropped, *given], {})]
    assert sorted(item.digest for item in order) == sorted(i.digest for i in [dropped, *given])
    assert order[-1] is dropped
    for place, item in enumerate(by_chance(given), start=1):
        assert order.index(item) < place * EVERY


def test_a_share_for_the_second_reviewer_is_about_that_share_and_always_the_same() -> None:
    digests = [item.digest for item in items(400)]
    chosen = [digest for digest in digests if sampled(digest, 0.25)]
    assert 60 <= len(chosen) <= 140
    assert set(chosen) <= {digest for digest in digests if sampled(digest, 0.5)}
    assert not any(sampled(digest, 0) for digest in digests)
    assert all(sampled(digest, 1) for digest in digests)


def test_a_filter_takes_what_it_names() -> None:
    item, other = items(2)
    dropped = item_of(record(3).model_dump(mode="json"), "dropped")
    decisions = {item.digest: {"가": decision(item, "가"), "나": decision(item, "나", "reject")}}

    def taken(each: Item, status: Status, reviewer: str = "가", **more: str) -> bool:
        return matches(each, Filter(status=status, **more), decisions, reviewer, 1.0)

    assert taken(other, "todo") and not taken(item, "todo") and not taken(dropped, "todo")
    assert taken(dropped, "dropped") and not taken(item, "dropped")
    assert taken(item, "accept") and taken(item, "reject", "나") and not taken(item, "edit")
    assert taken(item, "disputed") and not taken(item, "disputed", "다")
    assert taken(item, "second", "다") and not taken(other, "second", "다")
    assert taken(item, "all", teacher="worked", type="self_employed", source="ruling")
    assert not taken(item, "all", teacher="openai:gpt")


def test_the_rate_leaves_pauses_out() -> None:
    steady = [NOON + timedelta(seconds=30 * number) for number in range(MIN_DECISIONS + 1)]
    assert per_hour(steady) == 120
    after_lunch = [*steady, *(each + timedelta(hours=3) for each in steady)]
    assert per_hour(after_lunch) == pytest.approx(21 * 60 / 15, abs=1)
    assert per_hour(steady[: MIN_DECISIONS - 1]) is None
    assert per_hour([NOON] * MIN_DECISIONS) is None
