"""Sets of paths, matched by dictionaries as a plain reading of their definition would."""

import re
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import LimitExceeded
from layerscope.model import pathset
from layerscope.model.pathset import PathSet, Selector
from tests.memory import peak_of


@pytest.mark.parametrize(
    ("chosen", "path", "holds"),
    [
        pytest.param(PathSet(paths=("/etc/passwd",)), "/etc/passwd", True, id="path"),
        pytest.param(PathSet(paths=("/etc/passwd",)), "/a/etc/passwd", False, id="path below another"),
        pytest.param(PathSet(names=("core",)), "/a/core", True, id="name"),
        pytest.param(PathSet(names=("core",)), "/core/a", False, id="name of a parent"),
        pytest.param(PathSet(suffixes=(".pyc",)), "/a/b.pyc", True, id="suffix"),
        pytest.param(PathSet(suffixes=(".pyc",)), "/a/.pyc", False, id="nothing but the suffix"),
        pytest.param(PathSet(suffixes=(".tar.gz",)), "/a/b.tar.gz", True, id="suffix of two dots"),
        pytest.param(PathSet(suffixes=(".tar.gz",)), "/a/b.gz", False, id="half of it"),
        pytest.param(PathSet(versioned=(".so",)), "/lib/libz.so.1.2.13", True, id="suffix with a version"),
        pytest.param(PathSet(versioned=(".so",)), "/lib/libz.so.old.1", False, id="suffix with a word behind it"),
        pytest.param(PathSet(trees=("/var/cache",)), "/var/cache", True, id="tree itself"),
        pytest.param(PathSet(trees=("/var/cache",)), "/var/cache/a/b", True, id="below a tree"),
        pytest.param(PathSet(trees=("/var/cache",)), "/var/cached", False, id="a name that begins so"),
        pytest.param(PathSet(trees=("/var/cache",)), "/a/var/cache", False, id="an absolute tree elsewhere"),
        pytest.param(PathSet(trees=(".git",)), "/a/.git/HEAD", True, id="anywhere"),
        pytest.param(PathSet(trees=(".git",)), "/.git", True, id="at the top"),
        pytest.param(PathSet(trees=("go/pkg/mod",)), "/root/go/pkg/mod/x", True, id="several components"),
        pytest.param(PathSet(trees=("go/pkg/mod",)), "/root/ago/pkg/mod/x", False, id="a component that ends so"),
    ],
)
def test_a_set_holds_what_it_says(chosen: PathSet, path: str, holds: bool) -> None:
    assert (0 in Selector([chosen])(path)) is holds


components = st.sampled_from(
    [
        "a",
        "b",
        ".git",
        "x.pyc",
        ".pyc",
        "y.tar.gz",
        "tar.gz",
        "core.7",
        "x.12",
        "core.1x",
        "core.²",
        "z.so.1",
        "z.so.1.20",
        ".so.3",
        "z.1.so",
    ]
)
paths = st.lists(components, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))
pathsets = st.builds(
    PathSet,
    paths=st.lists(paths, max_size=2).map(tuple),
    names=st.lists(components, max_size=2).map(tuple),
    suffixes=st.lists(st.sampled_from([".pyc", ".gz", ".tar.gz", ".7"]), max_size=2).map(tuple),
    numbered=st.lists(st.sampled_from(["core", "x"]), max_size=1).map(tuple),
    versioned=st.lists(st.sampled_from([".so", "re"]), max_size=1).map(tuple),
    trees=st.lists(st.one_of(paths, paths.map(lambda path: path[1:])), max_size=2).map(tuple),
)


def plainly(one: PathSet, path: str) -> bool:
    """The definition of PathSet, word by word."""
    name = path.rpartition("/")[2]
    above = [path[:end] for end in range(1, len(path) + 1) if end == len(path) or path[end] == "/"]
    return (
        path in one.paths
        or name in one.names
        or any(name.endswith(suffix) and len(name) > len(suffix) for suffix in one.suffixes)
        or any(re.fullmatch(re.escape(stem) + r"\.[0-9]+", name) for stem in one.numbered)
        or any(re.fullmatch(r".*" + re.escape(suffix) + r"[.0-9]*\.[0-9]+", name) for suffix in one.versioned)
        or any(
            each == tree if tree.startswith("/") else each.endswith("/" + tree) for tree in one.trees for each in above
        )
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(pathsets, max_size=4), st.lists(paths, max_size=8))
def test_the_selector_finds_what_the_definition_says(sets: list[PathSet], asked: list[str]) -> None:
    selector = Selector(sets)
    for path in asked:
        assert set(selector(path)) == {number for number, one in enumerate(sets) if plainly(one, path)}
    columns = Selector(sets).scan(asked, [path.rpartition("/")[0] for path in asked])
    assert [set(found) for found in columns] == [set(selector(path)) for path in asked]


@pytest.mark.parametrize(
    ("paths", "parents", "error"),
    [(["/a", "/b"], [""], ValueError), (["/a"], ["", ""], ValueError), ([1], [""], TypeError)],
)
def test_columns_that_do_not_fit_are_refused(paths: list[str], parents: list[str], error: type[Exception]) -> None:
    with pytest.raises(error):
        Selector([PathSet(names=("x",))]).scan(paths, parents)


def test_directories_whose_names_would_fill_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pathset, "DIRECTORY_CHARACTERS", 1000)
    selector = Selector([PathSet(names=("x",))])
    with pytest.raises(LimitExceeded, match="too long and too deep"):
        for number in range(50):
            selector(f"/{number}" + "/d" * 30)


def test_a_selector_does_not_keep_every_directory_that_it_saw() -> None:
    selector = Selector([PathSet(names=("x",), trees=("/d1",))])
    assert peak_of(lambda: deque((selector(f"/d{number}/x") for number in range(40_000)), 0)) < 1_000_000
    assert (len(selector("/d1/y")), len(selector("/d2/y")), len(selector("/d2/x"))) == (1, 0, 1)
