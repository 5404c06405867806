"""A registration is proven before it takes the name, and leaves nothing behind when it fails."""

import json
from pathlib import Path
from typing import Any

import pytest
from fake_ollama import FakeModel, FakeOllama, fake_ollama
from inline_snapshot import snapshot
from model_folders import make_model_folder

from finetune.prompts import prompt_form
from finetune.proof_cases import cases_of
from modelfiles import register as registration
from modelfiles.proof import difference
from modelfiles.register import candidate_name, register, rewrites
from taxqa.errors import InputError, NoSpaceError, ProofError, ServiceError
from taxqa.errors import TaxqaError as AnyError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_model_folder(tmp_path / "taxqa-demo")


def edit(folder: Path, old: str, new: str) -> None:
    """Plant a difference in the folder's Modelfile."""
    from modelfiles.model_folder import read_model_folder
    from modelfiles.values import write_modelfile

    path = write_modelfile(folder, read_model_folder(folder).report)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("version", ["0.24.0", "0.30.0", "0.34.1"])
@pytest.mark.parametrize(
    ("form", "system"), [("qa", ""), ("gemma3", ""), ("qa", "짧게 답합니다."), ("gemma3", "짧게.")]
)
def test_a_model_is_registered_and_its_prompts_are_proven(
    tmp_path: Path, gemma_vocabulary: Path, form: str, system: str, version: str
) -> None:
    folder = make_model_folder(
        tmp_path / "taxqa-demo", form=form, system=system, tokenizer=gemma_vocabulary
    )
    reply = " 10%입니다." + {"qa": "<eos>", "gemma3": "<end_of_turn>"}[form]
    with fake_ollama(version=version, reply=reply) as fake:
        found = register(folder, host=fake.url)
        assert list(fake.models) == ["taxqa-demo:latest"]
        assert fake.models["taxqa-demo:latest"].system == system
    plan = found.plan
    assert (plan.name, plan.quant.type, plan.version) == ("taxqa-demo", "q8_0", version)
    names = [case.name for case in cases_of(prompt_form(form), "<eos>", "<bos>")]
    assert found.prompts == (*names, "a very long question")
    assert [answer.answer for answer in found.answers] == ["10%입니다."]
    assert plan.tokens
    assert not plan.replaces


def test_a_second_registration_sends_no_file_and_replaces_the_first(folder: Path) -> None:
    with fake_ollama() as fake:
        register(folder, "taxqa:v1", host=fake.url)
        sent = [call for call in fake.calls if call.startswith("POST /api/blobs/")]
        assert register(folder, "taxqa:v1", host=fake.url).plan.replaces
        assert [call for call in fake.calls if call.startswith("POST /api/blobs/")] == sent


def test_another_quant_is_another_file(folder: Path) -> None:
    with fake_ollama() as fake:
        assert register(folder, "a", quant="q4_k_m", host=fake.url).plan.quant.type == "q4_k_m"
        assert register(folder, "b", host=fake.url).plan.quant.type == "q8_0"
        assert fake.models["a:latest"].digest != fake.models["b:latest"].digest


BLANK_WHERE_THERE_IS_NONE = '{{ if not (and .Content (eq (slice .Content 0 1) " ")) }} {{ end }}'
PLANTED = {
    "a blank after the answer mark": ("### 답변:", "### 답변: "),
    "a missing line end": ("}}\n\n### 답변:", "}}\n### 답변:"),
    "another mark": ("### 질문:", "### 문의:"),
    "no system message": ('{{ $sys = "" }}', '{{ $sys = "x" }}'),
    "no end between turns": ("<eos>\n\n{{ end }}", "\n\n{{ end }}"),
    "a trimmed question": ("{{ .Content }}\n\n###", "{{ .Content -}}\n\n\n###"),
    "a blank before an answer that has one": (BLANK_WHERE_THERE_IS_NONE, " "),
    "no blank before an answer that has none": (BLANK_WHERE_THERE_IS_NONE, ""),
    "a line end after everything": ('{{- end }}"""', '{{- end }}\n"""'),
    "a template that fails at a conversation": ("{{ .Content }}\n\n###", "{{ .Thought }}\n\n###"),
}


