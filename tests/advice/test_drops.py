"""A COPY from the build context that names what nothing needs is deleted, or drops that."""

import io
import tarfile
from pathlib import Path

import pytest

from layerscope.model.step import Safety
from tests.advice.builds import Advised, Build
from tests.advice.test_ignore_context import DOCS, PROJECT, REPOSITORY, TESTS
from tests.builder import Member, file


def advised(directory: Path, copy: str, *members: Member, after: str = "") -> Advised:
    text = f"FROM python\nWORKDIR /app\nCOPY main.py requirements.txt ./\n{copy}\n{after}CMD main.py\n"
    return Build(dockerfile=text, layers={3: PROJECT, 4: members}).advise(directory)


def line(found: Advised) -> str:
    """The fourth line of the patched Dockerfile."""
    return found.patched("narrow-copy").dockerfile.text.split("\n")[3]


@pytest.mark.parametrize("copy", ["COPY tests ./tests", "COPY tests/ tests/", "ADD ./tests /app/tests"])
def test_a_copy_of_tests_alone_is_deleted(tmp_path: Path, copy: str) -> None:
    found = advised(tmp_path, copy, *TESTS)
    step = found.of("narrow-copy")
    assert line(found) == "CMD main.py" and step.safety == Safety.SAFE and step.dockerfile_line == 4
    assert step.saves_bytes == len(TESTS[0].content)


def test_a_repository_that_is_copied_by_name_goes(tmp_path: Path) -> None:
    assert line(advised(tmp_path, "COPY .git ./.git", *REPOSITORY)) == "CMD main.py"


@pytest.mark.parametrize("after", ["RUN pytest\n", "RUN ls tests\n", "ENV TESTS=/app/tests\n"])
def test_what_is_needed_later_is_still_copied(tmp_path: Path, after: str) -> None:
    assert "narrow-copy" not in advised(tmp_path, "COPY tests ./tests", *TESTS, after=after).names


def test_what_another_stage_copies_by_its_name_is_still_copied(tmp_path: Path) -> None:
    text = (
        "FROM python AS app\nWORKDIR /app\nCOPY main.py requirements.txt ./\nCOPY tests ./tests\n"
        "FROM python AS x\nCOPY --from=app /app/tests /t\nFROM app\nCMD main.py\n"
    )
    assert "narrow-copy" not in Build(dockerfile=text, layers={3: PROJECT, 4: TESTS}).advise(tmp_path).names


def test_a_later_script_of_the_project_makes_it_doubtful(tmp_path: Path) -> None:
    step = advised(tmp_path, "COPY tests ./tests", *TESTS, after="RUN npm run build\n").of("narrow-copy")
    assert step.review == "make sure that line 5 (`RUN npm run build`) can do without them"


@pytest.mark.parametrize(
    "build", ["make", "go build ./cmd/app", "cargo build --release", "./install.sh", "pip install ."]
)
def test_what_a_build_may_compile_in_is_still_copied(tmp_path: Path, build: str) -> None:
    assert "narrow-copy" not in advised(tmp_path, "COPY tests ./tests", *TESTS, after=f"RUN {build}\n").names


@pytest.mark.parametrize(
    "copy",
    [
        pytest.param("COPY . .", id="the whole context belongs into .dockerignore"),
        pytest.param("COPY te* ./tests/", id="a wildcard"),
        pytest.param("COPY --parents tests ./", id="parents"),
        pytest.param("COPY tests docs ./", id="which of two directories is not known"),
        pytest.param("COPY $DIRECTORY ./tests", id="a variable"),
    ],
)
def test_what_is_not_one_named_source_is_left_alone(tmp_path: Path, copy: str) -> None:
    assert "narrow-copy" not in advised(tmp_path, copy, *TESTS).names


def test_one_of_several_files_is_dropped(tmp_path: Path) -> None:
    readme, main = DOCS[1], PROJECT[1]
    text = "FROM python\nWORKDIR /app\nCOPY requirements.txt ./\nCOPY README.md main.py ./\nCMD main.py\n"
    found = Build(dockerfile=text, layers={3: PROJECT[:1], 4: (readme, main)}).advise(tmp_path)
    assert line(found) == "COPY main.py ./" and found.of("narrow-copy").sentence == "do not copy `README.md`"


def packed() -> tuple[Member, tuple[Member, ...]]:
    """An archive of the project, and what an installation unpacks of it."""
    names = [f"acme/{name}.bin" for name in "abc"]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            about = tarfile.TarInfo(name)
            about.size = 40_000
            archive.addfile(about, io.BytesIO(name.encode()[:6] * 6_667))
    unpacked = tuple(file(f"app/vendor/{name}", (name.encode()[:6] * 6_667)[:40_000]) for name in names)
    return file("app/packages/acme.tar", buffer.getvalue()), unpacked


@pytest.mark.parametrize("copy", ["COPY packages ./packages", "COPY . ."])
@pytest.mark.parametrize(
    ("run", "is_needed"),
    [
        ("composer install", True),
        ("bundle install --local", True),
        ("python -m pip install -r requirements.txt", True),
        ("useradd app", False),
    ],
)
def test_an_archive_that_something_may_install_from_stays(tmp_path: Path, copy: str, run: str, is_needed: bool) -> None:
    archive, unpacked = packed()
    text = f"FROM php\nWORKDIR /app\nCOPY main.py requirements.txt ./\n{copy}\nRUN {run}\nCMD main.py\n"
    found = Build(dockerfile=text, layers={3: PROJECT, 4: (archive,), 5: unpacked}).advise(tmp_path)
    assert [one.rule for one in found.findings] == ["archive-extracted"]
    assert bool({"narrow-copy", "ignore-context"} & {*found.names}) != is_needed
