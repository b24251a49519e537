"""Which directories of a tree are opened at first, how a row is found, and what became of a directory."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from layerscope.analysis import tree as module
from layerscope.analysis.tree import Selected, Tree, _most
from layerscope.analysis.tree_items import Order
from layerscope.filesystem.tree import Filesystem
from layerscope.model.change import Change
from tests.filesystem import layers

_ALL = bytes(one < len(Change) for one in range(256))


def whole(filesystem: Filesystem, reclaimable: Mapping[int, int] | None = None) -> Tree:
    """The tree of all versions."""
    return Tree(filesystem, Selected(codes=bytes(len(filesystem)), listed=_ALL), reclaimable or {})


@pytest.mark.parametrize(
    ("whole", "part", "most"),
    [
        ((10, 0), (6, 0), True),
        ((10, 0), (5, 9), False),
        ((0, 10), (0, 6), True),
        ((0, 10), (0, 5), False),
        ((0, 0), (0, 0), False),
        ((2, 100), (1, 99), False),
    ],
)
def test_more_than_half_is_most(whole: tuple[int, int], part: tuple[int, int], most: bool) -> None:
    assert _most(whole, part) is most


FILES = layers.tree(
    ["big/a/x:" + "1" * 60, "big/a/y:1", "big/b/z:" + "1" * 30, "small/w:" + "1" * 20, "small/v:1", "top:" + "1" * 5]
)


@pytest.mark.parametrize(
    ("rows", "opened"),
    [(2, 0), (3, 0), (4, 2), (7, 2), (8, 3), (9, 3), (10, 4), (99, 4)],
)
@pytest.mark.parametrize("order", Order)
def test_the_biggest_directories_are_opened_as_far_as_there_are_rows(rows: int, opened: int, order: Order) -> None:
    assert whole(FILES).biggest(rows, order) == ["/big", "/big/a", "/big/b", "/small"][:opened]


def test_what_is_reclaimable_is_opened_first() -> None:
    assert whole(FILES, {3: 7, 2: 5}).biggest(4, Order.RECLAIMABLE) == ["/small"]
    assert whole(FILES, {3: 7, 2: 5}).biggest(7, Order.RECLAIMABLE) == ["/small", "/big"]
    assert whole(FILES, {3: 7, 2: 5}).biggest(7, Order.SIZE) == ["/big", "/big/a"]


@pytest.mark.parametrize(("more", "opened"), [(0, ["/d"]), (1, ["/e"])])
def test_what_holds_most_is_opened_unless_it_is_very_long(
    more: int, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST", 5)
    files = layers.tree([f"d/{name}:1" for name in "abcdef"[: 5 + more]] + ["e/x:1"])
    assert whole(files).biggest(3, Order.SIZE) == opened


def test_rows_are_sorted_by_size_name_or_what_is_reclaimable() -> None:
    tree = whole(FILES, {3: 7, 5: 5})
    names = {order: [tree.item(key).name for key in tree.children("", order)] for order in Order}
    assert names == {
        Order.SIZE: ["big", "small", "top"],
        Order.NAME: ["big", "small", "top"],
        Order.RECLAIMABLE: ["small", "top", "big"],
    }
    assert [tree.item(key).reclaimable_bytes for key in tree.children("", Order.RECLAIMABLE)] == [7, 5, 0]
    assert (tree.total.content_bytes, tree.total.reclaimable_bytes, tree.total.files) == (117, 12, 6)
    assert tree.count("") == 3 and tree.count("/big") == 2 and tree.count("/none") == 0


def test_a_row_is_found_by_its_path_and_version() -> None:
    files = layers.tree(["d/", "d/x:1", "d/x:22", "e/y:1", "f/"])
    tree = whole(files)
    assert (tree.find("/d/x"), tree.find("/d/x", 2), tree.find("/d/x", 9)) == (1, 2, 1)
    assert (tree.find("/d"), tree.find("/d", 0), tree.find("/f"), tree.find("/e")) == ("/d", "/d", "/f", "/e")
    assert (tree.find("/none"), tree.find("/d/none"), tree.find("/e/x")) == (None, None, None)
    assert tree.versions("") == {"/d": 0, "/d/x": 2, "/e/y": 3, "/f": 4}
    assert tree.versions("/e") == {"/e/y": 3}
    assert tree.versions(1) == {"/d/x": 1}


@pytest.mark.parametrize(
    ("changes", "change"),
    [
        ("aa", Change.ADDED),
        ("rr", Change.REMOVED),
        ("ar", Change.MODIFIED),
        ("ua", Change.MODIFIED),
        ("uu", Change.UNMODIFIED),
        ("mm", Change.MODIFIED),
    ],
)
def test_a_directory_without_an_entry_is_what_its_files_are(changes: str, change: Change) -> None:
    files = layers.tree(["d/x:1", "d/y:1", "z:1"])
    codes = {"u": Change.UNMODIFIED, "a": Change.ADDED, "r": Change.REMOVED, "m": Change.MODIFIED}
    selected = Selected(codes=bytes([*(codes[one] for one in changes), 0]), listed=_ALL, is_state=True)
    tree = Tree(files, selected, {})
    assert tree.item("/d").change == change
    without = replace(selected, is_state=False)
    assert Tree(files, without, {}).item("/d").change == Change.UNMODIFIED


@pytest.mark.parametrize("own", [Change.ADDED, Change.REMOVED, Change.METADATA, Change.UNMODIFIED])
def test_a_directory_with_an_entry_has_its_own_change_or_that_of_its_files(own: Change) -> None:
    files = layers.tree(["d/", "d/x:1"])
    for code in (Change.UNMODIFIED, Change.ADDED):
        tree = Tree(files, Selected(codes=bytes([own, code]), listed=_ALL, is_state=True), {})
        is_own = own in (Change.ADDED, Change.REMOVED) or code == Change.UNMODIFIED
        assert tree.item("/d").change == (own if is_own else Change.MODIFIED)
