"""The pages show what the commands print today."""

import importlib.util
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif(shutil.which("bash") is None, reason="the pages' commands are written for bash")
@pytest.mark.parametrize("page", ["README.md", "docs/usage.md"])
def test_the_output_on_the_page_is_todays(page: str) -> None:
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
    assert spec is not None and spec.loader is not None
    refresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(refresh)
    before = (ROOT / page).read_text(encoding="utf-8")
    assert "```console" in before
    assert refresh.refreshed(before) == before, "run: make docs"
