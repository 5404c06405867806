"""What every GGUF is measured against: the merged model's answers and probabilities."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from export.compare import Comparison, ask_gguf, compare, require_same_prompts, trained_prompts
from export.divergence import Divergence, Reference, scored_tokens
from export.gguf_model import Answer, GgufModel
from export.merged_model import MergedModel
from export.run import Trained
from export.same_model import drift, measured_rows, require_trained
from export.texts import within
from taxqa.errors import ProofError
from taxqa.progress import note
from taxqa.records import Record

UNMEASURED = "Train with a dataset that holds some out, or export unmeasured with --questions 0."
CONVERSION_KLD = 0.002
"""Most mean KL divergence of the f16 GGUF from the merged model, nats a token: both hold the same
16 bits, and arithmetic alone makes millionths of it (docs/export.md)."""
SPARE_TOKENS = 32
"""By how much a compared answer may be longer than the longest taught one."""


@dataclass(frozen=True)
class Quality:
    """How a GGUF did beside the merged model."""

    answers: Comparison
    divergence: Divergence


class Yardstick:
    """The merged model's side of every comparison.

    It is the merged model in transformers; where memory does not hold that in 32 bits, the f16
    GGUF stands in for it.
    """

    def __init__(
        self, trained: Trained, records: list[Record], full: Path, store: Path, tokens: int
    ) -> None:
        """Ask the merged model, and keep its log-probabilities.

        Args:
            records: the questions, and the answers whose tokens are scored; at least one.
            full: the f16 GGUF.
            store: file to keep the log-probabilities in: 4 bytes times tokens times vocabulary.
            tokens: most tokens of answers that are scored.

        Raises:
            ProofError: the merged model is not the trained one, the f16 GGUF not the merged one, or
                there is no text to score.
        """
        self.records = records
        self.form = trained.form
        self.system = trained.run.system
        self.prompts = trained_prompts(records, trained.tokenizer, trained.form, self.system)
        taught = [len(trained.tokenizer(record.answer).input_ids) for record in records]
        self.cut = max(taught) + SPARE_TOKENS
        rows = within(trained.rows(records), tokens, lambda row: scored_tokens([row]))
        if not rows:
            raise ProofError(
                "All held-out answers of this run are longer than its max_length, so no quant can"
                " be compared with the merged model.",
                hint=UNMEASURED,
            )
        trained_rows = measured_rows(trained)
        texts = (row.input_ids for row in [*rows, *trained_rows])
        longest = max(map(len, [*self.prompts, *texts]))
        self.context = longest + self.cut + 8
        self.source = "transformers" if fits_in_memory(full.stat().st_size * 2) else "f16 GGUF"
        if self.source == "transformers":
            merged = MergedModel(trained)
            self.drift = drift(trained_rows, trained, merged.logits)
            require_trained(self.drift, trained, "merged model")
            answers, same = merged.answers(self.prompts, self.cut), len(records)
            self.reference = Reference(store, rows, merged.logits)
            del merged
            self.require_converted(full)
        else:
            note("The merged model does not fit into memory in 32 bits: f16 GGUF in its place.")
            with closing(GgufModel(full, self.context)) as model:
                self.drift = drift(trained_rows, trained, model.logits)
                require_trained(self.drift, trained, self.source)
                answers, same = self.ask(model)
                self.reference = Reference(store, rows, model.logits)
        self.texts = [answer.text for answer in answers]
        self.merged = compare(answers, self.texts, records, same)

    def require_converted(self, full: Path) -> None:
        """Refuse an f16 GGUF that is not the merged model: what a quant may lose it may not.

        Raises:
            ProofError: it is not.
        """
        with closing(GgufModel(full, self.context)) as model:
            found = self.reference.compare(model.logits).mean_kld
        # Written so that a divergence that is no number is too much.
        if not found <= CONVERSION_KLD:
            raise ProofError(
                f"The conversion changed the model: the f16 GGUF has a mean KL divergence of"
                f" {found:.4f} nats a token from the merged model, at most {CONVERSION_KLD:g}.",
                hint="Please report it with the name of the base model; with another llama.cpp:"
                " --llama-cpp-dir.",
            )

    def ask(self, model: GgufModel) -> tuple[list[Answer], int]:
        """A GGUF's answers, and how many prompts it tokenises as training did."""
        answers, same = ask_gguf(
            model, self.records, self.prompts, self.form, self.cut, self.system
        )
        require_same_prompts(same, len(self.records), model.name)
        return answers, same

    def measure(self, path: Path) -> Quality:
        """How the GGUF at `path` does.

        Raises:
            ProofError: it cannot be loaded, or llama.cpp makes other token ids of a prompt than
                training did.
        """
        with closing(GgufModel(path, self.context)) as model:
            divergence = self.reference.compare(model.logits)
            answers, same = self.ask(model)
        return Quality(compare(answers, self.texts, self.records, same), divergence)


def fits_in_memory(needed: int) -> bool:
    """Whether `needed` bytes are free, with a fifth to spare."""
    import psutil

    return bool(psutil.virtual_memory().available > 1.2 * needed)
