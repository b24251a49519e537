"""Where ``scan`` looks: what is named, what lies in directories of any depth, and what may not be entered."""

import inspect
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from layerscope.fleet.places import places_in
from tests.cli.calling import NEEDS_SYMLINKS


def found(*places: Path) -> tuple[list[tuple[str, bool]], list[str]]:
    """The sources, and what was told."""
    told: list[str] = []
    listed = places_in([str(place) for place in places], lambda error: told.append(error.message))
    return [(one.path, one.is_named) for one in listed], told


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    for name in ("a", "b/c", "d"):
        (tmp_path / name).write_text("x")
    return tmp_path


def test_the_files_of_a_directory_come_by_name(tree: Path) -> None:
    assert found(tree) == ([(str(tree / name), False) for name in ("a", "b/c", "d")], [])


def test_what_is_named_counts_as_named_and_comes_once(tree: Path) -> None:
    inner = str(tree / "b" / "c"), True
    others = [(str(tree / name), False) for name in ("a", "d")]
    assert found(tree, tree / "b" / "c", tree / "b") == ([*others, inner], [])
    assert found(tree / "b" / "c", tree, tree) == ([inner, *others], [])


@NEEDS_SYMLINKS
def test_links_in_a_directory_lead_nowhere(tree: Path) -> None:
    (tree / "b" / "file").symlink_to(tree / "a")
    (tree / "b" / "directory").symlink_to(tree)
    assert found(tree / "b") == ([(str(tree / "b" / "c"), False)], [])


def test_directories_may_be_nested_deeper_than_python_calls_itself(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"d" * 60)
    deep.mkdir(parents=True)
    (deep / "a").write_text("x")
    most = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 50)
    try:
        listed, _ = found(tmp_path)
    finally:
        sys.setrecursionlimit(most)
    assert listed == [(str(deep / "a"), False)]


def test_a_directory_that_may_be_listed_but_not_entered_is_told_once(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def scandir(path: str) -> Any:
        if path == os.path.join(tree, "b", "."):  # As Linux refuses the dot; the directory itself could be listed.
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    listed, told = found(tree)
    assert told == [f"cannot read {tree / 'b'}: Permission denied"]
    assert [name for name, _ in listed] == [str(tree / "a"), str(tree / "d")]
