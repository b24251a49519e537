"""Draws the README's picture of the page: what Chromium shows of the report of an archive in fixtures/."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from docs.pictures import PICTURES, report_output

PICTURE = PICTURES / "page.png"
_WIDTH, _HEIGHT = 1120, 1440


def main() -> None:
    program = os.environ.get("LAYERSCOPE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print(f"{PICTURE.name} stays as it is: Chromium is not installed", file=sys.stderr)
        return
    from playwright.sync_api import sync_playwright  # Only this picture needs a browser.

    with tempfile.TemporaryDirectory() as place, sync_playwright() as running:
        page = Path(place, "page.html")
        page.write_text(report_output("-f", "html"), encoding="utf-8")
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        shown = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
        shown.goto(page.as_uri())
        shown.screenshot(path=str(PICTURE))
        browser.close()


if __name__ == "__main__":
    main()
