"""The browsers of Debian that the tests drive: Chromium for all, Firefox for a module that names it in ENGINES."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

CHROMIUM, FIREFOX = "chromium", "firefox"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHIM = Path(__file__).with_name("firefox_shim.cjs")


@contextmanager
def driver() -> Iterator[Playwright]:
    """Playwright, its driver started with what Firefox ESR needs."""
    before = os.environ.get("NODE_OPTIONS")
    os.environ["NODE_OPTIONS"] = f"--require={SHIM}"
    try:
        manager = sync_playwright()
        running = manager.start()
    finally:
        if before is None:
            del os.environ["NODE_OPTIONS"]
        else:
            os.environ["NODE_OPTIONS"] = before
    yield running
    running.stop()


def launch(playwright: Playwright, engine: str) -> Browser:
    if engine == FIREFOX:
        return playwright.firefox.launch(channel="moz-firefox", executable_path=shutil.which("firefox-esr"))
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
