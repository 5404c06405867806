"""Base weights and adapter to one f16 GGUF, tensor by tensor: no merged copy anywhere.

llama.cpp's converter reads each weight when it writes it; the adapter is merged into it on the
way. It runs in a process of its own, because it brings its own version of the gguf package.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from taxqa.errors import ProofError

REFUSED = 65
"""Exit code of a conversion that refuses the model; its last line of stdout says why, as JSON."""
WEIGHT_FILES = ("*.safetensors", "model.safetensors.index.json")
TOKENIZER_FILES = (
    "tokenizer.model",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
)


def convert(
    base: Path,
    adapter: Path,
    chat_template: str,
    metadata: dict[str, Any],
    converter: Path,
    out: Path,
) -> None:
    """Write the merged model as f16 GGUF to `out`.

    Args:
        base: Hugging Face folder with the original 16-bit weights.
        adapter: PEFT folder.
        chat_template: the trained Jinja template, written into the GGUF.
        metadata: GGUF keys, e.g. {'general.name': …}; they win over what the converter guesses.
        converter: from `export.llama_cpp_source.converter_folder`.

    Raises:
        ProofError: the converter failed, the adapter does not fit the base, or a merged weight is
            beyond f16 or no number.
    """
    with tempfile.TemporaryDirectory(prefix="taxqa-convert-") as temporary:
        view = Path(temporary) / "base"
        view.mkdir()
        link_base(base, view, chat_template)
        override = Path(temporary) / "metadata.json"
        override.write_text(json.dumps(metadata), encoding="utf-8")
        root = Path(__file__).resolve().parent.parent
        paths = [str(converter / "gguf-py"), str(converter), str(root)]
        # -P: what lies in the current folder must not stand in for any of them.
        command = [sys.executable, "-P", "-m", "export.convert_process"]
        command += [str(path) for path in (view, adapter, override, out)]
        run_converter(command, {"PYTHONPATH": os.pathsep.join(paths)}, out, base)


def run_converter(command: list[str], environment: dict[str, str], out: Path, what: Path) -> None:
    """Run llama.cpp's converter in a process of its own; it writes `out`.

    Raises:
        ProofError: it failed on `what`, or refused it; nothing is left at `out`.
    """
    result = subprocess.run(
        command,
        # Threads that spin while they wait take the cores from those that work: more than half of
        # a conversion's CPU time where others want them too.
        env={"OMP_WAIT_POLICY": "passive"} | os.environ | {"PYTHONUTF8": "1"} | environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if result.returncode or not out.is_file():
        out.unlink(missing_ok=True)
        if result.returncode == REFUSED:
            raise ProofError(**json.loads(result.stdout.splitlines()[-1]))
        raise ProofError(
            f"llama.cpp's converter failed on {what}:\n{tail(result.stderr)}",
            hint="The run is untouched; with another llama.cpp: --llama-cpp-dir.",
        )


def link_base(base: Path, view: Path, chat_template: str) -> None:
    """A folder that looks like the base model but carries the trained chat template."""
    for pattern in ("config.json", "generation_config.json", *WEIGHT_FILES, *TOKENIZER_FILES):
        for path in base.glob(pattern):
            if path.name == "tokenizer_config.json":
                settings = json.loads(path.read_text(encoding="utf-8"))
                settings.pop("chat_template", None)
                text = json.dumps(settings, ensure_ascii=False)
                (view / path.name).write_text(text, encoding="utf-8")
            else:
                (view / path.name).symlink_to(path.resolve())
    (view / "chat_template.jinja").write_text(chat_template, encoding="utf-8")


def tail(text: str, lines: int = 8) -> str:
    """The last lines of a process's output."""
    return "\n".join(text.strip().splitlines()[-lines:])
