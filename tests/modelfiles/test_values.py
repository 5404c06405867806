"""The Modelfile of a model folder says what the model was trained with."""

from pathlib import Path

import pytest
from fake_ollama import NATIVE_MARKS
from inline_snapshot import snapshot
from model_folders import make_model_folder

from finetune.bases import BASES
from finetune.config import LAW_DATE, load_config
from finetune.prompts import FORMS
from modelfiles.model_folder import ExportReport, read_model_folder
from modelfiles.modelfile import parse
from modelfiles.ready import CONFIGS, READY, ready_report, ready_texts
from modelfiles.values import (
    DATA_LICENSE,
    modelfile_of,
    modelfile_text,
    read_modelfile,
    write_modelfile,
)
from taxqa.errors import InputError


def report_of(folder: Path, **values: object) -> ExportReport:
    return read_model_folder(make_model_folder(folder, **values)).report


def test_the_modelfile_of_a_model_is_complete(tmp_path: Path) -> None:
    report = report_of(tmp_path / "taxqa-demo")
    assert modelfile_text(report) == snapshot('''\
# taxqa-demo: google/gemma-3-270m fine-tuned on Korean tax law as in force on 2026-01-01.
# Quant q8_0. To use it: ollama create taxqa-demo -f Modelfile
# or, with the server's prompt compared to the trained one: taxqa register
#
# TEMPLATE is the prompt of training (form 'qa'): with another one the model
# answers worse, or does not stop. SYSTEM is left out: training had none.
# num_ctx is the length of training, 2048 tokens; a longer one is cut.
# temperature 0: the same question gets the same answer.

FROM ./taxqa-demo-q8_0.gguf
PARAMETER num_ctx 2048
PARAMETER num_predict 2048
PARAMETER temperature 0.0
PARAMETER repeat_penalty 1.0
TEMPLATE """{{- $sys := .System -}}
{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 }}
{{- if eq .Role "user" }}{{ if $sys }}{{ $sys }}

{{ $sys = "" }}{{ end }}### 질문: {{ .Content }}

### 답변:{{ else if eq .Role "assistant" }}{{ if not (and .Content (eq (slice .Content 0 1) " ")) }} {{ end }}{{ .Content }}{{ if not $last }}<eos>

{{ end }}
{{- end }}
{{- end }}"""
PARAMETER stop "<eos>"
LICENSE """google/gemma-3-270m: Gemma Terms of Use

Gemma is provided under and subject to the Gemma Terms of Use."""
LICENSE """Training data: questions and answers on Korean tax law, made with taxqa.

Acts, decrees, official notices, judgments and tribunals' decisions are not protected by copyright
in Korea (저작권법 제7조). The worked questions and answers and the guide of taxqa are under
Apache-2.0. What came from documents of your own, or from a language model as the teacher, is under
your or its provider's terms."""
''')  # noqa: E501


def test_the_modelfile_that_is_written_is_the_one_that_is_registered(tmp_path: Path) -> None:
    for number, form in enumerate(FORMS):
        report = report_of(tmp_path / f"m{number}", form=form, system="세법에 답합니다.\n짧게.")
        assert parse(modelfile_text(report)) == modelfile_of(report)


def test_there_is_a_system_message_only_where_training_had_one(tmp_path: Path) -> None:
    assert "SYSTEM" not in modelfile_of(report_of(tmp_path / "a")).create_fields()
    assert modelfile_of(report_of(tmp_path / "a2", system="")).system == ""
    assert modelfile_of(report_of(tmp_path / "b", system="짧게.")).system == "짧게."


def test_the_context_and_the_stop_strings_are_those_of_training(tmp_path: Path) -> None:
    report = report_of(tmp_path / "phi", eos="<|endoftext|>", bos="", max_length=1024)
    found = modelfile_of(report)
    assert found.parameters["num_ctx"] == 1024
    assert found.stop == ("<|endoftext|>",)
    assert "<|endoftext|>" in found.template
    assert "<eos>" not in found.template


@pytest.mark.parametrize("form", sorted(FORMS))
def test_no_chat_template_makes_ollama_pass_over_the_modelfiles(form: str) -> None:
    jinja = FORMS[form].chat_template("<eos>", True)
    assert not any(mark in jinja for marks in NATIVE_MARKS for mark in marks)


def test_another_quant_has_another_from(tmp_path: Path) -> None:
    report = report_of(tmp_path / "m")
    assert modelfile_of(report, "q4_k_m").source == "./m-q4_k_m.gguf"
    with pytest.raises(InputError, match="m has no quant 'q2_k'; it has q8_0, q4_k_m"):
        modelfile_of(report, "q2_k")


def test_a_licence_with_characters_that_do_not_print_can_be_written(tmp_path: Path) -> None:
    base = {"name": "b", "license_name": "L", "license_text": "a\u00a0b\u200bc\r\n\x0cd"}
    found = modelfile_of(report_of(tmp_path / "m", base_model=base))
    assert found.licenses == ("b: L\n\na bc\n d", DATA_LICENSE)


def test_a_base_of_the_users_own_keeps_a_licence_that_is_not_known_here(tmp_path: Path) -> None:
    base = {"name": "my-gemma", "license_name": "", "license_text": ""}
    found = modelfile_of(report_of(tmp_path / "m", base_model=base))
    assert found.licenses[0] == "my-gemma: under the licence that it came with"


def test_a_modelfile_that_a_person_edited_is_the_one_that_counts(tmp_path: Path) -> None:
    folder = read_model_folder(make_model_folder(tmp_path / "m"))
    path = write_modelfile(folder.path, folder.report)
    text = path.read_text(encoding="utf-8").replace("temperature 0.0", "temperature 0.5")
    path.write_text(text, encoding="utf-8")
    assert read_modelfile(folder).parameters["temperature"] == 0.5
    other = read_modelfile(folder, "q4_k_m")
    assert (other.source, other.parameters["temperature"]) == ("./m-q4_k_m.gguf", 0.5)


def test_a_missing_modelfile_is_the_one_that_would_be_written(tmp_path: Path) -> None:
    folder = read_model_folder(make_model_folder(tmp_path / "m"))
    assert read_modelfile(folder) == modelfile_of(folder.report)
    assert read_modelfile(folder, "q4_k_m").source == "./m-q4_k_m.gguf"
    assert not (folder.path / "Modelfile").exists()


def test_a_modelfile_of_another_gguf_is_refused(tmp_path: Path) -> None:
    folder = read_model_folder(make_model_folder(tmp_path / "m"))
    path = write_modelfile(folder.path, folder.report, "q4_k_m")
    with pytest.raises(InputError, match=r"says FROM ./m-q4_k_m.gguf; FROM ./m-q8_0.gguf"):
        read_modelfile(folder)
    assert path.is_file()


def test_the_ready_modelfiles_are_current() -> None:
    for path, text in ready_texts().items():
        assert path.read_text(encoding="utf-8") == text, "run: python -m modelfiles.ready"


@pytest.mark.parametrize("name", READY)
def test_a_ready_modelfile_fits_its_base_model_and_config(name: str) -> None:
    report, config = ready_report(name), load_config(CONFIGS / READY[name][0])
    assert report.form == BASES[config.base_model].prompt_form
    found = parse(ready_texts()[CONFIGS.parent.parent / "modelfiles" / f"{name}.Modelfile"])
    assert found.template == report.prompts.go_template(report.eos)
    assert found.parameters["num_ctx"] == config.max_length
    assert bool(found.system) == bool(config.system)
    assert LAW_DATE not in found.system
    assert len(found.licenses) == 2
