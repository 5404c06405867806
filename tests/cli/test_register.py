"""`taxqa register` says what it proved and what to type next."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_ollama import FakeOllama, fake_ollama
from model_folders import make_model_folder

from cli.main import run
from cli.register import register


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeOllama]:
    monkeypatch.chdir(tmp_path)
    with fake_ollama() as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running


def test_the_newest_model_folder_is_registered_under_its_own_name(fake: FakeOllama) -> None:
    make_model_folder(Path("work/models/taxqa-demo"))
    result = CliRunner().invoke(register, [])
    assert result.exit_code == 0, result.output
    assert list(fake.models) == ["taxqa-demo:latest"]
    assert f"taxqa-demo (q8_0) is in Ollama 0.34.1 at {fake.url}." in result.stdout
    assert "equals the trained one in 9 of 9 ways" in result.stdout
    assert "stops by itself: 10%입니다." in result.stdout
    assert "ollama run taxqa-demo" in result.stdout
    assert 'taxqa ask "질문" --model taxqa-demo' in result.stdout
    assert "Comparing the server's prompts" in result.stderr


def test_the_result_can_be_read_by_a_script(fake: FakeOllama) -> None:
    folder = make_model_folder(Path("m"))
    arguments = ["--model", str(folder), "--name", "tax:v1", "--quant", "q4_k_m", "--json"]
    found = json.loads(CliRunner().invoke(register, arguments).stdout)
    assert (found["name"], found["quant"], found["replaced"]) == ("tax:v1", "q4_k_m", False)
    assert len(found["prompts_equal"]) == 9


def test_a_refusal_is_a_message_and_an_exit_code(
    fake: FakeOllama, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_model_folder(Path("m"))
    monkeypatch.setattr("sys.argv", ["register", "--model", "m", "--name", "세금"])
    assert run(register) == 2
    assert "Ollama does not take '세금'" in capsys.readouterr().err
    monkeypatch.setenv("OLLAMA_HOST", "http://[::1")
    monkeypatch.setattr("sys.argv", ["register", "--model", "m"])
    assert run(register) == 2
    assert "OLLAMA_HOST is 'http://[::1', which is no address" in capsys.readouterr().err
    monkeypatch.setenv("OLLAMA_HOST", fake.url)
    fake.fail_create = "boom"
    monkeypatch.setattr("sys.argv", ["register", "--model", "m"])
    assert run(register) == 1
    captured = capsys.readouterr()
    assert "Ollama refused: boom" in captured.err
    assert captured.out == ""
