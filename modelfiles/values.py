"""The Modelfile of a trained model: its values, and why each is what it is."""

from dataclasses import replace
from pathlib import Path

from modelfiles.model_folder import ExportReport, ModelFolder
from modelfiles.modelfile import Modelfile, parse, write
from taxqa.errors import InputError
from taxqa.records import read_text

FILE = "Modelfile"
DATA_LICENSE = """Training data: questions and answers on Korean tax law, made with taxqa.

Acts, decrees, official notices, judgments and tribunals' decisions are not protected by copyright
in Korea (저작권법 제7조). The worked questions and answers and the guide of taxqa are under
Apache-2.0. What came from documents of your own, or from a language model as the teacher, is under
your or its provider's terms."""


def modelfile_of(report: ExportReport, quant: str = "") -> Modelfile:
    """What Ollama has to be told so that it asks the model as it was trained.

    Args:
        quant: type of the GGUF, as in 'q4_k_m'; '' = the one that export chose.
    """
    return Modelfile(
        source=f"./{report.quant(quant).file}",
        template=report.prompts.go_template(report.eos),
        # A system message is part of the prompt: only the one that the model was trained with.
        system=report.system,
        parameters={
            # Without it Ollama takes 4,096 to 262,144 tokens, by the memory of the GPU; beyond
            # the length of training the model was never shown anything.
            "num_ctx": report.max_length,
            # No answer in training was longer; one that does not end by itself is cut here.
            "num_predict": report.max_length,
            # The same question gets the same answer: an amount or an article is not to be drawn
            # by lot. It is also how the quants were compared.
            "temperature": 0.0,
            # Ollama's usual penalty for repeating pushes the model off the digits and article
            # numbers that a right answer repeats from its question.
            "repeat_penalty": 1.0,
        },
        stop=report.prompts.stops(report.eos),
        licenses=(license_text(report), DATA_LICENSE),
    )


def license_text(report: ExportReport) -> str:
    """The base model's licence, which the fine-tuned weights stay under.

    Spaces that do not print as such are written as plain ones: Ollama would delete them.
    """
    base = report.base_model
    known = base.license_name or "under the licence that it came with"
    text = f"{base.name}: {known}\n\n{base.license_text}".strip()
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else " " * letter.isspace()
        for letter in text.replace("\r\n", "\n")
    )


def comments_of(report: ExportReport, quant: str, file: str) -> list[str]:
    """The lines for people at the top of a Modelfile that is called `file`."""
    law = f" as in force on {report.law_date.isoformat()}" if report.law_date else ""
    system = "was in every training prompt" if report.system else "is left out: training had none"
    return [
        f"{report.name}: {report.base_model.name} fine-tuned on Korean tax law{law}.",
        f"Quant {report.quant(quant).type}. To use it: ollama create {report.name} -f {file}",
        "or, with the server's prompt compared to the trained one: taxqa register",
        "",
        f"TEMPLATE is the prompt of training (form '{report.form}'): with another one the model",
        f"answers worse, or does not stop. SYSTEM {system}.",
        f"num_ctx is the length of training, {report.max_length} tokens; a longer one is cut.",
        "temperature 0: the same question gets the same answer.",
    ]


def modelfile_text(report: ExportReport, quant: str = "", file: str = FILE) -> str:
    """The Modelfile of a model, with its comments."""
    return write(modelfile_of(report, quant), comments_of(report, quant, file))


def write_modelfile(folder: Path, report: ExportReport, quant: str = "") -> Path:
    """Write the Modelfile into a folder that holds the GGUF files; returns its path."""
    path = folder / FILE
    path.write_text(modelfile_text(report, quant), encoding="utf-8")
    return path


def read_modelfile(folder: ModelFolder, quant: str = "") -> Modelfile:
    """The folder's own Modelfile, as a person may have edited it; where it has none, the one that
    `write_modelfile` would write.

    Args:
        quant: type of the GGUF to take in place of the one that FROM names.

    Raises:
        InputError: broken, or it names another GGUF than the one that export chose.
    """
    path = folder.path / FILE
    if not path.is_file():
        return modelfile_of(folder.report, quant)
    found = parse(read_text(path))
    chosen = folder.report.quant().file
    if Path(found.source) != Path(chosen):
        raise InputError(
            f"{path} says FROM {found.source}; FROM ./{chosen} was expected.",
            hint=f"Correct that line, or delete {path} and register again to have it rewritten.",
        )
    return replace(found, source=f"./{folder.report.quant(quant).file}")
