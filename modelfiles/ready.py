"""The ready Modelfiles in this folder, for a GGUF that has no export.json beside it.

They are written, never edited: `python -m modelfiles.ready` makes them from the code that also
makes a model folder's own.
"""

from pathlib import Path

from finetune.bases import BASES
from modelfiles.model_folder import ExportReport
from modelfiles.values import modelfile_text

FOLDER = Path(__file__).parent
READY = {
    # name -> base model, its end-of-text token, its token before every prompt, quant
    "taxqa-gemma3": ("gemma3-12b", "<eos>", "<bos>", "q4_k_m"),
    "taxqa-phi2": ("phi-2", "<|endoftext|>", "", "q4_k_m"),
    # The demo's base comes from 4 bits: quantizing to 4 bits again loses what was learned.
    "taxqa-demo": ("gemma3-270m", "<eos>", "<bos>", "q8_0"),
}
MAX_LENGTH = 2048
"""Tokens; the default of the training config."""


def ready_report(name: str) -> ExportReport:
    """What export.json would say of the model `name` trained with the shipped config."""
    base_name, eos, bos, quant = READY[name]
    base = BASES[base_name]
    return ExportReport.model_validate(
        {
            "name": name,
            "base_model": {
                "name": base.repo,
                "license_name": base.license_name,
                "license_text": base.license_url,
            },
            "form": base.prompt_form,
            "eos": eos,
            "bos": bos,
            "max_length": MAX_LENGTH,
            "quants": [
                {"type": quant, "file": f"{name}-{quant}.gguf", "bytes": 1, "sha256": "0" * 64}
            ],
            "chosen": quant,
        }
    )


def ready_texts() -> dict[Path, str]:
    """Every ready Modelfile: where it lies, and its text."""
    files = {name: f"{name}.Modelfile" for name in READY}
    return {
        FOLDER / file: modelfile_text(ready_report(name), file=file) for name, file in files.items()
    }


def main() -> None:
    """Write the ready Modelfiles."""
    for path, text in ready_texts().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
