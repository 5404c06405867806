"""The GGUF holds the merged weights, the trained template and the base's own tokenizer."""

import math
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tiny_models import KINDS, tiny_model
from tiny_runs import random_adapter

from export.convert import convert
from export.gguf_model import GgufModel
from finetune.prompts import prompt_form
from taxqa.errors import ProofError

TEMPLATE = prompt_form("qa").chat_template("<eos>", adds_bos=True)
METADATA = {
    "general.name": "세무 모델",
    "general.finetune": "taxqa",
    "general.license.name": "A licence",
    "general.license.link": "https://example.org/terms",
    "general.quantized_by": "taxqa 1.0",
    "general.languages": ["ko"],
}
BASES = [{"name": "gemma3-12b", "repo_url": "https://huggingface.co/google/gemma-3-12b-it"}]
PROMPTS = ["### 질문: 세율은?\n\n### 답변:", "😀 漢字 é\n\n\n  a   b", "증여세 10%"]
PLAIN = """
import sys
from pathlib import Path
import gguf
import torch
from conversion import ModelBase, ModelType, get_model_architecture, get_model_class

with torch.inference_mode():
    for folder, out in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        architecture = get_model_architecture(
            ModelBase.load_hparams(Path(folder), False), ModelType.TEXT
        )
        kind = gguf.LlamaFileType.MOSTLY_F16
        get_model_class(architecture)(Path(folder), kind, Path(out)).write()
"""
"""llama.cpp's converter as it is, on folders that are merged already."""
EMBEDDINGS = "model.embed_tokens.weight"
ADAPTED = "model.layers.1.mlp.down_proj.weight"
NORM = "model.layers.1.post_attention_layernorm.weight"


@dataclass(frozen=True)
class Case:
    """A tiny model on both ways to a GGUF."""

    base: Path
    adapter: Path
    merged: Path
    """Folder of the merged model, by PEFT in 32 bits and saved in bf16."""
    ours: Path
    """GGUF by `convert` from base and adapter."""
    theirs: Path
    """GGUF by llama.cpp's converter from `merged`."""


def for_any_bpe(converter: Path, folder: Path) -> Path:
    """The converter, taught to take the tiny Phi's tokenizer for GPT-2's, which it resembles."""
    shutil.copytree(converter / "conversion", folder / "conversion")
    (folder / "gguf-py").symlink_to(converter / "gguf-py")
    with (folder / "conversion" / "base.py").open("a", encoding="utf-8") as file:
        file.write("\n\nTextModel.get_vocab_base_pre = lambda self, tokenizer: 'gpt-2'\n")
    return folder


