"""A run folder to a model folder: all of it, proven, or nothing."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.export import add_modelfile
from export import export as stage
from export.export import export, read_run
from export.gguf_model import GgufModel
from finetune.bases import BASES, LocatedBase
from finetune.prompts import prompt_form
from modelfiles.model_folder import read_model_folder
from modelfiles.modelfile import parse
from taxqa.errors import InputError, NoSpaceError, ProofError
from taxqa.folders import partial_path

NAME = "세무-모델"


@pytest.fixture(scope="module")
def model(run: Path, converter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model folder of a trained tiny Gemma, by everything there is."""
    out = tmp_path_factory.mktemp("models") / NAME
    quants = ["f16", "q8_0", "q4_k_m"]
    export(run, out, quants, questions=6, llama_cpp=converter, finish=add_modelfile)
    return out


@pytest.fixture
def copied(model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """`export` that takes a GGUF which was converted before."""

    def convert(*arguments: Any) -> None:
        shutil.copyfile(model / f"{NAME}-f16.gguf", arguments[-1])

    monkeypatch.setattr(stage, "convert", convert)
    (tmp_path / "converter" / "conversion").mkdir(parents=True)
    (tmp_path / "converter" / "conversion" / "base.py").touch()
    return lambda *arguments, **options: export(
        *arguments, llama_cpp=tmp_path / "converter", **options
    )


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    return found


def test_a_model_folder_is_what_the_next_stages_read(model: Path, gemma: Path) -> None:
    folder = read_model_folder(model)
    assert folder.report.name == NAME
    assert (folder.report.form, folder.report.eos, folder.report.bos) == ("qa", "<eos>", "<bos>")
    assert folder.report.max_length == 64
    assert folder.report.base_model.name == gemma.name
    for quant in folder.report.quants:
        path = folder.gguf(quant.type)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == quant.sha256
    assert {path.name for path in model.iterdir()} == {
        "export.json", "Modelfile", "config.yaml", "manifest.json",
        *(f"{NAME}-{quant}.gguf" for quant in ("f16", "q8_0", "q4_k_m")),
    }  # fmt: skip
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["stage"], manifest["counts"]["quants"]) == ("model", 3)
    assert manifest["chosen"] == folder.report.chosen


def test_the_modelfile_asks_the_chosen_quant_as_training_did(model: Path) -> None:
    modelfile = parse((model / "Modelfile").read_text(encoding="utf-8"))
    assert modelfile.source == f"./{NAME}-{report(model)['chosen']}.gguf"
    assert modelfile.template == prompt_form("qa").go_template("<eos>")
    assert modelfile.stop == ("<eos>",)


def test_every_quant_was_asked_with_the_prompts_of_training(model: Path) -> None:
    found = report(model)
    assert [quant["type"] for quant in found["quants"]] == ["f16", "q8_0", "q4_k_m"]
    for entry in (found["merged"], *found["quants"]):
        assert (entry["asked"], entry["same_prompt"]) == (6, 6)
        assert 0 <= entry["stopped"] <= 6
    assert found["merged"]["same"] == 6
    full, *_, smallest = found["quants"]
    assert full["same"] >= max(smallest["same"], 5)
    assert full["bytes"] > smallest["bytes"]


def test_the_chat_template_in_the_gguf_is_the_trained_one(model: Path, run: Path) -> None:
    from gguf import GGUFReader

    trained = (run / "adapter" / "chat_template.jinja").read_text(encoding="utf-8")
    for path in model.glob("*.gguf"):
        fields = GGUFReader(path).fields
        assert fields["tokenizer.chat_template"].contents() == trained
        assert fields["general.name"].contents() == NAME


def test_without_questions_nothing_is_compared_and_the_largest_is_chosen(
    copied: Callable[..., Any], run: Path, tmp_path: Path
) -> None:
    found = copied(run, tmp_path / "out", ["q8_0", "q4_k_m"], questions=0)
    assert found["merged"] is None
    assert found["chosen"] == "q8_0"
    assert "kept" not in found["quants"][0]
    # f16 was only a step on the way.
    assert {path.name for path in (tmp_path / "out").glob("*.gguf")} == {
        "out-q8_0.gguf",
        "out-q4_k_m.gguf",
    }
    assert read_model_folder(tmp_path / "out").report.chosen == "q8_0"


