"""What a run folder says of the model it trained, validated, and its base model found again."""

import importlib.util
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from finetune.bases import locate_base
from finetune.prompts import PromptForm, prompt_form
from finetune.proof_cases import trained_prompt
from finetune.rows import Row, make_rows
from finetune.shapes import Shape, shape_of
from taxqa.errors import InputError, MissingExtraError
from taxqa.folders import digest, read_manifest
from taxqa.progress import note
from taxqa.records import Record, first_problem, read_json, read_jsonl, read_text

MAKE_RUN = "taxqa finetune --config CONFIG.yaml --dataset work/dataset --out work/runs/NAME"
ADAPTER_CONFIG = "adapter/adapter_config.json"
CHAT_TEMPLATE = "chat_template.jinja"


class Part(BaseModel):
    """A part of a run's manifest; what else stands there is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BaseOfRun(Part):
    """The base model that a run was trained on, as `finetune.train.fill_manifest` writes it."""

    name: str
    folder: str
    source: str
    repo: str
    license_name: str
    license_url: str
    files: dict[str, str] = Field(default_factory=dict)
    """Name and SHA-256 of the base's files; a run of before they were noted has none."""


class InputOfRun(Part):
    """A folder that a run was made from."""

    path: str
    sha256: str


class PromptOfRun(Part):
    """What a run keeps of its tokenizer, as `finetune.proof_cases.trained_prompt` makes it."""

    eos: str
    bos: str
    proof: dict[str, Any]


class WholeRun(Part):
    """What export has to know of a run: of its manifest, and some of its config."""

    base_model: BaseOfRun
    prompt_form: str
    system: str
    max_length: int = Field(ge=16)
    law_date: str | None = None
    adapter: dict[str, str] = Field(default_factory=dict)
    """Name and SHA-256 of the adapter's files; a run of before they were noted has none."""
    answer_losses: dict[str, float] = Field(default_factory=dict)
    """Record id -> loss of its answer at the end of the training, by `finetune.answer_losses`."""
    prompt: PromptOfRun | None = None
    """None = a run of before it was kept."""
    load_in_4bit: bool | None = False
    inputs: dict[str, InputOfRun] = Field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """A run, with what it takes to use it."""

    folder: Path
    run: WholeRun
    base: Path
    """Folder of the base's 16-bit weights."""
    form: PromptForm

    @cached_property
    def tokenizer(self) -> Any:
        """The run's tokenizer; a large vocabulary takes as long to load as a model to convert."""
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.adapter)

    @property
    def prompt(self) -> PromptOfRun:
        """How training asked; made anew where the run did not keep it."""
        run = self.run
        return run.prompt or PromptOfRun.model_validate(
            trained_prompt(self.tokenizer, self.form, run.system, run.max_length)
        )

    @property
    def chat_template(self) -> str:
        """The trained Jinja template."""
        return read_text(self.adapter / CHAT_TEMPLATE)

    @property
    def shape(self) -> Shape:
        """The base model's sizes."""
        path = self.base / "config.json"
        return shape_of(read_json(path), str(path))

    @property
    def adapter(self) -> Path:
        """PEFT folder."""
        return self.folder / "adapter"

    def rows(self, records: list[Record]) -> list[Row]:
        """Records as the token ids of training; those that were too long for it are left out."""
        limit = self.run.max_length
        return make_rows(records, self.tokenizer, self.form, limit, self.run.system).rows


def read_run(run: Path) -> Trained:
    """The run folder, with its base model found again.

    Raises:
        InputError: no whole run folder, or the base is not where it was and not to be had, or is
            another one there.
    """
    whole = require_whole(run, read_manifest(run, stage="run", made_by=MAKE_RUN))
    if importlib.util.find_spec("transformers") is None:
        raise MissingExtraError("transformers", "export")
    base = base_folder(whole.base_model)
    require_same_base(base, whole.base_model.files)
    require_same_adapter(run / "adapter", whole.adapter)
    return Trained(run, whole, base, prompt_form(whole.prompt_form))


