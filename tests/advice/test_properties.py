"""Whatever the Dockerfile: a patched one builds, keeps what was not found, saves what was said, and needs no more steps."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from layerscope.advice.apply import Followed, follow
from layerscope.dockerfile.parse import parse_dockerfile
from tests.advice.builds import Advised, Build
from tests.advice.machine import STATUS
from tests.advice.small_builds import Built, build

CONTEXT: Mapping[str, bytes] = {
    "/r.txt": b"uwsgi flask",
    "/app/main.py": b"m" * 40_000,
    "/app/data.bin": b"b" * 120_000,
    "/nginx.conf": b"server {}",
    "/setup.sh": b"#!/bin/sh\napt-get install -y unzip\n",
    "/build.sh": b"#!/bin/sh\nmake\n",
    "/vendor.tar.gz": b"v" * 90_000,
}
_DOCKERFILES = Path(__file__).with_name("dockerfiles")
_CHANGE_WITH_PACKAGES = (STATUS, "/var/lib/apt/extended_states", "/var/lib/dpkg/info/")
_TOLERANCE = 3_000


def advised(directory: Path, text: str, made: Built, *, is_buildkit: bool, with_dockerfile: bool = True) -> Advised:
    one = Build(dockerfile=text, layers=made.layers, is_buildkit=is_buildkit)
    return one.advise(directory, with_dockerfile=with_dockerfile)


@pytest.mark.parametrize("include_review", [False, True], ids=["safe", "review"])
@pytest.mark.parametrize("is_buildkit", [False, True], ids=["legacy", "buildkit"])
@pytest.mark.parametrize("path", sorted(_DOCKERFILES.iterdir()), ids=lambda path: path.name)
def test_a_patched_dockerfile_builds_and_saves_what_was_said(
    tmp_path: Path, path: Path, is_buildkit: bool, include_review: bool
) -> None:
    text = path.read_text("utf-8")
    made = build(text, CONTEXT)
    before = advised(tmp_path, text, made, is_buildkit=is_buildkit)
    followed = follow(before.advice, before.files, include_review=include_review)
    patched = followed.files.dockerfile.text
    parse_dockerfile(patched)
    again = build(patched, CONTEXT)
    assert saved(followed) == pytest.approx(made.content_bytes - again.content_bytes, rel=0.01, abs=_TOLERANCE)
    lost = {one for one, content in made.final.items() if again.final.get(one) != content}
    found = {one.path for finding in before.findings for one in finding.paths}
    assert {one for one in lost - found if not one.startswith(_CHANGE_WITH_PACKAGES)} == set()
    untouched(text, followed)
    after = advised(tmp_path, patched, again, is_buildkit=is_buildkit)
    assert {step.strategy for _, step in followed.done} & set(after.names) == set()


@pytest.mark.parametrize("path", sorted(_DOCKERFILES.iterdir()), ids=lambda path: path.name)
def test_words_alone_can_be_made_of_every_history(tmp_path: Path, path: Path) -> None:
    text = path.read_text("utf-8")
    found = advised(tmp_path, text, build(text, CONTEXT), is_buildkit=False, with_dockerfile=False)
    assert all(step.sentence and not step.edits for step in found.steps)


def saved(followed: Followed) -> int:
    return sum(step.saves_bytes for _, step in followed.done)


def untouched(text: str, followed: Followed) -> None:
    """Check that each line that no step names is still there, in its order."""
    lines = text.split("\n")
    touched = {
        edit.line + offset for _, step in followed.done for edit in step.edits for offset in range(len(edit.removed))
    }
    rest = iter(followed.files.dockerfile.text.split("\n"))
    assert all(line in rest for number, line in enumerate(lines, 1) if number not in touched and line.strip())
