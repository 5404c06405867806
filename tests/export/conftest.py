"""Tiny models, adapters and llama.cpp's converter for the export's tests."""

import shutil
from pathlib import Path

import pytest
from tiny_models import tiny_model
from tiny_runs import random_adapter, trained_run

from taxqa.errors import TaxqaError


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tiny models of this session lie."""
    return tmp_path_factory.getbasetemp() / "tiny"


@pytest.fixture(scope="session")
def gemma(tiny: Path) -> Path:
    """The folder of a tiny Gemma 3."""
    return tiny_model("gemma", tiny)


@pytest.fixture(scope="session")
def run(gemma: Path, tiny: Path) -> Path:
    """The run folder of one training of the tiny Gemma."""
    return trained_run(gemma, tiny)


@pytest.fixture(scope="session")
def gemma_adapter(gemma: Path, tiny: Path) -> Path:
    """A LoRA adapter of the tiny Gemma; not to be changed."""
    return random_adapter(gemma, tiny / "adapter")


@pytest.fixture
def adapter(gemma_adapter: Path, tmp_path: Path) -> Path:
    """A LoRA adapter of the tiny Gemma that a test may break."""
    return shutil.copytree(gemma_adapter, tmp_path / "adapter")


@pytest.fixture(scope="session")
def converter() -> Path:
    """llama.cpp's converter, from the user's cache or by pip."""
    from export.llama_cpp_source import converter_folder

    patch = pytest.MonkeyPatch()
    with patch.context() as soon:
        soon.setenv("PIP_RETRIES", "0")
        soon.setenv("PIP_DEFAULT_TIMEOUT", "5")
        try:
            return converter_folder()
        except TaxqaError as error:
            pytest.skip(f"llama.cpp's converter is not to be had: {error.message}")
