"""The ready Modelfiles in this folder, for a GGUF that has no export.json beside it.

They are written, never edited: `python -m modelfiles.ready` makes them from the code that also
makes a model folder's own.
"""

from pathlib import Path

import finetune
from finetune.bases import BASES
from finetune.config import load_config, system_on
from modelfiles.model_folder import ExportReport
from modelfiles.modelfile import write
from modelfiles.values import comments_of, modelfile_of
from taxlaw.rates import LAW_AS_OF

FOLDER = Path(__file__).parent
CONFIGS = Path(finetune.__file__).parent / "configs"
READY = {
    # name -> training config, end-of-text token, token before every prompt, quant
    "taxqa-gemma3": ("gemma3-12b.yaml", "<eos>", "<bos>", "q4_k_m"),
    "taxqa-phi2": ("phi-2.yaml", "<|endoftext|>", "", "q4_k_m"),
    # The demo's base comes from 4 bits: quantizing to 4 bits again loses what was learned.
    "taxqa-demo": ("demo.yaml", "<eos>", "<bos>", "q8_0"),
}
NOTE = (
    "",
    "This is for the shipped training config and the questions that ship, whose law is of that",
    "day. `taxqa export` writes the Modelfile of your own model into its folder: take that one.",
)


def ready_report(name: str) -> ExportReport:
    """What export.json would say of `name`, trained with its shipped config on what ships."""
    config_file, eos, bos, quant = READY[name]
    config = load_config(CONFIGS / config_file)
    base = BASES[config.base_model]
    return ExportReport.model_validate(
        {
            "name": name,
            "base_model": {
                "name": base.repo,
                "license_name": base.license_name,
                "license_text": base.license_url,
            },
            "form": base.prompt_form if config.prompt_form == "auto" else config.prompt_form,
            "eos": eos,
            "bos": bos,
            "max_length": config.max_length,
            "system": system_on(config.system, LAW_AS_OF),
            "law_date": LAW_AS_OF,
            "quants": [
                {"type": quant, "file": f"{name}-{quant}.gguf", "bytes": 1, "sha256": "0" * 64}
            ],
            "chosen": quant,
        }
    )


def ready_texts() -> dict[Path, str]:
    """Every ready Modelfile: where it lies, and its text."""
    found = {}
    for name in READY:
        path, report = FOLDER / f"{name}.Modelfile", ready_report(name)
        comments = [*comments_of(report, "", path.name), *NOTE]
        found[path] = write(modelfile_of(report), comments)
    return found


def main() -> None:
    """Write the ready Modelfiles."""
    for path, text in ready_texts().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
