"""A teacher by its name: openai, anthropic, ollama, or any server that speaks OpenAI's language."""

import os
from collections.abc import Mapping
from pathlib import Path

from datagen.teachers.access import (
    PROVIDERS,
    UserConfig,
    access_of,
    api_key,
    checked_url,
    load_user_config,
)
from datagen.teachers.failures import Service
from datagen.teachers.prices import load_prices
from datagen.teachers.request import Teacher
from taxqa.errors import InputError

NAMES = ("openai", "anthropic", "ollama", "openai-compatible")
OTHER_NAMES: Mapping[str, str] = {"claude": "anthropic"}
CONCURRENCY: Mapping[str, int] = {"ollama": 1}
"""Most requests at once by default; Ollama answers one after the other unless it is told otherwise
(OLLAMA_NUM_PARALLEL)."""
USUAL_CONCURRENCY = 50


def default_concurrency(name: str) -> int:
    """Most requests in flight that suit a teacher."""
    return CONCURRENCY.get(provider_of(name), USUAL_CONCURRENCY)


def provider_of(name: str) -> str:
    """The provider that a name means ('claude' is anthropic).

    Raises:
        InputError: it is none of them.
    """
    provider = OTHER_NAMES.get(name.lower(), name.lower())
    if provider not in NAMES:
        raise InputError(f"Unknown teacher '{name}'; known: {', '.join(NAMES)}.")
    return provider


def open_teacher(
    name: str, model: str = "", base_url: str = "", *, config: Path | None = None
) -> Teacher:
    """A teacher, ready to be asked; nothing is sent yet.

    Args:
        name: openai, anthropic (or claude), ollama, openai-compatible.
        model: as the provider names it; '' = chat_model of the user's config.
        base_url: of the server; '' = the provider's own (for ollama OLLAMA_HOST, or this machine).
        config: the user's config.yaml; None = ~/.config/taxqa/config.yaml where that is there.

    Raises:
        InputError: unknown name, no model, no key, a retired model, or an address that is none.
        MissingExtraError: the provider's SDK is not installed.
    """
    provider = provider_of(name)
    settings = load_user_config(config)
    teacher = f"{provider}:{model or model_of(provider, settings)}"
    load_prices().check(teacher)
    if provider == "ollama":
        from datagen.teachers.ollama_teacher import OllamaTeacher

        return OllamaTeacher(Service("Ollama", teacher), base_url)
    if provider == "openai-compatible" and not base_url:
        raise InputError(
            "The teacher 'openai-compatible' needs the address of its server.",
            hint="Give it, e.g.: --base-url http://127.0.0.1:8000/v1",
        )
    key = api_key(provider, settings)
    known = PROVIDERS[provider]
    # The SDKs would take it from there themselves, unchecked.
    base_url = base_url or os.environ.get(known.address, "").strip()
    if base_url:
        checked_url(base_url, secret=bool(key))
    service = Service(known.title or f"The server {base_url}", teacher, known.key_hint, key)
    if provider == "anthropic":
        from datagen.teachers.anthropic_teacher import AnthropicTeacher

        return AnthropicTeacher(service, base_url)
    from datagen.teachers.openai_teacher import CompatibleTeacher, OpenAITeacher

    return (OpenAITeacher if provider == "openai" else CompatibleTeacher)(service, base_url)


def model_of(provider: str, settings: UserConfig) -> str:
    """The model that the user's config names for a provider.

    Raises:
        InputError: it names none.
    """
    model = access_of(provider, settings).chat_model
    if not model:
        raise InputError(
            f"No model was named for the teacher '{provider}'.",
            hint=f"Name one. {load_prices().known_models(provider)}".strip(),
        )
    return model
