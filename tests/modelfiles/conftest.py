"""Tiny tokenizers for the proof by token ids."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def gemma_vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tokenizer as Gemma has it, with BOS and marks of turns."""
    from tiny_models import write_sentencepiece

    folder = tmp_path_factory.mktemp("gemma-vocabulary")
    write_sentencepiece(folder, "gemma")
    return folder


@pytest.fixture(scope="session")
def phi_vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a byte-level tokenizer as Phi-2 has it, without BOS."""
    from tiny_models import write_byte_bpe

    folder = tmp_path_factory.mktemp("phi-vocabulary")
    write_byte_bpe(folder)
    return folder
