"""docs/fleet.md shows what its commands and queries print today."""

import shutil
from pathlib import Path

import pytest


@pytest.mark.skipif(shutil.which("bash") is None, reason="the page's commands are written for bash")
def test_the_page_is_todays(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    from docs import fleet_page

    before = fleet_page.PAGE.read_text(encoding="utf-8")
    assert fleet_page.page(before, tmp_path) == before, "run: make docs"
