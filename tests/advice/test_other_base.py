"""The step that names another base image, and its FROM line."""

import subprocess
import sys
from pathlib import Path

import pytest

from layerscope.advice.other_base import best_fit
from layerscope.model.onto import Missing, Need, Onto
from tests.builder import ImageSpec, docker_save, file, layer
from tests.conftest import Run
from tests.rebase.worlds import GLIBC, SHELL, program

_HISTORY = {"created_by": "ADD base / # buildkit", "comment": "buildkit.dockerfile.v0"}
_COPY = {"created_by": "COPY run /app/run # buildkit", "comment": "buildkit.dockerfile.v0"}
_ENTRYPOINT = {
    "created_by": 'ENTRYPOINT ["/app/run"]', "comment": "buildkit.dockerfile.v0", "empty_layer": True
}  # fmt: skip


def _written(folder: Path, dockerfile: str) -> tuple[Path, ...]:
    """The image, its base, a slim base that fits and one that does not."""
    (folder / "Dockerfile").write_text(dockerfile)
    big = layer(*GLIBC, SHELL, file("usr/share/big", b"x" * 200_000))
    app = layer(file("app/run", program("libc.so.6"), mode=0o755))
    specs = {
        "base": ImageSpec(layers=(big,), history=(_HISTORY,), tags=("big:1",)),
        "image": ImageSpec(layers=(big, app), history=(_HISTORY, _COPY, _ENTRYPOINT), entrypoint=("/app/run",)),
        "slim": ImageSpec(layers=(layer(*GLIBC),), history=(_HISTORY,), tags=("slim:1",)),
        "tiny": ImageSpec(layers=(layer(SHELL),), history=(_HISTORY,), tags=("tiny:1",)),
    }
    for name, spec in specs.items():
        (folder / f"{name}.tar").write_bytes(docker_save(spec))
    return tuple(folder / f"{name}.tar" for name in ("image", "base", "slim", "tiny"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("FROM big:1", "FROM slim:1", id="a name"),
        pytest.param(
            "from --platform=linux/amd64 big:1 AS app", "from --platform=linux/amd64 slim:1 AS app", id="flags"
        ),
    ],
)
def test_fix_writes_the_from_line_of_the_candidate_that_fits(tmp_path: Path, run: Run, before: str, after: str) -> None:
    image, base, slim, tiny = _written(tmp_path, f'{before}\nCOPY run /app/run\nENTRYPOINT ["/app/run"]\n')
    dockerfile = tmp_path / "Dockerfile"
    done = run("fix", image, "--dockerfile", dockerfile, "--base", base, "--onto", tiny, "--onto", slim)
    assert f"-{before}\n+{after}\n" in done.stdout
    said = " ".join(done.stderr.split())
    assert "base image saves" in said and "`FROM slim:1`" in said and "is not followed" in said
    run("fix", image, "--dockerfile", dockerfile, "--base", base, "--onto", slim, "--write")
    assert dockerfile.read_text().startswith(after)


def test_a_candidate_that_lacks_something_is_left_out_with_the_reason(tmp_path: Path, run: Run) -> None:
    image, base, _, tiny = _written(tmp_path, 'FROM big:1\nCOPY run /app/run\nENTRYPOINT ["/app/run"]\n')
    done = run("fix", image, "--dockerfile", tmp_path / "Dockerfile", "--base", base, "--onto", tiny)
    said = " ".join(done.stderr.split())
    assert done.stdout == "" and "base image left out: tiny:1 lacks /lib64/ld-linux-x86-64.so.2" in said


def test_a_from_with_a_build_argument_is_left_to_a_person(tmp_path: Path, run: Run) -> None:
    text = 'ARG TAG=big:1\nFROM $TAG\nCOPY run /app/run\nENTRYPOINT ["/app/run"]\n'
    image, base, slim, _ = _written(tmp_path, text)
    done = run("fix", image, "--dockerfile", tmp_path / "Dockerfile", "--base", base, "--onto", slim)
    assert done.stdout == "" and "takes its image from a build argument" in " ".join(done.stderr.split())


def test_the_report_names_the_candidate_with_its_bytes(tmp_path: Path, run: Run) -> None:
    image, base, slim, _ = _written(tmp_path, 'FROM big:1\nCOPY run /app/run\nENTRYPOINT ["/app/run"]\n')
    shown = run("report", image, "--dockerfile", tmp_path / "Dockerfile", "--base", base, "--onto", slim).stdout
    assert "base image (line 1, review): build on another base image: `FROM slim:1`" in shown
    without = run("report", image, "--dockerfile", tmp_path / "Dockerfile", "--base", base).stdout
    assert "slim:1" not in without


def test_the_smallest_that_fits_is_taken() -> None:
    missing = (Missing(what="libx", check="libraries", need=Need.START),)
    broken = Onto(source="a", name="a", reference="a", content_bytes=1, missing=missing)
    nameless = Onto(source="b", name="sha256:1", content_bytes=2)
    fitting = Onto(source="c", name="c", reference="c", content_bytes=3)
    other = Onto(source="d", name="d", reference="d", content_bytes=4)
    assert best_fit((broken, nameless, other, fitting), 10) is fitting
    assert best_fit((broken, nameless), 10) is None and best_fit((fitting,), 3) is None


def test_a_module_that_may_be_loaded_is_reason_enough_to_name_no_candidate() -> None:
    module = (Missing(what="libx", check="libraries", need=Need.OTHER, needed_by=("/app/x.so",)),)
    zone = (Missing(what="time zones", check="certificates", need=Need.OTHER),)
    one = Onto(source="a", name="a", reference="a", content_bytes=1, missing=module)
    assert best_fit((one,), 10) is None
    other = Onto(source="b", name="b", reference="b", content_bytes=2, missing=zone)
    assert best_fit((one, other), 10) is other


def test_one_candidate_may_come_through_a_pipe(tmp_path: Path, run: Run) -> None:
    image, base, slim, _ = _written(tmp_path, "FROM big:1\n")
    with slim.open("rb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "layerscope", "report", image, "--base", base, "--onto", "-"],
            stdin=pipe, capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert "ON ANOTHER BASE IMAGE   slim:1" in done.stdout
    done = run("report", "-", "--onto", "-")
    assert done.returncode == 2 and "only one image can come through a pipe" in done.stderr
