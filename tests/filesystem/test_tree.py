"""Questions to a finished file system."""

from collections.abc import Sequence

import pytest

from layerscope.model.entry import Fate, Kind
from layerscope.model.pathset import PathSet
from tests.builder import gnu_sparse
from tests.filesystem.layers import tree


@pytest.mark.parametrize(
    ("layer", "asked", "found"),
    [
        pytest.param(["a/x"], "/a/x", "/a/x", id="plain"),
        pytest.param(["a/x"], "a/./x", "/a/x", id="relative, with a dot"),
        pytest.param(["a/", "a/x"], "/a/b/../x", "/a/x", id="up again"),
        pytest.param(["x"], "/../../x", "/x", id="above the root"),
        pytest.param(["usr/lib/x", "lib -> usr/lib"], "/lib/x", "/usr/lib/x", id="through a link"),
        pytest.param(["b -> c", "c"], "/b", "/c", id="the link itself is followed"),
        pytest.param(["d/l -> /c", "c"], "/d/l", "/c", id="an absolute link"),
        pytest.param(["d/l -> ../c", "c"], "/d/l", "/c", id="a relative link"),
        pytest.param(["d/l -> ../../../c", "c"], "/d/l", "/c", id="a link above the root"),
        pytest.param(["a -> b", "b -> c/d", "c -> e", "e/d/x"], "/a/x", "/e/d/x", id="a chain"),
        pytest.param(["a -> b", "b -> a"], "/a", None, id="a circle"),
        pytest.param(["a -> a/a"], "/a", None, id="a link that grows"),
        pytest.param(["a -> b", "h = a", "b"], "/h", "/b", id="a hardlink to a link"),
        pytest.param(["a -> b", "h = a", "g = h", "b/c"], "/g/c", "/b/c", id="through a hardlink to a link"),
        pytest.param(["a -> a", "h = a"], "/h", None, id="a hardlink to a circle"),
        pytest.param(["a", "h = a"], "/h", "/h", id="a hardlink to a file"),
        pytest.param(["a -> nothing"], "/a", None, id="dangling"),
        pytest.param(["a"], "/b", None, id="nothing there"),
        pytest.param(["./", "a"], "/", "/", id="the root"),
        pytest.param(["a"], "/", None, id="a root without an entry"),
    ],
)
def test_a_path_resolves_as_a_process_in_the_image_sees_it(layer: Sequence[str], asked: str, found: str | None) -> None:
    filesystem = tree(layer)
    number = filesystem.resolve(asked)
    assert (None if number is None else filesystem.paths[number]) == found


@pytest.mark.parametrize(
    ("layers", "directory", "found"),
    [
        pytest.param([["a/", "a/b/", "a/b/c", "a/d", "e"]], "/a", ["/a/b", "/a/b/c", "/a/d"], id="a directory"),
        pytest.param([["a/", "a/b", "c"]], "/", ["/a", "/a/b", "/c"], id="the root"),
        pytest.param([["a/b/c", "a/d/e/f"]], "/", ["/a/b/c", "/a/d/e/f"], id="directories without entries"),
        pytest.param([["a/b/", "a/b/c"]], "/a", ["/a/b", "/a/b/c"], id="half of them without"),
        pytest.param([["a/", "a/b"], ["a/.wh.b"]], "/a", [], id="what is hidden"),
        pytest.param([["a", "ab/c"]], "/a", [], id="a prefix is no parent"),
        pytest.param([["a"]], "/nothing", [], id="what is not there"),
    ],
)
def test_what_is_below_a_directory(layers: Sequence[Sequence[str]], directory: str, found: list[str]) -> None:
    filesystem = tree(*layers)
    assert sorted(filesystem.paths[number] for number in filesystem.below(directory)) == found


def test_a_version_says_all_that_its_layer_says() -> None:
    filesystem = tree(["d/", "d/f:abc", "l -> d/f"], ["d/f:defg"])
    version = filesystem.version(1)
    assert (version.layer, version.path, version.kind, version.content_bytes) == (0, "/d/f", Kind.FILE, 3)
    assert (version.name, version.parent, version.mode) == ("f", "/d", 0o644)
    assert (version.fate, version.hidden_by) == (Fate.OVERWRITTEN, 1)
    assert filesystem.version(2).link == "d/f"


def test_sets_select_live_and_hidden_versions_but_no_markers() -> None:
    filesystem = tree(["a/x", "a/y"], ["a/.wh.x", "a/y"])
    below_a, named_y = filesystem.select([PathSet(trees=("/a",)), PathSet(names=("y",), trees=("/a/y",))])
    assert (below_a, named_y) == ((0, 1, 3), (1, 3))


def test_live_and_hidden_are_counted_by_layer() -> None:
    filesystem = tree(["a:1", "b:22", "h = a"], ["b:333", ".wh.a"])
    assert [filesystem.hidden_bytes(layer) for layer in (0, 1)] == [2, 0]
    assert list(filesystem.live_numbers()) == [0, 2, 3]
    assert filesystem.paths[0] == "/h"


def test_contents_that_cannot_be_compared_count_as_other_ones() -> None:
    sparse = gnu_sparse("s", [(0, b"x" * 512)], real_bytes=2048)
    filesystem = tree([sparse], [sparse])
    assert Fate(filesystem.fates[0]) == Fate.OVERWRITTEN
