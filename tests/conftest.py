"""What every test may ask for."""

import atexit
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# Set before any heavy package is imported: no test reaches a network, a hub or a tracker.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"
# What a test registers with a fake is no business of the user's own list.
STATE = tempfile.TemporaryDirectory(prefix="taxqa-state-")
atexit.register(STATE.cleanup)
os.environ["TAXQA_STATE"] = STATE.name

# No test fails for a machine that is busy.
settings.register_profile("taxqa", deadline=None)
settings.load_profile("taxqa")

SHARED = Path(
    os.environ.get("TAXQA_SHARED", Path(__file__).resolve().parent.parent.parent / "shared")
)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real statutes, judgments and worked cases; it is no part of the repository."""
    if not (SHARED / "lawdata").is_dir():
        pytest.skip(f"no real law data at {SHARED} (set TAXQA_SHARED)")
    return SHARED
