"""What a user may get wrong, through the real command line: one clear message, nothing written."""

import errno
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from model_folders import make_model_folder

from cli.export import add_modelfile
from cli.main import run, taxqa
from finetune.train import check_resume
from taxqa.folders import new_folder, partial_path
from taxqa.records import Record

RECORD = {
    "question": "세율은 얼마인가요?",
    "answer": "10%입니다.",
    "type": "student",
    "source": "practical",
}
GIFT = "calc gift --amount 20억 --donor parent --recipient adult"
TRL = "finetune --dataset dataset --out new --trainer trl"
CONFIGS = {
    "unknown.yaml": "learning_rate: 0.1",
    "deeper.yaml": "training_args:\n  epochs: 3",
    "negative.yaml": "training_args:\n  learning_rate: -2.0e-5",
    "nan.yaml": "training_args:\n  learning_rate: .nan",
    "zero.yaml": "lora_config:\n  r: 0",
    "word.yaml": "max_length: long",
    "list.yaml": "- base_model: phi-2",
    "tab.yaml": "training_args:\n\tlearning_rate: 1",
    "code.yaml": "base_model: !!python/object/apply:os.system [ls]",
    "embedded.yaml": "base_model: gemma3-270m\nbase_source: embedded",
    "unpackaged.yaml": "base_model: phi-2\nbase_source: embedded",
}

