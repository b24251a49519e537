"""What two images take together: of the first, little is in memory while the second is read."""

import gc
from functools import partial
from pathlib import Path

import pytest

from layerscope.cli.comparison import DiffInput, comparison
from layerscope.cli.options import ReadArguments
from layerscope.cli.source import ReportOptions, report_of
from tests.builder import Member, file
from tests.hostile.conftest import image
from tests.memory import peak_of

READING = ReadArguments(quiet=True, no_cache=True)


def written(directory: Path, name: str, members: list[Member]) -> str:
    path = directory / f"{name}.tar"
    path.write_bytes(image(members))
    return str(path)


def _added(one: str, other: str) -> int:
    """The bytes that a diff of two images takes beyond the report of the second."""
    tiny = partial(comparison, DiffInput(path=one), DiffInput(path=one), READING, ReportOptions())
    tiny()  # Imports and compiles what the others use as well.
    report = partial(report_of, other, READING, ReportOptions())
    diff = partial(comparison, DiffInput(path=one), DiffInput(path=other), READING, ReportOptions())
    gc.disable()  # As the command line does.
    try:
        return peak_of(diff) - peak_of(report)
    finally:
        gc.enable()


@pytest.mark.parametrize(("which", "most"), [("directories", 270), ("archives", 500)])
def test_the_first_image_takes_few_bytes_for_each_of_its_files(tmp_path: Path, which: str, most: int) -> None:
    members = {
        "directories": [file(f"d{number}/e/f", b"x") for number in range(10_000)],
        "archives": [file(f"j/{number}.jar", b"PK") for number in range(4_000)],
    }[which]
    assert _added(written(tmp_path, "one", members), written(tmp_path, "other", members)) < most * len(members)
