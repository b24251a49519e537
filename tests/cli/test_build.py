"""What can be told of a build on the command line, on archives that a real engine wrote."""

import json
import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.conftest import FIXTURES, Run

DOCKERFILE = FIXTURES / "context" / "Dockerfile"
BUILDER = FIXTURES / "tiny-builder.tar"


def report(run: Run, *arguments: str | Path) -> dict[str, Any]:
    done = run("report", *arguments, "-f", "json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def leak(document: dict[str, Any], rule: str) -> dict[str, Any]:
    """The finding of a rule that came from a stage."""
    return next(f for f in document["findings"] if f["rule"] == rule and f["kind"] == "leak")


@pytest.mark.parametrize(
    "image", ["tiny-legacy.tar", "tiny-buildkit.tar", "podman-oci-archive.tar", "tiny-legacy.tar.gzip"]
)
def test_a_dockerfile_gives_each_layer_its_line_and_source(run: Run, image: str) -> None:
    document = report(run, FIXTURES / image, "--dockerfile", DOCKERFILE)
    lines = {step["layer"]: (step["dockerfile_line"], step["source"]) for step in document["instructions"]}
    assert lines[1] == (10, "stage:builder") and lines[2] == (11, "stage:builder") and lines[3] == (12, "run")
    assert document["dockerfile"]["matched"] == document["dockerfile"]["total"]
    assert leak(document, "vcs-metadata")["evidence"] == "declared"


@pytest.mark.parametrize("image", ["tiny-legacy.tar", "tiny-buildkit.tar", "skopeo-oci-zstd.tar"])
def test_a_builder_image_proves_what_came_over_and_what_made_it(run: Run, image: str) -> None:
    document = report(run, FIXTURES / image, "--dockerfile", DOCKERFILE, "--stage", f"builder={BUILDER}")
    found = leak(document, "vcs-metadata")
    assert (found["source"], found["evidence"], found["dockerfile_line"]) == ("stage:builder", "matched", 10)
    assert (found["made_by"]["dockerfile_line"], found["made_by"]["text"]) == (4, "COPY dot-git /src/.git")
    (row,) = document["stages"]
    assert (row["content_bytes"], row["matched_bytes"], row["not_copied_bytes"]) == (18_104, 18_053, 0)
    assert leak(document, "deleted-later")["content_bytes"] == 5000


def test_without_a_dockerfile_a_builder_still_proves_a_folder_but_not_a_renamed_file(run: Run) -> None:
    (row,) = report(run, FIXTURES / "tiny-legacy.tar", "--stage", f"builder={BUILDER}")["stages"]
    assert (row["content_bytes"], row["same_content_bytes"]) == (9104, 9000)


def test_the_text_says_the_same(run: Run) -> None:
    text = run(
        "report", FIXTURES / "tiny-buildkit.tar", "--dockerfile", DOCKERFILE, "--stage", f"builder={BUILDER}"
    ).stdout
    assert "Dockerfile matches 8 of 8 instructions" in text
    assert "line 10: COPY --from=builder /src /src" in text
    assert "Dockerfile:10 (by hand): delete /src/.git" in text
    assert "stage builder: 18.1 kB copied, 9.07 kB of it reclaimable (matched)" in text
    assert '14.0 kB made by line 5: RUN ["/bin/op", "write", "/src/main.o", "5000", "mkdir", "/out", ' in text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_dockerfile_may_come_from_a_pipe(run: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "Dockerfile"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_bytes(DOCKERFILE.read_bytes()), daemon=True)
    writer.start()
    document = report(run, FIXTURES / "tiny-legacy.tar", "--dockerfile", pipe)
    assert document["dockerfile"]["matched"] == document["dockerfile"]["total"]
    writer.join()


def test_a_directory_stands_for_the_dockerfile_in_it(run: Run) -> None:
    document = report(run, FIXTURES / "tiny-legacy.tar", "--dockerfile", DOCKERFILE.parent)
    assert document["dockerfile"]["name"] == "Dockerfile"


def test_a_target_is_built_instead_of_the_last_stage(run: Run) -> None:
    document = report(run, BUILDER, "--dockerfile", DOCKERFILE, "--target", "builder")
    assert document["dockerfile"]["target"] == "builder"
    assert [step["dockerfile_line"] for step in document["instructions"]] == [2, 3, 4, 5]


def test_lockfiles_beside_the_dockerfile_are_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(DOCKERFILE.read_bytes())
    (tmp_path / "Pipfile.lock").write_text('{"develop": {"x": {"version": "==1"}}}')
    assert report(run, FIXTURES / "tiny-legacy.tar", "--dockerfile", tmp_path)["image"]["name"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--dockerfile", "/nowhere/Dockerfile"), f"cannot read {Path('/nowhere/Dockerfile')}"),
        (("--stage", "builder"), "--stage builder: expected NAME=IMAGE"),
        (("--stage", "=x.tar"), "--stage =x.tar: expected NAME=IMAGE"),
        (("--build-arg", "UNHEARD_OF_ARGUMENT"), "--build-arg UNHEARD_OF_ARGUMENT: expected K=V"),
        (("--dockerfile", str(DOCKERFILE), "--target", "other"), "Dockerfile has no stage 'other'"),
        (("--dockerfile", str(DOCKERFILE), "--target", "builder"), "Dockerfile did not build this image: "),
        (("--dockerfile", str(DOCKERFILE), "--stage", f"other={BUILDER}"), "Dockerfile has no stage 'other'"),
    ],
)
def test_what_cannot_be_used_is_wrong_usage(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run("report", FIXTURES / "tiny-legacy.tar", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_build_argument_without_value_comes_from_the_environment(run: Run) -> None:
    options = ("--dockerfile", DOCKERFILE, "--build-arg", "REVISION")
    assert run("report", FIXTURES / "tiny-legacy.tar", *options, REVISION="7").returncode == 0


def test_a_builder_that_is_no_image_is_an_error_of_the_archive(run: Run) -> None:
    done = run("report", FIXTURES / "tiny-legacy.tar", "--stage", f"builder={DOCKERFILE}")
    assert done.returncode == 3
    assert "is not a tar archive" in done.stderr
