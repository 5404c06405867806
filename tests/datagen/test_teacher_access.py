"""The user's config.yaml and the keys: found where they may stand, and shown nowhere."""

import logging
from pathlib import Path

import pytest
from asking import request
from fake_teachers import KEY, FakeTeachers, served

from datagen.teachers.access import api_key, checked_url, load_user_config
from datagen.teachers.opening import default_concurrency, open_teacher
from taxqa.errors import ConfigError, InputError, ServiceError

USERS_FORM = """\
langmodel:
  API:
    OpenAI:
      apikey: "sk-own-openai-key-1"
      chat_model: "gpt-6-luna"
    Claude:
      apikey: "sk-own-claude-key-2"
      chat_model: "claude-haiku-5-5"
"""


@pytest.fixture(autouse=True)
def no_access(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "설정"))
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "TAXQA_TEACHER_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(USERS_FORM, encoding="utf-8")
    return path


def test_the_users_config_names_model_and_key(config: Path) -> None:
    settings = load_user_config(config)
    assert open_teacher("openai", config=config).name == "openai:gpt-6-luna"
    assert open_teacher("claude", config=config).name == "anthropic:claude-haiku-5-5"
    assert api_key("openai", settings) == "sk-own-openai-key-1"
    assert api_key("anthropic", settings) == "sk-own-claude-key-2"


def test_a_key_in_the_environment_goes_before_the_one_in_the_config(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " sk-environment\n")
    assert api_key("openai", load_user_config(config)) == "sk-environment"


def test_a_model_that_is_named_goes_before_the_one_in_the_config(config: Path) -> None:
    assert open_teacher("openai", "gpt-5.6-luna", config=config).name == "openai:gpt-5.6-luna"


def test_the_config_in_the_users_own_folder_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "설정" / "taxqa"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("\ufeff" + USERS_FORM.replace("\n", "\r\n"), "utf-8")
    assert open_teacher("openai").name == "openai:gpt-6-luna"


def test_the_users_example_with_its_placeholders_has_no_key_and_a_retired_model(
    shared: Path,
) -> None:
    path = shared / "cases" / "user_config.yaml"
    settings = load_user_config(path)
    assert settings.langmodel.API.OpenAI.chat_model == "gpt-4o"
    with pytest.raises(InputError, match=r"retired on 2025-07-21.*\nUse claude-sonnet-5-5"):
        open_teacher("claude", config=path)
    with pytest.raises(InputError, match="no API key for OpenAI"):
        api_key("openai", settings)


def test_without_a_key_the_message_says_where_one_goes() -> None:
    with pytest.raises(InputError) as error:
        open_teacher("openai", "gpt-6-luna")
    assert "OPENAI_API_KEY" in str(error.value)
    assert "https://platform.openai.com/api-keys" in str(error.value)


def test_without_a_model_the_message_names_the_current_ones() -> None:
    with pytest.raises(InputError, match=r"No model was named.*\n.*gpt-6-luna"):
        open_teacher("openai")


def test_a_local_teacher_and_an_own_server_need_no_key() -> None:
    assert open_teacher("ollama", "gemma3:12b").name == "ollama:gemma3:12b"
    own = open_teacher("openai-compatible", "local", "http://192.168.0.7:8000/v1")
    assert own.name == "openai-compatible:local"


def test_openais_key_is_never_sent_to_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    import asyncio

    with served(FakeTeachers()) as fake:
        own = open_teacher("openai-compatible", "local", fake.openai_url)

        async def once() -> None:
            await own.ask(request())
            await own.aclose()

        asyncio.run(once())
    assert fake.headers
    assert KEY not in str(fake.headers)


@pytest.mark.parametrize(
    ("name", "base_url", "said"),
    [
        ("chatgpt", "", "Unknown teacher 'chatgpt'; known: openai, anthropic, ollama"),
        ("openai-compatible", "", "needs the address of its server"),
        ("openai-compatible", "localhost:8000", "no address of a server"),
        ("openai-compatible", "file:///etc/passwd", "no address of a server"),
        ("openai-compatible", "https://me:secret@example.org/v1", "no address of a server"),
        ("openai-compatible", "http://[::1", "no address of a server"),
        ("ollama", "not a host", "no address of a server"),
    ],
)
def test_what_is_no_teacher_is_refused(name: str, base_url: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        open_teacher(name, "local", base_url)
    assert "secret" not in str(error.value)


def test_a_key_goes_over_plain_http_to_this_machine_alone() -> None:
    assert checked_url("http://127.0.0.1:8000/v1", secret=True)
    assert checked_url("https://example.org/v1", secret=True)
    with pytest.raises(InputError, match=r"unencrypted to example\.org"):
        checked_url("http://example.org/v1", secret=True)


@pytest.mark.parametrize(
    "text",
    [
        "langmodel: {API: {OpenAI: {apikey: sk-very-secret, model: x}}}",
        "langmodel: {API: {OpenAI: sk-very-secret}}",
        "langmodel: {API: {OpenAI: {apikey: [sk-very-secret]}}}",
        'langmodel: {API: {OpenAI: {apikey: "sk-very-secret}}}',
        "apikey: sk-very-secret\n  b: c: d",
        "sk-very-secret",
    ],
)
def test_a_broken_config_is_refused_without_repeating_what_stands_in_it(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.yaml") as error:
        load_user_config(path)
    assert "very-secret" not in str(error.value)


@pytest.mark.parametrize("key", ["sk-한글", "sk with blanks"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(InputError, match="cannot be one") as error:
        open_teacher("openai", "gpt-6-luna")
    assert key not in str(error.value)


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_key_stands_in_no_error_no_log_and_no_repr(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import asyncio
    import traceback

    secret = "sk-wrong-0123456789abcdef"
    monkeypatch.setenv({"openai": "OPENAI_API_KEY"}.get(name, "ANTHROPIC_API_KEY"), secret)
    with served(FakeTeachers()) as fake, caplog.at_level(logging.DEBUG):
        url = fake.openai_url if name == "openai" else fake.url
        model = "gpt-6-luna" if name == "openai" else "claude-haiku-5-5"
        teacher = open_teacher(name, model, url)

        async def once() -> None:
            try:
                await teacher.ask(request())
            finally:
                await teacher.aclose()

        with pytest.raises(ServiceError, match="refused the API key") as error:
            asyncio.run(once())
    assert fake.asked
    shown = "".join(traceback.format_exception(error.value)) + caplog.text + repr(vars(teacher))
    assert secret not in shown
    assert "0123456789" not in shown


def test_a_settings_object_does_not_show_its_keys(config: Path) -> None:
    settings = load_user_config(config)
    assert "sk-own" not in repr(settings) + settings.model_dump_json()


def test_ollama_is_asked_one_by_one_and_services_many_at_once() -> None:
    assert default_concurrency("ollama") == 1
    assert default_concurrency("Claude") == default_concurrency("openai") > 10
