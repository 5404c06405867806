"""Tiny models and datasets for the trainers' tests."""

from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model
from tiny_runs import trained_run, write_dataset


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tiny models of this session lie."""
    return tmp_path_factory.getbasetemp() / "tiny"


@pytest.fixture(scope="session")
def gemma(tiny: Path) -> Path:
    """The folder of a tiny Gemma 3."""
    return tiny_model("gemma", tiny)


@pytest.fixture(scope="session")
def base(tiny: Path) -> Path:
    """The folder of the tiny model that trains fastest, a Llama of two layers."""
    return tiny_model("llama", tiny)


@pytest.fixture(scope="session")
def phi(tiny: Path) -> Path:
    """The folder of a tiny Phi-2."""
    return tiny_model("phi", tiny)


@pytest.fixture
def gemma_tokenizer(gemma: Path) -> Any:
    """The tiny Gemma's tokenizer, fresh: stages set its chat template."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(gemma)


@pytest.fixture
def phi_tokenizer(phi: Path) -> Any:
    """The tiny Phi-2's tokenizer, fresh."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(phi)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A small whole dataset folder."""
    return write_dataset(tmp_path / "dataset")


@pytest.fixture(scope="session")
def run(gemma: Path, tiny: Path) -> Path:
    """The run folder of one undisturbed training of the tiny Gemma."""
    return trained_run(gemma, tiny)
