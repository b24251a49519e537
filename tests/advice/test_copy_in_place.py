"""What a RUN moves is copied to its place at once, where nothing else depends on the move."""

from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Build
from tests.builder import Member, file, whiteout

DATA = b"m" * 50_000
COPIED = file("tmp/model.bin", DATA)
PLACED = file("app/models/model.bin", DATA)
MOVED = (PLACED, whiteout("tmp/model.bin"))


@pytest.mark.parametrize(
    "run",
    [
        "mv /tmp/model.bin /app/models/model.bin",
        "mkdir -p /app/models && mv /tmp/model.bin /app/models/",
        "mkdir -p /app/models && mv -f /tmp/model.bin /app/models/model.bin",
    ],
)
def test_it_is_copied_at_once(tmp_path: Path, run: str) -> None:
    text = f"FROM debian\nCOPY --chown=node model.bin /tmp/\nENV A=1\nRUN {run}\nCMD /app/models/model.bin\n"
    advised = Build(dockerfile=text, layers={2: (COPIED,), 4: MOVED}).advise(tmp_path)
    step = advised.of("copy-in-place")
    assert step.safety == Safety.SAFE and step.saves_bytes == 50_000 and step.dockerfile_line == 2
    assert advised.patched("copy-in-place").dockerfile.text == (
        "FROM debian\nCOPY --chown=node model.bin /app/models/model.bin\nENV A=1\nCMD /app/models/model.bin\n"
    )


def test_a_directory_is_copied_at_once(tmp_path: Path) -> None:
    text = "FROM debian\nCOPY app /tmp/app\nRUN mv /tmp/app /srv/app\n"
    layers = {2: (file("tmp/app/a", DATA),), 3: (file("srv/app/a", DATA), whiteout("tmp/app"))}
    patched = Build(dockerfile=text, layers=layers).advise(tmp_path).patched("copy-in-place").dockerfile.text
    assert patched == "FROM debian\nCOPY app /srv/app\n"


@pytest.mark.parametrize(
    ("lines", "made"),
    [
        pytest.param(("RUN mv /tmp/model.bin /app/models/model.bin && make",), MOVED, id="does more"),
        pytest.param(("RUN mkdir -p /x && mv /tmp/model.bin /app/models/model.bin",), MOVED, id="a directory of its own"),
        pytest.param(("USER app", "RUN mv /tmp/model.bin /app/models/model.bin"), MOVED, id="another user"),
        pytest.param(("RUN sum /tmp/model.bin", "RUN mv /tmp/model.bin /app/models/model.bin"), MOVED, id="read before"),
        pytest.param(("RUN mv /tmp/* /app/models/",), MOVED, id="a wildcard"),
        pytest.param(
            ("RUN mv /tmp/model.bin /app/models/model.bin",),
            (file("app/models/model.bin", b"x" * 50_000), MOVED[1]), id="another file",
        ),
    ],
)  # fmt: skip
def test_the_move_stays(tmp_path: Path, lines: tuple[str, ...], made: tuple[Member, ...]) -> None:
    text = "\n".join(("FROM debian", "COPY model.bin /tmp/", *lines, ""))
    layers = {2: (COPIED,), len(lines) + 2: made}
    assert "copy-in-place" not in Build(dockerfile=text, layers=layers).advise(tmp_path).names


def test_a_file_that_is_changed_once_more_stays(tmp_path: Path) -> None:
    text = "FROM debian\nCOPY model.bin /tmp/\nRUN mv /tmp/model.bin /app/models/model.bin\nRUN chown -R node /app\n"
    layers = {2: (COPIED,), 3: MOVED, 4: (file("app/models/model.bin", DATA, uid=1000),)}
    assert "copy-in-place" not in Build(dockerfile=text, layers=layers).advise(tmp_path).names


def test_a_copy_that_brings_more_stays(tmp_path: Path) -> None:
    text = "FROM debian\nCOPY files /tmp/\nRUN mv /tmp/model.bin /app/models/model.bin\n"
    layers = {2: (COPIED, file("tmp/other", b"o")), 3: MOVED}
    assert "copy-in-place" not in Build(dockerfile=text, layers=layers).advise(tmp_path).names
