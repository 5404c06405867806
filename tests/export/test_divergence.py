"""The divergence is the textbook's, bounded in memory, and 0 of a model with itself."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import write_gguf

from export.divergence import (
    Reference,
    kl_divergence,
    log_probabilities,
    log_softmax,
    scored_tokens,
)
from export.gguf_model import CHUNK, GgufModel
from finetune.rows import IGNORED, Row

LOGITS = st.lists(st.floats(-50, 50, width=32), min_size=3, max_size=3)


def row(prompt: list[int], answer: list[int]) -> Row:
    return Row("r", prompt + answer, [IGNORED] * len(prompt) + answer)


class Table:
    """A model of three tokens whose logits depend on nothing but the last token."""

    def __init__(self, logits: list[list[float]]) -> None:
        self.logits_of = logits
        self.asked: list[tuple[list[int], int]] = []

    def logits(self, ids: list[int], first: int) -> Iterator[Any]:
        self.asked.append((ids, first))
        for start in range(first, len(ids), 2):  # parts of two rows
            rows = [self.logits_of[token] for token in ids[start : start + 2]]
            yield numpy.array(rows, dtype=numpy.float32)


def softmax(logits: list[float]) -> list[float]:
    top = max(logits)
    powers = [math.exp(value - top) for value in logits]
    return [power / sum(powers) for power in powers]


@given(logits=LOGITS)
def test_log_probabilities_add_up_to_one(logits: list[float]) -> None:
    found = log_softmax(numpy.array([logits], dtype=numpy.float32))
    assert numpy.exp(found.astype(numpy.float64)).sum() == pytest.approx(1, abs=1e-5)
    assert found[0][logits.index(max(logits))] == found[0].max()


@given(p=LOGITS, q=LOGITS)
def test_the_divergence_is_the_textbooks_and_never_negative(p: list[float], q: list[float]) -> None:
    log_p, log_q = (log_softmax(numpy.array([one], dtype=numpy.float32)) for one in (p, q))
    found = float(kl_divergence(log_p, log_q)[0])
    pairs = zip(softmax(p), softmax(q), strict=True)
    expected = sum(a * math.log(a / b) for a, b in pairs if a > 1e-30 and b > 1e-300)
    assert found >= 0
    assert found == pytest.approx(expected, abs=1e-4)
    assert float(kl_divergence(log_p, log_p)[0]) == 0


@settings(max_examples=50)
@given(
    p=st.lists(LOGITS, min_size=3, max_size=3),
    q=st.lists(LOGITS, min_size=3, max_size=3),
    answers=st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=4),
)
def test_every_token_of_every_answer_is_scored_and_no_other(
    p: list[list[float]],
    q: list[list[float]],
    answers: list[list[int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rows = [row([0, 1], answer) for answer in answers]
    merged, quant = Table(p), Table(q)
    path = tmp_path_factory.getbasetemp() / "reference.npy"
    reference = Reference(path, rows, merged.logits)
    found = reference.compare(quant.logits)
    before = [([1, *answer])[:-1] for answer in answers]
    contexts = [token for tokens in before for token in tokens]
    taught = [token for answer in answers for token in answer]
    divergences = [
        sum(a * (math.log(a) - math.log(b)) for a, b in zip(*pair, strict=True) if a > 1e-30)
        for pair in ((softmax(p[token]), softmax(q[token])) for token in contexts)
        if min(pair[1]) > 1e-40
    ]
    assert found.tokens == reference.tokens == scored_tokens(rows) == len(taught)
    if len(divergences) == len(taught):
        assert found.mean_kld == pytest.approx(sum(divergences) / len(taught), abs=1e-3)
        assert found.p99_kld <= max(divergences) + 1e-3
    for table, perplexity in ((p, reference.perplexity), (q, found.perplexity)):
        losses = [
            -math.log(max(softmax(table[token])[next_one], 1e-300))
            for token, next_one in zip(contexts, taught, strict=True)
        ]
        assert math.log(perplexity) == pytest.approx(sum(losses) / len(losses), abs=1e-3)
    itself = reference.compare(merged.logits)
    assert (itself.mean_kld, itself.p99_kld, itself.same_top) == (0, 0, 1)
    # The last token is predicted and predicts nothing.
    assert all(len(ids) == 1 + len(a) for (ids, _), a in zip(quant.asked, answers, strict=True))


def test_a_gguf_is_computed_in_parts_with_the_logits_of_one_pass(
    gemma: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    write_gguf(gemma, tmp_path / "gemma.gguf")
    ids = [2, *(7 + index % 200 for index in range(2 * CHUNK + 20))]
    with torch.inference_mode():
        model = AutoModelForCausalLM.from_pretrained(gemma, dtype=torch.float32)
        expected = log_softmax(model(torch.tensor([ids])).logits[0].numpy())
    gguf = GgufModel(tmp_path / "gemma.gguf", context=len(ids) + 8)
    try:
        for first in (0, CHUNK - 1, CHUNK, len(ids) - 1):
            parts = [part.copy() for part in gguf.logits(ids, first)]
            assert max(map(len, parts)) <= CHUNK
            found = log_softmax(numpy.concatenate(parts))
            assert found.shape == expected[first:].shape
            # llama.cpp keeps what it attends to in 16 bits.
            assert float(kl_divergence(expected[first:], found).max()) < 1e-4
        # What was computed before leaves nothing behind in an answer.
        after = gguf.answer(ids[:20], 8).text
        list(gguf.logits(ids, 0))
        assert gguf.answer(ids[:20], 8).text == after
    finally:
        gguf.close()


def test_the_taught_tokens_are_those_after_the_prompt() -> None:
    table = Table([[0.0, 1.0, 2.0]] * 3)
    parts = list(log_probabilities([row([0, 1, 2], [1, 0, 2])], table.logits))
    assert [part.shape for part, _ in parts] == [(2, 3), (1, 3)]
    assert [taught.tolist() for _, taught in parts] == [[1, 0], [2]]
    assert table.asked == [([0, 1, 2, 1, 0], 2)]
