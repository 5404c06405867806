"""Who may be asked: the user's own config.yaml, and the keys, which never leave this file's hands.

The user's form:

    langmodel:
      API:
        OpenAI: {apikey: "sk-…", chat_model: gpt-6-luna}
        Claude: {apikey: "sk-ant-…", chat_model: claude-haiku-5-5}

A key in the environment goes before the one in the file. No key is logged, written or shown.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from datagen.teachers.prices import read_yaml, user_folder
from taxqa.errors import ConfigError, InputError
from taxqa.records import first_problem

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Section(BaseModel):
    """A part of the config; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Access(Section):
    """The user's access to one provider."""

    apikey: SecretStr = SecretStr("")
    """The key; left as 'your-…' it counts as not given."""
    chat_model: str = ""
    """The model to ask where a command names none."""


class Providers(Section):
    """The providers the user has access to."""

    OpenAI: Access = Access()
    Claude: Access = Access()


class LanguageModel(Section):
    """The user's language models."""

    API: Providers = Providers()


class UserConfig(Section):
    """The user's config.yaml."""

    langmodel: LanguageModel = Field(default_factory=LanguageModel)


@dataclass(frozen=True)
class Provider:
    """A service with keys: where its key may stand, and where one is had."""

    title: str
    variable: str
    page: str = ""
    address: str = ""
    """Variable of the environment with another base URL."""

    @property
    def key_hint(self) -> str:
        """What to do about a key that is missing or wrong."""
        where = f" Keys are made at {self.page}." if self.page else ""
        return (
            f"Set {self.variable} in the environment, or apikey in config.yaml"
            f" (langmodel: API: {self.title}: …)." + where
            if self.page
            else f"Set {self.variable} in the environment."
        )


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(
        "OpenAI",
        "OPENAI_API_KEY",
        "https://platform.openai.com/api-keys",
        "OPENAI_BASE_URL",
    ),
    "anthropic": Provider(
        "Claude",
        "ANTHROPIC_API_KEY",
        "https://platform.claude.com/settings/keys",
        "ANTHROPIC_BASE_URL",
    ),
    # A key of its own: OpenAI's must never go to another server.
    "openai-compatible": Provider("", "TAXQA_TEACHER_API_KEY"),
}


def load_user_config(path: Path | None = None) -> UserConfig:
    """The user's config.yaml; None = ~/.config/taxqa/config.yaml where that is there.

    Raises:
        InputError: no such file.
        ConfigError: no YAML, or a key that is not known. What stands in the file is not repeated.
    """
    place = path or user_folder() / "config.yaml"
    if path is None and not place.is_file():
        return UserConfig()
    try:
        return UserConfig.model_validate(read_yaml(place))
    except ValidationError as error:
        raise ConfigError(
            f"{place}: {first_problem(error)}",
            hint="Expected: langmodel: {API: {OpenAI: {apikey, chat_model}, Claude: {apikey,"
            " chat_model}}}.",
        ) from None


def access_of(provider: str, config: UserConfig) -> Access:
    """What the config has of a provider; empty for one it does not know."""
    known = {"openai": config.langmodel.API.OpenAI, "anthropic": config.langmodel.API.Claude}
    return known.get(provider, Access())


def api_key(provider: str, config: UserConfig) -> str:
    """The key of a provider: from the environment, else from the config; '' = none.

    Raises:
        InputError: there is none and the provider needs one, or it cannot be a key.
    """
    known = PROVIDERS[provider]
    key = os.environ.get(known.variable, "").strip()
    if not key:
        key = access_of(provider, config).apikey.get_secret_value().strip()
        key = "" if key.startswith("your-") else key
    if not key and known.page:
        raise InputError(f"There is no API key for {known.title}.", hint=known.key_hint)
    if not key.isascii() or any(letter.isspace() for letter in key):
        raise InputError(
            f"The API key for {known.title or provider} cannot be one: it has blanks or letters"
            " beyond ASCII.",
            hint=known.key_hint,
        )
    return key


def checked_url(url: str, *, secret: bool) -> str:
    """A base URL as it is.

    Raises:
        InputError: it is none, or a secret would go in the clear to another machine.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
        raise InputError(
            "The base URL is no address of a server; expected one like"
            " https://example.org/v1 or http://127.0.0.1:8000/v1, without a key in it."
        )
    if secret and parts.scheme == "http" and host not in LOOPBACK:
        raise InputError(
            f"An API key would go unencrypted to {host}.",
            hint="Use https, or reach the server through a tunnel on this machine.",
        )
    return url