@pytest.mark.parametrize("difference_name", PLANTED)
def test_a_template_that_is_not_the_trained_one_is_not_registered(
    folder: Path, difference_name: str
) -> None:
    edit(folder, *PLANTED[difference_name])
    former = FakeModel("sha256:" + "1" * 64, "")
    with fake_ollama() as fake:
        fake.models["taxqa-demo:latest"] = former
        with pytest.raises(AnyError):
            register(folder, host=fake.url, force=True)
        assert fake.models == {"taxqa-demo:latest": former}


def test_a_system_message_is_part_of_the_prompt(folder: Path) -> None:
    edit(folder, "PARAMETER stop", 'SYSTEM "짧게 답합니다."\nPARAMETER stop')
    with fake_ollama() as fake, pytest.raises(ProofError, match="SYSTEM"):
        register(folder, host=fake.url)


def test_a_template_that_ollama_passes_over_is_found(tmp_path: Path) -> None:
    jinja = (
        "{% if tools %}x{% endif %}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    )
    folder = make_model_folder(tmp_path / "m", chat_template=jinja)
    with fake_ollama() as fake:
        with pytest.raises(ProofError, match="passes it over") as caught:
            register(folder, host=fake.url)
        assert "<user>" in caught.value.message
        assert fake.models == {}


def test_an_autodetected_template_is_one_line_end_off(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m", form="gemma3")
    edit(folder, 'TEMPLATE """', 'LICENSE """')
    with fake_ollama() as fake, pytest.raises(ProofError) as caught:
        register(folder, host=fake.url)
    assert caught.value.message == snapshot("""\
Ollama asks 'm:taxqa-candidate' otherwise than it was trained (one question):
    same    <start_of_turn>model↵
    trained ⟨end⟩
    Ollama  ↵
    Ollama  ⟨end⟩\
""")


def test_without_any_template_ollama_falls_back_to_chatml(tmp_path: Path) -> None:
    folder = make_model_folder(tmp_path / "m", chat_template="")
    edit(folder, 'TEMPLATE """', 'LICENSE """')
    with fake_ollama() as fake, pytest.raises(ProofError, match=r"<\|im_start\|>user"):
        register(folder, host=fake.url)


@pytest.mark.parametrize("line", ["PARAMETER num_ctx 2047\n", ""])
def test_a_context_shorter_than_training_would_be_cut_silently(folder: Path, line: str) -> None:
    edit(folder, "PARAMETER num_ctx 2048\n", line)
    with fake_ollama() as fake:
        with pytest.raises(InputError, match="Ollama cuts what is longer") as error:
            register(folder, host=fake.url)
        assert fake.calls == []
    assert "PARAMETER num_ctx 2048" in error.value.hint


@pytest.mark.parametrize("most", [5, 0, 2047])
def test_a_length_at_which_answers_would_be_cut_is_refused(folder: Path, most: int) -> None:
    edit(folder, "PARAMETER num_predict 2048", f"PARAMETER num_predict {most}")
    with fake_ollama() as fake, pytest.raises(InputError, match=f"sets num_predict to {most}"):
        register(folder, host=fake.url)


@pytest.mark.parametrize("line", ["PARAMETER num_predict -1\n", "PARAMETER num_predict -2\n", ""])
def test_a_length_that_cuts_nothing_may_stand(folder: Path, line: str) -> None:
    edit(folder, "PARAMETER num_predict 2048\n", line)
    with fake_ollama() as fake:
        register(folder, host=fake.url)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("temperature 0.0", "temperature 0.7", "temperature"),
        ("repeat_penalty 1.0", "repeat_penalty 1.3", "repeat_penalty"),
        ("PARAMETER stop", "PARAMETER presence_penalty 1.5\nPARAMETER stop", "presence_penalty"),
        ("PARAMETER stop", 'PARAMETER stop "끝"\nPARAMETER stop', "stop"),
        ("{{- $sys := .System -}}", "{{- /* 내 것 */ -}}{{- $sys := .System -}}", "TEMPLATE"),
    ],
)
def test_what_a_person_changed_and_the_proof_does_not_cover_is_said(
    folder: Path, old: str, new: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(folder, old, new)
    with fake_ollama() as fake:
        register(folder, host=fake.url)
    assert f"not the {said} that taxqa writes" in capsys.readouterr().err


def test_of_the_modelfile_that_export_wrote_nothing_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_ollama() as fake:
        register(folder, host=fake.url)
    assert "that taxqa writes" not in capsys.readouterr().err


def test_a_model_that_was_exchanged_while_it_was_proven_gets_no_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = registration.prove_answers
    with fake_ollama() as fake:

        def exchanged(*arguments: Any) -> Any:
            answers = prove(*arguments)
            fake.models["taxqa-demo:taxqa-candidate"] = FakeModel("sha256:" + "1" * 64, "")
            return answers

        monkeypatch.setattr(registration, "prove_answers", exchanged)
        with pytest.raises(ProofError, match="is not the model that was proven any more"):
            register(folder, host=fake.url)
        assert fake.models == {}


def test_a_name_that_another_program_takes_meanwhile_is_no_proven_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = registration.Ollama.copy
    with fake_ollama() as fake:

        def overtaken(self: Any, source: str, destination: str) -> None:
            copy(self, source, destination)
            fake.models["taxqa-demo:latest"] = FakeModel("sha256:" + "1" * 64, "")

        monkeypatch.setattr(registration.Ollama, "copy", overtaken)
        with pytest.raises(ProofError, match="'taxqa-demo' is not the model that was proven"):
            register(folder, host=fake.url)


def test_a_model_that_does_not_stop_is_not_registered(folder: Path) -> None:
    edit(folder, 'PARAMETER stop "<eos>"\n', "")
    with fake_ollama() as fake:
        with pytest.raises(ProofError, match="did not end its answer within 1024 tokens"):
            register(folder, host=fake.url)
        assert fake.models == {}


def test_a_model_that_goes_on_after_its_end_is_not_registered(folder: Path) -> None:
    edit(folder, 'PARAMETER stop "<eos>"', 'PARAMETER stop "끝"')
    goes_on = pytest.raises(ProofError, match="goes on after <eos>")
    with fake_ollama(reply=" 10%입니다.<eos>그리고 끝") as fake, goes_on as caught:
        register(folder, host=fake.url)
    assert 'PARAMETER stop "<eos>"' in caught.value.hint


@pytest.mark.parametrize(
    ("reply", "message"), [("<eos>", "an empty answer"), (" <eos>", "an empty answer")]
)
def test_an_answer_has_to_say_something(folder: Path, reply: str, message: str) -> None:
    with fake_ollama(reply=reply) as fake, pytest.raises(ProofError, match=message):
        register(folder, host=fake.url)


def test_a_failure_in_the_middle_leaves_the_former_model_untouched(folder: Path) -> None:
    former = FakeModel("sha256:" + "1" * 64, "")
    with fake_ollama(fail_create="llama runner crashed") as fake:
        fake.models["taxqa-demo:latest"] = former
        with pytest.raises(ServiceError, match="llama runner crashed"):
            register(folder, host=fake.url, force=True)
        assert fake.models == {"taxqa-demo:latest": former}


def test_an_interrupt_leaves_no_candidate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(registration, "prove_answers", interrupted)
    with fake_ollama() as fake:
        with pytest.raises(KeyboardInterrupt):
            register(folder, host=fake.url)
        assert fake.models == {}


def test_a_server_that_goes_away_keeps_the_first_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(server: FakeOllama, name: str) -> bool:
        raise ServiceError("Ollama does not answer.")

    monkeypatch.setattr(registration.Ollama, "delete", refused)
    with fake_ollama(reply="<eos>") as fake, pytest.raises(ProofError, match="empty answer"):
        register(folder, host=fake.url)
    assert "ollama rm taxqa-demo:taxqa-candidate" in capsys.readouterr().err.replace("\n", " ")


def test_without_a_server_the_message_says_what_to_type(folder: Path) -> None:
    with fake_ollama() as fake:
        url = fake.url
    with pytest.raises(ServiceError) as caught:
        register(folder, "taxqa", host=url)
    assert "ollama serve" in caught.value.hint
    assert f"ollama create taxqa -f {folder / 'Modelfile'}" in caught.value.hint
    assert (folder / "Modelfile").is_file()


def test_a_gguf_that_was_changed_since_its_export_is_not_sent(folder: Path) -> None:
    path = folder / "taxqa-demo-q8_0.gguf"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with fake_ollama() as fake:
        with pytest.raises(ProofError, match="is not the file that export made"):
            register(folder, host=fake.url)
        assert not any("blobs" in call for call in fake.calls)


@pytest.mark.parametrize(("version", "copies"), [("0.29.0", 1), ("0.30.0", 3), ("0.34.1", 1)])
def test_the_disk_is_looked_at_before_a_file_is_sent(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, copies: int
) -> None:
    asked: list[int] = []

    def full(where: Path, needed: int, what: str) -> None:
        asked.append(needed)
        raise NoSpaceError(what)

    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    monkeypatch.setattr(registration, "require_space", full)
    with fake_ollama(version=version) as fake:
        with pytest.raises(NoSpaceError, match=f"Ollama {version}'s copy"):
            register(folder, host=fake.url)
        assert not any(call.startswith("POST /api/blobs") for call in fake.calls)
    quants = json.loads((folder / "export.json").read_text(encoding="utf-8"))["quants"]
    assert asked == [copies * quants[0]["bytes"]]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.29.9", False), ("0.30.0", True), ("0.33.0-rc2", True), ("0.34.0", True),
     ("0.34.1", False), ("1.0.0", False), ("dev", False), ("0.0.0", False)],
)  # fmt: skip
def test_the_versions_that_rewrite_a_gguf_are_known(version: str, expected: bool) -> None:
    assert rewrites(version) == expected


