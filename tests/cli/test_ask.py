"""`taxqa ask` prints the answer to stdout and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_ollama import FakeOllama, fake_ollama
from model_folders import make_model_folder

from cli.ask import ask
from modelfiles.register import register
from taxqa.errors import InputError


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeOllama]:
    monkeypatch.chdir(tmp_path)
    with fake_ollama() as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        register(make_model_folder(Path("work/models/taxqa")))
        yield running


def test_the_answer_goes_to_stdout_and_the_speed_to_stderr(fake: FakeOllama) -> None:
    result = CliRunner().invoke(ask, ["부가가치세율은?"])
    assert result.exit_code == 0, result.output
    assert result.stdout == "10%입니다.\n"
    assert "taxqa (Ollama 0.34.1): 8 tokens, 50.0 tokens/s" in result.stderr


def test_a_question_may_come_from_standard_input(fake: FakeOllama) -> None:
    result = CliRunner().invoke(ask, ["-", "--model", "taxqa", "--json"], input="세율은?\n")
    found = json.loads(result.stdout)
    assert found == {
        "question": "세율은?",
        "answer": "10%입니다.",
        "model": "taxqa (Ollama 0.34.1)",
        "whole": True,
        "prompt_tokens": 21,
        "tokens": 8,
        "tokens_per_second": 50.0,
    }


def test_an_answer_that_was_cut_is_said_to_be(fake: FakeOllama) -> None:
    result = CliRunner().invoke(ask, ["세율은?", "--max-tokens", "4"])
    assert result.stdout == "10%\n"
    assert "cut at the limit" in result.stderr


@pytest.mark.parametrize(
    ("argument", "typed"), [("세금\udcff?", b""), ("-", b"\xbc\xbc\xb1\xdd?\n")]
)
def test_a_question_that_is_no_text_is_refused(
    fake: FakeOllama, argument: str, typed: bytes
) -> None:
    result = CliRunner().invoke(ask, [argument], input=typed)
    assert isinstance(result.exception, InputError)
    assert "The question is no UTF-8 text" in result.exception.message
    assert "iconv" in result.exception.hint


def test_an_empty_question_is_said_to_be_even_where_there_is_no_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in ([""], [" ", "--model", "none"]):
        result = CliRunner().invoke(ask, words)
        assert isinstance(result.exception, InputError)
        assert "The question is empty." in result.exception.message


def test_a_question_without_quotes_is_one_question(fake: FakeOllama) -> None:
    result = CliRunner().invoke(ask, ["부가가치세율은", "얼마인가요", "--json"])
    assert json.loads(result.stdout)["question"] == "부가가치세율은 얼마인가요"
