"""Requests at once follow what the service says: halved when it is too much, then more again."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.teachers import pace as pace_module
from datagen.teachers.pace import Pace


def test_refusals_of_one_moment_are_one_event(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(pace_module.time, "monotonic", lambda: now[0])
    pace = Pace(40)
    for _ in range(20):
        pace.overloaded(0.0)
    assert pace.limit == 20
    now[0] += 1.5
    pace.overloaded(0.0)
    assert pace.limit == 10


def test_a_round_of_successes_admits_about_one_more() -> None:
    pace = Pace(40)
    pace.limit = 10.0
    for _ in range(10):
        pace.went_well()
    assert 10.9 < pace.limit <= 11


@given(st.integers(1, 30), st.lists(st.booleans(), max_size=200))
def test_the_limit_stays_between_one_and_the_most(most: int, answers: list[bool]) -> None:
    pace = Pace(most)
    for well in answers:
        pace.lowered = float("-inf")
        pace.went_well() if well else pace.overloaded(0.0)
        assert 1 <= pace.limit <= most


@given(st.integers(1, 6), st.integers(1, 40), st.sets(st.integers(0, 39), max_size=5))
def test_everyone_has_a_turn_and_never_too_many_at_once(
    most: int, count: int, refused: set[int]
) -> None:
    async def all_turns() -> tuple[int, int]:
        pace, peak, done = Pace(most), 0, 0

        async def one(number: int) -> None:
            nonlocal peak, done
            async with pace.turn():
                peak = max(peak, pace.active)
                await asyncio.sleep(0)
                if number in refused:
                    pace.overloaded(0.0)
                else:
                    pace.went_well()
            done += 1

        await asyncio.gather(*(one(number) for number in range(count)))
        return peak, done

    peak, done = asyncio.run(all_turns())
    assert done == count
    assert peak <= most


def test_nothing_is_sent_while_the_service_asks_for_silence() -> None:
    async def waited() -> float:
        pace = Pace(3)
        began = time.monotonic()
        pace.overloaded(0.05)
        async with pace.turn():
            return time.monotonic() - began

    assert asyncio.run(waited()) >= 0.05
