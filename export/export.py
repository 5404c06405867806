"""A run folder to a model folder: one f16 GGUF, its quants, and what each of them kept."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import taxqa
from export.convert import convert
from export.cost import Meter, peak_memory
from export.importance import Importance, importance_of
from export.limits import Limits
from export.llama_cpp_source import PACKAGE, converter_folder
from export.metadata import metadata
from export.page import write_page
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
from export.resume import FINGERPRINT, forget, same_export, whole
from export.room import needed, require_room
from export.run import Trained, read_run, training_rows
from export.texts import comparison_records, within
from export.yardstick import UNMEASURED, Yardstick
from taxqa.errors import InputError, ProofError
from taxqa.folders import digest, new_folder, partial_path, refuse_existing
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
        InputError: not a run folder, it holds nothing to compare on, or its base model (or, for
            an importance matrix, its dataset) is gone.
        NoSpaceError: the disk would not hold f16, the quants and the probabilities.
        ProofError: conversion or quantization failed, no quant is within the limits, or the model
            is asked otherwise than it was trained.
    """
    options = options or Options()
    trained = read_run(run)
    records = comparison_records(trained.folder, options.questions)
    if options.questions and not records:
        raise InputError(
            f"{run} holds no question that it was not trained on, so no quant can be compared with"
            " the merged model.",
            hint=UNMEASURED,
        )
    texts = calibration_texts(trained, options) if options.imatrix else []
    converter = converter_folder(llama_cpp)
    refuse_existing(out, "model", force)
    scored = options.tokens if options.questions else 0
    require_room(needed(trained.shape, trained.base, quants, scored), out)
    settings = asdict(options) | {"run": str(run)}
    settings["dataset"] = str(options.dataset) if options.dataset else None
    fingerprint = settings | {
        "name": out.name,
        "training": digest(run),
        "converter": str(converter),
        "taxqa": taxqa.__version__,
        "llama_cpp_python": version(PACKAGE),
    }
    with (
        new_folder(
            out,
            stage="model",
            config=settings | {"quants": quants},
            inputs={"run": run},
            force=force,
            resume=same_export(partial_path(out), fingerprint),
        ) as draft,
        removed_if_unproven(draft.path),
    ):
        write_json(draft.path / FINGERPRINT, fingerprint)
        meter = Meter(draft.path)
        full = draft.path / f"{out.name}-f16.gguf"
        with meter.timed("convert"):
            keys = metadata(trained, out.name, options.author)
            asked = bool(records) or trained.run.prompt is None
            convert_once(trained, keys, converter, full, tokenizer=asked)
        importance = None
        if texts:
            with meter.timed("imatrix"):
                importance = importance_of(full, texts)
        yardstick = None
        if records:
            with meter.timed("reference"):
                yardstick = Yardstick(trained, records, full, store_path(full), options.tokens)
        quantizer = Quantizer(
            full, out.name, importance, options.careful, yardstick, options.limits, meter
        )
        good, left_out = quantizer.make_all(quants)
        if all(made.type != "f16" for made in good):
            full.unlink()
        forget(draft.path)
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


@contextmanager
def removed_if_unproven(folder: Path) -> Iterator[None]:
    """Remove the folder where the model is no good; what a kill or a full disk leaves stays, for
    the next run to go on with."""
    try:
        yield
    except ProofError:
        shutil.rmtree(folder)
        raise


def convert_once(
    trained: Trained, keys: dict[str, Any], converter: Path, full: Path, *, tokenizer: bool
) -> None:
    """Write the f16 GGUF, unless a killed export did.

    Args:
        tokenizer: load it meanwhile; of a large vocabulary that takes as long as the conversion.
    """
    if full.is_file():
        note(f"{full.name} is there already, from an export that was interrupted.")
        return
    note(f"Merging and converting to {full.name} …")
    with ThreadPoolExecutor(1) as pool, whole(full) as draft:
        loading = pool.submit(getattr, trained, "tokenizer") if tokenizer else None
        convert(trained.base, trained.adapter, trained.chat_template, keys, converter, draft)
        if loading:
            loading.result()


def store_path(full: Path) -> Path:
    """Where the merged model's log-probabilities lie while quants are measured."""
    return full.with_name(".reference.npy")


def make_report(
    trained: Trained, quantizer: Quantizer, good: list[QuantReport], left_out: list[QuantReport]
) -> Report:
    """What export.json holds: how the model is asked, its files, and the comparison."""
    base = trained.run.base_model
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
        **trained.prompt.model_dump(),
        max_length=trained.run.max_length,
        law_date=trained.run.law_date,
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
        drift=yardstick.drift,
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
