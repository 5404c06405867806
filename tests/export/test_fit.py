"""What fits which machine, against figures that were measured or published."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.fit import CHIPS, CONTEXTS, cache_bytes, fits, memory, model_bytes, target
from export.quantize import QUANTS
from finetune.shapes import SHAPES
from taxqa.errors import InputError

GEMMA, PHI = SHAPES["gemma3-12b"], SHAPES["phi-2"]


@pytest.mark.parametrize(
    ("quant", "gemma", "phi"),
    [
        ("q4_k_m", 7.29e9, 1.73e9),
        ("q5_k_m", 8.44e9, 2.00e9),
        ("q6_k", 9.65e9, 2.28e9),
        ("q8_0", 12.50e9, 2.95e9),
        ("f16", 23.5e9, 5.56e9),
    ],
)
def test_sizes_are_those_of_published_files(quant: str, gemma: float, phi: float) -> None:
    assert model_bytes(GEMMA, quant) == pytest.approx(gemma, rel=0.03)
    assert model_bytes(PHI, quant) == pytest.approx(phi, rel=0.03)


@pytest.mark.parametrize(("context", "megabytes"), [(2048, 638), (4096, 772), (8192, 1040)])
def test_the_cache_of_gemma_is_what_llama_cpp_takes(context: int, megabytes: int) -> None:
    assert cache_bytes(GEMMA, context) / 1e6 == pytest.approx(megabytes, rel=0.01)


def test_a_12b_fits_a_laptop_of_16_gb_in_six_bits_and_fewer() -> None:
    found = {fit.quant: fit for fit in fits(GEMMA, target("M4-16gb"))}
    assert found["q4_k_m"].context is not None
    assert found["q4_k_m"].tokens_per_second == pytest.approx(14, abs=1)
    assert (found["q6_k"].context or 0) < (found["q4_k_m"].context or 0)
    assert found["q8_0"].context is None and found["q8_0"].tokens_per_second is None
    assert found["f16"].context is None


@given(st.sampled_from(sorted(SHAPES)), st.integers(1, 512))
def test_more_memory_never_fits_less(name: str, gigabytes: int) -> None:
    shape = SHAPES[name]
    less = fits(shape, memory(f"{gigabytes}GB"))
    more = fits(shape, memory(f"{gigabytes + 1} GiB"))
    assert [fit.quant for fit in less] == list(QUANTS)
    for small, large in zip(less, more, strict=True):
        assert (small.context or 0) <= (large.context or 0)
        assert small.tokens_per_second is None
    assert list(CONTEXTS) == sorted(CONTEXTS)
    caches = [cache_bytes(shape, context) for context in CONTEXTS]
    assert caches == sorted(caches)


def test_every_chip_is_a_target() -> None:
    assert {target(f"{chip}-32gb").bandwidth for chip in CHIPS} == set(CHIPS.values())


@given(st.text(max_size=12))
def test_what_is_no_machine_is_refused(text: str) -> None:
    for read in (target, memory):
        try:
            assert read(text).memory_gb > 0
        except InputError as error:
            assert "e.g." in error.message
