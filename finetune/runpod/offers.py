"""Which GPU to rent, where, for how long and for how much at most."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from finetune.preflight import FRAGMENTATION, Gpu, gpus, on_gpu
from finetune.preflight import Need as Needed
from finetune.runpod.api import GpuType
from taxqa.errors import ConfigError, InputError

VOLUME_USD_PER_GB_MONTH = 0.07
"""Of a standard network volume (RunPod's price list, November 2026)."""
HOURS_OF_MONTH = 730
LEAST_SECONDS = 900
"""A pod needs about ten minutes before its first step; less paid time than this buys nothing."""
BILLING_MINUTE = 60
"""Seconds before a deadline that a pod's end may take."""
SIZE = re.compile(r"\s*\$?\s*(\d+(?:\.\d+)?)\s*(?:USD|\$)?\s*(?:/\s*h(?:our)?)?\s*", re.I)


class Terms(BaseModel):
    """What the user is ready to pay."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    gpu: str = ""
    """RunPod's id of the GPU; '' = the cheapest that fits."""
    gpu_memory: float = Field(default=0, ge=0)
    """GB of VRAM at least; 0 = what the preflight finds, once it was asked."""
    max_price: float = Field(default=0.80, gt=0)
    """USD per hour of a pod."""
    max_hours: float = Field(default=6, gt=0)
    """Hours of all pods of a run together."""
    budget: float = Field(default=5, gt=0)
    """USD of a run in all: pods and volume."""


@dataclass(frozen=True)
class Offer:
    """A GPU that fits, with the data centers that have it, the fullest stock first."""

    gpu: str
    memory_gb: float
    usd_per_hour: float
    data_centers: tuple[str, ...]
    hours: float | None = None
    """What the training is expected to take there; None = not known."""

    @property
    def usd(self) -> float:
        """What the training is expected to cost; of an unknown GPU, a day."""
        return self.usd_per_hour * (24 if self.hours is None else self.hours)


def money(text: str) -> float:
    """The number of '5', '5USD', '$5', '0.80/h' or '0.80 USD/h'.

    Raises:
        ConfigError: anything else, or nothing above zero.
    """
    matched = SIZE.fullmatch(text)
    value = float(matched[1]) if matched else 0.0
    if not 0 < value < math.inf:
        raise ConfigError(f"'{text}' is no amount of USD; expected for example 5USD or 0.80/h.")
    return value


def fitting(catalogue: Iterable[GpuType], needed_gb: float, max_price: float) -> list[Offer]:
    """The NVIDIA GPUs of the secure cloud in stock with at least `needed_gb` GB for `max_price`
    USD per hour or less, the cheapest first."""
    stocked = ("HIGH", "MEDIUM", "LOW")
    found = []
    for gpu in catalogue:
        centers = [center for center in gpu.dataCenters if center.availability in stocked]
        centers.sort(key=lambda center: stocked.index(center.availability))
        wanted = gpu.secure and gpu.manufacturer == "NVIDIA" and gpu.memory >= needed_gb
        # The catalogue also prices GPUs at 0 that the secure cloud does not have.
        if wanted and centers and 0 < gpu.price.secure <= max_price:
            places = tuple(center.id for center in centers)
            found.append(Offer(gpu.id, gpu.memory, gpu.price.secure, places))
    return sorted(found, key=lambda offer: (offer.usd_per_hour, offer.gpu))


def choose(
    catalogue: list[GpuType], terms: Terms, needed: Needed | None, places: set[str]
) -> list[Offer]:
    """The offers within the terms, the one first that is expected to cost least.

    Args:
        needed: of the preflight, for the expected hours.
        places: data centers with network volumes.

    Raises:
        InputError: none; the message says what each kind lacks.
    """
    offers = []
    for offer in fitting(catalogue, terms.gpu_memory, terms.max_price):
        centers = tuple(center for center in offer.data_centers if center in places)
        if centers and terms.gpu in ("", offer.gpu):
            hours = expected_hours(offer.gpu, needed)
            offers.append(Offer(offer.gpu, offer.memory_gb, offer.usd_per_hour, centers, hours))
    if not offers:
        raise InputError(
            f"No GPU of RunPod's secure cloud fits now: {terms.gpu_memory:.0f} GB or more, in"
            f" stock, at most {terms.max_price:.2f} USD/h{f', {terms.gpu}' if terms.gpu else ''}.",
            hint=cheapest(catalogue, terms),
        )
    return sorted(offers, key=lambda offer: (offer.usd, offer.gpu))


def needed_memory(needed: Needed | None) -> float:
    """GB on the GPU's label that hold the need."""
    if needed is None:
        return 0.0
    return math.ceil(needed.memory / 2**30 / (1 - FRAGMENTATION))


def expected_hours(gpu: str, needed: Needed | None) -> float | None:
    """Hours by the preflight, of a GPU that it knows."""
    known: Gpu | None = next((line for line in gpus() if line.id == gpu), None)
    return None if known is None or needed is None else on_gpu(needed, known).hours


def cheapest(catalogue: list[GpuType], terms: Terms) -> str:
    """What would be had with other terms."""
    other = fitting(catalogue, terms.gpu_memory, math.inf)
    if not other:
        return "Nothing that large is in stock; try later, or make the training smaller."
    said = ", ".join(f"{offer.gpu} {offer.usd_per_hour:.2f}" for offer in other[:3])
    return f"In stock at other prices (USD/h): {said}. Raise --max-price or leave out --gpu."


def volume_gb(bytes_16bit: int) -> int:
    """Size of the network volume: the base model's weights, checkpoints and the result."""
    return max(20, math.ceil(1.1 * bytes_16bit / 1e9) + 15)


def volume_usd_per_hour(size_gb: int) -> float:
    """What a network volume costs."""
    return VOLUME_USD_PER_GB_MONTH * size_gb / HOURS_OF_MONTH


def seconds_left(
    terms: Terms, *, usd_per_hour: float, spent_usd: float, used_seconds: float
) -> float:
    """Seconds that a pod may still run within hours and budget; never below 0.

    Args:
        usd_per_hour: of the pod and its volume together.
        spent_usd: by the run so far.
        used_seconds: by its earlier pods.
    """
    by_budget = (terms.budget - spent_usd) / usd_per_hour * 3600
    return max(0.0, min(by_budget, terms.max_hours * 3600 - used_seconds))


def require_time(seconds: float, terms: Terms) -> None:
    """InputError where so little paid time is left that it buys no training."""
    if seconds < LEAST_SECONDS:
        raise InputError(
            f"{seconds // 60:.0f} minutes are left within {terms.budget:.2f} USD and"
            f" {terms.max_hours:g} h; a pod needs {LEAST_SECONDS // 60} to be of use.",
            hint="Raise --budget or --max-hours (both count the whole run, its earlier pods too).",
        )
