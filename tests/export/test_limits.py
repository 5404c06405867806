"""What a quant may lose, and which one is chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.compare import Comparison
from export.divergence import Divergence
from export.export import choose
from export.limits import FEW_RIGHT, Limits
from export.quantize import larger_quants
from export.report import QuantReport
from export.yardstick import Quality

COUNT = st.integers(0, 30)


def counted(right: int, asked: int = 30) -> Comparison:
    return Comparison(asked, 0, right, asked, 10.0, asked)


def quality(right: int = 0, kld: float = 0.0) -> Quality:
    return Quality(counted(right), Divergence(100, 2.0, kld, 2 * kld, 0.9))


@pytest.mark.parametrize(
    ("right", "before", "kept"),
    [
        (10, 10, True), (9, 10, True), (8, 10, False), (20, 10, True), (0, 10, False),
        # One answer may always be lost: of five it is a fifth.
        (5, 5, True), (4, 5, True), (3, 5, False), (27, 30, True), (26, 30, False),
        # Where the merged model itself has few right, they say nothing.
        (0, FEW_RIGHT - 1, True),
    ],
)  # fmt: skip
def test_right_answers_decide_where_there_are_enough_to_lose(
    right: int, before: int, kept: bool
) -> None:
    lost = Limits().lost(quality(right), counted(before))
    assert (lost == "") == kept
    assert kept or lost == f"{right} right answers of {before}"


@pytest.mark.parametrize(
    ("kld", "kept"), [(0.0, True), (0.05, True), (0.0501, False), (9.0, False)]
)
def test_the_divergence_decides_in_any_case(kld: float, kept: bool) -> None:
    for before in (0, 10):
        assert (Limits().lost(quality(10, kld), counted(before)) == "") == kept


def test_a_divergence_that_is_no_number_is_past_every_limit() -> None:
    assert "mean KL divergence nan" in Limits(max_kld=1e9).lost(
        quality(9, float("nan")), counted(9)
    )


def test_both_reasons_are_said() -> None:
    lost = Limits(max_kld=0.02).lost(quality(2, 0.5), counted(9))
    assert lost == "mean KL divergence 0.500, at most 0.02; 2 right answers of 9"


@given(right=COUNT, more=COUNT, before=COUNT, kld=st.floats(0, 1), less=st.floats(0, 1))
def test_a_better_quant_is_never_refused_where_a_worse_one_passes(
    right: int, more: int, before: int, kld: float, less: float
) -> None:
    limits, merged = Limits(), counted(before)
    better = limits.lost(quality(right + more, kld * less), merged)
    assert not better or limits.lost(quality(right, kld), merged)
    assert not limits.lost(quality(before), merged)


def made(name: str, size: int, kept: bool | None) -> QuantReport:
    return QuantReport(
        type=name, file="", bytes=size, sha256="", imatrix=False, careful=False,
        seconds_quantize=0, seconds_measure=0, measures=None, kept=kept, lost="", golden=[],
    )  # fmt: skip


def test_the_smallest_that_kept_what_was_learned_is_chosen() -> None:
    quants = [made("f16", 4, True), made("q8_0", 2, True), made("q4_k_m", 1, True)]
    assert choose(quants) == choose(quants[::-1]) == "q4_k_m"


def test_where_nothing_was_compared_the_largest_is_chosen() -> None:
    quants = [made("q8_0", 2, None), made("q4_k_m", 1, None)]
    assert choose(quants) == choose(quants[::-1]) == "q8_0"


def test_larger_types_are_tried_from_the_smallest_on() -> None:
    assert larger_quants("q4_k_m") == ["q5_k_m", "q6_k", "q8_0", "f16"]
    assert larger_quants("iq4_xs")[:2] == ["q4_0", "q4_k_m"]
    assert larger_quants("q8_0") == ["f16"]
    assert larger_quants("f16") == larger_quants("bf16") == []
