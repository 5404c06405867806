"""`taxqa register` says what it proved and what to type next."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_ollama import FakeModel, FakeOllama, fake_ollama
from model_folders import make_model_folder

from cli.main import run
from cli.models import models, unregister
from cli.register import register


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeOllama]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAXQA_STATE", str(tmp_path / "state"))
    with fake_ollama() as running:
        monkeypatch.setenv("OLLAMA_HOST", running.url)
        yield running


def test_the_newest_model_folder_is_registered_under_its_own_name(fake: FakeOllama) -> None:
    make_model_folder(Path("work/models/taxqa-demo"))
    result = CliRunner().invoke(register, [])
    assert result.exit_code == 0, result.output
    assert list(fake.models) == ["taxqa-demo:latest"]
    assert f"taxqa-demo (q8_0) is in Ollama 0.34.1 at {fake.url}." in result.stdout
    assert "equals the trained one in 12 of 12 conversations, as text; token ids" in result.stdout
    assert "It stops by itself and answers in Korean." in result.stdout
    assert "답변: 10%입니다." in result.stdout
    assert f"base URL {fake.url}/v1, model taxqa-demo" in result.stdout
    assert "set temperature 0 there" in result.stdout
    assert "ollama run taxqa-demo" in result.stdout
    assert 'taxqa ask "질문" --model taxqa-demo' in result.stdout
    assert "Comparing the server's prompts" in result.stderr


def test_the_result_can_be_read_by_a_script(fake: FakeOllama) -> None:
    folder = make_model_folder(Path("m"))
    arguments = ["--model", str(folder), "--name", "tax:v1", "--quant", "q4_k_m", "--json"]
    found = json.loads(CliRunner().invoke(register, arguments).stdout)
    assert (found["name"], found["quant"], found["replaced"]) == ("tax:v1", "q4_k_m", False)
    assert len(found["prompts_equal"]) == 12


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


def test_golden_answers_are_shown_beside_those_of_the_export(fake: FakeOllama) -> None:
    golden = [
        {"question": "가?", "answer": "10%입니다."},
        {"question": "나?", "answer": "10%입니다. 모두에게 같습니다."},
        {"question": "다?", "answer": "5월입니다."},
    ]
    make_model_folder(Path("work/models/taxqa-demo"), golden=golden)
    fake.replies = {"나?": " 10%입니다. 모두에게 다릅니다.<eos>"}
    found = CliRunner().invoke(register, []).stdout
    assert "of 3 answers 2 begin as they did in llama.cpp at the export, 1 are the same" in found
    answers = json.loads(CliRunner().invoke(register, ["--json"]).stdout)["answers"]
    assert [one["same_as_at_export"] for one in answers] == [True, False, False]


def test_a_dry_run_says_what_would_be_done(fake: FakeOllama) -> None:
    folder = make_model_folder(Path("m"), system="짧게 답합니다.")
    found = CliRunner().invoke(register, ["--model", "m", "--dry-run"])
    assert found.exit_code == 0, found.output
    for line in (
        f"'m' would be made in Ollama 0.34.1 at {fake.url}:",
        "google/gemma-3-270m, fine-tuned, law as in force on 2026-01-01; q8_0, 0.00 GB",
        "SYSTEM: 짧게 답합니다.",
        f"{folder / 'm-q8_0.gguf'} would be sent.",
        "compared as text, not as token ids",
        "Then 1 question would be asked.",
        "Nothing was changed.",
    ):
        assert line in found.stdout
    assert fake.models == {}
    CliRunner().invoke(register, ["--model", "m"])
    again = CliRunner().invoke(register, ["--model", "m", "--dry-run"]).stdout
    assert "is there already and would not be sent again" in again
    assert "The model 'm' that is there now would be replaced after that." in again
    plan = json.loads(CliRunner().invoke(register, ["--model", "m", "--dry-run", "--json"]).stdout)
    assert (plan["name"], plan["file_is_there"], plan["replaces"]) == ("m", True, True)


def test_a_foreign_model_is_replaced_only_by_force(fake: FakeOllama) -> None:
    make_model_folder(Path("work/models/taxqa-demo"))
    fake.models["taxqa-demo:latest"] = FakeModel("sha256:" + "1" * 64, "")
    refused = CliRunner().invoke(register, [])
    assert refused.exit_code == 1
    assert "that taxqa did not register" in str(refused.exception)
    assert CliRunner().invoke(register, ["--force"]).exit_code == 0


def test_registered_models_are_listed_and_removed(fake: FakeOllama) -> None:
    assert "No model has been registered yet" in CliRunner().invoke(models, []).stdout
    make_model_folder(Path("m"))
    CliRunner().invoke(register, ["--model", "m", "--name", "tax:v1"])
    table = CliRunner().invoke(models, []).stdout
    for word in ("tax:v1", "ready", "q8_0", "2026-01-01", "text, 12 cases", fake.url):
        assert word in table
    (one,) = json.loads(CliRunner().invoke(models, ["--json"]).stdout)["models"]
    assert (one["name"], one["state"], one["proof"], one["law_date"]) == (
        "tax:v1", "ready", "text", "2026-01-01",
    )  # fmt: skip
    gone = CliRunner().invoke(unregister, ["tax:v1"])
    assert gone.stdout == "tax:v1 is no longer in Ollama; its model folder is as it was.\n"
    assert json.loads(CliRunner().invoke(models, ["--json"]).stdout) == {"models": []}
    CliRunner().invoke(register, ["--model", "m"])
    fake.models.clear()
    assert "was not in Ollama any more" in CliRunner().invoke(unregister, ["m"]).stdout
