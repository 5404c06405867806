"""A run folder to a model folder: one f16 GGUF, its quants, and what each of them kept."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

import taxqa
from export.compare import Comparison, ask_gguf, ask_merged, compare, trained_prompts
from export.convert import convert
from export.gguf_model import Answer
from export.llama_cpp_source import converter_folder
from export.quantize import QUANTS, quantize
from finetune.bases import locate_base
from finetune.prompts import PromptForm, prompt_form
from taxqa.errors import InputError, MissingExtraError, ProofError
from taxqa.folders import Draft, digest, new_folder, read_manifest, require_space
from taxqa.progress import note
from taxqa.records import Record, first_problem, read_jsonl, read_text, write_json

MAKE_RUN = "taxqa finetune --config CONFIG.yaml --dataset work/dataset --out work/runs/NAME"
SPARE_TOKENS = 32
"""By how much a compared answer may be longer than the longest taught one."""
ADAPTER_CONFIG = "adapter/adapter_config.json"


class BaseOfRun(BaseModel):
    """The base model that a run was trained on, as `finetune.train.fill_manifest` writes it."""

    name: str
    folder: str
    source: str
    repo: str
    license_name: str
    license_url: str
    files: dict[str, str] = {}
    """Name and SHA-256 of the base's files; a run of before they were noted has none."""


class WholeRun(BaseModel):
    """What export has to know of a run: of its manifest, and the max_length of its config."""

    base_model: BaseOfRun
    prompt_form: str
    system: str
    max_length: int = Field(ge=16)


@dataclass(frozen=True)
class Trained:
    """What a run folder says of the model it trained."""

    folder: Path
    manifest: dict[str, Any]
    base: Path
    """Folder of the base's 16-bit weights."""
    tokenizer: Any
    form: PromptForm
    max_length: int

    @property
    def adapter(self) -> Path:
        """PEFT folder."""
        return self.folder / "adapter"


def export(
    run: Path,
    out: Path,
    quants: list[str],
    *,
    questions: int = 24,
    llama_cpp: Path | None = None,
    force: bool = False,
    finish: Callable[[Path], None] | None = None,
) -> dict[str, Any]:
    """Make the model folder `out`; returns what is in its export.json.

    Args:
        quants: types of `export.quantize.QUANTS`, the first the largest.
        questions: how many to compare on; 0 = none, and then the largest is chosen.
        llama_cpp: a llama.cpp checkout to take the converter from.
        finish: called with the folder before it is renamed, to add the Modelfile.

    Raises:
        InputError: not a run folder, or its base model is gone.
        NoSpaceError: the disk would not hold f16 and the quants.
        ProofError: conversion or quantization failed, or the model is asked otherwise than it
            was trained.
    """
    trained = read_run(run)
    converter = converter_folder(llama_cpp)
    weights = sum(path.stat().st_size for path in trained.base.glob("*.safetensors"))
    sizes = [weights * QUANTS[name][1] / 2 for name in ["f16", *quants]]
    require_space(out, int(sum(sizes) * 1.1), "The export (f16 and its quants)")
    records = comparison_records(run, questions)
    settings = {"run": str(run), "quants": quants, "questions": len(records)}
    with new_folder(out, stage="model", config=settings, inputs={"run": run}, force=force) as draft:
        full = draft.path / f"{out.name}-f16.gguf"
        note(f"Merging and converting to {full.name} …")
        convert(
            trained.base,
            trained.adapter,
            trained.tokenizer.chat_template,
            metadata(trained, out.name),
            converter,
            full,
        )
        files = {}
        for name in quants:
            files[name] = draft.path / f"{out.name}-{name}.gguf"
            if name != "f16":
                note(f"Quantizing to {files[name].name} …")
                quantize(full, files[name], name)
        report = describe(trained, out.name, files, records, full)
        if "f16" not in quants:
            full.unlink()
        write_json(draft.path / "export.json", report)
        fill_manifest(draft, report)
        if finish is not None:
            finish(draft.path)
    return report


