"""What teachers cost: a dated table that the user may edit, in USD per million tokens.

Money is counted in whole millionths of a millionth of a dollar (pico-USD), rounded up, so that
sums are exact and never too low.
"""

import datetime
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from taxqa.errors import ConfigError, InputError
from taxqa.records import first_problem, read_text

SHIPPED = Path(__file__).with_name("models.yaml")
LOCAL = ("ollama",)
"""Providers that run on the user's own machine: nothing to pay per token."""
PICO = 10**12
"""Pico-USD in a USD."""
MILLION = 10**6


class Section(BaseModel):
    """A part of the table; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelEntry(Section):
    """One model."""

    input: Decimal | None = Field(default=None, ge=0, lt=100_000)
    """USD per million tokens of the question; None = not known."""
    output: Decimal | None = Field(default=None, ge=0, lt=100_000)
    """USD per million tokens of the answer; None = not known."""
    cache_write: Decimal | None = Field(default=None, ge=0, lt=100_000)
    """USD per million tokens of the question where the provider writes it to its cache unasked."""
    retired: datetime.date | None = None
    """The day from which the provider no longer answers with it."""
    successor: str = ""
    """What to use in its place."""


class ExchangeRate(Section):
    """KRW for a USD on a day."""

    rate: Decimal = Field(gt=0, lt=1_000_000)
    date: datetime.date


@dataclass(frozen=True)
class Price:
    """What tokens of one model cost, in USD per million."""

    input: Decimal
    output: Decimal

    def pico(self, input_tokens: int, output_tokens: int) -> int:
        """Pico-USD for so many tokens, rounded up."""
        usd_million = self.input * input_tokens + self.output * output_tokens
        return math.ceil(usd_million * (PICO // MILLION))

    def cost(self, input_tokens: int, output_tokens: int) -> Decimal:
        """USD for so many tokens."""
        return usd(self.pico(input_tokens, output_tokens))


FREE = Price(Decimal(0), Decimal(0))


class PriceTable(Section):
    """The table of models and prices, with the rate of the won."""

    date: datetime.date
    """The day the prices were looked up."""
    batch_factor: Decimal = Field(default=Decimal("0.5"), gt=0, le=1)
    """Share of a price that the providers' batch APIs take."""
    krw_per_usd: ExchangeRate
    models: Mapping[str, Mapping[str, ModelEntry]]
    """Provider -> model -> entry."""

    def entry(self, teacher: str) -> ModelEntry | None:
        """The entry of a teacher ('openai:gpt-6-luna'); None where the table has none."""
        provider, _, model = teacher.partition(":")
        return self.models.get(provider, {}).get(model)

    def price(self, teacher: str, *, batch: bool = False) -> Price:
        """What a teacher costs; nothing for a local one.

        Raises:
            InputError: the table does not know the price.
        """
        entry = self.entry(teacher)
        provider, _, model = teacher.partition(":")
        if entry is None and provider in LOCAL:
            return FREE
        if entry is None or entry.input is None or entry.output is None:
            raise InputError(
                f"The price of '{teacher}' is not known (table of {self.date}).",
                hint=f"Put it into {user_table()}, in USD per million tokens"
                " (0 where it costs nothing):\n"
                f"models: {{{provider}: {{'{model}': {{input: 0.10, output: 0.50}}}}}}\n"
                f"{self.known_models(provider)}".rstrip(),
            )
        factor = self.batch_factor if batch else Decimal(1)
        question = max(entry.input, entry.cache_write or entry.input)
        return Price(question * factor, entry.output * factor)

    def check(self, teacher: str, today: datetime.date | None = None) -> None:
        """InputError where the table says that a model has been retired."""
        entry = self.entry(teacher)
        provider, _, model = teacher.partition(":")
        if entry and entry.retired and entry.retired <= (today or datetime.date.today()):
            raise InputError(
                f"The model '{model}' was retired on {entry.retired}.",
                hint=f"Use {entry.successor} in its place. {self.known_models(provider)}".strip(),
            )

    def known_models(self, provider: str) -> str:
        """A line with the models of a provider that are not retired; '' where none is known."""
        today = datetime.date.today()
        names = [
            name
            for name, entry in self.models.get(provider, {}).items()
            if entry.retired is None or entry.retired > today
        ]
        return f"Current models (table of {self.date}): {', '.join(names)}." if names else ""

    def krw(self, amount: Decimal) -> int:
        """USD in KRW by the table's rate."""
        return int((amount * self.krw_per_usd.rate).to_integral_value(ROUND_HALF_UP))


def usd(pico: int) -> Decimal:
    """Pico-USD as USD, exactly."""
    return Decimal(pico).scaleb(-12)


def to_pico(amount: Decimal) -> int:
    """USD as whole pico-USD, rounded down: a budget is never larger than it was given."""
    return math.floor(amount * PICO)


def user_table() -> Path:
    """Where the user's own table lies."""
    return user_folder() / "models.yaml"


def user_folder() -> Path:
    """The user's folder of settings: XDG_CONFIG_HOME/taxqa, or ~/.config/taxqa."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base else Path.home() / ".config") / "taxqa"


def load_prices(path: Path | None = None) -> PriceTable:
    """The shipped table, with ~/.config/taxqa/models.yaml and then `path` put over it.

    A user's table may name only what differs.

    Raises:
        InputError: no such file.
        ConfigError: no YAML, an unknown key, or a value that is no price.
    """
    data = read_yaml(SHIPPED)
    for own in (user_table() if user_table().is_file() else None, path):
        if own is not None:
            data = merged(data, read_yaml(own))
            validated_table(data, own)
    return validated_table(data, path or SHIPPED)


def validated_table(data: object, where: Path) -> PriceTable:
    """`data` as a table; ConfigError says where and what is wrong."""
    try:
        return PriceTable.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{where} is no table of prices: {first_problem(error)}") from None


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; what stands on a broken line is not repeated."""
    try:
        data = yaml.safe_load(read_text(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        raise ConfigError(f"{path} is not YAML{line}.") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds a {type(data).__name__}; keys with values were expected.")
    return {str(key): value for key, value in data.items()}


def merged(base: Any, over: Any) -> Any:
    """`over` put over `base`, mapping by mapping; an own price keeps nothing of the old entry."""
    if not isinstance(base, dict) or not isinstance(over, dict) or "input" in over:
        return over
    return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}
