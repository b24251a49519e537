"""Entries below symlinks land where extraction puts them; the cases are what umoci 0.4.7 unpacks."""

from collections.abc import Sequence

import pytest

from layerscope.errors import LimitExceeded
from layerscope.filesystem import parents
from layerscope.filesystem.parents import resolve_parents
from tests.filesystem.layers import by_fate, changes, fates, tree, visible

USR = ["usr/", "usr/lib/", "usr/lib/old", "lib -> usr/lib"]


@pytest.mark.parametrize(
    ("layers", "left"),
    [
        pytest.param([USR, ["lib/foo"]], ["lib", "usr", "usr/lib", "usr/lib/foo", "usr/lib/old"], id="lower layer"),
        pytest.param(
            [USR, ["lib/", "lib/foo"]], ["lib", "lib/foo", "usr", "usr/lib", "usr/lib/old"], id="own directory"
        ),
        pytest.param([[*USR, "lib/foo"]], ["lib", "usr", "usr/lib", "usr/lib/foo", "usr/lib/old"], id="same layer"),
        pytest.param(
            [["usr/", "usr/lib/", "lib/foo", "lib -> usr/lib"]], ["lib", "usr", "usr/lib"], id="link comes later"
        ),
        pytest.param([USR, ["lib/.wh.old"]], ["lib", "usr", "usr/lib"], id="whiteout"),
        pytest.param([USR, ["lib/new", "lib/.wh..wh..opq"]], ["lib", "usr", "usr/lib", "usr/lib/new"], id="opaque"),
        pytest.param(
            [USR, ["lib/sub/", "lib/sub/foo"]],
            ["lib", "usr", "usr/lib", "usr/lib/old", "usr/lib/sub", "usr/lib/sub/foo"],
            id="a directory below the link",
        ),
        pytest.param([USR, [".wh.lib", "lib/foo"]], ["lib/foo", "usr", "usr/lib", "usr/lib/old"], id="link deleted"),
        pytest.param(
            [USR, ["lib"], ["lib/", "lib/x"]], ["lib", "lib/x", "usr", "usr/lib", "usr/lib/old"], id="replaced"
        ),
        pytest.param([USR, [".wh.usr"], ["lib/foo"]], ["lib", "usr/lib/foo"], id="target deleted"),
        pytest.param([["a -> nowhere/deep"], ["a/foo"]], ["a", "nowhere/deep/foo"], id="dangling"),
        pytest.param([["x/", "a -> /../../../x"], ["a/foo"]], ["a", "x", "x/foo"], id="absolute, above the root"),
        pytest.param([["d/", "d/a -> ../../../e"], ["d/a/foo"]], ["d", "d/a", "e/foo"], id="relative, above the root"),
        pytest.param([["a -> ."], ["a/a/a/foo"]], ["a", "foo"], id="to its own directory"),
        pytest.param([["a -> b", "b -> c", "c/"], ["a/foo"]], ["a", "b", "c", "c/foo"], id="a chain"),
        pytest.param([["a -> b/l", "b/l -> /c"], ["a/foo"]], ["a", "b/l", "c/foo"], id="a link on the way of a link"),
        pytest.param([["a -> b", "b -> a"], ["a/foo"]], ["a/foo", "b"], id="a directory in the place of a circle"),
        pytest.param([["a -> a"], ["a/foo"]], ["a/foo"], id="a link to itself"),
        pytest.param([["a -> a/b"], ["a/foo"]], ["a/foo"], id="a link below itself"),
        pytest.param([["t/", "a -> t"], ["h = a"], ["h/foo"]], ["a", "h", "t", "t/foo"], id="a hardlink to a symlink"),
        pytest.param(
            [["b/", "a -> b"], ["a/l -> /c"], ["b/l/f"]], ["a", "b", "b/l", "c/f"], id="a link made through one"
        ),
        pytest.param([["a -> b"], ["b/", "b/x"], ["a/y"]], ["a", "b", "b/x", "b/y"], id="target comes later"),
        pytest.param([["ab -> c"], ["a/foo", "abc/foo"]], ["a/foo", "ab", "abc/foo"], id="prefix is not a parent"),
        pytest.param([["d/a -> /e"], ["d/.wh..wh..opq"], ["d/a/f"]], ["d/a/f"], id="emptied before"),
        pytest.param(
            [["d/a -> /e"], ["d/a -> /g", "d/.wh..wh..opq"], ["d/a/f"]], ["d/a", "g/f"], id="made while emptied"
        ),
        pytest.param(
            [["b/", "a -> b"], ["a/x"], ["a/", "a/y"]], ["a", "a/y", "b", "b/x"], id="followed, then replaced"
        ),
        pytest.param(
            [["e/", "d/a -> /e", "d/"], ["d/a/f"]], ["d", "d/a", "e", "e/f"], id="its directory's entry comes last"
        ),
        pytest.param([["a -> a"], ["a/.wh..wh.x"]], ["a"], id="bookkeeping makes no directory"),
        pytest.param(
            [["f", "a -> f"], ["a/.wh..wh.x"], [".wh.f"], ["a/x"]], ["a", "f/x"], id="bookkeeping leaves a link alone"
        ),
        pytest.param([["f", "a -> f"], ["a/x"]], ["a/x", "f"], id="to a file"),
        pytest.param([["f", "a -> b", "b -> f"], ["a/x"]], ["a/x", "b", "f"], id="to a file over another link"),
        pytest.param([["f", "a -> f/d"], ["a/x"]], ["a/x", "f"], id="to what lies in a file"),
        pytest.param([["f", "a -> f"], [".wh.f"], ["a/x"]], ["a", "f/x"], id="to a file that is gone"),
        pytest.param([["f", "a -> f"], ["f/y"], ["a/x"]], ["a", "f/x", "f/y"], id="to a file that is a directory now"),
        pytest.param([["d/f", "a -> d/f"], [".wh.d"], ["a/x"]], ["a", "d/f/x"], id="to a file whose directory is gone"),
        pytest.param([["f", "a -> f"], ["a/x"], ["a/y"]], ["a/x", "a/y", "f"], id="twice to a file"),
        pytest.param([["d/", "f", "a -> f"], ["f -> d"], ["a/x"]], ["a", "d", "d/x", "f"], id="to a file, now a link"),
        pytest.param([["f|", "a -> f", "h = a"], ["h/x"]], ["a", "f", "h/x"], id="a hardlink to a link to a pipe"),
        pytest.param([["b/", "f", "b/l -> /f", "a -> b"], ["a/l/x"]], ["a", "b", "b/l/x", "f"], id="to a file, behind"),
        pytest.param([["f", "a -> f", "a/x"]], ["a/x", "f"], id="to a file, all in one layer"),
        pytest.param([["a -> a", "a/.wh.x"]], ["a"], id="a marker of its own layer"),
        pytest.param([["a -> a"], ["a/.wh.x"]], [], id="a marker of a layer above"),
        pytest.param([["a -> a"], ["a/x"], ["a/y"]], ["a/x", "a/y"], id="a circle that is gone"),
        pytest.param([["b/", "b/c -> c", "a -> b"], ["a/c/f", "a/c/g"]], ["a", "b", "b/c/f", "b/c/g"], id="behind"),
        pytest.param([["d/a -> /e"], ["d"], ["d/a/f"]], ["d/a/f"], id="its directory became a file"),
    ],
)
def test_entries_land_where_the_links_lead(layers: Sequence[Sequence[str]], left: list[str]) -> None:
    assert visible(tree(*layers)) == left


