"""The pages show what the commands print today."""

import re
import shutil
from pathlib import Path

import pytest

from docs import refresh
from layerscope.model.limits import Limits
from layerscope.packages.cataloger import Cataloger
from tests.builder import file
from tests.packages.images import catalogued

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif(shutil.which("bash") is None, reason="the pages' commands are written for bash")
@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in refresh.PAGES])
def test_the_output_on_the_page_is_todays(page: str) -> None:
    before = (ROOT / page).read_text(encoding="utf-8")
    assert "```console" in before
    assert refresh.refreshed(before) == before, "run: make docs"


def test_the_cataloger_on_the_page_finds_a_package() -> None:
    code = (ROOT / "docs" / "development.md").read_text(encoding="utf-8").split("```python\n")[1].partition("```")[0]
    module: dict[str, Cataloger] = {}
    exec(compile(code, "development.md", "exec"), module)
    cache = "root/.pub-cache/hosted/pub.dev/args-2.5.0"
    found = catalogued(
        module["DART"],
        [file(f"{cache}/pubspec.yaml", b"name: args\nversion: 2.5.0\n"), file(f"{cache}/lib/args.dart", b"x")],
    )
    assert found.versions == [("args", "2.5.0")]
    assert found.paths_of("args") == (f"/{cache}/lib/args.dart", f"/{cache}/pubspec.yaml")
    assert not found.warnings


def test_the_table_of_limits_has_every_limit() -> None:
    rows = [line for line in (ROOT / "docs" / "usage.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert set(Limits.__struct_fields__) <= named
