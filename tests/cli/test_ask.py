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