def test_a_file_that_lands_on_another_hides_it() -> None:
    found = tree(USR, ["lib/old:newer"])
    assert fates(found)[0][2] == "OVERWRITTEN"
    assert found.live["/usr/lib/old"] == 4


def test_the_bytes_of_a_hardlink_s_target_are_found_through_a_link() -> None:
    found = tree(USR, ["h = lib/old", "usr/lib/.wh.old"])
    assert by_fate(found) == (len("usr/lib/old"), 0)
    assert found.carrier(found.live["/h"]) == 2


def test_entries_that_engines_disagree_on_are_listed() -> None:
    assert tree(USR, ["lib/foo", "usr/lib/bar"]).redirected == (4,)
    assert tree([*USR, "lib/foo"]).redirected == ()
    assert tree(USR, ["l -> lib", "l/foo"]).redirected == (5,)
    assert tree(["f", "a -> f"], ["a/x"]).redirected == ()
    assert tree(USR, ["usr/lib/l -> /x", "lib/l/foo"]).redirected == (5,)


def test_layers_without_entries_below_links_are_left_alone() -> None:
    stack = [changes(USR).changeset, changes(["usr/lib/foo", "lib -> usr"]).changeset]
    assert [one is other for one, other in zip(resolve_parents(stack).changesets, stack, strict=True)] == [True, True]


def test_names_that_are_too_long_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "DIRECTORY_CHARACTERS", 1000)
    stack = [changes([f"{n}/" + "d/" * 30 for n in range(50)]).changeset]
    with pytest.raises(LimitExceeded):
        resolve_parents(stack)
