"""What a later RUN deletes is deleted in the RUN that writes it, if nothing in between needs it."""

from pathlib import Path

import pytest

from tests.advice.builds import Build
from tests.builder import directory, file, whiteout

DATA = file("opt/download/data.zip", b"d" * 50_000)


def advised(directory: Path, *lines: str) -> list[str]:
    text = "\n".join(("FROM debian", *lines, ""))
    layers = {2: (DATA, file("opt/tool", b"1")), len(lines) + 1: (whiteout("opt/download"),)}
    build = Build(dockerfile=text, layers=layers)
    return build.advise(directory).patched("delete-where-written").dockerfile.text.split("\n")[1:-1]


def test_it_is_deleted_at_once(tmp_path: Path) -> None:
    lines = advised(tmp_path, "RUN fetch", "ENV A=1", "RUN rm -rf /opt/download")
    assert lines == ["RUN fetch \\", "    && rm -rf /opt/download", "ENV A=1", "RUN rm -rf /opt/download"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(
            ("RUN fetch", "RUN unzip /opt/download/data.zip", "RUN rm -rf /opt/download"), id="used in between"
        ),
        pytest.param(("RUN fetch", "RUN rm -r /opt/download"), id="the later rm would fail"),
        pytest.param(("RUN fetch", "RUN make", "RUN rm -rf /opt/download"), id="a build in between"),
        pytest.param(
            ("RUN fetch", "WORKDIR /opt", "RUN cp download/data.zip x", "RUN rm -rf /opt/download"), id="a name"
        ),
        pytest.param(("RUN fetch", "RUN python use.py && rm -rf /opt/download"), id="a program that may read it"),
        pytest.param(("RUN fetch", "RUN apt-get purge -y download"), id="a package that is removed"),
        pytest.param(("USER app", "RUN rm -rf /opt/download"), id="no RUN that writes"),
        pytest.param(("RUN fetch", "RUN use /opt/download && rm -rf /opt/download"), id="used where it is deleted"),
    ],
)
def test_what_is_needed_until_then_stays(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert advised(tmp_path, *lines) == list(lines)


def test_a_directory_that_stays_is_not_deleted(tmp_path: Path) -> None:
    text = "FROM debian\nRUN fetch\nRUN rm -f /opt/download/*\n"
    layers = {2: (DATA,), 3: (whiteout("opt/download/data.zip"), directory("opt/download"))}
    patched = Build(dockerfile=text, layers=layers).advise(tmp_path).patched("delete-where-written").dockerfile.text
    assert "&& rm -rf /opt/download/data.zip\n" in patched
