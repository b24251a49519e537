"""The manual page and the list of variables tell what the commands do today."""

import shutil
import subprocess
from pathlib import Path

import pytest

from docs import manual
from layerscope.cli.app import COMMANDS

ROOT = Path(__file__).parent.parent


def test_the_pages_are_fresh() -> None:
    assert [path.name for path in manual.stale()] == [], "run: make docs"


def test_every_command_has_its_section() -> None:
    text = manual.page()
    assert all(f"\n.SS layerscope {name} " in text for name in COMMANDS)


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_groff_has_nothing_to_complain_of() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", "docs/layerscope.1"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_text_is_never_taken_for_a_request() -> None:
    assert manual._line(".dive-ci") == "\\&.dive\\-ci"
    assert manual._line("'quoted' \\ text") == "\\(aqquoted\\(aq \\e text"
