"""The adapter alone as a GGUF, for llama.cpp's --lora; Ollama takes merged models only."""

import shutil
import sys
import tempfile
from pathlib import Path

from export.convert import TOKENIZER_FILES, run_converter
from export.llama_cpp_source import converter_folder
from export.run import read_run
from taxqa.folders import new_folder

ADAPTER_STAGE = "adapter"


def export_adapter(
    run: Path, out: Path, *, llama_cpp: Path | None = None, force: bool = False
) -> Path:
    """Make the folder `out` with the run's adapter as GGUF; returns the file.

    Args:
        llama_cpp: a llama.cpp checkout to take the converter from.

    Raises:
        InputError: not a run folder, or its base model is gone.
        ProofError: the converter failed.
    """
    trained = read_run(run)
    converter = converter_folder(llama_cpp)
    with new_folder(out, stage=ADAPTER_STAGE, inputs={"run": run}, force=force) as draft:
        name = f"{run.name}-lora-f16.gguf"
        convert_adapter(trained.base, trained.adapter, converter, draft.path / name)
        draft.details["base_model"] = trained.run.base_model.model_dump()
    return out / name


def convert_adapter(base: Path, adapter: Path, converter: Path, out: Path) -> None:
    """Write a PEFT adapter as f16 GGUF to `out`, by llama.cpp's own converter.

    Args:
        base: Hugging Face folder of the base model; only its config is read.
        adapter: PEFT folder.
        converter: from `export.llama_cpp_source.converter_folder`.

    Raises:
        ProofError: the converter failed.
    """
    with tempfile.TemporaryDirectory(prefix="taxqa-adapter-") as temporary:
        view = Path(temporary) / "base"
        view.mkdir()
        for name in ("config.json", *TOKENIZER_FILES):
            if (base / name).is_file():
                shutil.copyfile(base / name, view / name)
        command = [sys.executable, str(converter / "convert_lora_to_gguf.py"), str(adapter)]
        command += ["--base", str(view), "--outfile", str(out), "--outtype", "f16"]
        run_converter(command, {"HF_HUB_OFFLINE": "1"}, out, adapter)
