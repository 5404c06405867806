"""A real Chromium for tests that look at pages; skips where none is installed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 200_000
"""Milliseconds that a busy machine may take for anything before a test fails."""
PHONE = {"width": 375, "height": 700}
"""Pixels."""


@contextmanager
def chromium() -> Iterator[Any]:
    """The system's Chromium; while it is open, nothing else in this thread may use asyncio."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no Chromium is installed ({', '.join(PROGRAMS)})")
    with api.sync_playwright() as playwright:
        api.expect.set_options(timeout=PATIENCE)
        found = playwright.chromium.launch(
            executable_path=program, args=list(QUIET), timeout=PATIENCE
        )
        yield found
        found.close()


def widths(path: Path, script: str) -> list[float]:
    """The width of a page on a phone beside the phone's, and what a script says of it.

    Args:
        script: JavaScript with a number as its value.
    """
    with chromium() as browser, browser.new_context(viewport=PHONE) as context:
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE)
        tab.goto(path.as_uri())
        return [tab.evaluate("document.documentElement.scrollWidth"), tab.evaluate(script)]
