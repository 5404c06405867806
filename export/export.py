"""A run folder to a model folder: one f16 GGUF, its quants, and what each of them kept."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import taxqa
from export.convert import convert
from export.cost import Meter, peak_memory
from export.importance import Importance, importance_of
from export.limits import Limits
from export.llama_cpp_source import PACKAGE, converter_folder
from export.metadata import metadata
from export.page import write_page
from export.quantize import QUANTS
from export.quantizer import Quantizer, counts_of
from export.report import (
    BaseModelReport,
    Cost,
    ImatrixReport,
    LimitsReport,
    MergedReport,
    QuantReport,
    Report,
)
from export.run import Trained, read_run, training_rows
from export.texts import comparison_records, within
from export.yardstick import Yardstick
from finetune.proof_cases import trained_proof
from taxqa.folders import digest, new_folder, require_space
from taxqa.progress import note
from taxqa.records import write_json


@dataclass(frozen=True)
class Options:
    """How an export is made, beside which quants."""

    questions: int = 24
    """How many each quant is compared on; 0 = none, and then the largest quant is chosen."""
    tokens: int = 1024
    """Most tokens of taught answers at which the probabilities are compared."""
    imatrix: bool = False
    """Compute an importance matrix from the run's training texts, and quantize by it."""
    calibration_tokens: int = 8192
    """Most tokens of training text that the importance matrix is computed from."""
    careful: bool = False
    """Keep the tensors of `export.quantize.CAREFUL` at a higher precision."""
    limits: Limits = field(default_factory=Limits)
    dataset: Path | None = None
    """The run's dataset folder, where it was moved since."""
    author: str = ""
    """For the GGUF's general.author."""


def export(
    run: Path,
    out: Path,
    quants: list[str],
    options: Options | None = None,
    *,
    llama_cpp: Path | None = None,
    force: bool = False,
    finish: Callable[[Path], None] | None = None,
) -> Report:
    """Make the model folder `out`; returns what is in its export.json.

    Args:
        quants: types of `export.quantize.QUANTS`, the first the largest.
        options: None = the defaults.
        llama_cpp: a llama.cpp checkout to take the converter from.
        finish: called with the folder before it is renamed, to add the Modelfile.

    Raises:
        InputError: not a run folder, or its base model (or, for an importance matrix, its
            dataset) is gone.
        NoSpaceError: the disk would not hold f16, the quants and the probabilities.
        ProofError: conversion or quantization failed, no quant is within the limits, or the model
            is asked otherwise than it was trained.
    """
    options = options or Options()
    trained = read_run(run)
    texts = calibration_texts(trained, options) if options.imatrix else []
    converter = converter_folder(llama_cpp)
    require_room(out, trained, quants, options)
    settings = asdict(options) | {"run": str(run), "quants": quants}
    settings["dataset"] = str(options.dataset) if options.dataset else None
    with new_folder(out, stage="model", config=settings, inputs={"run": run}, force=force) as draft:
        meter = Meter(draft.path)
        full = draft.path / f"{out.name}-f16.gguf"
        note(f"Merging and converting to {full.name} …")
        with meter.timed("convert"):
            keys = metadata(trained, out.name, options.author)
            template = trained.tokenizer.chat_template
            convert(trained.base, trained.adapter, template, keys, converter, full)
        importance = None
        if texts:
            with meter.timed("imatrix"):
                importance = importance_of(full, texts)
        yardstick = make_yardstick(trained, full, options, meter)
        quantizer = Quantizer(
            full, out.name, importance, options.careful, yardstick, options.limits, meter
        )
        good, left_out = quantizer.make_all(quants)
        if all(made.type != "f16" for made in good):
            full.unlink()
        store_path(full).unlink(missing_ok=True)
        report = make_report(trained, quantizer, good, left_out)
        write_json(draft.path / "export.json", report.model_dump(mode="json"))
        write_page(draft.path / "export.html", report)
        draft.counts |= {"quants": len(good), "left_out": len(left_out)}
        draft.details["chosen"] = report.chosen
        if finish is not None:
            finish(draft.path)
    return report


