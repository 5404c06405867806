"""A tensor that was lost is found, whatever its type and its place."""

from pathlib import Path

import numpy
import pytest

pytest.importorskip("llama_cpp")

from export.tensors import BLOCK, MOST_ERROR, lost_tensor, tensors_of

NAMES = ("blk.0.attn_q.weight", "blk.0.attn_norm.weight", "output.weight")


def write(path: Path, kind: str, seed: int = 1, **changed: float) -> Path:
    """A GGUF of three tensors in one type.

    Args:
        changed: name, with '_' for '.', -> what the tensor is multiplied with.
    """
    from gguf import GGMLQuantizationType, GGUFWriter, quants

    writer = GGUFWriter(path, "llama")
    draw = numpy.random.default_rng(seed)
    for name in NAMES:
        shape = (BLOCK,) if "norm" in name else (24, BLOCK)
        values = draw.standard_normal(shape).astype(numpy.float32)
        values *= changed.get(name.replace(".", "_"), 1.0)
        type_ = GGMLQuantizationType["F32" if "norm" in name else kind]
        writer.add_tensor(name, quants.quantize(values, type_), raw_dtype=type_)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("kind", ["F16", "BF16", "Q8_0", "Q5_0", "Q4_0"])
def test_a_sound_quant_lost_nothing(kind: str, tmp_path: Path) -> None:
    full = write(tmp_path / "full.gguf", "F16")
    assert list(tensors_of(full)) == list(NAMES)
    assert lost_tensor(full, write(tmp_path / "quant.gguf", kind)) == ""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [0.0, -1.0, 1 + 2 * MOST_ERROR, float("nan")])
@pytest.mark.parametrize("kind", ["F16", "Q8_0"])
def test_a_tensor_that_is_another_is_named(
    name: str, factor: float, kind: str, tmp_path: Path
) -> None:
    full = write(tmp_path / "full.gguf", "F16")
    changed = {name.replace(".", "_"): factor}
    if kind != "F16" and factor != factor:
        pytest.skip("a NaN cannot be quantized")
    assert lost_tensor(full, write(tmp_path / "quant.gguf", kind, **changed)) == name


def test_tensors_that_were_exchanged_are_found(tmp_path: Path) -> None:
    full = write(tmp_path / "full.gguf", "F16")
    assert lost_tensor(full, write(tmp_path / "quant.gguf", "Q8_0", seed=2)) == NAMES[0]


def test_a_tensor_of_zeros_stays_one(tmp_path: Path) -> None:
    zeros = {NAMES[0].replace(".", "_"): 0.0}
    full = write(tmp_path / "full.gguf", "F16", **zeros)
    assert lost_tensor(full, write(tmp_path / "same.gguf", "Q8_0", **zeros)) == ""
    assert lost_tensor(full, write(tmp_path / "quant.gguf", "Q8_0")) == NAMES[0]
