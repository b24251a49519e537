"""A browser for the tests of pages: the system's Chromium, without a window; nothing is downloaded."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # The tests are skipped without it.
    from playwright.sync_api import Browser, ConsoleMessage, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Skips the tests where no Chromium is installed; LAYERSCOPE_CHROMIUM names one that is not on PATH."""
    program = os.environ.get("LAYERSCOPE_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(_NAMES)} is on PATH, and LAYERSCOPE_CHROMIUM is not set")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        # Chromium's sandbox does not work for root.
        found = running.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield found
        found.close()


class Opened:
    """A page from a file, what it printed to the console, and what it asked the network for."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.messages: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._print)
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def _print(self, message: "ConsoleMessage") -> None:
        self.messages.append(message.text)

    def open(self, path: Path) -> "Page":
        self.page.goto(path.as_uri())
        return self.page


@pytest.fixture
def opened(browser: "Browser") -> Iterator[Opened]:
    """A page of its own; whatever the test does, nothing is printed to the console and nothing is asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    made = Opened(context.new_page())
    yield made
    context.close()
    assert made.messages == []
    assert [url for url in made.requests if not url.startswith("file:")] == []
    assert len(made.requests) == len(set(made.requests))
