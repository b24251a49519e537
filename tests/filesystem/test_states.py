"""The file system as of each layer is that of the layers up to it, and what changed is the difference of two."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.filesystem.states import NOT_LISTED, States
from layerscope.filesystem.tree import Filesystem
from layerscope.model.change import CHANGE_WORDS, Change
from tests.builder import Member, directory, file
from tests.filesystem.layers import tree
from tests.rules.test_conservation import members_of_images


def changed(filesystem: Filesystem, since: int, until: int) -> dict[str, str]:
    """The change of each path, without its first slash."""
    codes = States(filesystem).changes(since, until).codes
    return {
        filesystem.path_in_layer(number)[1:]: CHANGE_WORDS[code]
        for number, code in enumerate(codes)
        if code != NOT_LISTED
    }


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        pytest.param(["a"], ["b"], {"a": "unmodified", "b": "added"}, id="added"),
        pytest.param(["a:1"], ["a:2"], {"a": "modified"}, id="other content"),
        pytest.param(["a:1"], ["a:1"], {"a": "metadata only"}, id="the same content again"),
        pytest.param(["a"], [".wh.a"], {"a": "removed"}, id="removed"),
        pytest.param(["a:1"], [".wh.a", "a:2"], {"a": "modified"}, id="removed and written again by one layer"),
        pytest.param(["d/", "d/a"], [".wh.d"], {"d": "removed", "d/a": "removed"}, id="a directory removed"),
        pytest.param(
            ["d/", "d/a"], ["d/", "d/b"], {"d": "unmodified", "d/a": "unmodified", "d/b": "added"}, id="inside"
        ),
        pytest.param(["d/"], [directory("d", mode=0o700)], {"d": "metadata only"}, id="the mode of a directory"),
        pytest.param(["a"], ["a -> b"], {"a": "modified"}, id="a link in the place of a file"),
        pytest.param(["a -> b"], ["a -> b"], {"a": "metadata only"}, id="the same link again"),
        pytest.param(["a -> b"], ["a -> c"], {"a": "modified"}, id="a link that leads elsewhere"),
        pytest.param(["d/a"], ["d"], {"d": "added", "d/a": "removed"}, id="a file in the place of a directory"),
        pytest.param(["a"], ["b:1", "b:2"], {"a": "unmodified", "b": "added"}, id="twice in one layer"),
        pytest.param(["ab"], [".wh.a"], {"ab": "unmodified"}, id="a whiteout of nothing"),
    ],
)
def test_what_a_layer_did(lower: list[str | Member], upper: list[str | Member], expected: dict[str, str]) -> None:
    assert changed(tree(lower, upper), 0, 1) == expected


def test_over_several_layers_only_the_ends_count() -> None:
    layers = tree(["a:1", "b:1", "c:1", "d"], ["a:2", "b:1", "c:1", "e"], ["a:1", "b:1", ".wh.c", ".wh.e"])
    assert changed(layers, 0, 2) == {"a": "modified", "b": "metadata only", "c": "removed", "d": "unmodified"}


def test_before_all_layers_there_is_nothing_and_a_state_does_not_differ_from_itself() -> None:
    layers = tree(["a"], ["b"])
    assert changed(layers, -1, 1) == {"a": "added", "b": "added"}
    assert changed(layers, 1, 1) == {"a": "unmodified", "b": "unmodified"}
    assert changed(layers, -1, -1) == {}


def test_what_was_replaced_is_known() -> None:
    assert States(tree(["x", "a:1"], ["a:22"])).changes(0, 1).replaced == {2: 1}


def test_a_hardlink_carries_the_bytes_of_a_name_that_is_gone() -> None:
    layers = tree(["a:12345", "b = a"], [".wh.a"])
    assert States(layers).changes(0, 0).carried == {}
    found = States(layers).changes(0, 1)
    assert (found.carried, Change(found.codes[0])) == ({1: 0}, Change.REMOVED)


@settings(max_examples=80)
@given(st.lists(st.lists(members_of_images(), max_size=8), min_size=1, max_size=5))
def test_a_state_is_what_the_layers_up_to_it_make(stack: list[list[Member]]) -> None:
    whole = tree(*stack)
    states = States(whole)
    for layer in range(-1, len(stack)):
        codes = states.changes(layer, layer).codes
        shown = sorted(whole.path_in_layer(number) for number, code in enumerate(codes) if code != NOT_LISTED)
        assert shown == sorted(tree(*stack[: layer + 1]).live)


@settings(max_examples=60)
@given(st.lists(st.lists(members_of_images(), max_size=8), min_size=2, max_size=5), st.data())
def test_changes_lead_from_one_state_to_the_other(stack: list[list[Member]], data: st.DataObject) -> None:
    since = data.draw(st.integers(-1, len(stack) - 1))
    until = data.draw(st.integers(since, len(stack) - 1))
    before, after = (set(tree(*stack[: layer + 1]).live) for layer in (since, until))
    listed = {f"/{path}".replace("//", "/"): change for path, change in changed(tree(*stack), since, until).items()}
    assert {path for path, change in listed.items() if change == "removed"} == before - after
    assert {path for path, change in listed.items() if change == "added"} == after - before
    assert set(listed) == before | after


def test_metadata_is_all_that_differs_only_if_the_content_is_the_same() -> None:
    layers = tree(["a:1"], [file("a", b"1", mode=0o600)], [file("a", b"2", mode=0o600)])
    assert [changed(layers, since, until) for since, until in ((0, 1), (1, 2), (0, 2))] == [
        {"a": "metadata only"}, {"a": "modified"}, {"a": "modified"}
    ]  # fmt: skip
