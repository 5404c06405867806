"""How far a quant's next-token probabilities are from those of the merged 16-bit model.

At each token of a taught answer, with everything before it given: the divergence
KL(P || Q) = sum over the vocabulary of P (log P - log Q), in nats, P of the merged model and Q of
the quant (Kullback and Leibler 1951; as llama.cpp's `llama-perplexity --kl-divergence`); whether
the most likely token is the same; and the perplexity of the taught answer,
exp(-mean log Q(taught token)).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.rows import IGNORED, Row

Logits = Callable[[list[int], int], Iterator[Any]]
"""(ids, first) -> the logits at the positions from `first` on, some rows at a time."""


@dataclass(frozen=True)
class Divergence:
    """A model beside the merged one, over the tokens of some taught answers."""

    tokens: int
    perplexity: float
    """exp of the mean loss in nats; 1 = every taught token was certain."""
    mean_kld: float
    """Nats a token; 0 = the same model."""
    p99_kld: float
    """What 99 of 100 tokens do not exceed, nats."""
    same_top: float
    """Share of tokens where the most likely next token is the merged model's, 0 to 1."""


def scored_tokens(rows: Iterable[Row]) -> int:
    """How many tokens of answers there are in rows."""
    return sum(label != IGNORED for row in rows for label in row.labels)


def log_probabilities(rows: Sequence[Row], logits: Logits) -> Iterator[Any]:
    """Log-probabilities of what follows, for every token of every row's answer.

    Yields:
        (array of shape (some, vocabulary) in float32, the taught ids of shape (some,)); the
        array may be overwritten by the next.
    """
    import numpy

    for row in rows:
        first = next(index for index, label in enumerate(row.labels) if label != IGNORED)
        # The logits at a position are of the token after it.
        taught = numpy.array(row.input_ids[first:])
        done = 0
        for found in logits(row.input_ids[:-1], first - 1):
            yield log_softmax(found), taught[done : done + len(found)]
            done += len(found)


def log_softmax(logits: Any) -> Any:
    """Log-probabilities over the last axis, in float32; the sum in float64."""
    import numpy

    shifted = logits - logits.max(axis=-1, keepdims=True)
    total = numpy.exp(shifted).sum(axis=-1, keepdims=True, dtype=numpy.float64)
    shifted -= numpy.log(total).astype(numpy.float32)
    return shifted


class Reference:
    """The merged model's log-probabilities, on disk: 4 bytes times tokens times vocabulary."""

    def __init__(self, path: Path, rows: Sequence[Row], logits: Logits) -> None:
        """Compute them with `logits` and write them to `path` (a .npy file)."""
        import numpy

        self.rows = rows
        self.path = path
        self.tokens = scored_tokens(rows)
        store: Any = None
        self.loss = 0.0
        done = 0
        for found, taught in log_probabilities(rows, logits):
            if store is None:
                shape = (self.tokens, found.shape[1])
                store = numpy.lib.format.open_memmap(path, "w+", numpy.float32, shape)
            store[done : done + len(found)] = found
            self.loss -= float(found[range(len(taught)), taught].sum(dtype=numpy.float64))
            done += len(found)
        store.flush()

    @property
    def perplexity(self) -> float:
        """The merged model's own perplexity on the taught answers."""
        return perplexity(self.loss / self.tokens)

    def compare(self, logits: Logits) -> Divergence:
        """Another model's divergence from it."""
        import numpy

        store = numpy.load(self.path, mmap_mode="r")
        divergences = numpy.empty(self.tokens)
        loss, same, done = 0.0, 0, 0
        for found, taught in log_probabilities(self.rows, logits):
            before = store[done : done + len(found), : found.shape[1]]
            divergences[done : done + len(found)] = kl_divergence(before, found)
            same += int((before.argmax(axis=1) == found.argmax(axis=1)).sum())
            loss -= float(found[range(len(taught)), taught].sum(dtype=numpy.float64))
            done += len(found)
        return Divergence(
            tokens=self.tokens,
            perplexity=perplexity(loss / self.tokens),
            mean_kld=float(divergences.mean()),
            p99_kld=float(numpy.percentile(divergences, 99)),
            same_top=same / self.tokens,
        )


def perplexity(loss: float) -> float:
    """exp of a mean loss in nats; infinite where that is too large for a number."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


def kl_divergence(log_p: Any, log_q: Any) -> Any:
    """KL(P || Q) of each row, nats, never below 0; both of shape (rows, vocabulary)."""
    import numpy

    terms = numpy.exp(log_p)
    terms *= log_p - log_q
    return numpy.maximum(terms.sum(axis=-1, dtype=numpy.float64), 0.0)