def save_merged(base: Path, adapter: Path, folder: Path) -> None:
    """Merge with PEFT in 32 bits, round to bf16, and save with the base's own tokenizer."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    model.to(torch.bfloat16).save_pretrained(folder)
    for path in base.iterdir():
        if "token" in path.name or path.name in ("vocab.json", "merges.txt"):
            shutil.copyfile(path, folder / path.name)


@pytest.fixture(scope="module")
def cases(converter: Path, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """Each kind of tiny model, converted in a folder where wrong modules lie in wait."""
    parent = tmp_path_factory.mktemp("변환 gguf")
    patched = for_any_bpe(converter, parent / "converter")
    trap = parent / "trap"
    for module in ("conversion", "gguf", "export", "torch"):
        (trap / module).mkdir(parents=True)
        (trap / module / "__init__.py").write_text("raise SystemExit('trap')", encoding="utf-8")
    made, command = {}, [sys.executable, "-c", PLAIN]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trap)
        for kind in KINDS:
            base, place = tiny_model(kind, tiny), parent / kind
            case = Case(
                base, place / "어댑터", place / "merged", place / "a.gguf", place / "b.gguf"
            )
            random_adapter(base, case.adapter)
            save_merged(base, case.adapter, case.merged)
            metadata = METADATA | {"general.base_models": BASES}
            convert(base, case.adapter, TEMPLATE, metadata, patched, case.ours)
            command += [str(case.merged), str(case.theirs)]
            made[kind] = case
    paths = [str(patched / "gguf-py"), str(patched)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return made


def read(path: Path) -> Any:
    from gguf import GGUFReader

    return GGUFReader(path)


def values(reader: Any, start: str) -> dict[str, Any]:
    """The keys of a GGUF that begin so, with their values."""
    fields = {name: field for name, field in reader.fields.items() if name.startswith(start)}
    return {name: field.contents() for name, field in fields.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_weights_are_those_of_a_model_that_was_merged_before(
    kind: str, cases: dict[str, Case]
) -> None:
    import numpy
    from safetensors.torch import load_file

    case = cases[kind]
    ours, theirs = (
        {tensor.name: tensor for tensor in read(path).tensors} for path in (case.ours, case.theirs)
    )
    assert list(ours) == list(theirs)
    changed = 0
    for name, tensor in ours.items():
        other = theirs[name]
        assert (tensor.tensor_type, list(tensor.shape)) == (other.tensor_type, list(other.shape))
        equal = numpy.mean(tensor.data == other.data)
        changed += equal < 1
        # The sum W + BA may round otherwise where it lies between two neighbours in bf16.
        assert equal > 0.995
        numpy.testing.assert_allclose(tensor.data, other.data, rtol=2**-7, atol=1e-6)
    adapted = len(load_file(case.adapter / "adapter_model.safetensors")) // 2
    assert changed <= adapted
    plain = {name for name in ours if "norm" in name or "embd" in name}
    assert plain
    for name in plain:
        assert ours[name].data.tobytes() == theirs[name].data.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_adapter_is_really_in_it(kind: str, cases: dict[str, Case]) -> None:
    import numpy
    from safetensors.torch import load_file

    case = cases[kind]
    name = "down_proj" if kind != "phi" else "fc2"
    weights = load_file(case.base / "model.safetensors")
    key = next(key for key in weights if f"layers.0.mlp.{name}.weight" in key and "vis" not in key)
    found = next(t for t in read(case.ours).tensors if t.name == "blk.0.ffn_down.weight")
    assert numpy.mean(found.data == weights[key].half().numpy()) < 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_architecture_and_tokenizer_are_the_bases_own(kind: str, cases: dict[str, Case]) -> None:
    ours, theirs = read(cases[kind].ours), read(cases[kind].theirs)
    architecture = ours.fields["general.architecture"].contents()
    assert values(ours, f"{architecture}.") == values(theirs, f"{architecture}.")
    tokenizer = values(ours, "tokenizer.")
    assert tokenizer.pop("tokenizer.chat_template") == TEMPLATE
    assert tokenizer == values(theirs, "tokenizer.")
    assert tokenizer["tokenizer.ggml.model"] == ("gpt2" if kind == "phi" else "llama")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_of_the_model_wins_over_the_converters_guess(
    kind: str, cases: dict[str, Case]
) -> None:
    general = values(read(cases[kind].ours), "general.")
    assert METADATA.items() <= general.items()
    assert general["general.base_model.0.name"] == BASES[0]["name"]
    assert general["general.base_model.0.repo_url"] == BASES[0]["repo_url"]


@pytest.mark.parametrize("kind", KINDS)
def test_llama_cpp_computes_what_transformers_computes(kind: str, cases: dict[str, Case]) -> None:
    import llama_cpp
    import numpy
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    case = cases[kind]
    tokenizer = AutoTokenizer.from_pretrained(case.base)
    merged = AutoModelForCausalLM.from_pretrained(case.merged, dtype=torch.float32).eval()
    model = GgufModel(case.ours, context=128)
    sure = 0
    try:
        for prompt in PROMPTS:
            ids = tokenizer(prompt).input_ids
            assert model.tokens(prompt) == ids
            with torch.inference_mode():
                expected = merged(torch.tensor([ids])).logits[0].numpy()
            model.model.reset()
            for token, wanted in zip(ids, expected, strict=True):
                model.model.eval([token])
                logits = llama_cpp.llama_get_logits(model.model.ctx)
                found = numpy.ctypeslib.as_array(logits, shape=wanted.shape)
                numpy.testing.assert_allclose(found, wanted, atol=0.01)
                second, first = numpy.partition(wanted, -2)[-2:]
                if first - second > 0.02:
                    sure += 1
                    assert found.argmax() == wanted.argmax()
    finally:
        model.close()
    assert sure > 20


def test_the_base_is_left_as_it_was(cases: dict[str, Case]) -> None:
    names = {path.name for path in cases["gemma"].base.iterdir()}
    assert "chat_template.jinja" not in names
    settings = (cases["gemma"].base / "tokenizer_config.json").read_text(encoding="utf-8")
    assert "chat_template" not in settings


def test_an_adapter_of_another_base_makes_no_gguf(
    converter: Path, tiny: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    base, out = tiny_model("llama", tiny), tmp_path / "out.gguf"
    with pytest.raises(ProofError, match=r"^28 weights of the adapter are not in the") as error:
        convert(base, gemma_adapter, TEMPLATE, METADATA, converter, out)
    assert error.value.hint == "The run was trained on another base model than this one."
    assert list(tmp_path.iterdir()) == []


def test_a_converter_that_fails_by_itself_leaves_its_last_words(
    converter: Path, gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    base = shutil.copytree(gemma, tmp_path / "base")
    (base / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ProofError, match=r"(?s)converter failed on .*base.*architecture") as error:
        convert(base, gemma_adapter, TEMPLATE, METADATA, converter, tmp_path / "out.gguf")
    assert "The run is untouched" in error.value.hint


def with_value(base: Path, folder: Path, name: str, value: float) -> Path:
    """The base with one value of one weight changed."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(base, folder)
    tensors = load_file(base / "model.safetensors")
    tensors[name].view(-1)[3] = value
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        (ADAPTED, -70_144.0, "reaches 70,144; f16", "export --hf"),
        (EMBEDDINGS, 65_536.0, "reaches 65,536; f16", "export --hf"),
        (EMBEDDINGS, math.nan, "no numbers", "train again"),
        (NORM, -math.inf, "no numbers", "train again"),
    ],
)
def test_a_weight_that_f16_cannot_hold_is_refused_by_name(
    name: str,
    value: float,
    message: str,
    hint: str,
    converter: Path,
    gemma: Path,
    gemma_adapter: Path,
    tmp_path: Path,
) -> None:
    base, out = with_value(gemma, tmp_path / "base", name, value), tmp_path / "out.gguf"
    with pytest.raises(ProofError, match=message) as error:
        convert(base, gemma_adapter, TEMPLATE, METADATA, converter, out)
    assert error.value.message.startswith(f"The weight {name} of the merged model")
    assert hint in error.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_what_f16_just_holds_and_a_norm_beyond_it_are_converted(
    converter: Path, gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    base = with_value(gemma, tmp_path / "one", EMBEDDINGS, 65_280.0)
    base = with_value(base, tmp_path / "base", NORM, 131_072.0)
    convert(base, gemma_adapter, TEMPLATE, METADATA, converter, tmp_path / "out.gguf")
    found = {tensor.name: tensor.data for tensor in read(tmp_path / "out.gguf").tensors}
    assert found["token_embd.weight"].max() == 65_280
    assert found["blk.1.post_attention_norm.weight"].max() == 131_073


ROUND = """
import sys
import gguf
import numpy
import torch
from export import convert_process

convert_process.CHUNK = 1000
bits = numpy.random.default_rng(5).integers(0, 2**32, 40_000, dtype=numpy.uint32)
edges = [0, 2**31, 0x33000000, 0x33000001, 0x38800000, 0x387FE000, 0x477FEFFF, 0x477FF000]
values = numpy.concatenate([numpy.array(edges, dtype=numpy.uint32), bits]).view(numpy.float32)
values = values[numpy.isfinite(values)][:39_000]
usual = gguf.quants.quantize
convert_process.round_while_writing()
for shape in ((39_000,), (39, 1000), (3, 13, 1000), (13, 3, 1000)):
    for turned in (False, True):
        whole = values.reshape(shape).T if turned else values.reshape(shape)
        lazy = gguf.LazyNumpyTensor.from_eager(whole)
        with open(sys.argv[1], "wb") as file:
            found = gguf.quants.quantize(lazy, gguf.GGMLQuantizationType.F16)
            found.tofile(file)
        with numpy.errstate(all="ignore"):
            expected = usual(whole, gguf.GGMLQuantizationType.F16)
        written = numpy.fromfile(sys.argv[1], dtype=numpy.uint16)
        assert (found.shape, found.nbytes) == (expected.shape, expected.nbytes)
        assert (written == expected.ravel().view(numpy.uint16)).all(), (shape, turned)
kept = gguf.quants.quantize(lazy, gguf.GGMLQuantizationType.F32)
assert isinstance(kept, gguf.LazyNumpyTensor) and kept.dtype == numpy.float32
"""


def test_rounding_while_writing_gives_numpys_bits(converter: Path, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    paths = [str(path) for path in (converter / "gguf-py", converter, root)]
    subprocess.run(
        [sys.executable, "-c", ROUND, str(tmp_path / "out.bin")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        check=True,
    )
