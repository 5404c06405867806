"""A run folder to a model folder: all of it, proven, or nothing."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_runs import record, write_dataset

import taxqa
from cli.export import add_modelfile, require_all
from export import export as stage
from export import quantizer, yardstick
from export import run as runs
from export.export import Options, export
from export.gguf_model import GgufModel
from export.limits import Limits
from export.quantize import quantize
from finetune.bases import BASES, LocatedBase
from finetune.prompts import prompt_form
from modelfiles.model_folder import ExportReport, read_model_folder
from modelfiles.modelfile import parse
from modelfiles.token_proof import prove_gguf, vocabulary
from modelfiles.values import write_modelfile
from taxqa.errors import InputError, NoSpaceError, ProofError
from taxqa.folders import digest, partial_path

NAME = "세무-모델"
ANY = Limits(max_kld=100.0, min_right=0.0)
NONE = Options(questions=0)


@pytest.fixture(scope="module")
def model(run: Path, converter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model folder of a trained tiny Gemma, by everything there is."""
    out = tmp_path_factory.mktemp("models") / NAME
    quants = ["f16", "q8_0", "q4_k_m"]
    options = Options(questions=6, imatrix=True, author="홍길동", limits=ANY)
    export(run, out, quants, options, llama_cpp=converter, finish=add_modelfile)
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


def asked(questions: int) -> Options:
    return Options(questions=questions, tokens=64, limits=ANY)


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
        "export.json", "export.html", "Modelfile", "config.yaml", "manifest.json",
        *(f"{NAME}-{quant}.gguf" for quant in ("f16", "q8_0", "q4_k_m")),
    }  # fmt: skip
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["stage"], manifest["counts"]["quants"]) == ("model", 3)
    assert manifest["chosen"] == folder.report.chosen


def test_the_proof_holds_the_ids_of_training_and_what_was_answered(model: Path, run: Path) -> None:
    from transformers import AutoTokenizer

    found, tokenizer = (
        read_model_folder(model).report,
        AutoTokenizer.from_pretrained(run / "adapter"),
    )
    assert found.proof
    first = found.proof.cases[0]
    prompt = prompt_form("qa").prompt(first.messages[0].content)
    assert list(first.ids) == tokenizer(prompt).input_ids
    assert found.proof.answer.ids[-1] == tokenizer.eos_token_id
    for quant in report(model)["quants"]:
        assert len(quant["golden"]) == min(3, quant["measures"]["stopped"])
    with vocabulary(found_gguf := read_model_folder(model).gguf(), found.proof) as tokens:
        assert tokens
        prove_gguf(tokens, found_gguf, found, found.proof)