def read_run(run: Path) -> Trained:
    """The run folder, with its base model found again.

    Raises:
        InputError: no whole run folder, or the base is not where it was and not to be had, or is
            another one there.
    """
    manifest = read_manifest(run, stage="run", made_by=MAKE_RUN)
    max_length = require_whole(run, manifest).max_length
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise MissingExtraError("transformers", "export") from None

    base = base_folder(manifest["base_model"])
    require_same_base(base, manifest["base_model"].get("files", {}))
    tokenizer = AutoTokenizer.from_pretrained(run / "adapter")
    form = prompt_form(manifest["prompt_form"])
    return Trained(run, manifest, base, tokenizer, form, max_length)


def require_whole(run: Path, manifest: dict[str, Any]) -> WholeRun:
    """What a run folder has to say; InputError where it does not, or has no adapter."""
    import yaml

    try:
        config = yaml.safe_load(read_text(run / "config.yaml"))
        length = config.get("max_length") if isinstance(config, dict) else None
        if not (run / ADAPTER_CONFIG).is_file():
            raise InputError(f"There is no file {run / ADAPTER_CONFIG}.")
        return WholeRun.model_validate(manifest | {"max_length": length})
    except InputError as error:
        problem = error.message
    except ValidationError as error:
        problem = f"{first_problem(error)}."
    except yaml.YAMLError:
        problem = "config.yaml is not YAML."
    raise InputError(f"The run folder {run} is broken: {problem}", hint=f"Train again: {MAKE_RUN}")


def base_folder(base: dict[str, str]) -> Path:
    """The base's weights where the run had them, or found again.

    Raises:
        InputError: the user's own folder is gone. A known model of the same name would be another.
    """
    folder = Path(base["folder"])
    if (folder / "config.json").is_file():
        return folder
    if base["source"] == "folder":
        raise InputError(
            f"The base model of this run is not at {folder} any more (no config.json).",
            hint="Put it back there: the adapter fits no other weights.",
        )
    # A folder of the hub's cache is named for its commit; a newer one may hold other weights.
    revision = folder.name if base["source"] == "hub" else None
    return locate_base(base["name"], base["source"], revision).folder


def require_same_base(folder: Path, files: dict[str, str]) -> None:
    """InputError where a file of the base is not the one that the run was trained on."""
    for name, expected in files.items():
        if not (folder / name).is_file() or digest(folder / name) != expected:
            raise InputError(
                f"{folder / name} is not the file that this run was trained on.",
                hint="Put that one back (the adapter fits no other weights), or train again.",
            )


