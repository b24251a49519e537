"""The pages show what the commands print today."""

import shutil
from pathlib import Path

import pytest

from docs import refresh

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif(shutil.which("bash") is None, reason="the pages' commands are written for bash")
@pytest.mark.parametrize("page", ["README.md", "docs/usage.md"])
def test_the_output_on_the_page_is_todays(page: str) -> None:
    before = (ROOT / page).read_text(encoding="utf-8")
    assert "```console" in before
    assert refresh.refreshed(before) == before, "run: make docs"
