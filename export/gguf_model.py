"""A GGUF in this process: greedy answers by llama.cpp, quietly."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taxqa.errors import MissingExtraError, ProofError

CHUNK = 64
"""Tokens that are computed at once where logits are read: 64 rows of a vocabulary of 262,144 are
67 MB."""


@dataclass(frozen=True)
class Answer:
    """What a model wrote."""

    text: str
    """Without the blank that the qa form trains before an answer."""
    tokens: int
    stopped: bool
    """False where it was cut at the limit."""
    seconds: float
    """From the prompt's first token to the answer's last."""


@contextmanager
def quiet() -> Iterator[None]:
    """Send what llama.cpp prints past Python's stderr away for a while."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def without_amx() -> Iterator[None]:
    """Load models without llama.cpp's AMX buffers where the processor has AMX.

    Its AMX path crashes on some virtual machines, at the first token, with every 4- and 8-bit
    type (ggml-org/llama.cpp issue 20824); llama_cpp.Llama has no argument for it.
    """
    from llama_cpp import llama_cpp as bindings

    defaults = bindings.llama_model_default_params

    def plain_buffers() -> object:
        settings = defaults()
        settings.use_extra_bufts = False
        return settings

    if b"AMX_INT8 = 1" in bindings.llama_print_system_info():
        bindings.llama_model_default_params = plain_buffers
    try:
        yield
    finally:
        bindings.llama_model_default_params = defaults


def few_cores() -> int | None:
    """All cores where there are few; None = llama.cpp's default, half of them.

    On two cores half of them answers at three fifths of the speed.
    """
    cores = os.cpu_count() or 1
    return cores if cores <= 4 else None


def load_llama(path: Path, context: int, *, vocabulary_only: bool = False) -> Any:
    """A llama_cpp.Llama with `context` tokens; on the GPU where there is one.

    Args:
        vocabulary_only: for tokens alone: it needs no memory for weights, and cannot answer.

    Raises:
        MissingExtraError: llama-cpp-python is not installed.
        ProofError: llama.cpp cannot load the file.
    """
    try:
        import llama_cpp
    except ImportError:
        raise MissingExtraError("llama-cpp-python", "export") from None
    try:
        with quiet(), without_amx():
            return llama_cpp.Llama(
                str(path),
                n_ctx=context,
                n_gpu_layers=0 if vocabulary_only else -1,
                vocab_only=vocabulary_only,
                n_threads=few_cores(),
                verbose=False,
                seed=0,
            )
    except ValueError as error:
        raise ProofError(f"llama.cpp cannot load {path}: {error}.") from None


def feed(context: Any, ids: list[int], first: int) -> Iterator[Any]:
    """Compute a text in a llama_context whose memory is emptied before.

    Yields:
        The logits at the positions from `first` on, float32 of shape (some, vocabulary): at most
        CHUNK rows at a time, which the next step overwrites.

    Raises:
        ProofError: llama.cpp could not compute it.
    """
    import llama_cpp
    import numpy

    model = llama_cpp.llama_get_model(context)
    vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
    batch = llama_cpp.llama_batch_init(CHUNK, 0, 1)
    try:
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            batch.n_tokens = len(part)
            for index, token in enumerate(part):
                batch.token[index] = token
                batch.pos[index] = start + index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = start + index >= first
            code = llama_cpp.llama_decode(context, batch)
            if code:
                raise ProofError(
                    f"llama.cpp could not compute a text of {len(ids)} tokens ({code})."
                )
            rows = min(len(part), start + len(part) - first)
            if rows > 0:
                pointer = llama_cpp.llama_get_logits(context)
                yield numpy.ctypeslib.as_array(pointer, shape=(rows, vocabulary))
    finally:
        llama_cpp.llama_batch_free(batch)


class GgufModel:
    """A loaded GGUF; close() gives the memory back."""

    def __init__(self, path: Path, context: int, *, vocabulary_only: bool = False) -> None:
        """Load `path`; arguments and errors as `load_llama`."""
        self.name = path.name
        self.model = load_llama(path, context, vocabulary_only=vocabulary_only)

    def tokens(self, text: str, *, add_bos: bool = True) -> list[int]:
        """The ids of a prompt, BOS added where the model wants it."""
        return list(self.model.tokenize(text.encode(), add_bos=add_bos, special=True))

    def answer(self, prompt: list[int], max_tokens: int) -> Answer:
        """The greedy continuation of a prompt given as ids."""
        started = time.monotonic()
        found: list[int] = []
        stopped = False
        self.model.reset()
        with quiet():
            for token in self.model.generate(prompt, temp=0.0, top_k=1, repeat_penalty=1.0):
                if self.ends(token):
                    stopped = True
                    break
                found.append(token)
                if len(found) == max_tokens:
                    break
        text = self.model.detokenize(found).decode("utf-8", errors="replace").strip()
        return Answer(text, len(found), stopped, time.monotonic() - started)

    def ends(self, token: int) -> bool:
        """True for every token that the model knows as an end of generation."""
        import llama_cpp

        vocab = llama_cpp.llama_model_get_vocab(self.model.model)
        return bool(llama_cpp.llama_vocab_is_eog(vocab, token))

    def logits(self, ids: list[int], first: int) -> Iterator[Any]:
        """The logits at the positions from `first` on; see `feed`."""
        self.model.reset()
        yield from feed(self.model.ctx, ids, first)

    def close(self) -> None:
        """Free the model."""
        self.model.close()