def require_whole(run: Path, manifest: dict[str, Any]) -> WholeRun:
    """What a run folder has to say; InputError where it does not, or has no adapter."""
    import yaml

    try:
        config = yaml.safe_load(read_text(run / "config.yaml"))
        known = config if isinstance(config, dict) else {}
        settings = {name: known.get(name) for name in ("max_length", "load_in_4bit")}
        for name in (ADAPTER_CONFIG, f"adapter/{CHAT_TEMPLATE}"):
            if not (run / name).is_file():
                raise InputError(f"There is no file {run / name}.")
        return WholeRun.model_validate(manifest | settings)
    except InputError as error:
        problem = error.message
    except ValidationError as error:
        problem = f"{first_problem(error)}."
    except yaml.YAMLError:
        problem = "config.yaml is not YAML."
    raise InputError(f"The run folder {run} is broken: {problem}", hint=f"Train again: {MAKE_RUN}")


def base_folder(base: BaseOfRun) -> Path:
    """The base's weights where the run had them, or found again.

    Raises:
        InputError: the user's own folder is gone. A known model of the same name would be another.
    """
    folder = Path(base.folder)
    if (folder / "config.json").is_file():
        return folder
    if base.source == "folder":
        raise InputError(
            f"The base model of this run is not at {folder} any more (no config.json).",
            hint="Put it back there: the adapter fits no other weights.",
        )
    # A folder of the hub's cache is named for its commit; a newer one may hold other weights.
    revision = folder.name if base.source == "hub" else None
    return locate_base(base.name, base.source, revision).folder


def require_same_base(folder: Path, files: dict[str, str]) -> None:
    """InputError where the base's files are not those that the run was trained on."""
    if not files:
        note(
            f"This run does not say which files its base model had (an earlier version made it):"
            f" {folder} is taken to be unchanged since."
        )
        return
    hint = "Put that one back (the adapter fits no other weights), or train again."
    for name in changed(folder, files):
        raise InputError(
            f"{folder / name} is not the file that this run was trained on.", hint=hint
        )
    # transformers and llama.cpp would load weights that lie beside the trained ones.
    for path in sorted(folder.glob("*.safetensors*")):
        if path.name not in files:
            raise InputError(
                f"{path} was not there when this run was trained.",
                hint="Move it away: it would be taken for weights of the base model.",
            )


def require_same_adapter(folder: Path, files: dict[str, str]) -> None:
    """InputError where a file of the adapter is not the one that the run's training wrote."""
    for name in changed(folder, files):
        raise InputError(
            f"{folder / name} is not the file that this run trained.",
            hint="Put that one back, or train again.",
        )


def changed(folder: Path, files: dict[str, str]) -> list[str]:
    """The names among `files` whose file is gone or has another digest."""
    return [
        name
        for name, expected in files.items()
        if not (folder / name).is_file() or digest(folder / name) != expected
    ]


def training_rows(trained: Trained, dataset: Path | None = None) -> list[Row]:
    """The texts that the run was trained on, as the token ids of training.

    Args:
        dataset: where the run's dataset folder lies now; None = where it was.

    Raises:
        InputError: it is not there, or is another than the run was trained on.
    """
    made_from = trained.run.inputs.get("dataset")
    folder = dataset or (Path(made_from.path) if made_from else None)
    if folder is None or made_from is None:
        raise InputError(
            f"{trained.folder} does not say which dataset it was trained on.",
            hint="Export without --imatrix.",
        )
    if not folder.is_dir():
        raise InputError(
            f"The dataset of this run is not at {folder}.",
            hint="Say where it is with --dataset, or export without --imatrix.",
        )
    if digest(folder) != made_from.sha256:
        raise InputError(
            f"{folder} is not the dataset that {trained.folder} was trained on.",
            hint="Say where that is with --dataset, or export without --imatrix.",
        )
    return trained.rows(list(read_jsonl(folder / "train.jsonl", Record)))