NO_TEXT = {
    "word.docx": b"PK\x03\x04\x14\x00\xff",
    "word.txt": b"PK\x03\x04\x14\x00\xff",
    "old.hwp": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "page.pdf": b"%PDF-1.4\n%\xe2\xe3",
    "utf16.json": "[세금]".encode("utf-16"),
    "table.csv": "question,answer\r\n세율은?,10%\r\n".encode("utf-8-sig"),
    "nothing.json": b"",
}
"""What people have in place of a text."""
RUN = {
    "base_model": dict.fromkeys(
        ("name", "folder", "source", "repo", "license_name", "license_url"), "base"
    ),
    "prompt_form": "qa",
    "system": "",
}
"""What the manifest of a run says."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with much in it that is not what a command needs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAXQA_CACHE", str(tmp_path.parent / "cache"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{closed.getsockname()[1]}")
    line = json.dumps(RECORD | {"id": "1", "document": "d", "teacher": "worked"}) + "\n"
    for stage in ("corpus", "dataset", "run", "model"):
        with new_folder(tmp_path / stage, stage=stage) as draft:
            (draft.path / "train.jsonl").write_text(line, encoding="utf-8")
            (draft.path / "valid.jsonl").write_text("", encoding="utf-8")
    shutil.copytree("dataset", "damaged")
    shutil.copytree("dataset", "untaught")
    Path("damaged/train.jsonl").write_text(line + '{"question": ', encoding="utf-8")
    Path("untaught/train.jsonl").write_text("", encoding="utf-8")
    make_broken_runs()
    Path("empty").mkdir()
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("mine", encoding="utf-8")
    Path("broken.json").write_text("[{'question': 1}]", encoding="utf-8")
    Path("broken.jsonl").write_text(json.dumps(RECORD) + "\n{\n", encoding="utf-8")
    Path("object.json").write_text(json.dumps(RECORD), encoding="utf-8")
    Path("ansi.json").write_bytes("[세금]".encode("cp949"))
    Path("broken.gguf").write_bytes(b"GGUF, not really")
    for name, data in NO_TEXT.items():
        Path(name).write_bytes(data)
    for name, text in CONFIGS.items():
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path


def make_broken_runs() -> None:
    """Run folders of which each has lost one thing."""
    for name in ("baseless", "unbounded", "unadapted", "unset", "garbled"):
        with new_folder(Path(name), stage="run", config={"max_length": 64}) as draft:
            draft.details |= {} if name == "baseless" else RUN
            (draft.path / "adapter").mkdir()
            (draft.path / "adapter" / "adapter_config.json").write_text("{}", encoding="utf-8")
            (draft.path / "adapter" / "chat_template.jinja").write_text("", encoding="utf-8")
    Path("unbounded/config.yaml").write_text("keep: best", encoding="utf-8")
    Path("unadapted/adapter/adapter_config.json").unlink()
    Path("unset/config.yaml").unlink()
    Path("garbled/config.yaml").write_text("max_length: [64", encoding="utf-8")


@pytest.fixture
def type_in(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str]]:
    """Runs a command that has to fail; its exit code and message."""

    def call(line: str) -> tuple[int, str]:
        before = contents(place)
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["taxqa", *line.split()])
        code = run(taxqa, prog_name="taxqa")
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("Error: ") == 1
        assert "Traceback" not in shown.err
        assert contents(place) == before
        return code, shown.err[shown.err.index("Error: ") :]

    return call


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, with what is in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


WRONG = [
    # A file or folder that is missing, empty or broken
    ("check none.json", 2, "There is no file none.json."),
    ("check empty", 2, "empty is a folder; a file was expected."),
    ("check broken.json", 2, "broken.json is not JSON: Expecting property name enclosed in double"
     " quotes at column 3."),
    ("check broken.jsonl --json", 2, "broken.jsonl, line 2, is not JSON"),
    ("check object.json", 2, "holds a JSON dict; a list of records was expected."),
    ("check ansi.json", 2, "ansi.json is not UTF-8 text (line 1)."),
    ("check word.docx", 2, "word.docx is a Word, Excel, HWPX or zip file, not text.\nSave it as"),
    ("check old.hwp", 2, "old.hwp is a file of Hangul (HWP) or of an older Office, not text."),
    ("check page.pdf", 2, "page.pdf is a PDF, not text."),
    ("check utf16.json", 2, "Convert it first, e.g.: iconv -f utf-16 -t utf-8 utf16.json > utf16."
     "json.utf8 && mv utf16.json.utf8 utf16.json"),
    ("check table.csv", 2, "table.csv is not JSON: Expecting value at line 1, column 1.\nA dataset"
     " looks like: ["),
    ("check nothing.json", 2, "nothing.json is not JSON: it is empty.\nA dataset looks like: ["),
    ("check object.json --report none/page.html", 2, "There is no folder none for the report."),
    ("check object.json --report empty", 2, "empty is a folder; --report names a file"),
    ("check object.json --corpus empty", 2, "empty is no corpus folder of taxqa"),
    ("collect --from none --out new", 2, "There is no file or folder none."),
    ("collect --from empty --out new", 2, "The folder empty is empty"),
    ("collect --from broken.json --out new", 2, "(broken.json: is not JSON: Expecting property"),
    ("collect --from word.txt --out new", 2, "(word.txt: is a Word, Excel, HWPX or zip file, not"),
    ("collect --from mine --out new", 2, "There is no statute, judgment, ruling or guide in mine"),
    ("collect --out new", 2, "Missing option '--from'"),
    ("generate --corpus none --out new", 2, "There is no folder none.\nMake one with:"
     " taxqa collect"),
    ("generate --corpus corpus --out new", 2, "corpus/article_index.json"),
    ("finetune --dataset none --out new", 2, "There is no folder none.\nMake one with:"
     " taxqa generate"),
    ("finetune --dataset mine --out new", 2, "mine is no dataset folder of taxqa"),
    ("finetune --dataset damaged --out new --trainer trl", 2, "damaged/train.jsonl, line 2,"),
    ("finetune --dataset untaught --out new --trainer trl", 2, "untaught has no training rows."),
    ("export --out new", 2, "There is no run folder under work/runs.\nMake one with:"
     " taxqa finetune"),
    ("register", 2, "There is no model folder under work/models.\nMake one with: taxqa export"),
    ("register --model model", 2, "There is no file model/export.json."),
    ("ask 세율은?", 2, "There is no model folder under work/models."),
    ("ask 세율은? --model none.gguf", 2, "There is no file none.gguf."),
    # A folder of another stage
    ("generate --corpus dataset --out new", 2, "dataset is a dataset folder; a corpus folder was"
     " expected."),
    ("finetune --dataset run --out new", 2, "run is a run folder; a dataset folder was expected."),
    ("export --run dataset --out new", 2, "dataset is a dataset folder; a run folder was"
     " expected."),
    ("register --model run", 2, "run is a run folder; a model folder was expected."),
    ("ask 세율은? --model dataset", 2, "dataset is a dataset folder; a model folder was expected."),
    # A folder that was changed since it was made
    ("export --run baseless --out new", 2, "The run folder baseless is broken: base_model: Field"
     " required.\nTrain again: taxqa finetune"),
    ("export --run unbounded --out new", 2, "The run folder unbounded is broken: max_length: Input"
     " should be a valid integer."),
    ("export --run unadapted --out new", 2, "The run folder unadapted is broken: There is no"
     " file unadapted/adapter/adapter_config.json."),
    ("export --run unset --out new", 2, "The run folder unset is broken: There is no file"
     " unset/config.yaml."),
    ("export --run garbled --out new", 2, "The run folder garbled is broken: config.yaml is not"
     " YAML."),
    # A result that would replace something
    ("generate --out dataset", 2, "dataset is already there, whole.\nAdd --force"),
    ("generate --out run --force", 2, "run is a run folder; a dataset folder does not replace it."),
    ("generate --out mine --force", 2, "mine exists and was not made by taxqa"),
    ("generate --out object.json --force", 2, "object.json is a file; the result is a folder."),
    ("generate --out object.json/new", 2, "object.json is a file; the result is a folder."),
    ("generate --out .", 2, "'.' cannot be made anew"),
    ("collect --from mine --out mine --force", 2, "mine exists and was not made by taxqa"),
    # A config
    (f"{TRL} --config none.yaml", 2, "There is no file none.yaml.\nWrite one as in README.md"),
    (f"{TRL} --config empty", 2, "empty is a folder; a file was expected."),
    (f"{TRL} --config unknown.yaml", 2, "unknown.yaml: learning_rate: Extra inputs are not"
     " permitted\nKnown keys there: base_model,"),
    (f"{TRL} --config deeper.yaml", 2, "training_args.epochs: Extra inputs are not permitted\n"
     "Known keys there: num_train_epochs,"),
    (f"{TRL} --config negative.yaml", 2, "training_args.learning_rate: Input should be greater"
     " than 0"),
    (f"{TRL} --config nan.yaml", 2, "training_args.learning_rate: Input should be a finite number"),
    (f"{TRL} --config zero.yaml", 2, "lora_config.r: Input should be greater than or equal to 1"),
    (f"{TRL} --config word.yaml", 2, "max_length: Input should be a valid integer"),
    (f"{TRL} --config list.yaml", 2, "list.yaml holds a list; keys with values were expected."),
    (f"{TRL} --config tab.yaml", 2, "tab.yaml is not YAML"),
    (f"{TRL} --config code.yaml", 2, "code.yaml is not YAML"),
    # A base model
    (f"{TRL} --base-model gemma9", 2, "'gemma9' is neither a known base model, nor a folder with a"
     " config.json, nor a GGUF file.\nKnown: gemma3-12b"),
    (f"{TRL} --base-model mine", 2, "'mine' is neither a known base model, nor a folder"),
    (f"{TRL} --base-model gemma9 --resume", 2, "'gemma9' is neither a known base model,"),
    (f"{TRL} --config unpackaged.yaml", 2, "No package carries the weights of phi-2."),
    # A value of an option
    ("generate --out new --limit 0", 2, "0 is not in the range x>=2"),
    ("generate --out new --limit 1", 2, "1 is not in the range x>=2"),
    ("generate --out new --limit -5", 2, "-5 is not in the range x>=2"),
    ("generate --out new --limit many", 2, "'many' is not a valid integer"),
    ("generate --out new --teacher oracle", 2, "'oracle' is no teacher; known: worked, openai,"),
    ("generate --out new --teacher worked:big", 2, "'worked:big' is no teacher"),
    ("generate --out new --model gpt-6-luna", 2, "is for one teacher; 0 name none"),
    ("generate --out new --estimate", 2, "The worked teacher costs nothing"),
    ("generate --out new --budget -1", 2, "-1.0 is not in the range"),
    ("generate --out new --config no.yaml", 2, "There is no file no.yaml"),
    ("export --run run --quant q3_k", 2, "Unknown quant 'q3_k'; known: f16, bf16, q8_0,"),
    ("export --run run --quant ,", 2, "No quant was given; known: f16,"),
    ("export --run run --questions -1", 2, "-1 is not in the range x>=0"),
    ("finetune --dataset dataset --trainer magic", 2, "Invalid value for '--trainer'"),
    ("ask 세율은? --temperature 9", 2, "9.0 is not in the range"),
    ("ask 세율은? --max-tokens 0", 2, "0 is not in the range x>=1"),
    ("ask", 2, "Missing argument 'QUESTION...'"),
    ("ask \udcff", 2, "The question is no UTF-8 text"),
    ("ask 세율은? --model none --host http://[::1", 2, "--host is 'http://[::1', which is no"
     " address of a server"),
    (f"{GIFT} --no-such-option", 2, "No such option"),
    ("calc gift --amount 스무억 --donor parent --recipient adult", 2, "'스무억' is not an amount of"
     " money; expected one like 20억"),
    ("calc gift --amount=-1 --donor parent --recipient adult", 2, "'-1' is not an amount of money"),
    ("calc gift --amount 20억 --donor cat --recipient adult", 2, "Invalid value for '--donor'"),
    ("calc gift --amount 20억", 2, "Missing option '--donor'"),
    (f"{GIFT} --as-of 2026-02-30", 2, "'2026-02-30' is no day; expected one like 2026-11-23."),
    (f"{GIFT} --as-of 어제", 2, "'어제' is no day"),
    (f"{GIFT} --as-of 1990-01-01", 2, "1990-01-01"),
    (f"{GIFT} --as-of 9999-12-31", 2, "'9999-12-31' is no day of the years 1900 to 2100."),
    ("calc income --tax-base 6000만 --year 0", 2, "0 is not in the range 1900<=x<=2100"),
    (f"{GIFT} --prior amount=1억", 2, "needs amount= and day="),
    (f"{GIFT} --filing late", 2, "--paid-on"),
    ("calc income", 2, "Give --tax-base or --salary."),
    ("calc corporate", 2, "Give --tax-base or --income."),
    ("calc inheritance", 2, "Give --property or --taxable-value."),
    ("calc income --tax-base 6000만 --year 1990", 2, "known from 2023-01-01 on"),
    ("calc income --salary 5000만 --dependants -1", 2, "negative"),
    # No Ollama
    ("ask 세율은? --model taxqa-gemma3", 1, "'taxqa-gemma3' is no model folder and no .gguf file,"
     " and Ollama does not answer at http://127.0.0.1:"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code", "message"), WRONG, ids=[line for line, _, _ in WRONG])
def test_a_mistake_is_one_clear_message_and_writes_nothing(
    type_in: Callable[[str], tuple[int, str]], line: str, code: int, message: str
) -> None:
    found, error = type_in(line)
    assert message in error
    assert found == code


def test_a_base_model_that_the_hub_does_not_give_is_said(
    place: Path, type_in: Callable[[str], tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(place / "cache"))
    code, error = type_in(f"{TRL} --base-model phi-2")
    assert code == 1
    assert "microsoft/phi-2 could not be fetched from the Hugging Face hub" in error
    assert "Check the network" in error


def test_a_file_that_is_no_model_is_said_to_be_none(
    type_in: Callable[[str], tuple[int, str]],
) -> None:
    pytest.importorskip("llama_cpp")
    code, error = type_in("ask 세율은? --model broken.gguf")
    assert code == 2
    assert "llama.cpp cannot load broken.gguf" in error
    assert "no GGUF or broken" in error


def test_a_disk_without_room_is_said_before_a_base_model_is_unpacked(
    type_in: Callable[[str], tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil._ntuple_diskusage(10**9, 10**9 - 5, 5)  # type: ignore[attr-defined]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    code, error = type_in(f"{TRL} --config embedded.yaml")
    assert code == 1
    assert "Unpacking gemma3-270m needs 2.0 GB" in error
    assert "0.0 GB is free.\nFree some space" in error


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        (errno.ENOSPC, 1, "is full; new was not made.\nFree some space"),
        (errno.EDQUOT, 1, "is full; new was not made."),
        (errno.EFBIG, 2, "new was not made: big: File too large."),
        (errno.EACCES, 2, "new was not made: big: Permission denied."),
        (errno.EIO, 1, "Input/output error"),
    ],
)
def test_a_disk_that_fails_while_a_dataset_is_written_leaves_nothing(
    type_in: Callable[[str], tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    code: int,
    message: str,
) -> None:
    def write(path: Path, value: object) -> None:
        path.write_text("half", encoding="utf-8")
        raise OSError(number, os.strerror(number), "big")

    monkeypatch.setattr("datagen.dataset.write_json", write)
    records = [Record(**RECORD, id=name, document=name, teacher="worked") for name in "ab"]
    monkeypatch.setattr("datagen.dataset.checked", lambda *_: (records, []))
    found, error = type_in("generate --out new --limit 2")
    assert message in error
    assert found == code


def test_a_model_is_not_registered_where_no_ollama_runs(
    place: Path, type_in: Callable[[str], tuple[int, str]]
) -> None:
    add_modelfile(make_model_folder(place / "whole"))
    code, error = type_in("register --model whole")
    assert code == 1
    assert "Ollama does not answer at http://127.0.0.1:" in error
    assert "Then run `taxqa register --model whole` again" in error


def test_resume_without_a_killed_run_says_that_it_starts_from_the_beginning(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_resume(partial_path(place / "new"), True, {})
    assert "Nothing to resume" in capsys.readouterr().err
