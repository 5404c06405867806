"""What every test may ask for."""

import os
from pathlib import Path

import pytest

# Set before any heavy package is imported: no test reaches a network, a hub or a tracker.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"

SHARED = Path(
    os.environ.get("TAXQA_SHARED", Path(__file__).resolve().parent.parent.parent / "shared")
)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real statutes, judgments and worked cases; it is no part of the repository."""
    if not (SHARED / "lawdata").is_dir():
        pytest.skip(f"no real law data at {SHARED} (set TAXQA_SHARED)")
    return SHARED
