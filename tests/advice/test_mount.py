"""What one RUN reads is mounted into it by BuildKit, and stays a COPY where that would fail or read something else."""

from pathlib import Path

import pytest

from tests.advice.builds import Advised, Build
from tests.advice.projects import python_package
from tests.builder import file, whiteout

WHEEL = file("wheels/a.whl", b"w" * 50_000)
ZIP = file("tmp/x.zip", b"z" * 50_000)


def patched(advised: Advised) -> str:
    return advised.patched("mount").dockerfile.text.replace(" \\\n   ", "")


def test_a_directory_of_a_stage(tmp_path: Path) -> None:
    text = (
        "FROM python AS build\nRUN pip wheel -w /wheels a\n"
        "FROM python\nCOPY --from=build /wheels /wheels\nRUN pip install /wheels/a.whl && rm -rf /wheels\n"
    )
    layers = {2: (WHEEL,), 4: (WHEEL,), 5: (whiteout("wheels"),)}
    advised = Build(dockerfile=text, layers=layers, is_buildkit=True).advise(tmp_path)
    assert advised.of("mount").saves_bytes == 50_000
    mount = "type=bind,from=build,source=/wheels,target=/wheels,rw"
    assert patched(advised).endswith(f"FROM python\nRUN --mount={mount} pip install /wheels/a.whl\n")


def test_a_stage_without_a_name_gets_one_since_a_mount_takes_no_number(tmp_path: Path) -> None:
    text = (
        "FROM python\nRUN pip wheel -w /wheels a\n"
        "FROM python\nCOPY --from=0 /wheels /wheels\nRUN pip install /wheels/a.whl && rm -rf /wheels\n"
    )
    layers = {2: (WHEEL,), 4: (WHEEL,), 5: (whiteout("wheels"),)}
    found = patched(Build(dockerfile=text, layers=layers, is_buildkit=True).advise(tmp_path))
    mount = "type=bind,from=build,source=/wheels,target=/wheels,rw"
    assert found.startswith("FROM python AS build\n")
    assert found.endswith(f"FROM python\nRUN --mount={mount} pip install /wheels/a.whl\n")


def test_wheels_that_stay_in_the_image(tmp_path: Path) -> None:
    text = "FROM python AS b\nRUN pip wheel -w /wheels a\nFROM python\nCOPY --from=b /wheels /wheels\n"
    place = "usr/local/lib/python3.11/site-packages"
    wheel = file("wheels/flask-1.0-py3-none-any.whl", b"w" * 50_000)
    layers = {2: (wheel,), 4: (wheel,), 5: python_package("flask", place)}
    text += "RUN pip install /wheels/*\n"
    advised = Build(dockerfile=text, layers=layers, is_buildkit=True).advise(tmp_path)
    assert advised.of("mount").saves_bytes == 50_000


def test_a_file_of_the_context(tmp_path: Path) -> None:
    text = "FROM debian\nWORKDIR /tmp\nCOPY vendor/x.zip .\nRUN unzip x.zip -d /opt\n"
    advised = Build(dockerfile=text, layers={3: (ZIP,)}, is_buildkit=True).advise(tmp_path)
    assert patched(advised) == (
        "FROM debian\nWORKDIR /tmp\nRUN --mount=type=bind,source=vendor/x.zip,target=/tmp/x.zip unzip x.zip -d /opt\n"
    )


@pytest.mark.parametrize(
    ("lines", "is_buildkit"),
    [
        pytest.param(("COPY x.zip /tmp/", "RUN unzip /tmp/x.zip"), False, id="the legacy builder"),
        pytest.param(("COPY x.zip /tmp/", "RUN mv /tmp/x.zip /opt/x.zip"), True, id="moved"),
        pytest.param(("COPY x.zip /tmp/", "RUN unzip /tmp/x.zip && rm -rf /tmp/*"), True, id="deleted with others"),
        pytest.param(("COPY x.zip /tmp/", "RUN unzip /tmp/x.zip", "RUN cp /tmp/x.zip /opt"), True, id="two RUNs"),
        pytest.param(("COPY x.zip /tmp/", "CMD unzip /tmp/x.zip"), True, id="the image reads it"),
        pytest.param(("COPY x.zip y.zip /tmp/", "RUN unzip /tmp/x.zip"), True, id="two sources"),
        pytest.param(("COPY --chown=app x.zip /tmp/", "RUN unzip /tmp/x.zip"), True, id="an owner"),
        pytest.param(("COPY $FILE /tmp/", "RUN unzip /tmp/x.zip"), True, id="a variable"),
    ],
)
def test_it_stays_a_copy(tmp_path: Path, lines: tuple[str, ...], is_buildkit: bool) -> None:
    build = Build(dockerfile="\n".join(("FROM debian", *lines, "")), layers={2: (ZIP,)}, is_buildkit=is_buildkit)
    assert "mount" not in build.advise(tmp_path).names


def test_a_copy_that_brings_more_stays(tmp_path: Path) -> None:
    text = "FROM debian\nCOPY files /tmp\nRUN unzip /tmp/x.zip && rm /tmp/x.zip\n"
    layers = {2: (ZIP, file("tmp/needed", b"n")), 3: (whiteout("tmp/x.zip"),)}
    assert "mount" not in Build(dockerfile=text, layers=layers, is_buildkit=True).advise(tmp_path).names
