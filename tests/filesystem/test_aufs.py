"""What AUFS kept beside the files: its bookkeeping is no file, and the bytes of hardlinks are found in it."""

from collections.abc import Sequence

import pytest

from layerscope.model.entry import Fate, Kind
from tests.builder import Member, file, layer
from tests.filesystem.layers import by_fate, changes, tree, visible
from tests.tar.walking import by_position, streamed

PLNK = ".wh..wh.plnk/12.34"


@pytest.mark.parametrize(
    ("layers", "left", "sizes"),
    [
        pytest.param([[f"{PLNK}:12345"]], [], (0, 0), id="no name"),
        pytest.param([[f"{PLNK}:12345", f"a = {PLNK}"]], ["a"], (5, 0), id="one name"),
        pytest.param([[".wh..wh.plnk/", f"{PLNK}:12345", f"a = {PLNK}", f"b = {PLNK}"]], ["a", "b"], (5, 0), id="two"),
        pytest.param([[f"a = {PLNK}", f"b = {PLNK}", f"{PLNK}:12345"]], ["a", "b"], (5, 0), id="names come first"),
        pytest.param([[f"{PLNK}:123", f"{PLNK}:12345", f"a = {PLNK}"]], ["a"], (5, 0), id="the last of two"),
        pytest.param([[f"{PLNK}:12345", f"a = {PLNK}", "b = a"]], ["a", "b"], (5, 0), id="a link to a name"),
        pytest.param(
            [[f"{PLNK}:12345", f".wh..wh.plnk/2 = {PLNK}", "a = .wh..wh.plnk/2"]], ["a"], (5, 0), id="a link among them"
        ),
        pytest.param([["f:12345", ".wh..wh.plnk/2 = f", "a = .wh..wh.plnk/2"]], ["a", "f"], (5, 0), id="back again"),
        pytest.param([[".wh..wh.plnk/2 = .wh..wh.plnk/2", "a = .wh..wh.plnk/2"]], ["a"], (0, 0), id="a circle"),
        pytest.param([[f"{PLNK}:12345", f"a = {PLNK}", f"b = {PLNK}"], [".wh.a"]], ["b"], (5, 0), id="one name goes"),
        pytest.param(
            [[f"{PLNK}:12345", f"a = {PLNK}", f"b = {PLNK}"], [".wh.a", ".wh.b"]], [], (0, 5), id="both names go"
        ),
        pytest.param(
            [[f"{PLNK}:123", f"a = {PLNK}"], [f"{PLNK}:12345", f"b = {PLNK}"]], ["a", "b"], (8, 0), id="in two layers"
        ),
        pytest.param(
            [["x", ".wh..wh.orph/1.2:123", ".wh..wh.orph/l -> x", ".wh..wh.aufs"]], ["x"], (1, 0), id="others"
        ),
        pytest.param([["x"], ["d/.wh..wh.plnk/y/z", "d/.wh..wh.opq"]], ["x"], (1, 0), id="deeper"),
        pytest.param([["x", "d/y"], ["d/.wh..wh..opq/", "d/.wh..wh..opq/z"]], ["x"], (1, 3), id="an opaque directory"),
        pytest.param([["x.wh..wh.y/z:1"]], ["x.wh..wh.y/z"], (1, 0), id="a name that only has it"),
    ],
)
def test_bookkeeping_is_no_file_and_its_bytes_go_to_their_names(
    layers: Sequence[Sequence[str]], left: list[str], sizes: tuple[int, int]
) -> None:
    found = tree(*layers)
    assert (visible(found), by_fate(found)) == (left, sizes)
    assert all(found.kinds[n] == Kind.BOOKKEEPING for n in range(len(found)) if "/.wh..wh.p" in found.paths[n])


def test_the_bytes_are_read_under_each_name() -> None:
    found = tree(["d/", f"{PLNK}:12345", f"d/a = {PLNK}", f"d/b = {PLNK}"])
    carrier = found.carrier(found.live["/d/b"])
    assert (found.path_of(carrier), found.directories[carrier]) == ("/d/a", "/d")
    assert found.fingerprint(found.live["/d/a"]) == tree(["x:12345"]).fingerprint(0)
    assert [Fate(fate) for fate in found.fates].count(Fate.MARKER) == 1


@pytest.mark.parametrize(
    "members",
    [
        pytest.param((file("d/.wh..wh.plnk/x", b"123"), file("y", b"1")), id="below a directory"),
        pytest.param((file("", b"123"), file("y", b"1")), id="no name"),
        pytest.param((file("./", b"123"), file("y", b"1")), id="the root"),
        pytest.param((file("d/.wh.x/y", b"1"), file("d/.wh..wh", b"12"), file("d/.wh..wh/z", b"123")), id="nearly"),
    ],
)
def test_the_compiled_walk_gives_the_same(members: tuple[Member, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    data = layer(*members)
    found = list(by_position(data).changeset)
    monkeypatch.setattr("layerscope.tar.walk.SCAN", None)
    assert list(by_position(data).changeset) == found == list(streamed(data).changeset)


def test_many_names_take_no_more_work_each() -> None:
    names = [f"n{n} = .wh..wh.plnk/{n}" for n in range(20_000)]
    found = changes([*(f".wh..wh.plnk/{n}:1" for n in range(20_000)), *names]).changeset
    assert found.content_bytes == 20_000
