"""taxqa knows what it registered, and touches no other model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_ollama import FakeModel, FakeOllama, fake_ollama
from filelock import FileLock
from model_folders import make_model_folder

from modelfiles import register as registration
from modelfiles.models import listed, unregister
from modelfiles.register import plan_only, register
from modelfiles.registered import registered, registry_file, state_folder
from taxqa.errors import BusyError, InputError, ProofError, ServiceError

OTHER = FakeModel("sha256:" + "1" * 64, "")


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "상태"
    monkeypatch.setenv("TAXQA_STATE", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_model_folder(tmp_path / "taxqa-demo")


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with fake_ollama() as running:
        yield running


def states() -> dict[str, str]:
    return {one.entry.name: one.state for one in listed()}


def test_what_was_registered_is_listed_with_its_proof(
    tmp_path: Path, gemma_vocabulary: Path, fake: FakeOllama
) -> None:
    folder = make_model_folder(tmp_path / "taxqa-demo", tokenizer=gemma_vocabulary)
    register(folder, "TaxQA:v1", host=fake.url)
    (entry,) = registered()
    assert (entry.name, entry.quant, entry.server) == ("taxqa:v1", "q8_0", fake.url)
    assert (entry.proof, entry.cases) == ("token ids", 13)
    assert str(entry.law_date) == "2026-01-01"
    assert entry.bytes == (folder / "taxqa-demo-q8_0.gguf").stat().st_size
    assert Path(entry.folder) == folder
    assert states() == {"taxqa:v1": "ready"}


def test_a_proof_by_text_alone_is_said_to_be_one(folder: Path, fake: FakeOllama) -> None:
    register(folder, host=fake.url)
    assert [(one.proof, one.cases) for one in registered()] == [("text", 12)]


def test_what_became_of_a_model_is_seen(folder: Path, fake: FakeOllama) -> None:
    register(folder, "a", host=fake.url)
    register(folder, "b", host=fake.url)
    register(folder, "c", host=fake.url)
    fake.models["a:latest"].system = "다른"
    del fake.models["b:latest"]
    assert states() == {"a:latest": "changed", "b:latest": "removed", "c:latest": "ready"}


def test_a_server_that_does_not_answer_is_not_asked(folder: Path) -> None:
    with fake_ollama() as fake:
        register(folder, host=fake.url)
    assert states() == {"taxqa-demo:latest": "not asked"}


def test_this_machine_has_one_name(folder: Path, fake: FakeOllama) -> None:
    by_name = fake.url.replace("127.0.0.1", "localhost")
    register(folder, host=by_name)
    assert register(folder, host=fake.url).plan.replaces
    assert len(registered()) == 1


def test_a_model_that_taxqa_did_not_register_is_replaced_only_by_force(
    folder: Path, fake: FakeOllama
) -> None:
    fake.models["taxqa-demo:latest"] = OTHER
    with pytest.raises(InputError, match="that taxqa did not register") as error:
        register(folder, host=fake.url)
    assert "--force" in error.value.hint
    assert not any(call.startswith("POST") for call in fake.calls)
    assert fake.models == {"taxqa-demo:latest": OTHER}
    assert register(folder, host=fake.url, force=True).plan.replaces
    assert register(folder, host=fake.url).plan.replaces


def test_a_model_that_was_changed_since_is_not_taxqas_any_more(
    folder: Path, fake: FakeOllama
) -> None:
    register(folder, host=fake.url)
    fake.models["taxqa-demo:latest"].system = "다른"
    with pytest.raises(InputError, match="or that was changed since"):
        register(folder, host=fake.url)
    with pytest.raises(InputError, match="'taxqa-demo' as it is now was not registered"):
        unregister("taxqa-demo", host=fake.url)


def test_a_failed_registration_is_not_remembered(folder: Path, fake: FakeOllama) -> None:
    fake.reply = "<eos>"
    with pytest.raises(ProofError):
        register(folder, host=fake.url)
    assert registered() == ()


def test_a_failed_second_registration_keeps_the_first(folder: Path, fake: FakeOllama) -> None:
    register(folder, host=fake.url)
    model = fake.models["taxqa-demo:latest"]
    fake.reply = "<eos>"
    with pytest.raises(ProofError):
        register(folder, host=fake.url)
    assert fake.models == {"taxqa-demo:latest": model}
    assert states() == {"taxqa-demo:latest": "ready"}


def test_a_kill_around_the_last_step_leaves_a_model_that_taxqa_knows(
    folder: Path, fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(folder, host=fake.url)
    copy = registration.Ollama.copy

    def before(self: Any, source: str, destination: str) -> None:
        raise KeyboardInterrupt

    def after(self: Any, source: str, destination: str) -> None:
        copy(self, source, destination)
        raise KeyboardInterrupt

    for killed in (before, after):
        monkeypatch.setattr(registration.Ollama, "copy", killed)
        with pytest.raises(KeyboardInterrupt):
            register(folder, quant="q4_k_m", host=fake.url)
        assert states() == {"taxqa-demo:latest": "ready"}
    monkeypatch.setattr(registration.Ollama, "copy", copy)
    register(folder, host=fake.url)
    assert [one.quant for one in registered()] == ["q8_0"]


def test_what_a_killed_registration_left_is_told(
    folder: Path, fake: FakeOllama, capsys: pytest.CaptureFixture[str]
) -> None:
    register(folder, host=fake.url)
    fake.models["taxqa-demo:taxqa-candidate"] = OTHER
    assert states() == {"taxqa-demo:latest": "ready"}
    assert "ollama rm taxqa-demo:taxqa-candidate" in capsys.readouterr().err
    register(folder, host=fake.url)
    assert list(fake.models) == ["taxqa-demo:latest"]


def test_a_registered_model_is_removed_and_its_folder_stays(folder: Path, fake: FakeOllama) -> None:
    register(folder, "a", host=fake.url)
    register(folder, "b", host=fake.url)
    assert unregister("A", host=fake.url)
    assert list(fake.models) == ["b:latest"]
    assert states() == {"b:latest": "ready"}
    assert (folder / "export.json").is_file()
    with pytest.raises(InputError, match="has no model 'a', and taxqa registered none"):
        unregister("a", host=fake.url)
    del fake.models["b:latest"]
    assert not unregister("b", host=fake.url)
    assert listed() == []


def test_another_model_is_removed_only_by_force(fake: FakeOllama) -> None:
    fake.models["llama:latest"] = OTHER
    with pytest.raises(InputError, match="it is not removed") as error:
        unregister("llama", host=fake.url)
    assert "ollama rm llama" in error.value.hint
    assert list(fake.models) == ["llama:latest"]
    assert unregister("llama", host=fake.url, force=True)
    assert fake.models == {}


def test_two_processes_do_not_register_at_once(folder: Path, fake: FakeOllama) -> None:
    state_folder().mkdir()
    with FileLock(state_folder() / "registered.lock"):
        with pytest.raises(BusyError):
            register(folder, host=fake.url)
        with pytest.raises(BusyError):
            unregister("a", host=fake.url)
    assert fake.models == {}


@pytest.mark.parametrize("text", ["", "{}}", '{"models": [{"name": "a"}]}', "[]"])
def test_a_list_that_was_broken_by_hand_is_said(
    folder: Path, fake: FakeOllama, state: Path, text: str
) -> None:
    state.mkdir()
    registry_file().write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        listed()
    assert str(registry_file()) in error.value.message
    assert "Delete the file" in error.value.hint
    with pytest.raises(InputError, match=r"registered\.json"):
        register(folder, host=fake.url, force=True)
    assert not any(call.startswith("POST") for call in fake.calls)


def test_a_dry_run_checks_everything_and_changes_nothing(
    tmp_path: Path, gemma_vocabulary: Path, fake: FakeOllama, state: Path
) -> None:
    folder = make_model_folder(tmp_path / "taxqa-demo", tokenizer=gemma_vocabulary)
    before = sorted(folder.iterdir())
    plan = plan_only(folder, host=fake.url)
    size = plan.path.stat().st_size
    assert (plan.there, plan.needed, plan.replaces, plan.tokens) == (False, size, False, True)
    assert sorted(folder.iterdir()) == before
    assert not state.exists()
    assert all(call.startswith(("GET", "HEAD")) for call in fake.calls)
    register(folder, host=fake.url)
    plan = plan_only(folder, host=fake.url)
    assert (plan.there, plan.needed, plan.replaces) == (True, 0, True)
    path = folder / plan.path.name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ProofError, match="is not the file that export made"):
        plan_only(folder, host=fake.url)


def test_a_gguf_that_asks_otherwise_is_not_sent(
    tmp_path: Path, gemma_vocabulary: Path, fake: FakeOllama
) -> None:
    folder = make_model_folder(
        tmp_path / "m", tokenizer=gemma_vocabulary, chat_template="{{ messages[0].content }}"
    )
    with pytest.raises(ProofError, match="asks otherwise than training did"):
        register(folder, host=fake.url)
    assert not any(call.startswith("POST") for call in fake.calls)


def test_a_server_that_goes_away_in_the_end_is_an_error(
    folder: Path, fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise ServiceError("Ollama does not answer.")

    monkeypatch.setattr(registration.Ollama, "copy", gone)
    with pytest.raises(ServiceError):
        register(folder, host=fake.url)
    assert fake.models == {}
    assert states() == {"taxqa-demo:latest": "removed"}
