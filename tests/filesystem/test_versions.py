"""What a file system says of each version: its layer, its carrier, its content, the links and directories around it."""

import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import BinaryIO, cast

import pytest

from layerscope.errors import LimitExceeded
from layerscope.filesystem import parents
from layerscope.filesystem.links import carriers_of
from layerscope.filesystem.overlay import overlay
from layerscope.filesystem.parents import Ancestors, directories_in, resolve_parents
from layerscope.filesystem.path_layers import PathLayers
from layerscope.filesystem.states import States
from layerscope.filesystem.tree import BLOCK, Filesystem
from layerscope.filesystem.version import Version
from layerscope.image.layer import LayerData, read_positional, read_stream
from layerscope.image.options import ReadOptions
from layerscope.model.entry import Fate, Kind
from layerscope.model.image import Image, ImageConfig, Layer
from layerscope.model.pathset import PathSet, Wanted
from layerscope.tar.positional import PositionalFile
from tests.builder import Member, directory, fifo, file, gnu_sparse, hardlink, layer, symlink
from tests.filesystem.layers import changes, fates, tree, visible

OPEN = ExitStack()


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close the files of a test at its end."""
    with OPEN:
        yield


def plain(*members: Member) -> LayerData:
    """A layer in a plain file that stays open, so that its contents can be read."""
    raw = OPEN.enter_context(tempfile.TemporaryFile(buffering=0))  # noqa: SIM115
    raw.write(layer(*members))
    one = PositionalFile(cast(BinaryIO, raw))
    return read_positional(one, 0, one.length, "layer", ReadOptions())


def streamed(*members: Member, wanted: Sequence[Wanted] = ()) -> LayerData:
    """A layer that came through a pipe, of which only what is wanted was kept."""
    return read_stream(io.BytesIO(layer(*members)), "layer", ReadOptions(wanted=tuple(wanted)))


def of(*layers: LayerData) -> Filesystem:
    return Filesystem(
        [
            Layer(index=index, diff_id=data.diff_id, changeset=data.changeset, contents=data.contents)
            for index, data in enumerate(layers)
        ]
    )


def test_a_version_is_all_that_its_layer_and_the_others_say_of_it() -> None:
    found = of(
        plain(directory("d", mode=0o750, uid=1, gid=2, mtime=3)),
        plain(file("d/f", b"abc", mode=0o604, uid=4, gid=5, mtime=6), symlink("d/l", "f")),
        plain(file("d/f", b"abcd"), fifo("/p")),
    )
    assert found.version(1) == Version(
        number=1, layer=1, path="/d/f", kind=Kind.FILE, content_bytes=3, mode=0o604, uid=4, gid=5, mtime=6, link="",
        fate=Fate.OVERWRITTEN, hidden_by=2,
    )  # fmt: skip
    assert found.version(2) == Version(
        number=2, layer=1, path="/d/l", kind=Kind.SYMLINK, content_bytes=0, mode=0o777, uid=0, gid=0, mtime=0, link="f",
        fate=Fate.LIVE, hidden_by=-1,
    )  # fmt: skip
    names = [(found.version(number).parent, found.version(number).name) for number in (0, 2, 4)]
    assert names == [("", "d"), ("/d", "l"), ("", "p")]
    assert [found.place(number) for number in range(5)] == [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert [found.layer_of(number) for number in range(5)] == [0, 1, 1, 2, 2]
    assert len(found) == 5


A, B = b"a" * 3 * BLOCK, b"b" * 3 * BLOCK


@pytest.mark.parametrize(
    ("lower", "upper", "fate"),
    [
        pytest.param(plain, plain, "COPIED_UP", id="both can be read"),
        pytest.param(streamed, streamed, "COPIED_UP", id="both are fingerprints"),
        pytest.param(plain, streamed, "COPIED_UP", id="the upper one is a fingerprint"),
        pytest.param(streamed, plain, "COPIED_UP", id="the lower one is a fingerprint"),
    ],
)
def test_the_same_content_is_a_copy_however_it_is_known(lower: object, upper: object, fate: str) -> None:
    found = of(lower(file("a", A)), upper(file("a", A, mode=0o600)))  # type: ignore[operator]
    assert fates(found) == [[fate], ["LIVE"]]
    other = of(lower(file("a", A)), upper(file("a", B, mode=0o600)))  # type: ignore[operator]
    assert fates(other) == [["OVERWRITTEN"], ["LIVE"]]


@pytest.mark.parametrize("place", [0, BLOCK - 1, 3 * BLOCK // 2, 2 * BLOCK, 3 * BLOCK - 1])
def test_files_that_differ_at_their_ends_or_in_the_middle_are_not_read_whole(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = A[:place] + b"?" + A[place + 1 :]
    monkeypatch.setattr(Filesystem, "fingerprint", lambda *_: pytest.fail("a fingerprint was asked for"))
    assert fates(of(plain(file("a", A)), plain(file("a", other)))) == [["OVERWRITTEN"], ["LIVE"]]


def test_files_that_differ_elsewhere_are_told_by_their_fingerprint() -> None:
    other = A[: BLOCK + 1] + b"?" + A[BLOCK + 2 :]
    assert fates(of(plain(file("a", A)), plain(file("a", other)))) == [["OVERWRITTEN"], ["LIVE"]]


def test_content_that_was_not_kept_is_the_same_as_none() -> None:
    sparse = gnu_sparse("s", [(0, b"x" * 512)], real_bytes=2048)
    found = of(plain(sparse, gnu_sparse("t", [(0, b"x" * 512)], real_bytes=2048), file("e"), file("f")))
    assert not found.same_content(0, 1) and not found.same_content(0, 0)
    assert found.same_content(2, 3)
    assert (found.fingerprint(0), found.read(0), found.block(0, 0)) == (None, None, None)


def test_content_is_that_of_the_carrier_from_any_place_on() -> None:
    found = of(plain(file("a", b"0123456789"), hardlink("b", "a")), plain(hardlink("c", "b")))
    for number in range(3):
        assert found.read(number) == b"0123456789"
        assert (found.read(number, 3), found.read(number, 3, 2), found.block(number, 8)) == (b"3456789", b"34", b"89")
        assert found.fingerprint(number) == found.fingerprint(0) is not None
    assert found.carrier(2) == 0 and found.hardlinks == {0: [1, 2]}
    wanted = of(streamed(file("x/a", b"0123456789"), wanted=[Wanted(paths=PathSet(names=("a",)), head=4)]))
    assert (wanted.read(0), wanted.read(0, 1), wanted.read(0, 6, 2)) == (b"0123", b"123", None)


def test_a_search_goes_through_each_layer_once() -> None:
    found = of(
        plain(file("a", b"token"), file("b", b"none"), file("c", b"a token")),
        plain(),
        plain(file("d", b"token!"), file("e", b"\0token")),
    )
    assert list(found.search(range(5), re.compile(b"token"))) == [(0, b"token"), (2, b"a token"), (3, b"token!")]
    assert list(found.search([3], re.compile(b"token"))) == [(3, b"token!")]


@pytest.mark.parametrize(
    ("broken", "partial", "before"),
    [
        ([], "", ""),
        ([], "some files were not looked at", "some files were not looked at"),
        (["h = nothing"], "1 broken hardlink", ""),
        (["h = nothing", "g = h"], "2 broken hardlinks", ""),
        ([f"h{n} = nothing" for n in range(1000)], "1,000 broken hardlinks", ""),
        (["h = nothing"], "not whole; 1 broken hardlink", "not whole"),
    ],
)
def test_a_layer_with_broken_hardlinks_is_marked(broken: list[str], partial: str, before: str) -> None:
    data = [changes(["a"]), changes(broken)]
    layers = tuple(
        Layer(index=index, diff_id=None, changeset=one.changeset, partial=before if index else "")
        for index, one in enumerate(data)
    )
    image = Image(source="x", format="", config=ImageConfig(), layers=layers)
    marked = Filesystem(layers).marked(image)
    assert [one.partial for one in marked.layers] == ["", partial]
    assert [one.changeset for one in marked.layers] == [one.changeset for one in layers]


def test_directories_are_listed_with_and_without_entries() -> None:
    found = tree(["./", "a/", "a/b/c/d", "e"], ["a/b/f"])
    names = {key: [found.paths[number] for number in numbers] for key, numbers in found.children.items()}
    assert {key: sorted(paths) for key, paths in names.items()} == {
        "": ["/a", "/e"], "/a/b/c": ["/a/b/c/d"], "/a/b": ["/a/b/f"]
    }  # fmt: skip
    assert {key: sorted(paths) for key, paths in found.subdirectories.items()} == {
        "": ["/a"], "/a": ["/a/b"], "/a/b": ["/a/b/c"]
    }  # fmt: skip
    assert sorted(found.paths[number] for number in found.below("/a/")) == ["/a/b/c/d", "/a/b/f"]
    assert list(found.below("/none")) == []


def test_the_lowest_layer_of_each_path_is_known() -> None:
    found = tree(["a/", "a/x"], ["a", "ab", "a/.wh.x"], ["a/x", "b/", "a.c"])
    layers = PathLayers(found.layers)
    assert layers.lowest == {"/a": 0, "/a/x": 0, "/ab": 1, "/b": 2, "/a.c": 2}
    assert layers.files == {"/a": 1, "/a/x": 0, "/ab": 1, "/a.c": 2}
    assert list(layers.below("/a")) == ["/a/x"]
    assert list(layers.below("")) == ["/a", "/a.c", "/a/x", "/ab", "/b"]
    assert list(layers.below("/z")) == [] and found.path_layers.lowest == layers.lowest


def test_sets_that_were_asked_for_before_are_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tree(["a/x", "a/y", "b/x"], ["a/.wh.x", "a/x"])
    one, other = PathSet(names=("x",)), PathSet(trees=("/a",))
    assert found.select([one, other, one]) == ((0, 2, 4), (0, 1, 4), (0, 2, 4))
    monkeypatch.setattr(Filesystem, "_by_hits", lambda *_: pytest.fail("they were looked for again"))
    assert found.select([other]) == ((0, 1, 4),)


LINKED = [
    pytest.param([["t", "h = t"]], {1: 0}, (), id="before it"),
    pytest.param([["h = t", "t"]], {0: 1}, (), id="after it"),
    pytest.param([["t"], ["t", "h = t", "t"]], {2: 1}, (), id="the nearest before it"),
    pytest.param([["t"], ["h = t", "t"]], {1: 0}, (), id="below it, not after"),
    pytest.param([["t"], [".wh.t", "h = t", "t"]], {2: 0}, (), id="though its own layer hides that"),
    pytest.param([["t"], [".wh.t"], ["h = t", "t"]], {2: 3}, (), id="what comes later, where below it is gone"),
    pytest.param([["t"], [".wh.t"], ["h = t"], ["t"]], {}, (2,), id="not what a layer above brings"),
    pytest.param([["t"], ["t"], [".wh.t"]], {}, (), id="none"),
    pytest.param([["a = b", "b = c", "c"]], {0: 2, 1: 2}, (), id="a chain"),
    pytest.param([["a = b", "b = a", "c = b"]], {}, (0, 1, 2), id="a circle and one that leads into it"),
    pytest.param([["d/", "h = d"]], {}, (1,), id="a directory"),
    pytest.param([["d.wh/", "h = d"], [".wh.d", "g = d"]], {}, (1, 3), id="a marker"),
]


@pytest.mark.parametrize(("layers", "carriers", "broken"), LINKED)
def test_a_hardlink_has_the_bytes_of_what_it_links_to_when_it_is_made(
    layers: Sequence[Sequence[str]], carriers: dict[int, int], broken: tuple[int, ...]
) -> None:
    stack = [changes(one).changeset for one in layers]
    merged = overlay(stack)
    assert (merged.carriers, merged.broken) == (carriers, broken)
    assert carriers_of(stack, merged.starts, merged.hidden_by) == (carriers, broken)


def test_a_carrier_lives_under_the_first_of_its_live_names() -> None:
    found = tree(["t:123", "a = t", "b = t", "c = t"], [".wh.t", ".wh.a"])
    assert dict(found.survivors) == {0: 2}
    assert (found.paths[0], found.directories[0]) == ("/b", "")
    assert Fate(found.fates[0]) == Fate.LIVE and found.version(0).hidden_by == 1
    assert found.path_in_layer(0) == "/t"
    assert sorted(found.live_numbers()) == [0, 2, 3]
    assert States(found).changes(0, 1).carried == {2: 0}
    assert States(found).changes(-1, 0).carried == {}


@pytest.mark.parametrize(
    ("layers", "left"),
    [
        pytest.param(
            [["b/", "a -> b"], [Member(name=b"a", typeflag=b"V")], ["a/x"]],
            ["a", "b", "b/x"],
            id="the label of a volume",
        ),
        pytest.param(
            [["f", "a -> f"], [Member(name=b"f", typeflag=b"V")], ["a/x"]], ["a/x", "f"], id="one called as a file"
        ),
        pytest.param([["a/b/c/x"], ["a/b"], ["a/y"]], ["a/b", "a/y"], id="a file over a directory, deep"),
        pytest.param([["a/b/x", "a/b/y", "a/b", "a/b/z"]], ["a/b/z"], id="and a directory again, in one layer"),
        pytest.param([["a/b/x", "a", "a/b/y", "a/b"]], ["a/b"], id="twice a file over a directory, in one layer"),
        pytest.param([["a"], ["a/x", "a/", "z/q", "z"]], ["a", "a/x", "z"], id="a directory's entry behind its file"),
        pytest.param([["a/x", "a/y/z", "b"], ["a", "a/y/q"]], ["a/y/q", "b"], id="over what a lower layer has below"),
    ],
)
def test_what_is_left_of_files_and_directories_of_one_name(
    layers: Sequence[Sequence[str | Member]], left: list[str]
) -> None:
    assert visible(tree(*layers)) == left


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], set()),
        ([""], {""}),
        (["/a/b", "/a/c"], {"", "/a", "/a/b", "/a/c"}),
    ],
)
def test_the_ancestors_of_directories_are_in_their_set(names: list[str], found: set[str]) -> None:
    assert Ancestors(names).found == found


@pytest.mark.parametrize("most", [5, 6])
def test_directories_that_no_entry_names_have_a_limit(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "DIRECTORY_CHARACTERS", most)
    monkeypatch.setattr(parents, "CHARACTERS_A_DIRECTORY", 6)
    if most == 6:
        assert Ancestors(["/a/b/c", "/a/b/c"]).found == {
            "",
            "/a",
            "/a/b",
            "/a/b/c",
        }  # 12 characters, of which 6 are free.
        return
    with pytest.raises(LimitExceeded, match="^the paths of the image are too long and too deep to hold in memory$"):
        Ancestors(["/a/b/c"])


def test_the_directories_of_a_layer_are_those_of_what_is_unpacked() -> None:
    assert directories_in(changes(["a/b", "c/.wh..wh.x", "d/.wh..wh..opq", ".wh..wh.plnk/1", "e"]).changeset) == {
        "/a", "", "/d"
    }  # fmt: skip
    assert directories_in(changes([".wh..wh..opq"]).changeset) == {""}


def test_links_alone_make_a_layer_another_one() -> None:
    stack = [changes(["u/l/", "u/l/t", "l -> u/l"]).changeset, changes(["h = l/t", "x"]).changeset]
    found = resolve_parents(stack)
    assert found.changesets[0] is stack[0]
    assert dict(found.changesets[1].links) == {0: "/u/l/t"} and list(found.changesets[1].paths) == ["/h", "/x"]
    assert found.redirected == ()
    assert {"", "/u", "/u/l", "/l"} <= found.parents
