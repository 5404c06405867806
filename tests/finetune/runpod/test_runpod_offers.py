"""Money: how amounts are read, which offers are taken, and when a pod has to end."""

import contextlib
import math

import pytest
from fake_runpod import gpu
from hypothesis import given
from hypothesis import strategies as some

from finetune.preflight import Need, on_gpu
from finetune.preflight import gpus as known_gpus
from finetune.runpod.api import GpuType
from finetune.runpod.offers import (
    Terms,
    choose,
    fitting,
    money,
    needed_memory,
    require_time,
    seconds_left,
    volume_gb,
    volume_usd_per_hour,
)
from taxqa.errors import ConfigError, InputError

AMOUNTS = some.floats(min_value=0.001, max_value=1e6, allow_nan=False)


def catalogue(*lines: dict[str, object]) -> list[GpuType]:
    return [GpuType.model_validate(line) for line in lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5), ("5USD", 5), ("5 usd", 5), ("$5", 5), ("0.80/h", 0.8), ("0.80 USD/h", 0.8),
        (" 0.8 $ / hour ", 0.8), ("12.50", 12.5),
    ],
)  # fmt: skip
def test_an_amount_is_read(text: str, expected: float) -> None:
    assert money(text) == expected


@pytest.mark.parametrize("text", ["", "five", "0", "-1", "5 EUR", "1e9999", "5,000", "nan", "5/m"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="no amount of USD"):
        money(text)


@given(some.text(max_size=12))
def test_an_amount_is_above_zero_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert 0 < money(text) < math.inf


@given(some.decimals(min_value="0.01", max_value=9999, places=2))
def test_an_amount_with_cents_is_read_exactly(amount: object) -> None:
    assert money(f"{amount}USD") == float(str(amount))


def test_only_what_fits_is_in_stock_and_within_the_price_is_offered_cheapest_first() -> None:
    found = fitting(
        catalogue(
            gpu("fits", 24, 0.7),
            gpu("cheaper", 48, 0.4),
            gpu("small", 16, 0.2),
            gpu("dear", 80, 1.8),
            gpu("free", 24, 0.0),
            gpu("community", 24, 0.3, secure=False),
            gpu("other maker", 192, 0.5, manufacturer="AMD"),
            gpu("sold out", 24, 0.3, centers=()),
            gpu("none left", 24, 0.3, dataCenters=[{"id": "EU-RO-1", "availability": "NONE"}]),
        ),
        24,
        0.8,
    )
    assert [offer.gpu for offer in found] == ["cheaper", "fits"]


def test_the_fullest_data_center_comes_first() -> None:
    stock = [{"id": place, "availability": level} for place, level in
             (("A", "LOW"), ("B", "HIGH"), ("C", "NONE"), ("D", "MEDIUM"))]  # fmt: skip
    [offer] = fitting(catalogue(gpu(dataCenters=stock)), 1, 1)
    assert offer.data_centers == ("B", "D", "A")


@given(
    some.lists(some.tuples(some.integers(1, 200), some.floats(0, 10)), max_size=8),
    some.floats(0, 200),
    some.floats(0.01, 10),
)
def test_no_offer_is_too_small_or_too_dear(
    lines: list[tuple[int, float]], needed: float, most: float
) -> None:
    rows = catalogue(*(gpu(f"g{n}", size, price) for n, (size, price) in enumerate(lines)))
    offers = fitting(rows, needed, most)
    assert all(offer.memory_gb >= needed and 0 < offer.usd_per_hour <= most for offer in offers)
    wanted = [1 for size, price in lines if size >= needed and 0 < price <= most]
    assert len(offers) == len(wanted)


def test_of_known_gpus_the_cheaper_training_wins_and_not_the_cheaper_hour() -> None:
    work = Need(weights=0, adapter=0, activations=0, loss=0, runtime=0, operations=1e19)
    rows = catalogue(
        gpu("NVIDIA GeForce RTX 3090", 24, 0.46), gpu("NVIDIA GeForce RTX 4090", 24, 0.69)
    )
    offers = choose(rows, Terms(), work, {"EU-RO-1"})
    assert [offer.gpu for offer in offers] == ["NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 3090"]
    assert offers[0].hours is not None
    assert offers[0].usd < offers[1].usd


def test_where_nothing_fits_the_message_says_what_would() -> None:
    rows = catalogue(gpu("NVIDIA A100 80GB PCIe", 80, 1.79), gpu())
    with pytest.raises(InputError, match="40 GB or more") as error:
        choose(rows, Terms(gpu_memory=40), None, {"EU-RO-1"})
    assert "NVIDIA A100 80GB PCIe 1.79" in error.value.hint
    with pytest.raises(InputError) as error:
        choose(rows, Terms(gpu_memory=400), None, {"EU-RO-1"})
    assert "Nothing that large" in error.value.hint


@given(some.floats(1e9, 2e11))
def test_the_memory_that_is_asked_for_is_what_the_preflight_says_fits(memory: float) -> None:
    need = Need(int(memory), 0, 0, 0, 0, 0.0)
    for known in known_gpus():
        assert on_gpu(need, known).fits == (known.memory_gb >= needed_memory(need))


@given(AMOUNTS, AMOUNTS, AMOUNTS, some.floats(0, 1e6), some.floats(0, 1e6))
def test_a_pod_never_runs_beyond_budget_or_hours(
    price: float, budget: float, hours: float, spent: float, used: float
) -> None:
    terms = Terms(budget=budget, max_hours=hours)
    seconds = seconds_left(terms, usd_per_hour=price, spent_usd=spent, used_seconds=used)
    assert seconds >= 0
    if seconds > 0:
        assert spent + price * seconds / 3600 <= budget * (1 + 1e-9)
        assert used + seconds <= hours * 3600 * (1 + 1e-9)


def test_too_little_time_is_refused() -> None:
    require_time(900, Terms())
    with pytest.raises(InputError, match="14 minutes are left"):
        require_time(899, Terms())


def test_the_volume_holds_the_base_and_its_checkpoints() -> None:
    assert volume_gb(2 * 11_766_034_176) == 41
    assert volume_gb(0) == 20
    assert volume_usd_per_hour(41) == pytest.approx(0.0039, abs=1e-4)


@pytest.mark.parametrize("changed", [{"budget": 0}, {"max_hours": -1}, {"gpus": 2}])
def test_terms_that_make_no_sense_are_refused(changed: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Terms.model_validate(changed)