def comparison_records(run: Path, questions: int) -> list[Record]:
    """At most `questions`: three of four are held-out phrasings of taught questions, which show
    what was learned, the rest validation questions, where there are enough."""
    found: list[list[Record]] = []
    for name in ("heldout.jsonl", "valid.jsonl"):
        path = run / name
        found.append(list(read_jsonl(path, Record)) if path.is_file() else [])
    taught, unseen = found
    chosen = spread(taught, max(questions - questions // 4, questions - len(unseen)))
    return chosen + spread(unseen, questions - len(chosen))


def spread(records: list[Record], count: int) -> list[Record]:
    """`count` records evenly out of a list."""
    if count >= len(records):
        return records
    return [records[index * len(records) // count] for index in range(count)]


def describe(
    trained: Trained, name: str, files: dict[str, Path], records: list[Record], full: Path
) -> dict[str, Any]:
    """What export.json holds: how the model is asked, its files, and the comparison."""
    base = trained.manifest["base_model"]
    tokenizer = trained.tokenizer
    reference, compared = compare_all(trained, files, records, full) if records else (None, {})
    quants: list[dict[str, Any]] = []
    for quant, path in files.items():
        entry = {
            "type": quant,
            "file": path.name,
            "bytes": path.stat().st_size,
            "sha256": digest(path),
        }
        if reference is not None:
            entry |= asdict(compared[quant]) | {"kept": compared[quant].kept(reference)}
        quants.append(entry)
    return {
        "name": name,
        "base_model": {
            "name": base["repo"] or base["name"],
            "license_name": base["license_name"],
            "license_text": base["license_url"],
            "source": base["source"],
        },
        "form": trained.form.name,
        "system": trained.manifest["system"],
        "eos": tokenizer.eos_token,
        "bos": tokenizer.bos_token if "bos_token" in tokenizer.chat_template else "",
        "max_length": trained.max_length,
        "law_date": trained.manifest.get("law_date"),
        "merged": asdict(reference) if reference else None,
        "quants": quants,
        "chosen": choose(quants),
    }


def choose(quants: list[dict[str, Any]]) -> str:
    """The smallest quant that kept what was learned; the largest where none did, or who knows."""
    kept = [quant for quant in quants if quant.get("kept")]
    pick = min if kept else max
    return str(pick(kept or quants, key=lambda quant: quant["bytes"])["type"])


def compare_all(
    trained: Trained, files: dict[str, Path], records: list[Record], full: Path
) -> tuple[Comparison, dict[str, Comparison]]:
    """Ask the merged model and every quant.

    The reference is the merged model in transformers; where memory does not hold that in 32 bits,
    the f16 GGUF stands in for it.

    Raises:
        ProofError: llama.cpp makes other token ids of a prompt than training did.
    """
    prompts = trained_prompts(records, trained.tokenizer, trained.form)
    taught = [len(trained.tokenizer(record.answer).input_ids) for record in records]
    cut = max(taught) + SPARE_TOKENS
    asked: dict[Path, tuple[list[Answer], int]] = {}
    if fits_in_memory(full.stat().st_size * 2):
        merged = ask_merged(
            trained.base, trained.adapter, trained.tokenizer, prompts, trained.form, cut
        )
    else:
        note("The merged model does not fit into memory in 32 bits: f16 GGUF as the reference.")
        asked[full] = ask_gguf(full, records, prompts, trained.form, cut)
        merged = asked[full][0]
    texts = [answer.text for answer in merged]
    reference = compare(merged, texts, records, len(records))
    compared = {}
    for quant, path in files.items():
        answers, same = asked.get(path) or ask_gguf(path, records, prompts, trained.form, cut)
        compared[quant] = compare(answers, texts, records, same)
        require_same_prompts(compared[quant], path)
    return reference, compared


def require_same_prompts(found: Comparison, path: Path) -> None:
    """ProofError where a prompt's token ids differ between training and llama.cpp."""
    if found.same_prompt != found.asked:
        other = found.asked - found.same_prompt
        raise ProofError(
            f"llama.cpp makes other token ids than training did of {other} of {found.asked}"
            f" prompts ({path.name}).",
            hint="The base model's tokenizer did not survive the conversion; nothing was written.",
        )


def fits_in_memory(needed: int) -> bool:
    """Whether `needed` bytes are free, with a fifth to spare."""
    import psutil

    return bool(psutil.virtual_memory().available > 1.2 * needed)


def metadata(trained: Trained, name: str) -> dict[str, Any]:
    """The GGUF's general.* keys."""
    base = trained.manifest["base_model"]
    return {
        "general.name": name,
        "general.description": f"{base['name']} fine-tuned on Korean tax law with taxqa",
        "general.finetune": "taxqa",
        "general.quantized_by": f"taxqa {taxqa.__version__}",
        "general.license.name": base["license_name"],
        "general.license.link": base["license_url"],
        "general.languages": ["ko"],
        "general.base_models": [
            {"name": base["name"], "repo_url": f"https://huggingface.co/{base['repo']}"}
        ]
        if base["repo"]
        else [],
    }


def fill_manifest(draft: Draft, report: dict[str, Any]) -> None:
    """Counts and choice for the manifest; a warning for each quant that lost what was learned."""
    draft.counts["quants"] = len(report["quants"])
    draft.details["chosen"] = report["chosen"]
    for quant in report["quants"]:
        if not quant.get("kept", True):
            note(lost(quant, report))


def lost(quant: dict[str, Any], report: dict[str, Any]) -> str:
    """The warning for a quant that lost what was learned."""
    better = [other for other in report["quants"] if other["kept"]]
    advice = (
        f"use {min(better, key=lambda other: other['bytes'])['type']}, which kept it"
        if better
        else "export a larger type, e.g. --quant q8_0"
    )
    return (
        f"Warning: {quant['type']} lost what was learned ({quant['right']} right answers,"
        f" {report['merged']['right']} before; {quant['same']} of {quant['asked']} answers the"
        f" same): {advice}."
    )