def calibration_texts(trained: Trained, options: Options) -> list[list[int]]:
    """The token ids of the training texts for the importance matrix."""
    rows = training_rows(trained, options.dataset)
    return within([row.input_ids for row in rows], options.calibration_tokens, len)


def require_room(out: Path, trained: Trained, quants: list[str], options: Options) -> None:
    """NoSpaceError unless the disk holds f16, its quants and the probabilities compared."""
    weights = sum(path.stat().st_size for path in trained.base.glob("*.safetensors"))
    sizes = [weights * QUANTS[name][1] / 2 for name in ["f16", *quants]]
    stored = 4 * options.tokens * len(trained.tokenizer) if options.questions else 0
    require_space(out, int(sum(sizes) * 1.1) + stored, "The export (f16 and its quants)")


def store_path(full: Path) -> Path:
    """Where the merged model's log-probabilities lie while quants are measured."""
    return full.with_name(".reference.npy")


def make_yardstick(
    trained: Trained, full: Path, options: Options, meter: Meter
) -> Yardstick | None:
    """What the quants are measured against; None where there are no questions."""
    records = comparison_records(trained.folder, options.questions)
    if not records:
        return None
    with meter.timed("reference"):
        return Yardstick(trained, records, full, store_path(full), options.tokens)


def make_report(
    trained: Trained, quantizer: Quantizer, good: list[QuantReport], left_out: list[QuantReport]
) -> Report:
    """What export.json holds: how the model is asked, its files, and the comparison."""
    base = trained.run.base_model
    tokenizer = trained.tokenizer
    return Report(
        name=quantizer.name,
        base_model=BaseModelReport(
            name=base.repo or base.name,
            license_name=base.license_name,
            license_text=base.license_url,
            source=base.source,
        ),
        form=trained.form.name,
        system=trained.run.system,
        eos=tokenizer.eos_token,
        bos=tokenizer.bos_token if "bos_token" in tokenizer.chat_template else "",
        max_length=trained.run.max_length,
        law_date=trained.run.law_date,
        proof=trained_proof(tokenizer, trained.form, trained.run.system, trained.run.max_length),
        merged=merged_report(quantizer.yardstick),
        quants=good,
        chosen=choose(good),
        left_out=left_out,
        limits=LimitsReport(**asdict(quantizer.limits)),
        imatrix=imatrix_report(trained, quantizer.importance),
        cost=cost_of(quantizer.meter),
        training=digest(trained.folder),
        taxqa=taxqa.__version__,
        llama_cpp_python=version(PACKAGE),
    )


def choose(quants: list[QuantReport]) -> str:
    """The smallest quant that is within the limits; the largest where nothing was compared."""
    pick = min if quants[0].kept else max
    return pick(quants, key=lambda made: made.bytes).type


def merged_report(yardstick: Yardstick | None) -> MergedReport | None:
    """The merged model's own answers; None where nothing was compared."""
    if yardstick is None:
        return None
    reference = yardstick.reference
    return MergedReport(
        **counts_of(yardstick.merged),
        scored_tokens=reference.tokens,
        perplexity=reference.perplexity,
        measured_in=yardstick.source,
    )


def imatrix_report(trained: Trained, importance: Importance | None) -> ImatrixReport | None:
    """What the importance matrix was computed from; None where there is none."""
    if importance is None:
        return None
    digest_of_dataset = trained.run.inputs["dataset"].sha256
    return ImatrixReport(
        texts=importance.texts, tokens=importance.tokens, dataset=digest_of_dataset
    )


def cost_of(meter: Meter) -> Cost:
    """What the export took until now."""
    return Cost(
        seconds_convert=meter.seconds("convert"),
        seconds_imatrix=meter.seconds("imatrix"),
        seconds_reference=meter.seconds("reference"),
        seconds=meter.all_seconds(),
        peak_memory_bytes=peak_memory(),
        peak_disk_bytes=meter.peak_disk,
    )
