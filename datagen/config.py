"""The config of `taxqa generate`: who teaches, what is asked, and what it may cost.

Flag > YAML > default. Every field has its unit and default beside it.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from datagen.passages import LETTERS
from datagen.teachers.opening import OTHER_NAMES
from datagen.teachers.prices import read_yaml
from taxlaw.acts import ACTS, find_act
from taxqa.errors import ConfigError
from taxqa.records import Asker, Source, first_problem

WORKED = "worked"
TEACHERS = (WORKED, "openai", "anthropic", "ollama", "openai-compatible")
OWN_SECTION = "langmodel"
"""Models and keys in the form of the user's own config.yaml; the teachers read that themselves."""
Share = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class GenerateConfig(BaseModel):
    """What `taxqa generate --config` reads; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    teachers: tuple[str, ...] = Field(default=(WORKED,), min_length=1)
    """worked, openai, anthropic, ollama, openai-compatible; with a model as in openai:gpt-6-luna.
    Several language models share the passages among them."""
    model: str = ""
    """The model of the one language model among the teachers that names none; '' = its default."""
    base_url: str = ""
    """Address of an OpenAI-compatible service (vLLM, LM Studio) or of Ollama; '' = the usual."""
    types: Mapping[Asker, Share] = Field(default={name: 1.0 for name in get_args(Asker)})
    """Who asks, in what proportion; a type that is not named is not asked for. Default: alike."""
    sources: Mapping[Source, Share] = Field(
        default={"practical": 0.3, "statute": 0.4, "judgment": 0.15, "ruling": 0.15}
    )
    """What is asked about, in what proportion of passages. practical = situations of daily life,
    from articles and guides. Where one is used up, the others go on."""
    questions_per_passage: int = Field(default=3, ge=1, le=10)
    """Most questions about one passage; about a short one fewer are asked."""
    passage_letters: int = Field(default=LETTERS, ge=200, le=8000)
    """Letters of a passage at most; one sentence or table may be longer."""
    max_passages: int | None = Field(default=None, ge=1)
    """Most passages that are asked about; None = all. A larger number later goes on with the
    answers of the smaller one."""
    acts: tuple[str, ...] = ()
    """Acts to ask about, with their decrees and rules: names, abbreviations or keys; () = all.
    Guides, judgments and rulings are taken where they name one of them."""
    budget: Decimal = Field(default=Decimal(10), ge=0, le=100_000)
    """USD that the store of answers may come to, over all runs; then nothing more is sent."""
    concurrency: int | None = Field(default=None, ge=1, le=1000)
    """Requests in flight at most; None = what suits the service (50; 1 for Ollama)."""
    attempts: int = Field(default=3, ge=1, le=10)
    """Replies to one request at most, where they cannot be read."""
    batch: bool = False
    """Use the provider's batch API: half the price, up to 24 hours."""
    limit: int | None = Field(default=None, ge=2)
    """Records at most, chosen evenly over sources and askers; None = all."""
    max_answer: int | None = Field(default=None, ge=1)
    """Letters of the longest answer that is taken; None = no limit."""
    seed: int = 1
    """The same seed and corpus give the same plan and the same dataset."""

    @field_validator("teachers")
    @classmethod
    def known_teachers(cls, teachers: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a name that nobody answers to, and one that comes twice; claude is anthropic."""
        teachers = tuple(with_usual_name(teacher) for teacher in teachers)
        for teacher in teachers:
            name, _, model = teacher.partition(":")
            if name not in TEACHERS or (name == WORKED and model):
                raise ValueError(f"'{teacher}' is no teacher; known: {', '.join(TEACHERS)}")
        if len(set(teachers)) < len(teachers):
            raise ValueError(f"a teacher comes twice in {', '.join(teachers)}")
        return teachers

    @field_validator("types", "sources")
    @classmethod
    def some_share(cls, shares: Mapping[str, float]) -> Mapping[str, float]:
        """Refuse shares of which nothing comes."""
        if not sum(shares.values()) > 0:
            raise ValueError("at least one share has to be above 0")
        return shares

    @field_validator("acts")
    @classmethod
    def official_names(cls, acts: tuple[str, ...]) -> tuple[str, ...]:
        """Acts by their official names, in the order given."""
        by_key = {act.key: act for act in ACTS}
        found = [(name, by_key.get(name) or find_act(name)) for name in acts]
        for name, act in found:
            if act is None:
                known = ", ".join(f"{each.name} ({each.key})" for each in ACTS)
                raise ValueError(f"'{name}' is none of the tax acts; known: {known}")
        return tuple(dict.fromkeys(act.name for _, act in found if act))

    @property
    def models(self) -> tuple[str, ...]:
        """The teachers that are language models, with their models where they are named."""
        return tuple(
            f"{each}:{self.model}" if self.model and ":" not in each else each
            for each in self.teachers
            if each != WORKED
        )


def load_config(path: Path | None, **flags: Any) -> GenerateConfig:
    """The config of a YAML file with the flags that were given put over it.

    A file in the user's own form (langmodel: API: …) says nothing of this; see `keys_in`.

    Raises:
        ConfigError: no YAML, an unknown key, a value of the wrong type or out of range.
        InputError: no such file.
    """
    where = str(path) if path else "the options"
    data = read_yaml(path) if path and not keys_in(path) else {}
    data |= {name: value for name, value in flags.items() if value is not None}
    try:
        config = GenerateConfig.model_validate(data)
    except ValidationError as error:
        unknown = error.errors()[0]["type"] == "extra_forbidden"
        hint = f"Known keys: {', '.join(GenerateConfig.model_fields)}." if unknown else ""
        raise ConfigError(f"{where}: {first_problem(error)}", hint=hint) from None
    unnamed = [each for each in config.teachers if each != WORKED and ":" not in each]
    if config.model and len(unnamed) != 1:
        raise ConfigError(
            f"The model '{config.model}' is for one teacher; {len(unnamed)} name none.",
            hint="Name it with each teacher, e.g.: --teacher openai:gpt-6-luna",
        )
    return config


def with_usual_name(teacher: str) -> str:
    """A teacher, as 'claude:claude-haiku-5-5', by its provider's name: 'anthropic:…'."""
    name, colon, model = teacher.partition(":")
    return OTHER_NAMES.get(name, name) + colon + model


def keys_in(path: Path | None) -> Path | None:
    """The file, where it holds models and keys in the user's own form and no config of ours."""
    return path if path and OWN_SECTION in read_yaml(path) else None
