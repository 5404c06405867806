"""The adapter alone as a GGUF, for llama.cpp's --lora; Ollama takes merged models only."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from export.convert import TOKENIZER_FILES, tail
from taxqa.errors import ProofError


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
        environment = os.environ | {"PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1"}
        result = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    if result.returncode or not out.is_file():
        out.unlink(missing_ok=True)
        raise ProofError(
            f"llama.cpp's converter failed on {adapter}:\n{tail(result.stderr)}",
            hint="The run is untouched; with another llama.cpp: --llama-cpp-dir.",
        )
