"""What differs between two final file systems, path by path."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.model.diff import Status
from tests.analysis.pairs import by_path, diff_of, one_layer, paths_of
from tests.builder import ImageSpec, Member, directory, file, hardlink, layer, opaque, symlink, whiteout


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([], [file("a", b"xy")], {"/a": ("added", 0, 2)}, id="added"),
        pytest.param([file("a", b"xy")], [], {"/a": ("removed", 2, 0)}, id="removed"),
        pytest.param([file("a", b"xy")], [file("a", b"xyz")], {"/a": ("changed", 2, 3)}, id="other length"),
        pytest.param([file("a", b"xy")], [file("a", b"xz")], {"/a": ("changed", 2, 2)}, id="same length, other bytes"),
        pytest.param([file("a", b"xy")], [file("a", b"xy")], {}, id="equal"),
        pytest.param([file("a", b"x")], [file("a", b"x", mode=0o600)], {"/a": ("metadata", 1, 1)}, id="mode"),
        pytest.param([file("a", b"x")], [file("a", b"x", uid=7)], {"/a": ("metadata", 1, 1)}, id="owner"),
        pytest.param(
            [file("a", b"x")], [file("a", b"x", xattrs={"user.k": b"v"})], {"/a": ("metadata", 1, 1)}, id="xattr"
        ),
        pytest.param(
            [directory("d")], [directory("d", mode=0o700)], {"/d": ("metadata", 0, 0)}, id="mode of directory"
        ),
        pytest.param([], [directory("d")], {}, id="directories themselves do not count"),
        pytest.param([directory("d")], [], {}, id="nor do those that are gone"),
        pytest.param([symlink("l", "a")], [symlink("l", "b")], {"/l": ("changed", 0, 0)}, id="target of a symlink"),
        pytest.param([file("a", b"x")], [symlink("a", "b")], {"/a": ("changed", 1, 0)}, id="file became a symlink"),
        pytest.param([file("a", b"xyz")], [file("b/c", b"xyz")], {"/b/c": ("moved", 3, 3)}, id="moved"),
        pytest.param([file("a")], [file("b")], {"/a": ("removed", 0, 0), "/b": ("added", 0, 0)}, id="empty: no move"),
        pytest.param(
            [file("a", b"xy")],
            [file("b", b"xz")],
            {"/a": ("removed", 2, 0), "/b": ("added", 0, 2)},
            id="same length, other bytes: no move",
        ),
        pytest.param(
            [file("a", b"xy")],
            [file("a", b"xy"), file("b", b"xy")],
            {"/b": ("added", 0, 2)},
            id="copy of what stays: no move",
        ),
        pytest.param(
            [file("a", b"x"), hardlink("b", "a")],
            [file("b", b"x"), hardlink("a", "b")],
            {"/a": ("metadata", 1, 0), "/b": ("metadata", 0, 1)},
            id="other name of a hardlinked file carries it",
        ),
        pytest.param(
            [file("old/x", b"12"), file("old/y", b"12")],
            [file("new/y", b"12"), file("new/z", b"12")],
            {"/new/y": ("moved", 2, 2), "/new/z": ("moved", 2, 2)},
            id="two moves of equal contents",
        ),
    ],
)
def test_each_path_is_told_by_what_became_of_it(
    before: list[Member], after: list[Member], expected: dict[str, tuple[str, int, int]], tmp_path: Path
) -> None:
    found = by_path(diff_of(one_layer(*before), one_layer(*after), tmp_path))
    assert {path: (one.status.value, one.before_bytes, one.after_bytes) for path, one in found.items()} == expected


def test_a_move_names_where_it_came_from_and_prefers_the_same_name(tmp_path: Path) -> None:
    before = one_layer(file("old/a", b"12"), file("old/b", b"12"))
    found = by_path(diff_of(before, one_layer(file("new/b", b"12")), tmp_path))
    assert (found["/new/b"].moved_from, found["/old/a"].status) == ("/old/b", Status.REMOVED)


def test_another_time_alone_is_counted_but_not_listed(tmp_path: Path) -> None:
    found = paths_of(diff_of(one_layer(file("a", b"x")), one_layer(file("a", b"x", mtime=5)), tmp_path))
    assert (found.paths, found.touched) == ((), 1)


def test_a_layer_that_both_images_hold_is_compared_by_what_is_left_of_it(tmp_path: Path) -> None:
    shared = layer(file("a", b"12"), file("b", b"345"))
    before = ImageSpec(layers=(shared, layer(whiteout("a"))))
    found = by_path(diff_of(before, ImageSpec(layers=(shared,)), tmp_path))
    assert {path: one.status for path, one in found.items()} == {"/a": Status.ADDED}


_NAMES = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "f/a"])
_MEMBERS = st.one_of(
    st.builds(lambda path, content: file(path, content), _NAMES, st.binary(max_size=3)),
    st.builds(lambda path, mode: file(path, b"same", mode=mode), _NAMES, st.sampled_from([0o644, 0o755])),
    st.builds(lambda path, target: hardlink(path, target), _NAMES, _NAMES),
    st.builds(lambda path: symlink(path, "a"), _NAMES),
    st.builds(lambda path: whiteout(path), _NAMES),
    st.builds(lambda path: opaque(path), st.sampled_from(["d", "f"])),
)
_LAYERS = st.lists(st.lists(_MEMBERS, max_size=5), min_size=1, max_size=3)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_LAYERS, after=_LAYERS, shared=st.lists(_MEMBERS, max_size=4))
def test_all_sums_are_the_difference_to_the_byte(
    before: list[list[Member]], after: list[list[Member]], shared: list[Member], tmp_path: Path
) -> None:
    one, other = (
        ImageSpec(layers=(layer(*shared), *(layer(*members) for members in layers))) for layers in (before, after)
    )
    found = diff_of(one, other, tmp_path)
    live = found.after.totals.live_bytes - found.before.totals.live_bytes
    content = found.after.totals.content_bytes - found.before.totals.content_bytes
    assert sum(change.delta for change in paths_of(found).paths) == live
    assert sum(change.delta for change in found.directories) == live
    assert (
        sum(change.delta for change in found.packages) + found.after_unowned_bytes - found.before_unowned_bytes == live
    )
    assert sum(change.delta for change in found.instructions) == content
    assert sum(change.before_bytes for change in found.directories) == found.before.totals.live_bytes


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_LAYERS, after=_LAYERS)
def test_saved_reports_give_the_same_sums_without_paths(
    before: list[list[Member]], after: list[list[Member]], tmp_path: Path
) -> None:
    one, other = (ImageSpec(layers=tuple(layer(*members) for members in layers)) for layers in (before, after))
    found = diff_of(one, other, tmp_path, with_files=False)
    assert found.paths is None
    assert sum(change.before_bytes for change in found.directories) == found.before.totals.live_bytes
    assert sum(change.after_bytes for change in found.directories) == found.after.totals.live_bytes
