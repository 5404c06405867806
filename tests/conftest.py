"""What every test may ask for."""

import atexit
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from finetune.embedded import cache_folder

# Set before any heavy package is imported: no test reaches a network, a hub or a tracker.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"
# What a test registers is no business of the user's own list, nor are the user's own prices of a
# test.
STATE = tempfile.TemporaryDirectory(prefix="taxqa-state-")
atexit.register(STATE.cleanup)
os.environ["TAXQA_STATE"] = os.environ["XDG_CONFIG_HOME"] = STATE.name

# What takes minutes to unpack lies in the user's own cache, where there is one to write to.
try:
    cache_folder().mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=cache_folder()).close()
except OSError:
    os.environ["TAXQA_CACHE"] = f"{STATE.name}/cache"

# Nor is anything else of the shell that tests are started in: what is captured is no terminal, the
# services are played on this machine, and no key of a real account reaches them.
for name in (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE",
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL",
    "TAXQA_TEACHER_API_KEY", "LAW_OC", "LAW_API_URL", "RUNPOD_API_KEY", "RUNPOD_API_URL",
    "HF_TOKEN", "TAXQA_PRICE_PER_HOUR", "RANK", "LOCAL_RANK", "WORLD_SIZE",
):  # fmt: skip
    os.environ.pop(name, None)

# No test fails for a machine that is busy, or by the luck of the draw: the same examples each
# time. New ones are looked for with --hypothesis-profile=explore.
settings.register_profile(
    "explore", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
explore = settings.get_profile("explore")
settings.register_profile("taxqa", explore, database=None, derandomize=True)
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