def test_without_questions_the_ids_are_the_kept_ones_and_no_tokenizer_is_loaded(
    copied: Callable[..., Any], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = shutil.copytree(run, tmp_path / "run")
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    del manifest["prompt"]
    (old / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    copied(old, tmp_path / "of an old run", ["f16"], NONE)
    monkeypatch.setattr(runs.Trained, "tokenizer", property(lambda _: pytest.fail("loaded")))
    copied(run, tmp_path / "new", ["f16"], NONE)
    first, second = (report(tmp_path / name) for name in ("of an old run", "new"))
    for key in ("eos", "bos", "proof"):
        assert first[key] == second[key]


def test_an_exported_model_is_registered_and_answers_as_at_its_export(
    gemma: Path, tiny: Path, converter: Path, tmp_path: Path
) -> None:
    """From training to Ollama's answers, with llama.cpp behind the fake."""
    from fake_ollama import fake_ollama
    from tiny_runs import settings, write_dataset

    from finetune.train import finetune
    from modelfiles.register import register

    dataset = write_dataset(tmp_path / "dataset")
    manifest = {"stage": "dataset", "law_date": "2026-06-08"}
    (dataset / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    config = settings(gemma, system="{law_date} 기준.", max_length=256, num_train_epochs=30)
    finetune(dataset, tmp_path / "run", config)
    out = tmp_path / "taxqa-tiny"
    export(
        tmp_path / "run",
        out,
        ["q8_0"],
        Options(questions=6, limits=ANY),
        llama_cpp=converter,
        finish=add_modelfile,
    )
    with fake_ollama(runs=True) as fake:
        done = register(out, host=fake.url)
        assert fake.models["taxqa-tiny:latest"].system == "2026년 6월 8일 기준."
    assert done.plan.tokens
    assert len(done.prompts) == 13
    assert len(done.answers) == 3
    assert all(one.same for one in done.answers)


def test_a_system_message_goes_along_from_run_to_modelfile(
    copied: Callable[..., Any],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The GGUF is the one without it: asked with it, llama.cpp still makes training's ids."""
    system = "2026년 6월 8일 기준."
    heard: list[str] = []
    tokens = GgufModel.tokens

    def recorded(self: GgufModel, text: str, **options: bool) -> list[int]:
        heard.append(text)
        return tokens(self, text, **options)

    monkeypatch.setattr(GgufModel, "tokens", recorded)
    with_system = shutil.copytree(run, tmp_path / "run")
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    # Its losses and its proof are those of prompts without a system message.
    manifest |= {"system": system, "law_date": "2026-06-08", "answer_losses": {}, "prompt": None}
    (with_system / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    out = tmp_path / "out"
    copied(with_system, out, ["f16"], asked(2), finish=write_unproven)
    assert heard and all(text.startswith(f"{system}\n\n### 질문: ") for text in heard)
    folder = read_model_folder(out)
    assert (folder.report.system, str(folder.report.law_date)) == (system, "2026-06-08")
    assert parse((out / "Modelfile").read_text(encoding="utf-8")).system == system
    # That GGUF's chat template knows nothing of it: the real last step refuses it.
    with pytest.raises(ProofError, match="asks otherwise than training did"):
        copied(with_system, tmp_path / "other", ["f16"], NONE, finish=add_modelfile)
    assert not (tmp_path / "other").exists()


def write_unproven(folder: Path) -> None:
    report = ExportReport.model_validate_json((folder / "export.json").read_bytes())
    write_modelfile(folder, report)


def test_the_modelfile_asks_the_chosen_quant_as_training_did(model: Path) -> None:
    modelfile = parse((model / "Modelfile").read_text(encoding="utf-8"))
    assert modelfile.source == f"./{NAME}-{report(model)['chosen']}.gguf"
    assert modelfile.template == prompt_form("qa").go_template("<eos>")
    assert modelfile.stop == ("<eos>",)


def test_every_quant_was_asked_with_the_prompts_of_training(model: Path) -> None:
    found = report(model)
    assert [quant["type"] for quant in found["quants"]] == ["f16", "q8_0", "q4_k_m"]
    measures = [quant["measures"] for quant in found["quants"]]
    for entry in (found["merged"], *measures):
        assert (entry["asked"], entry["same_prompt"]) == (6, 6)
        assert 0 <= entry["stopped"] <= 6
    assert found["merged"]["same"] == 6
    full, *_, smallest = found["quants"]
    assert measures[0]["same"] >= max(measures[-1]["same"], 5)
    assert full["bytes"] > smallest["bytes"]


def test_the_smaller_a_quant_the_further_it_is_from_the_merged_model(model: Path) -> None:
    found = report(model)
    assert found["merged"]["measured_in"] == "transformers"
    full, eight, four = (quant["measures"] for quant in found["quants"])
    # f16 is another program's computation of the same weights, and no more than that.
    assert 0 <= full["mean_kld"] < 1e-4
    assert full["mean_kld"] < eight["mean_kld"] < four["mean_kld"]
    assert full["p99_kld"] < eight["p99_kld"] < four["p99_kld"]
    assert full["same_top"] >= eight["same_top"] >= four["same_top"]
    assert full["perplexity"] == pytest.approx(found["merged"]["perplexity"], rel=0.01)
    assert {entry["scored_tokens"] for entry in (found["merged"], full, eight, four)} == {
        found["merged"]["scored_tokens"]
    }


def test_what_the_export_took_stands_in_its_report(model: Path) -> None:
    found = report(model)
    cost = found["cost"]
    sizes = sum(path.stat().st_size for path in model.glob("*.gguf"))
    assert cost["peak_disk_bytes"] > sizes
    assert cost["peak_memory_bytes"] > 50_000_000
    parts = ("seconds_convert", "seconds_imatrix", "seconds_reference")
    assert min(cost[part] for part in parts) >= 0  # of a model so small, perhaps no millisecond
    assert cost["seconds"] >= sum(cost[part] for part in parts) - 0.01
    assert found["imatrix"]["texts"] == 12
    assert [quant["imatrix"] for quant in found["quants"]] == [False, True, True]


def test_the_gguf_says_what_it_was_made_from(model: Path, run: Path) -> None:
    from gguf import GGUFReader

    inputs = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    expected = {
        "general.name": NAME,
        "general.author": "홍길동",
        "general.finetune": "taxqa",
        "general.quantized_by": f"taxqa {taxqa.__version__}",
        "general.languages": ["ko"],
        "general.base_model.count": 1,
        "general.base_model.0.name": "tiny-gemma",
        "general.dataset.count": 1,
        "general.dataset.0.name": "dataset",
        "general.dataset.0.version": inputs["dataset"]["sha256"],
        "taxqa.dataset.sha256": inputs["dataset"]["sha256"],
        "taxqa.training.sha256": digest(run),
        "taxqa.prompt_form": "qa",
    }
    for path in model.glob("*.gguf"):
        fields = GGUFReader(path).fields
        assert {key: fields[key].contents() for key in expected} == expected
        # A folder of the user's own has no licence that we know of.
        assert "general.license" not in fields
        assert ("quantize.imatrix.entries_count" in fields) == ("f16" not in path.name)
    assert report(model)["training"] == digest(run)


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
    found = copied(run, tmp_path / "out", ["q8_0", "q4_k_m"], NONE)
    assert found.merged is None
    assert found.chosen == "q8_0"
    assert (found.quants[0].kept, found.quants[0].measures) == (None, None)
    # f16 was only a step on the way.
    assert {path.name for path in (tmp_path / "out").glob("*.gguf")} == {
        "out-q8_0.gguf",
        "out-q4_k_m.gguf",
    }
    assert read_model_folder(tmp_path / "out").report.chosen == "q8_0"


def without_held_out(run: Path, out: Path, *records: Any) -> Path:
    """A run that holds no other records out than these."""
    from taxqa.records import write_jsonl

    shutil.copytree(run, out)
    (out / "heldout.jsonl").unlink()
    write_jsonl(out / "valid.jsonl", records)
    return out


def test_a_run_with_nothing_to_compare_on_is_not_handed_out_as_compared(
    copied: Callable[..., Any], run: Path, tmp_path: Path
) -> None:
    nothing = without_held_out(run, tmp_path / "nothing")
    with pytest.raises(InputError, match="holds no question that it was not trained on") as error:
        copied(nothing, tmp_path / "out", ["q8_0"])
    assert "--questions 0" in error.value.hint
    too_long = without_held_out(run, tmp_path / "too-long", record(1, "v", answer="길다 " * 90))
    with pytest.raises(ProofError, match="are longer than its max_length"):
        copied(too_long, tmp_path / "out", ["q8_0"])
    assert copied(nothing, tmp_path / "out", ["q8_0"], NONE).quants[0].kept is None


def test_where_memory_is_short_the_f16_gguf_stands_in_for_the_merged_model(
    copied: Callable[..., Any],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(yardstick, "fits_in_memory", lambda _: False)
    monkeypatch.setattr(yardstick, "MergedModel", None)
    found = copied(run, tmp_path / "out", ["f16"], asked(3))
    assert found.merged.measured_in == "f16 GGUF"
    measures = found.quants[0].measures
    assert (measures.same, measures.mean_kld, measures.same_top) == (3, 0.0, 1.0)
    assert "does not fit into memory" in capsys.readouterr().err


def swapped_adapter(run: Path, other: Path, out: Path) -> Path:
    """A run with the weights of another adapter, whose digests say nothing of it."""
    shutil.copytree(run, out)
    name = "adapter_model.safetensors"
    shutil.copyfile(other / name, out / "adapter" / name)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["adapter"][name] = digest(other / name)
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return out


@pytest.mark.parametrize("held_in_memory", [True, False])
def test_a_model_that_predicts_otherwise_than_the_trained_one_is_refused(
    held_in_memory: bool,
    run: Path,
    gemma_adapter: Path,
    converter: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(yardstick, "fits_in_memory", lambda _: held_in_memory)
    other = swapped_adapter(run, gemma_adapter, tmp_path / "run")
    what = "merged model" if held_in_memory else "f16 GGUF"
    with pytest.raises(ProofError, match=f"The {what} is not the model that was trained"):
        export(other, tmp_path / "out", ["q8_0"], asked(3), llama_cpp=converter)
    assert not (tmp_path / "out").exists()


def test_the_merged_model_predicts_as_the_trained_one(model: Path) -> None:
    assert 0 <= report(model)["merged"]["drift"] < 0.02


def fail(*_: object, **__: object) -> None:
    raise ProofError("It failed.")


def other_tokens(self: GgufModel, text: str) -> list[int]:
    return [2, *text.encode()][:8]


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (stage, "convert"),
        (stage, "importance_of"),
        (stage, "Yardstick"),
        (quantizer, "quantize"),
        (stage, "write_json"),
        (stage, "write_page"),
    ],
)
def test_an_export_that_fails_leaves_nothing(
    where: Any,
    what: str,
    copied: Callable[..., Any],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(where, what, fail)
    out = tmp_path / "models" / "out"
    with pytest.raises(ProofError, match="It failed"):
        copied(run, out, ["q8_0"], replace(asked(2), imatrix=True))
    assert list(out.parent.iterdir()) == []


def test_a_modelfile_that_cannot_be_written_leaves_nothing(
    copied: Callable[..., Any], run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "models" / "out"
    with pytest.raises(ProofError):
        copied(run, out, ["q8_0"], NONE, finish=fail)
    assert list(out.parent.iterdir()) == []


def test_a_gguf_that_tokenises_otherwise_is_no_proven_model(
    copied: Callable[..., Any], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GgufModel, "tokens", other_tokens)
    with pytest.raises(ProofError, match="other token ids than training did of 2 of 2 prompts"):
        copied(run, tmp_path / "out", ["f16"], asked(2))
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
    copied(run, out, ["q8_0"], NONE)
    before = (out / "manifest.json").read_bytes()
    with pytest.raises(InputError, match="is already there, whole"):
        copied(run, out, ["q4_k_m"], NONE)
    with monkeypatch.context() as patch:
        patch.setattr(quantizer, "quantize", fail)
        with pytest.raises(ProofError):
            copied(run, out, ["q4_k_m"], NONE, force=True)
    assert (out / "manifest.json").read_bytes() == before
    assert read_model_folder(out).gguf().is_file()
    copied(run, out, ["q4_k_m"], NONE, force=True)
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
    name: str, run: Path, gemma: Path, tmp_path: Path
) -> None:
    edited = shutil.copytree(gemma, tmp_path / "gemma")
    other = moved(run, tmp_path / "run", folder=str(edited))
    assert runs.read_run(other).base == edited
    with (edited / name).open("r+b") as file:
        file.seek(-2, 2)
        file.write(b"!!")
    with pytest.raises(InputError, match=rf"{name} is not the file that this run was trained on"):
        runs.read_run(other)
    (edited / name).unlink()
    with pytest.raises(InputError):
        runs.read_run(other)


def test_weights_that_were_added_to_a_base_after_training_are_refused(
    run: Path, gemma: Path, tmp_path: Path
) -> None:
    edited = shutil.copytree(gemma, tmp_path / "gemma")
    other = moved(run, tmp_path / "run", folder=str(edited))
    shutil.copyfile(edited / "model.safetensors", edited / "model-00001-of-00001.safetensors")
    with pytest.raises(InputError, match=r"model-00001-of-00001\.safetensors was not there when"):
        runs.read_run(other)


@pytest.mark.parametrize(
    "name", ["adapter_model.safetensors", "adapter_config.json", "tokenizer_config.json"]
)
def test_an_adapter_that_is_not_the_one_of_the_run_is_refused(
    name: str, run: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(run, tmp_path / "run")
    path = other / "adapter" / name
    assert runs.read_run(other).adapter == path.parent
    path.write_bytes(path.read_bytes().replace(b"}", b" }", 1))
    with pytest.raises(InputError, match=rf"{name} is not the file that this run trained"):
        runs.read_run(other)


def test_a_run_without_digests_is_told_to_be_one(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = shutil.copytree(run, tmp_path / "run")
    manifest = json.loads((other / "manifest.json").read_text(encoding="utf-8"))
    del manifest["base_model"]["files"]
    (other / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    runs.read_run(other)
    assert "does not say which files" in " ".join(capsys.readouterr().err.split())


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

    monkeypatch.setattr(runs, "locate_base", locate)
    gone = moved(run, tmp_path / "run", name="gemma3-270m", source=source, folder=folder)
    copied(gone, tmp_path / "out", ["q8_0"], NONE)
    assert asked == [("gemma3-270m", source, revision)]


def zero(path: Path, name: str) -> None:
    """Overwrite a tensor of a GGUF file with zeros."""
    from gguf import GGUFReader

    reader = GGUFReader(path, "r+")
    next(one for one in reader.tensors if one.name == name).data[:] = 0
    reader.data.flush()


def damaging(*types: str, name: str = "token_embd.weight") -> Callable[..., None]:
    """`quantize` that afterwards zeroes a tensor of quants of these types."""

    def damaged(source: Path, out: Path, quant: str, **options: Any) -> None:
        quantize(source, out, quant, **options)
        if quant in types:
            zero(out, name)

    return damaged


SMALL_CHANGE = "blk.3.ffn_down.weight"
"""Without it the tiny model is 0.03 nats a token from itself: below the limit for quants."""


def test_a_conversion_that_lost_a_tensor_is_found_though_a_quant_may_lose_as_much(
    run: Path, model: Path, converter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def convert(*arguments: Any) -> None:
        shutil.copyfile(model / f"{NAME}-f16.gguf", arguments[-1])
        zero(arguments[-1], SMALL_CHANGE)

    monkeypatch.setattr(stage, "convert", convert)
    options = Options(questions=4, tokens=64)
    with pytest.raises(ProofError, match="The conversion changed the model"):
        export(run, tmp_path / "out", ["q8_0"], options, llama_cpp=converter)


def test_a_quant_that_lost_a_tensor_is_left_out_though_it_answers_as_well(
    copied: Callable[..., Any], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantizer, "quantize", damaging("q8_0", name=SMALL_CHANGE))
    found = copied(run, tmp_path / "out", ["f16", "q8_0"], Options(questions=4, tokens=64))
    assert [made.type for made in found.quants] == ["f16"]
    (lost,) = found.left_out
    assert lost.measures.mean_kld < 0.05
    assert lost.lost == f"{SMALL_CHANGE} is not what it was in f16"


def test_a_damaged_quant_is_left_out_and_the_good_one_is_kept(
    copied: Callable[..., Any],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(quantizer, "quantize", damaging("q5_k_m"))
    options = Options(questions=4, tokens=64)
    out = tmp_path / "out"
    found = copied(run, out, ["q8_0", "q5_k_m"], options, finish=add_modelfile)
    assert [made.type for made in found.quants] == ["q8_0"]
    assert found.quants[0].measures.mean_kld < 0.01
    assert found.chosen == "q8_0"
    (lost,) = found.left_out
    assert lost.type == "q5_k_m"
    assert lost.measures.mean_kld > 0.05
    assert "mean KL divergence" in lost.lost
    assert "q5_k_m is left out: mean KL divergence" in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in out.glob("*.gguf")] == ["out-q8_0.gguf"]
    assert read_model_folder(out).gguf().name == "out-q8_0.gguf"
    assert not list(out.glob(".*"))
    with pytest.raises(ProofError, match=r"Left out, because .*: q5_k_m: mean KL") as error:
        require_all(found)
    assert "its q8_0 kept it" in error.value.hint


def test_where_only_a_damaged_quant_was_asked_for_a_larger_one_is_tried_and_named(
    copied: Callable[..., Any], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantizer, "quantize", damaging("q5_k_m", "q6_k"))
    out = tmp_path / "models" / "out"
    with pytest.raises(ProofError, match=r"no model was made \(q5_k_m: mean KL") as error:
        copied(run, out, ["q5_k_m"], Options(questions=4, tokens=64))
    assert "q8_0 was tried and keeps it" in error.value.hint
    assert "--quant q8_0" in error.value.hint
    assert list(out.parent.iterdir()) == []


def test_where_no_type_is_good_enough_that_is_said(
    copied: Callable[..., Any], run: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProofError) as error:
        copied(run, tmp_path / "out", ["q8_0"], Options(questions=2, limits=Limits(1e-12)))
    assert "the conversion itself changed the model" in error.value.hint
    assert not (tmp_path / "out").exists()


def test_a_dataset_that_is_not_the_runs_gives_no_importance_matrix(
    copied: Callable[..., Any], run: Path, tmp_path: Path
) -> None:
    other = write_dataset(tmp_path / "other", train=[record(1)])
    (other / "manifest.json").write_text('{"stage": "dataset"}', encoding="utf-8")
    for dataset, message in ((other, "is not the dataset"), (tmp_path / "gone", "is not at")):
        with pytest.raises(InputError, match=message) as error:
            copied(run, tmp_path / "out", ["q8_0"], Options(imatrix=True, dataset=dataset))
        assert "--dataset" in error.value.hint
    assert not (tmp_path / "out").exists()


def test_a_quant_kept_careful_is_larger_and_nearer(
    copied: Callable[..., Any], run: Path, tmp_path: Path
) -> None:
    plain, careful = (
        copied(run, tmp_path / name, ["q4_k_m"], replace(asked(4), careful=name == "careful"))
        for name in ("plain", "careful")
    )
    assert (plain.quants[0].careful, careful.quants[0].careful) == (False, True)
    assert careful.quants[0].bytes > plain.quants[0].bytes
    assert careful.quants[0].measures.mean_kld < plain.quants[0].measures.mean_kld
