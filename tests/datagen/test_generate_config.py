"""The config of generate: flag > YAML > default, nothing unknown, the user's own form apart."""

from decimal import Decimal
from pathlib import Path

import pytest

from datagen.config import GenerateConfig, keys_in, load_config
from taxqa.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    path = folder / "generate.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_flag_goes_before_the_yaml_and_the_yaml_before_the_default(tmp_path: Path) -> None:
    path = written(tmp_path, "teachers: [openai]\nmodel: gpt-6-luna\nbudget: 2.5\nseed: 7\n")
    config = load_config(path, seed=9, budget=None)
    assert (config.seed, config.budget, config.attempts) == (9, Decimal("2.5"), 3)
    assert config.models == ("openai:gpt-6-luna",)
    assert load_config(None) == GenerateConfig()


def test_acts_are_named_as_people_name_them(tmp_path: Path) -> None:
    path = written(tmp_path, "acts: [상증법, corporate_tax, 소득세법]\n")
    assert load_config(path).acts == ("상속세 및 증여세법", "법인세법", "소득세법")


def test_claude_is_another_name_of_anthropic() -> None:
    config = load_config(None, teachers=("claude:claude-haiku-5-5", "worked"))
    assert config.teachers == ("anthropic:claude-haiku-5-5", "worked")


def test_a_model_with_a_colon_of_its_own_is_kept_whole() -> None:
    assert load_config(None, teachers=("ollama:gemma3:12b",)).models == ("ollama:gemma3:12b",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("teacher: openai\n", "teacher: Extra inputs"),
        ("teachers: []\n", "teachers: "),
        ("teachers: [oracle]\n", "'oracle' is no teacher"),
        ("teachers: [openai, openai]\n", "a teacher comes twice"),
        ("teachers: [openai, anthropic]\nmodel: gpt-6-luna\n", "is for one teacher; 2 name none"),
        ("types: {child: 1}\n", "types"),
        ("types: {student: 0}\n", "at least one share"),
        ("sources: {statute: -1}\n", "sources"),
        ("acts: [민법]\n", "'민법' is none of the tax acts"),
        ("budget: .nan\n", "budget"),
        ("max_passages: 0\n", "max_passages"),
        ("- a\n", "holds a list"),
        ("seed: [\n", "is not YAML (line"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, text))
    assert message in str(caught.value)


def test_the_users_own_form_is_no_config_of_ours_and_its_key_is_not_shown(tmp_path: Path) -> None:
    own = written(tmp_path, "langmodel:\n  API:\n    OpenAI: {apikey: sk-1, chat_model: gpt-x}\n")
    assert keys_in(own) == own and load_config(own) == GenerateConfig()
    assert keys_in(None) is None and keys_in(written(tmp_path, "seed: 1\n")) is None
    broken = written(tmp_path, "langmodel:\n  API: {OpenAI: {apikey: sk-secret\n")
    with pytest.raises(ConfigError) as caught:
        load_config(broken)
    assert "sk-secret" not in str(caught.value)