def test_where_memory_is_short_the_f16_gguf_stands_in_for_the_merged_model(
    copied: Callable[..., Any],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(stage, "fits_in_memory", lambda _: False)
    monkeypatch.setattr(stage, "ask_merged", None)
    found = copied(run, tmp_path / "out", ["f16"], questions=3)
    assert found["quants"][0]["same"] == 3
    assert "does not fit into memory" in capsys.readouterr().err


def fail(*_: object) -> None:
    raise ProofError("It failed.")


def other_tokens(self: GgufModel, text: str) -> list[int]:
    return [2, *text.encode()][:8]


@pytest.mark.parametrize(
    ("what", "replacement", "error"),
    [
        ("convert", fail, "It failed"),
        ("quantize", fail, "It failed"),
        ("compare_all", fail, "It failed"),
        ("write_json", fail, "It failed"),
    ],
)
def test_an_export_that_fails_leaves_nothing(
    what: str,
    replacement: Any,
    error: str,
    copied: Callable[..., Any],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stage, what, replacement)
    out = tmp_path / "models" / "out"
    with pytest.raises(ProofError, match=error):
        copied(run, out, ["q8_0"], questions=2)
    assert list(out.parent.iterdir()) == []


def test_a_modelfile_that_cannot_be_written_leaves_nothing(
    copied: Callable[..., Any], run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "models" / "out"
    with pytest.raises(ProofError):
        copied(run, out, ["q8_0"], questions=0, finish=fail)
    assert list(out.parent.iterdir()) == []


def test_a_gguf_that_tokenises_otherwise_is_no_proven_model(
    copied: Callable[..., Any], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GgufModel, "tokens", other_tokens)
    with pytest.raises(ProofError, match="other token ids than training did of 2 of 2 prompts"):
        copied(run, tmp_path / "out", ["f16"], questions=2)
    assert not (tmp_path / "out").exists()
    assert not partial_path(tmp_path / "out").exists()


def test_a_full_disk_is_said_before_anything_is_written(
    copied: Callable[..., Any], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(NoSpaceError, match="The export"):
        copied(run, tmp_path / "models" / "out", ["q8_0"])
    assert not (tmp_path / "models").exists()


def test_a_whole_model_is_replaced_only_by_force_and_only_by_a_whole_one(
    copied: Callable[..., Any], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    copied(run, out, ["q8_0"], questions=0)
    before = (out / "manifest.json").read_bytes()
    with pytest.raises(InputError, match="is already there, whole"):
        copied(run, out, ["q4_k_m"], questions=0)
    with monkeypatch.context() as patch:
        patch.setattr(stage, "quantize", fail)
        with pytest.raises(ProofError):
            copied(run, out, ["q4_k_m"], questions=0, force=True)
    assert (out / "manifest.json").read_bytes() == before
    assert read_model_folder(out).gguf().is_file()
    copied(run, out, ["q4_k_m"], questions=0, force=True)
    assert {path.name for path in out.glob("*.gguf")} == {"out-q4_k_m.gguf"}


def moved(run: Path, out: Path, **base: str) -> Path:
    """A run folder whose manifest says something else of its base model."""
    shutil.copytree(run, out)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["base_model"] |= base
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return out


def test_a_base_folder_that_is_gone_is_not_replaced_by_a_known_model(
    run: Path, converter: Path, tmp_path: Path
) -> None:
    gone = moved(run, tmp_path / "run", name="phi-2", folder=str(tmp_path / "phi-2"))
    with pytest.raises(InputError, match="The base model of this run is not at") as error:
        export(gone, tmp_path / "out", ["q8_0"], llama_cpp=converter)
    assert "Put it back there" in error.value.hint


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.model"])
def test_a_base_that_was_edited_after_training_is_refused(
    name: str, run: Path, gemma: Path, converter: Path, tmp_path: Path
) -> None:
    edited = shutil.copytree(gemma, tmp_path / "gemma")
    other = moved(run, tmp_path / "run", folder=str(edited))
    assert read_run(other).base == edited
    with (edited / name).open("r+b") as file:
        file.seek(-2, 2)
        file.write(b"!!")
    with pytest.raises(InputError, match=rf"{name} is not the file that this run was trained on"):
        export(other, tmp_path / "out", ["q8_0"], llama_cpp=converter)
    (edited / name).unlink()
    with pytest.raises(InputError):
        export(other, tmp_path / "out", ["q8_0"], llama_cpp=converter)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("source", "folder", "revision"),
    [("embedded", "/nowhere/gemma3-270m", None), ("hub", "/nowhere/snapshots/abc", "abc")],
)
def test_a_known_base_whose_folder_is_gone_is_found_again_in_the_same_revision(
    source: str,
    folder: str,
    revision: str | None,
    copied: Callable[..., Any],
    run: Path,
    gemma: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def locate(*arguments: Any) -> LocatedBase:
        asked.append(arguments)
        return LocatedBase(arguments[0], gemma, source, BASES[arguments[0]])

    monkeypatch.setattr(stage, "locate_base", locate)
    gone = moved(run, tmp_path / "run", name="gemma3-270m", source=source, folder=folder)
    copied(gone, tmp_path / "out", ["q8_0"], questions=0)
    assert asked == [("gemma3-270m", source, revision)]


def test_a_quant_that_lost_what_was_learned_is_warned_of(
    copied: Callable[..., Any],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from export.compare import Comparison

    def compared(*_: object) -> tuple[Comparison, dict[str, Comparison]]:
        whole = Comparison(10, 10, 10, 10, 1.0, 10)
        return whole, {"q8_0": whole, "q4_k_m": Comparison(10, 2, 3, 10, 1.0, 10)}

    monkeypatch.setattr(stage, "compare_all", compared)
    found = copied(run, tmp_path / "out", ["q8_0", "q4_k_m"], questions=2)
    assert found["chosen"] == "q8_0"
    assert [quant["kept"] for quant in found["quants"]] == [True, False]
    printed = " ".join(capsys.readouterr().err.split())
    assert "q4_k_m lost what was learned (3 right answers, 10 before" in printed
    assert "use q8_0" in printed
