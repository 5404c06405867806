"""A config loads with the user's values, or one sentence says which key is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import finetune
from finetune.config import LoraSettings, TrainConfig, TrainingArgs, load_config
from taxqa.errors import ConfigError, InputError

CONFIGS = sorted((Path(finetune.__file__).parent / "configs").glob("*.yaml"))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "train_config.yaml"


def test_the_users_own_config_loads_with_his_values(shared: Path) -> None:
    config = load_config(shared / "cases" / "user_train_config.yaml")
    args, lora = config.training_args, config.lora_config
    assert (args.num_train_epochs, args.per_device_train_batch_size) == (3, 4)
    assert (args.learning_rate, args.gradient_accumulation_steps) == (2e-5, 4)
    assert (lora.r, lora.lora_alpha, lora.lora_dropout) == (16, 32, 0.1)
    assert config.base_model == "gemma3-12b"


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_config_loads(path: Path) -> None:
    assert load_config(path).base_model == path.stem.replace("demo", "gemma3-270m")


@pytest.mark.parametrize("number", ["2e-5", "2.0e-5", "0.00002", "'2e-5'", "2E-5"])
def test_a_learning_rate_may_be_written_in_any_way(written: Path, number: str) -> None:
    # YAML 1.1 reads 2e-5, without a point, as a string.
    written.write_text(f"training_args:\n  learning_rate: {number}\n", encoding="utf-8")
    assert load_config(written).training_args.learning_rate == 2e-5


@pytest.mark.parametrize(
    ("text", "found", "hint"),
    [
        ("epochs: 3", "epochs", "Known keys there: base_model,"),
        ("training_args: {learning_rates: 1}", "training_args.learning_rates", "learning_rate,"),
        ("lora_config: {rank: 8}", "lora_config.rank", "Known keys there: r, lora_alpha,"),
        ("training_args: {learning_rate: -1.0e-5}", "training_args.learning_rate", ""),
        ("training_args: {learning_rate: fast}", "training_args.learning_rate", ""),
        ("training_args: {learning_rate: .nan}", "training_args.learning_rate", ""),
        ("training_args: {num_train_epochs: .inf}", "training_args.num_train_epochs", ""),
        ("training_args: {weight_decay: .inf}", "training_args.weight_decay", ""),
        ("training_args: {num_train_epochs: 0}", "training_args.num_train_epochs", ""),
        ("training_args: {max_steps: 0}", "training_args.max_steps", ""),
        ("training_args: {lr_scheduler_type: cosin}", "training_args.lr_scheduler_type", ""),
        ("training_args: [1, 2]", "training_args", ""),
        ("training_args:\n  # all of it left out\n", "training_args", ""),
        ("lora_config: {r: 16.5}", "lora_config.r", ""),
        ("lora_config: {lora_dropout: 1}", "lora_config.lora_dropout", ""),
        ("max_length: 8", "max_length", ""),
        ("base_model: 270", "base_model", ""),
        ("1: 2", "1", ""),
    ],
)
def test_a_wrong_value_is_one_error_that_names_its_key(
    written: Path, text: str, found: str, hint: str
) -> None:
    written.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_config(written)
    assert error.value.message.startswith(f"{written}: {found}: ")
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b", "holds a list"),
        ("just a word", "holds a str"),
        ("a: [1, 2", "is not YAML"),
        ("\ttab: 1", "is not YAML"),
        ("a: !!python/object:os.system x", "is not YAML"),
        ("a: \x07", "is not YAML"),
        ("a: 2026-13-45", "is not YAML"),
        ("training_args: {r: 1}\ntraining_args: {}", "'training_args' is there twice"),
        ("lora_config:\n  r: 8\n  r: 16\n", "'r' is there twice.*line 2"),
        ("a: !!int x", "is not YAML"),
        ("[" * 5000, "is not YAML"),
    ],
)
def test_what_is_no_config_at_all_is_one_error(written: Path, text: str, message: str) -> None:
    written.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_config(written)


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "{}", "---\n"])
def test_an_empty_config_is_the_defaults(written: Path, text: str) -> None:
    written.write_text(text, encoding="utf-8")
    assert load_config(written) == TrainConfig()


def test_a_missing_config_is_said(written: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        load_config(written)


def test_a_flag_wins_over_the_file_and_the_file_over_the_default(written: Path) -> None:
    written.write_text("base_model: phi-2\ntrainer: trl\n", encoding="utf-8")
    config = load_config(written, base_model="gemma3-1b", trainer=None)
    assert (config.base_model, config.trainer, config.max_length) == ("gemma3-1b", "trl", 2048)
    with pytest.raises(ConfigError, match="the options: trainer"):
        load_config(None, trainer="magic")


@pytest.mark.parametrize("section", [TrainConfig, TrainingArgs, LoraSettings])
def test_a_config_cannot_be_changed_and_each_default_is_valid(section: type[BaseModel]) -> None:
    made = section()
    assert section.model_validate(made.model_dump()) == made
    with pytest.raises(ValueError, match="frozen"):
        made.seed = 1  # type: ignore[attr-defined]


@given(text=st.text(max_size=60) | st.text("ab: -[]{}#'\"!&*|>?%@,.0123456789_\n", max_size=60))
def test_any_text_is_a_config_or_one_error(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        assert isinstance(load_config(path), TrainConfig)
    except ConfigError as error:
        assert str(path) in error.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{day} 기준", "braces other than"),
        ("}}", "braces other than"),
        ('"""', "three quotes"),
        ("세법\u200b", "U\\+200B would be deleted"),
        ("세법\u3000답", "U\\+3000 would be deleted"),
    ],
)
def test_a_system_message_that_a_template_would_change_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(None, system=text)


def test_a_system_message_keeps_its_lines_and_loses_the_blanks_around_it(written: Path) -> None:
    written.write_text("system: |\n  {law_date} 기준.\n  짧게.\n\n", encoding="utf-8")
    assert load_config(written).system == "{law_date} 기준.\n짧게."
    assert load_config(None).system == ""
