"""An export that was interrupted goes on where it was; one with other options starts over."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from export import export as stage
from export import quantizer
from export.export import Options, export
from export.limits import Limits
from export.resume import made_before, same_export, whole
from export.room import Room, needed, require_room
from finetune.shapes import SHAPES
from taxqa.errors import NoSpaceError
from taxqa.folders import partial_path

ANY = Options(questions=2, tokens=32, limits=Limits(max_kld=100.0, min_right=0.0))
QUANTS = ["q8_0", "q4_k_m"]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What an export really did: 'convert', and each quant that was made."""
    done: list[str] = []
    convert, quantize = stage.convert, quantizer.quantize

    def counted_convert(*arguments: Any) -> None:
        done.append("convert")
        convert(*arguments)

    def counted_quantize(source: Path, out: Path, quant: str, **options: Any) -> None:
        done.append(quant)
        quantize(source, out, quant, **options)

    monkeypatch.setattr(stage, "convert", counted_convert)
    monkeypatch.setattr(quantizer, "quantize", counted_quantize)
    return done


@pytest.fixture
def exported(run: Path, converter: Path, tmp_path: Path) -> Callable[..., Path]:
    def make(options: Options = ANY) -> Path:
        export(run, tmp_path / "model", QUANTS, options, llama_cpp=converter)
        return tmp_path / "model"

    return make


def test_an_interrupted_export_goes_on_with_what_was_made(
    exported: Callable[..., Path], work: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = quantizer.Yardstick.measure

    def interrupted(self: Any, path: Path) -> Any:
        if "q4_k_m" in path.name:
            raise KeyboardInterrupt
        return measure(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(quantizer.Yardstick, "measure", interrupted)
        with pytest.raises(KeyboardInterrupt):
            exported()
    assert work == ["convert", "q8_0", "q4_k_m"]
    assert not (tmp_path / "model").exists()
    out = exported()
    assert work == ["convert", "q8_0", "q4_k_m", "q4_k_m"]
    report = json.loads((out / "export.json").read_text(encoding="utf-8"))
    assert [quant["type"] for quant in report["quants"]] == QUANTS
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]
    assert not partial_path(out).exists()


def test_with_other_options_it_starts_over(
    exported: Callable[..., Path], work: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Any, path: Path) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(quantizer.Yardstick, "measure", interrupted)
        with pytest.raises(KeyboardInterrupt):
            exported()
    exported(Options(questions=0))
    assert work.count("convert") == 2


def test_a_half_written_file_never_has_its_name(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole(tmp_path / "model.gguf") as draft:
        draft.write_bytes(b"half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with whole(tmp_path / "model.gguf") as draft:
        draft.write_bytes(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["model.gguf"]


def test_a_quant_that_was_cut_short_or_noted_wrongly_is_made_again(
    exported: Callable[..., Path], tmp_path: Path
) -> None:
    out = exported(Options(questions=0))
    made = json.loads((out / "export.json").read_text(encoding="utf-8"))["quants"][0]
    folder = Path(shutil.copytree(out, tmp_path / "partial"))
    (folder / ".q8_0.json").write_text(json.dumps(made), encoding="utf-8")
    assert made_before(folder, "q8_0") is not None
    whole_file = (folder / made["file"]).read_bytes()
    for broken in (whole_file[:100], whole_file[:-1] + bytes([whole_file[-1] ^ 1])):
        (folder / made["file"]).write_bytes(broken)
        assert made_before(folder, "q8_0") is None
    (folder / ".q4_k_m.json").write_text("{", encoding="utf-8")
    assert made_before(folder, "q4_k_m") is None
    assert not same_export(folder, {})


def test_what_the_largest_tensor_needs_is_said_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room = needed(SHAPES["gemma3-12b"], tmp_path, ["q4_k_m"], 1024)
    assert 4.4e9 < room.memory < 8e9  # 4.36 GB were measured; a laptop of 16 GB has it free
    require_room(Room(disk=1000, memory=1000), tmp_path)
    assert "Needs about" in capsys.readouterr().err
    with pytest.raises(NoSpaceError, match="of memory for its largest tensor"):
        require_room(Room(disk=0, memory=10**18), tmp_path)
    with pytest.raises(NoSpaceError, match="on the disk of"):
        require_room(Room(disk=10**18, memory=0), tmp_path)
