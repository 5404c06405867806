"""export.json: what a model folder says of its model, its files and what each of them kept.

Every field is described in docs/export.md.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

FORMAT = 2
"""Version of export.json; 2 added everything from `left_out` on."""


class Part(BaseModel):
    """A part of export.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BaseModelReport(Part):
    """The base model and the licence that its weights stay under."""

    name: str
    license_name: str
    license_text: str
    source: str


class Answers(Part):
    """Greedy answers, and how the taught answers were predicted."""

    asked: int
    same: int
    right: int
    stopped: int
    tokens_per_second: float
    same_prompt: int
    scored_tokens: int
    perplexity: float


class MergedReport(Answers):
    """The merged 16-bit model."""

    measured_in: str
    """'transformers', or 'f16 GGUF' where memory did not hold it there."""
    drift: float | None = None
    """From training's own losses of the same answers, nats a token; None = the run kept none."""


class Measures(Answers):
    """A quant beside the merged model."""

    mean_kld: float
    """Nats a token."""
    p99_kld: float
    same_top: float
    """Share of tokens, 0 to 1."""


class Golden(Part):
    """A question, and what the quant answered to it; the registration asks it again."""

    question: str
    answer: str


class QuantReport(Part):
    """One quant: its file, how it was made and what it kept."""

    type: str
    file: str
    bytes: int
    sha256: str
    imatrix: bool
    careful: bool
    seconds_quantize: float
    seconds_measure: float
    measures: Measures | None
    """None = not compared."""
    kept: bool | None
    """Within the limits; None = not compared."""
    lost: str
    """Why it is not within the limits; '' where it is."""
    golden: list[Golden]


class ImatrixReport(Part):
    """What the importance matrix was computed from."""

    texts: int
    tokens: int
    dataset: str
    """Digest of the dataset folder."""


class LimitsReport(Part):
    """Past these a quant is left out."""

    max_kld: float
    min_right: float


class Cost(Part):
    """What the export took."""

    seconds_convert: float
    seconds_imatrix: float
    seconds_reference: float
    seconds: float
    peak_memory_bytes: int
    """Of this process and of the converter's, whichever was larger."""
    peak_disk_bytes: int


class Report(Part):
    """The whole of export.json."""

    format: int = FORMAT
    name: str
    base_model: BaseModelReport
    form: str
    system: str
    eos: str
    bos: str
    max_length: int
    law_date: str | None
    proof: dict[str, Any]
    """Token ids of training, by `finetune.proof_cases.trained_proof`."""
    merged: MergedReport | None
    quants: list[QuantReport]
    chosen: str
    left_out: list[QuantReport]
    """Quants that were asked for and not within the limits; their files are gone."""
    limits: LimitsReport
    imatrix: ImatrixReport | None
    cost: Cost
    training: str
    """Digest of the run."""
    taxqa: str
    llama_cpp_python: str