@pytest.mark.parametrize(
    "name",
    ["세금", "", "-a", ".a", "a b", "a" * 81, "a:", "a/b/c", "a:세금", "a:b:c", "a\n", "n.s/a"],
)
def test_a_name_that_ollama_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="does not take"):
        candidate_name(name)


@pytest.mark.parametrize("tag", ["local", "Cloud", "12b-cloud", "taxqa-candidate"])
def test_a_tag_under_which_a_model_would_be_lost_is_refused(tag: str) -> None:
    with pytest.raises(InputError, match="has a meaning of its own"):
        candidate_name(f"taxqa:{tag}")


@pytest.mark.parametrize(
    ("name", "candidate"),
    [("taxqa", "taxqa:taxqa-candidate"), ("me/taxqa.v1:2026", "me/taxqa.v1:taxqa-candidate")],
)
def test_a_model_is_proven_under_a_name_of_its_own(name: str, candidate: str) -> None:
    assert candidate_name(name) == candidate


def test_a_difference_is_shown_from_the_first_line_that_differs() -> None:
    trained = "### 질문: 세율은?\n\n### 답변:"
    assert difference(trained, trained + " \n") == snapshot("""\
    same    ↵
    trained ### 답변:⟨end⟩
    Ollama  ### 답변:·↵
    Ollama  ⟨end⟩\
""")
    assert difference("<a>\nb\n", "<a>\nb\n\n") == snapshot("""\
    same    b↵
    trained ⟨end⟩
    Ollama  ↵
    Ollama  ⟨end⟩\
""")
