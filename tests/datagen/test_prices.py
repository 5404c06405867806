"""The table of models: what a token costs, who is retired, and the user's own table over ours."""

import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.teachers.prices import PICO, Price, load_prices, to_pico, usd
from taxqa.errors import ConfigError, InputError

PRICES = st.decimals(min_value=0, max_value=1000, places=4)
TOKENS = st.integers(min_value=0, max_value=10**9)


@pytest.fixture(autouse=True)
def no_table_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "설정"))
    return tmp_path / "설정" / "taxqa" / "models.yaml"


def test_the_shipped_table_is_dated_and_has_a_price_for_every_model_that_is_not_retired() -> None:
    table = load_prices()
    assert table.date >= datetime.date(2026, 11, 1)
    assert table.krw_per_usd.date >= datetime.date(2026, 11, 1)
    for provider, models in table.models.items():
        for name, entry in models.items():
            if entry.retired is None:
                assert table.price(f"{provider}:{name}").output > 0
            else:
                assert entry.successor in models


def test_a_batch_costs_half_and_a_local_model_nothing() -> None:
    table = load_prices()
    whole = table.price("anthropic:claude-haiku-5-5")
    half = table.price("anthropic:claude-haiku-5-5", batch=True)
    assert (half.input * 2, half.output * 2) == (whole.input, whole.output)
    assert table.price("ollama:gemma3:12b").cost(10**6, 10**6) == 0


def test_questions_count_at_the_higher_price_of_writing_them_to_the_cache() -> None:
    table = load_prices()
    entry = table.entry("openai:gpt-6-luna")
    assert entry is not None and entry.input is not None and entry.cache_write is not None
    assert table.price("openai:gpt-6-luna").input == entry.cache_write > entry.input


def test_a_retired_model_is_refused_with_its_successor_and_a_future_one_is_not() -> None:
    table = load_prices()
    with pytest.raises(InputError, match=r"retired on 2025-07-21.*\n.*claude-sonnet-5-5"):
        table.check("anthropic:claude-3-sonnet-20240229")
    table.check("openai:gpt-4o", today=datetime.date(2027, 1, 13))
    with pytest.raises(InputError, match="retired on 2027-01-14"):
        table.check("openai:gpt-4o", today=datetime.date(2027, 1, 14))
    table.check("openai:something-new")


def test_an_unknown_price_names_the_file_to_put_it_into(no_table_of_the_user: Path) -> None:
    with pytest.raises(InputError) as error:
        load_prices().price("openai:gpt-9")
    assert str(no_table_of_the_user) in str(error.value)
    assert "gpt-6-luna" in str(error.value)


def test_the_users_table_goes_over_ours_and_the_named_one_over_both(
    no_table_of_the_user: Path, tmp_path: Path
) -> None:
    no_table_of_the_user.parent.mkdir(parents=True)
    no_table_of_the_user.write_text(
        "models: {openai: {gpt-9: {input: 3, output: 9}}}", encoding="utf-8"
    )
    named = tmp_path / "값.yaml"
    named.write_text(
        "\ufeffdate: 2026-12-01\r\nkrw_per_usd: {rate: 1500, date: 2026-12-01}\r\n"
        "models: {openai: {gpt-6-luna: {input: 1, output: 2}}}\r\n",
        encoding="utf-8",
    )
    table = load_prices(named)
    assert table.price("openai:gpt-9") == Price(Decimal(3), Decimal(9))
    # The user's own price holds, without what our entry says of the cache.
    assert table.price("openai:gpt-6-luna") == Price(Decimal(1), Decimal(2))
    assert table.price("anthropic:claude-haiku-5-5").output == Decimal("0.5")
    assert table.krw(Decimal("0.01")) == 15
    assert table.date == datetime.date(2026, 12, 1)


@pytest.mark.parametrize(
    "text",
    [
        "models: {openai: {x: {input: -1, output: 1}}}",
        "models: {openai: {x: {input: .inf, output: 1}}}",
        "models: {openai: {x: {input: cheap, output: 1}}}",
        "models: {openai: {x: {input: 1, output: 1, unit: EUR}}}",
        "prices: {}",
        "- a list",
        "batch_factor: 2",
        "a: [",
        "krw_per_usd: {rate: 0, date: 2026-11-20}",
    ],
)
def test_a_table_that_is_none_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        load_prices(path)


def test_an_empty_table_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("", encoding="utf-8")
    assert load_prices(path) == load_prices()


@given(PRICES, PRICES, TOKENS, TOKENS)
def test_a_cost_is_exact_or_rounded_up_by_less_than_a_pico_dollar(
    read: Decimal, written: Decimal, asked: int, answered: int
) -> None:
    exact = (read * asked + written * answered) / 10**6
    pico = Price(read, written).pico(asked, answered)
    assert 0 <= pico - exact * PICO < 1
    assert usd(pico) * PICO == pico


@given(PRICES, PRICES, st.lists(st.tuples(TOKENS, TOKENS), max_size=5))
def test_costs_summed_are_never_below_the_cost_of_the_sum(
    read: Decimal, written: Decimal, counts: list[tuple[int, int]]
) -> None:
    price = Price(read, written)
    together = price.pico(sum(a for a, _ in counts), sum(b for _, b in counts))
    assert sum(price.pico(*each) for each in counts) >= together


@given(st.decimals(min_value=0, max_value=10**6, places=15))
def test_a_budget_in_pico_dollars_is_never_more_than_was_given(amount: Decimal) -> None:
    assert amount - Decimal(1).scaleb(-12) < usd(to_pico(amount)) <= amount
