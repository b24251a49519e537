"""Wheels are installed in their stage where the builder has no mounts to install from."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import PASSWD, Advised, Build
from tests.advice.projects import python_package
from tests.builder import Member, file, layer, whiteout

WHEELS = (file("wheels/flask-1.0-py3-none-any.whl", b"w" * 60_000), file("wheels/requirements.txt", b"flask\n"))
PLACE = "usr/local/lib/python3.11"
BASE = layer(
    PASSWD, file("usr/local/bin/python3", b"python", mode=0o755), file(f"{PLACE}/site-packages/pip/main.py", b"p = 1\n")
)
INSTALLED = (
    *python_package("flask", f"{PLACE}/site-packages"),
    file(f"{PLACE}/site-packages/flask/__pycache__/__init__.cpython-311.pyc", b"c" * 7000),
    file(f"{PLACE}/site-packages/pip/__pycache__/main.cpython-311.pyc", b"c" * 9000),
)
INSTALL = "RUN pip install --no-index --find-links=/wheels -r /wheels/requirements.txt"


def advise(
    directory: Path,
    *final: str,
    copy: str = "COPY --from=0 /wheels /wheels",
    stage: Sequence[str] = ("FROM python", "WORKDIR /wheels", "RUN pip wheel -w /wheels -r r.txt"),
    is_buildkit: bool = False,
    wrote: Sequence[Member] = (*INSTALLED, whiteout("wheels")),
    wheels: Sequence[Member] = WHEELS,
) -> Advised:
    lines = (*stage, "FROM python", copy, *final, "CMD flask")
    number = len(stage) + 2
    layers = {len(stage): wheels, number: wheels, number + 1: wrote}
    return Build(
        dockerfile="\n".join((*lines, "")), layers=layers, base=BASE, is_buildkit=is_buildkit, stages=False
    ).advise(directory)


def patched(advised: Advised) -> list[str]:
    return advised.patched("install-in-stage").dockerfile.text.split("\n")


def test_it_is_copied_from_there(tmp_path: Path) -> None:
    advised = advise(tmp_path, f"{INSTALL} && rm -rf /wheels")
    step = advised.of("install-in-stage")
    assert step.safety == Safety.REVIEW
    # The bytecode of the base's pip is not written where no pip runs.
    assert step.saves_bytes == 60_006 + 9000
    assert patched(advised) == [
        "FROM python",
        "WORKDIR /wheels",
        "RUN pip wheel -w /wheels -r r.txt",
        "RUN pip install --prefix=/install --no-index --find-links=/wheels -r /wheels/requirements.txt",
        "FROM python",
        "COPY --from=0 /install /usr/local",
        "CMD flask",
        "",
    ]


@pytest.mark.parametrize(
    ("final", "stage"),
    [
        pytest.param("RUN pip install --find-links=/wheels -r requirements.txt", None, id="a file of the final stage"),
        pytest.param(f"{INSTALL} && cp /wheels/x /srv && rm -rf /wheels", None, id="it does more"),
        pytest.param(f"{INSTALL} --target=/srv", None, id="another place"),
        pytest.param(INSTALL, ("FROM python:3.9", "RUN pip wheel -w /wheels x"), id="another Python"),
        pytest.param(INSTALL, ("FROM python", "RUN pip install x && pip wheel -w /wheels x"), id="packages already"),
        pytest.param("RUN ./install /wheels && rm -rf /wheels", None, id="nobody knows what it does"),
        pytest.param(f"{INSTALL} && mv /wheels /srv", None, id="it keeps them"),
        pytest.param(INSTALL, ("FROM python", "USER app", "RUN pip wheel -w /wheels x"), id="another user"),
    ],
)
def test_nothing_is_equal_for(tmp_path: Path, final: str, stage: Sequence[str] | None) -> None:
    given = {"stage": stage} if stage is not None else {}
    assert "install-in-stage" not in advise(tmp_path, final, **given).names  # type: ignore[arg-type]


def test_nor_for_what_is_written_elsewhere(tmp_path: Path) -> None:
    wrote = (*INSTALLED, file("etc/tool.conf", b"x"), whiteout("wheels"))
    assert "install-in-stage" not in advise(tmp_path, f"{INSTALL} && rm -rf /wheels", wrote=wrote).names


def test_not_where_more_is_copied(tmp_path: Path) -> None:
    copy = "COPY --from=0 /wheels/*.whl /wheels/"
    assert "install-in-stage" not in advise(tmp_path, f"{INSTALL} && rm -rf /wheels", copy=copy).names


@pytest.mark.parametrize("last", ["RUN rm -rf /wheels", "WORKDIR /wheels"])
def test_not_where_something_else_names_them(tmp_path: Path, last: str) -> None:
    assert "install-in-stage" not in advise(tmp_path, INSTALL, last).names


def test_buildkit_mounts_them(tmp_path: Path) -> None:
    assert "install-in-stage" not in advise(tmp_path, f"{INSTALL} && rm -rf /wheels", is_buildkit=True).names
