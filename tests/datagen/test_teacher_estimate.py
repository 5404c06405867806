"""What a run comes to is said before anything is sent, and tokens are bounded from above."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from asking import SCHEMA, ToyTeacher, questions, request, run
from hypothesis import given
from hypothesis import strategies as st

from datagen.teachers.estimate import dollars, duration, estimate
from datagen.teachers.prices import load_prices
from datagen.teachers.request import Reply, Request
from datagen.teachers.store import ReplyStore
from datagen.teachers.tokens import likely_input_tokens, likely_tokens, most_input_tokens
from taxqa.errors import InputError

TEACHER = "openai:gpt-6-luna"


@pytest.fixture(autouse=True)
def no_table_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_an_estimate_counts_what_has_to_be_asked(tmp_path: Path) -> None:
    table, path = load_prices(), tmp_path / "r.db"
    run(questions(4), ToyTeacher(), path)
    with ReplyStore.opened(path) as store:
        found = estimate(questions(10), table, TEACHER, store=store, concurrency=2)
    assert (found.requests, found.known, found.measured) == (6, 4, False)
    assert found.input_tokens == sum(likely_input_tokens(each) for each in list(questions(10))[4:])
    assert found.output_tokens == 6 * 100
    assert found.usd == table.price(TEACHER).cost(found.input_tokens, found.output_tokens)
    assert found.usd_batch * 2 == found.usd
    assert found.most_usd > found.usd
    assert found.krw == table.krw(found.usd)
    assert found.seconds == pytest.approx(3 * (1 + 100 / 60))


def test_with_enough_replies_their_averages_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    text = json.dumps({"answer": "답"})
    teacher = ToyTeacher(lambda request, times: Reply(text, "end", "toy", 40, 31))
    run(questions(25), teacher, path)
    with ReplyStore.opened(path) as store:
        found = estimate(questions(35), load_prices(), TEACHER, store=store)
    assert found.measured
    assert found.output_tokens == 10 * 31


def test_an_estimate_says_everything_the_one_who_decides_needs() -> None:
    lines = "\n".join(estimate(questions(100_000), load_prices(), TEACHER).lines())
    for part in ("100,000 requests to openai:gpt-6-luna", "tokens in", "USD", "KRW", "at most",
                 "as a batch within a day", "min"):  # fmt: skip
        assert part in lines


def test_a_local_teacher_has_a_time_and_no_price() -> None:
    lines = "\n".join(estimate(questions(10), load_prices(), "ollama:gemma3:12b").lines())
    assert "USD" not in lines
    assert "about" in lines


def test_nothing_to_ask_is_said(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    run(questions(3), ToyTeacher(), path)
    with ReplyStore.opened(path) as store:
        found = estimate(questions(3), load_prices(), TEACHER, store=store)
    assert found.lines() == ["Nothing to ask: the store has all 3 replies."]
    assert found.usd == found.most_usd == 0


def test_no_price_no_estimate() -> None:
    with pytest.raises(InputError, match="price of 'openai:gpt-9' is not known"):
        estimate(questions(1), load_prices(), "openai:gpt-9")


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_byte_level_tokenizer_makes_more_tokens_than_the_bound(system: str, user: str) -> None:
    asked = Request(system, user, SCHEMA, 10)
    written = len((system + user + json.dumps(SCHEMA)).encode("utf-8", "replace"))
    assert most_input_tokens(asked) >= written
    assert likely_input_tokens(asked) <= most_input_tokens(asked)


def test_korean_counts_by_the_syllable_and_the_rest_by_the_letter() -> None:
    assert likely_tokens("가" * 100) == 90
    assert likely_tokens("abcd" * 25) == 30
    assert likely_tokens("") == 0
    assert most_input_tokens(request("가나다")) > likely_input_tokens(request("가나다"))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "0.00 USD"), ("0.00214", "0.0021 USD"), ("1234.5", "1,234.50 USD")],
)
def test_amounts_are_shown_for_people(amount: str, shown: str) -> None:
    assert dollars(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.2, "1 s"), (89, "89 s"), (600, "10 min"), (7200, "2.0 h")]
)
def test_times_are_shown_for_people(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
