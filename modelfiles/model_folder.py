"""A model folder as `taxqa export` leaves it: GGUF files and export.json."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from finetune.prompts import Message, PromptForm, prompt_form
from taxqa.errors import InputError
from taxqa.folders import read_manifest
from taxqa.records import read_json, validated

EXPORT = "export.json"
MADE_BY = "taxqa export --run work/runs/NAME --out work/models/NAME"


class Part(BaseModel):
    """A part of export.json; what other stages keep there besides is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BaseLicense(Part):
    """The base model and the licence that its weights stay under."""

    name: str
    license_name: str
    license_text: str = ""


class Golden(Part):
    """A question, and what a GGUF answered to it in llama.cpp, greedily, at its export."""

    question: str
    answer: str


class Quant(Part):
    """One GGUF file."""

    type: str
    """As in 'q8_0'."""
    file: str
    """Its name in the folder."""
    bytes: int = Field(ge=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    golden: tuple[Golden, ...] = ()
    """Asked again when it is registered; none where the export compared nothing."""


def token_ids(text: Any) -> Any:
    """Ids from a text in which blanks divide them; what is no such text is left to pydantic."""
    return text.split() if isinstance(text, str) else text


TokenIds = Annotated[tuple[int, ...], BeforeValidator(token_ids)]


class Turn(Part):
    """A message of a case."""

    role: Literal["system", "user", "assistant"]
    content: str


class ProvenCase(Part):
    """A conversation, and the token ids that training makes of its prompt."""

    name: str
    messages: tuple[Turn, ...] = Field(min_length=1)
    ids: TokenIds = Field(min_length=1)

    @property
    def turns(self) -> list[Message]:
        """The messages as a server takes them."""
        return [{"role": turn.role, "content": turn.content} for turn in self.messages]


class ProvenAnswer(Part):
    """An answer as training wrote it, its end included."""

    text: str
    ids: TokenIds = Field(min_length=1)


class TrainedProof(Part):
    """Token ids of training, against which the GGUF and the server are held."""

    cases: tuple[ProvenCase, ...] = Field(min_length=1)
    answer: ProvenAnswer


class ExportReport(Part):
    """What export.json says of a model: how it was trained to be asked, and its files."""

    name: str
    base_model: BaseLicense
    form: Literal["qa", "gemma3"]
    eos: str = Field(min_length=1)
    """Text of the end-of-text token."""
    bos: str = ""
    """Text of the token put before every prompt; '' = none."""
    max_length: int = Field(ge=16)
    """Tokens of prompt and answer together in training."""
    system: str = ""
    """System message that every training prompt carried; '' = none."""
    quants: tuple[Quant, ...] = Field(min_length=1)
    chosen: str
    """Type of the quant to use."""
    law_date: datetime.date | None = None
    """Day whose law the training data states."""
    proof: TrainedProof | None = None
    """None in folders that an earlier version exported."""

    @property
    def prompts(self) -> PromptForm:
        """The prompt specification that the model was trained with."""
        return prompt_form(self.form)

    def quant(self, type_name: str = "") -> Quant:
        """The quant of that type, or the chosen one.

        Raises:
            InputError: there is none.
        """
        wanted = (type_name or self.chosen).lower()
        for quant in self.quants:
            if quant.type.lower() == wanted:
                return quant
        known = ", ".join(quant.type for quant in self.quants)
        raise InputError(f"{self.name} has no quant '{wanted}'; it has {known}.")


@dataclass(frozen=True)
class ModelFolder:
    """A whole model folder."""

    path: Path
    report: ExportReport

    def gguf(self, type_name: str = "") -> Path:
        """The file of a quant (default: the chosen one).

        Raises:
            InputError: no such quant, or its file is missing or not as long as it was.
        """
        quant = self.report.quant(type_name)
        path = self.path / quant.file
        found = path.stat().st_size if path.is_file() else 0
        if found != quant.bytes:
            raise InputError(
                f"{path} has {found:,} bytes; {EXPORT} says {quant.bytes:,}.",
                hint=f"The folder was changed or copied in part; make it again: {MADE_BY}",
            )
        return path


def read_model_folder(path: Path) -> ModelFolder:
    """The model folder at `path`.

    Raises:
        InputError: no such folder, not whole, of another stage, or a broken export.json.
    """
    read_manifest(path, stage="model", made_by=MADE_BY)
    where = path / EXPORT
    return ModelFolder(path, validated(ExportReport, read_json(where), str(where)))
