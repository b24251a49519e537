"""What layers over each other leave: tables of cases, and a plain model that must give the same."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from layerscope.filesystem.overlay import NOT_HIDDEN
from layerscope.model.changeset import Changeset
from layerscope.model.entry import Entry, Fate, Kind
from tests.builder import Member, device, file
from tests.filesystem.layers import by_fate, changes, fates, tree, visible


@pytest.mark.parametrize(
    ("layers", "left"),
    [
        pytest.param([["a/x", "a/y"], ["a/.wh.x"]], ["a/y"], id="whiteout hides one file"),
        pytest.param([["a/x", "a/y"], [".wh.a"]], [], id="whiteout hides a directory"),
        pytest.param([["a/", "a/b/", "a/b/c"], ["a/.wh.b"]], ["a"], id="whiteout hides a subtree"),
        pytest.param([["a/x"], ["a/z", "a/.wh..wh..opq"]], ["a/z"], id="opaque spares its own layer"),
        pytest.param([["a/x"], ["a/b", "a/.wh..wh..opq", "a/z"]], ["a/b", "a/z"], id="before and after opaque"),
        pytest.param([["a/x"], ["a/.wh..wh..opq"]], [], id="opaque without a directory entry"),
        pytest.param([["a/"], ["a/.wh..wh..opq"]], ["a"], id="opaque keeps its directory"),
        pytest.param(
            [["a/d/low"], ["a/d/own", "a/.wh..wh..opq"]], ["a/d/own"], id="opaque reaches below own directories"
        ),
        pytest.param([["x", "a/y"], ["b", ".wh..wh..opq"]], ["b"], id="opaque root"),
        pytest.param([["a/x"], [".wh.a", "a/y"]], ["a/y"], id="directory replaced"),
        pytest.param([["a/x"], ["a/y", ".wh.a"]], ["a/y"], id="directory replaced, marker last"),
        pytest.param([["a/x"], [".wh.a", "a/x"]], ["a/x"], id="whiteout and the same path"),
        pytest.param([["x"], ["x", ".wh.x"]], ["x"], id="whiteout never hides its own layer"),
        pytest.param([["ab"], [".wh.a"]], ["ab"], id="prefix is not a parent"),
        pytest.param([["a.b", "a/c", "a"], [".wh.a"]], ["a.b"], id="neighbours in order"),
        pytest.param([["a"], [".wh.b"]], ["a"], id="whiteout of nothing"),
        pytest.param([[".wh.a"], ["a"]], ["a"], id="whiteout in a lower layer"),
        pytest.param([["a"], [".wh.a"], ["a"]], ["a"], id="deleted and made again"),
        pytest.param([["a"], [".wh.a"], [".wh.a"]], [], id="deleted twice"),
        pytest.param([["a"], ["a"], [".wh.a"]], [], id="overwritten, then deleted"),
        pytest.param([["a/x"], ["a"]], ["a"], id="file over directory"),
        pytest.param([["a/x"], ["a -> b"]], ["a"], id="symlink over directory"),
        pytest.param([["a/x"], ["a|"]], ["a"], id="pipe over directory"),
        pytest.param([["a"], ["a/", "a/x"]], ["a", "a/x"], id="directory over file"),
        pytest.param([["a/x"], ["a"], ["a/", "a/y"]], ["a", "a/y"], id="directory, file, directory"),
        pytest.param([["a/", "a/x"], ["a/", "a/y"]], ["a", "a/x", "a/y"], id="directory over directory"),
        pytest.param([["a/x"], ["a/.wh."]], ["a/x"], id="whiteout without a name"),
        pytest.param([["a/x"], ["a/.wh..", "a/.wh..."]], ["a/x"], id="whiteout of dots"),
        pytest.param([["a/x"], ["a/.wh..wh.aufs", ".wh..wh.plnk/"]], ["a/x"], id="bookkeeping of aufs"),
        pytest.param([["./a/x", "/b"], ["a/.wh.x", "./.wh.b"]], [], id="names with dot and slash"),
        pytest.param([["a/b/c"], [".wh.a"], ["a/b/d"]], ["a/b/d"], id="a hidden directory comes back empty"),
        pytest.param([["x:1", "x:22"]], ["x"], id="same path twice in one layer"),
        pytest.param([["a/", "a/x", "a"]], ["a"], id="file over directory in one layer"),
        pytest.param([["a/", "a/b/", "a/b/x", "a", "a/", "a/y"]], ["a", "a/y"], id="and a directory again"),
        pytest.param([["a/z"], ["a", "a/", "a/y"]], ["a", "a/y"], id="file, then directory in one layer"),
        pytest.param([["a"], ["a/x"]], ["a/x"], id="a directory without an entry over a file"),
        pytest.param([["a|"], ["a/b/x"]], ["a/b/x"], id="over a pipe, deeper"),
        pytest.param([["a -> f", "f"], ["a/x"]], ["a/x", "f"], id="over a symlink to a file"),
        pytest.param([[device("a")], ["a/x"]], ["a/x"], id="over a device"),
        pytest.param([["b", "a = b"], ["a/x"]], ["a/x", "b"], id="over a hardlink"),
        pytest.param([["d/a", "l -> d"], ["l/a/x"]], ["d/a/x", "l"], id="over a file behind a symlink"),
        pytest.param([["a"], ["a/.wh.x"]], [], id="over a file for a whiteout"),
        pytest.param([["a"], ["a/.wh..wh..opq"]], [], id="over a file for an opaque marker"),
        pytest.param([["a"], ["a/.wh..wh.aufs"]], ["a"], id="not for bookkeeping"),
        pytest.param([["a/"], ["a/x"], ["a"], ["a/y"]], ["a/y"], id="and over all below"),
        pytest.param([["a"], [], ["a/x"], [".wh.a"]], [], id="and deleted again"),
        pytest.param([["a", "a/x"]], ["a/x"], id="over a file of its own layer"),
        pytest.param([["a", "a/.wh.x"]], ["a"], id="not for a marker of its own layer"),
        pytest.param([["a/x", "a", "a/y"]], ["a/y"], id="over a file over a directory"),
        pytest.param([["a/b/y", "a", "a/b/x", "z/q", "z"]], ["a/b/x", "z"], id="two directories in one layer"),
        pytest.param([["a/x", "a/", "z/q", "z"]], ["a", "a/x", "z"], id="a directory's entry may come last"),
        pytest.param([["./"], ["a"]], [".", "a"], id="an entry of the root"),
        pytest.param([["./", "a"], [".wh..wh..opq"]], ["."], id="opaque root keeps its entry"),
        pytest.param([], [], id="no layers"),
        pytest.param([[], []], [], id="empty layers"),
    ],
)
def test_what_is_left(layers: Sequence[Sequence[str | Member]], left: list[str]) -> None:
    assert visible(tree(*layers)) == left


def test_the_last_of_one_path_in_one_layer_counts() -> None:
    found = tree(["x:1", "x:22", "x:333"])
    assert fates(found) == [["OVERWRITTEN", "OVERWRITTEN", "LIVE"]]
    assert [found.version(number).hidden_by for number in range(3)] == [0, 0, -1]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param([["a"], [".wh.a"]], [["DELETED"], ["MARKER"]], id="whiteout"),
        pytest.param([["a/x"], ["a/.wh..wh..opq"]], [["DELETED"], ["MARKER"]], id="opaque"),
        pytest.param([["a/x"], ["a:now a file"]], [["DELETED"], ["LIVE"]], id="a file over its directory"),
        pytest.param([["a"], ["a/"]], [["OVERWRITTEN"], ["LIVE"]], id="a directory over a file"),
        pytest.param([["a:1"], ["a:22"]], [["OVERWRITTEN"], ["LIVE"]], id="other length"),
        pytest.param([["a:1"], ["a:2"]], [["OVERWRITTEN"], ["LIVE"]], id="other content"),
        pytest.param([["a:1"], ["a:1"]], [["COPIED_UP"], ["LIVE"]], id="same content"),
        pytest.param([["a:"], ["a:"]], [["COPIED_UP"], ["LIVE"]], id="both empty"),
        pytest.param([["a:1"], ["a:1"], ["a:1"]], [["COPIED_UP"], ["COPIED_UP"], ["LIVE"]], id="copied twice"),
        pytest.param([["a:1"], ["a:2"], ["a:1"]], [["OVERWRITTEN"], ["OVERWRITTEN"], ["LIVE"]], id="changed and back"),
        pytest.param(
            [["a:1"], ["a:1"], [".wh.a"]], [["COPIED_UP"], ["DELETED"], ["MARKER"]], id="copied, then deleted"
        ),
        pytest.param([["a:1"], [".wh.a", "a:1"]], [["COPIED_UP"], ["MARKER", "LIVE"]], id="deleted and copied at once"),
        pytest.param([["a:1"], [".wh.a"], ["a:1"]], [["DELETED"], ["MARKER"], ["LIVE"]], id="deleted, then made again"),
        pytest.param([["a/"], ["a/"]], [["OVERWRITTEN"], ["LIVE"]], id="a directory's metadata"),
        pytest.param([["a"], ["a/x"]], [["DELETED"], ["LIVE"]], id="a directory without an entry over a file"),
        pytest.param([["a"], ["a/x", "a/"]], [["OVERWRITTEN"], ["LIVE", "LIVE"]], id="the same with an entry"),
        pytest.param([["a", "a/x"]], [["DELETED", "LIVE"]], id="over a file of its own layer"),
        pytest.param([["a"], ["a/x"], ["a"]], [["DELETED"], ["DELETED"], ["LIVE"]], id="the nearest counts"),
        pytest.param([["a/", "a/x", "a"]], [["OVERWRITTEN", "DELETED", "LIVE"]], id="replaced in its own layer"),
    ],
)
def test_fates_say_what_hid_a_version(layers: Sequence[Sequence[str]], expected: list[list[str]]) -> None:
    assert fates(tree(*layers)) == expected


def test_the_nearest_layer_is_the_one_that_hides() -> None:
    found = tree(["a", "d/x"], [], ["a"], [".wh.a", "d/.wh..wh..opq"], [".wh.d"])
    assert [found.version(number).hidden_by for number in (0, 1, 2)] == [2, 3, 3]
    found = tree(["a", "b"], ["b/x"], ["a/x", "b/y"], ["a", "a/y"], [".wh.a"])
    assert [found.version(number).hidden_by for number in (0, 1, 3)] == [2, 1, 3]


@pytest.mark.parametrize(
    ("layers", "live", "hidden"),
    [
        pytest.param([["t:123", "h = t"]], 3, 0, id="counted once"),
        pytest.param([["t:123", "h = t"], [".wh.t"]], 3, 0, id="alive under the other name"),
        pytest.param([["t:123", "h = t"], [".wh.h"]], 3, 0, id="the other name goes"),
        pytest.param([["t:123", "h = t"], [".wh.t", ".wh.h"]], 0, 3, id="both names go"),
        pytest.param([["t:123", "h = t"], ["t:4567"]], 7, 0, id="first name overwritten"),
        pytest.param([["t:123", "h = t", "g = h"], [".wh.t", ".wh.h"]], 3, 0, id="a link to a link"),
        pytest.param([["t:123"], ["h = t"], [".wh.t"]], 3, 0, id="to a lower layer"),
        pytest.param([["t:123"], ["h = t", ".wh.t"]], 3, 0, id="to a lower layer that its own hides"),
        pytest.param([["t:123"], [".wh.t"], ["h = t"]], 0, 3, id="to what is gone already"),
        pytest.param([["h = t", "t:123"], [".wh.t"]], 3, 0, id="to a later entry"),
        pytest.param([["h = h"]], 0, 0, id="to itself"),
        pytest.param([["a = b", "b = a"]], 0, 0, id="in a circle"),
        pytest.param([["h = nothing"]], 0, 0, id="to nothing"),
        pytest.param([["d/", "h = d"]], 0, 0, id="to a directory"),
        pytest.param([["t:1", "h = t", "t:22"]], 3, 0, id="the first of two, overwritten in its layer"),
        pytest.param([["d/t:123", "h = d/t"], [".wh.d"]], 3, 0, id="its directory goes"),
        pytest.param([["t:123", "h = t"], ["h:123"], [".wh.t"]], 3, 3, id="the other name was copied up"),
        pytest.param([["t:123", "d/h = t"], [".wh.t"], ["d"]], 1, 3, id="both names go, one with its directory"),
    ],
)
def test_hardlinked_bytes_live_while_any_name_does(layers: Sequence[Sequence[str]], live: int, hidden: int) -> None:
    assert by_fate(tree(*layers)) == (live, hidden)


@pytest.mark.parametrize(
    ("layers", "broken"),
    [
        pytest.param([["h = nothing"]], ["/h"], id="to nothing"),
        pytest.param([["h = h"]], ["/h"], id="to itself"),
        pytest.param([["a = b", "b = a", "t", "h = t"]], ["/a", "/b"], id="in a circle"),
        pytest.param([["c = b", "b = a", "a = nothing"]], ["/c", "/b", "/a"], id="a chain to nothing"),
        pytest.param([["t"], [".wh.t"], ["h = t"]], ["/h"], id="to what a lower layer deleted"),
        pytest.param([["h = nothing"], [".wh.h"]], ["/h"], id="deleted later"),
        pytest.param([["h = t"], ["t"]], ["/h"], id="to what an upper layer brings"),
        pytest.param([["d/", "d/t", "h = d"]], ["/h"], id="to a directory"),
        pytest.param([["d/"], ["h = d"]], ["/h"], id="to a directory of a lower layer"),
        pytest.param([["d/", "d/t", "h = d/t"]], [], id="to a file of a directory"),
        pytest.param([["t"], ["h = t"]], [], id="to a lower layer"),
        pytest.param([["h = t", "t"]], [], id="to a later entry"),
        pytest.param([["t", "h = t"], [".wh.t"]], [], id="whose other name goes"),
        pytest.param([["s -> gone", "h = s"]], [], id="to a symlink that leads nowhere"),
        pytest.param([["t", "g = t", "h = g"]], [], id="a chain to a file"),
    ],
)
def test_a_hardlink_without_content_is_broken(layers: Sequence[Sequence[str]], broken: Sequence[str]) -> None:
    found = tree(*layers)
    assert [found.path_in_layer(number) for number in found.broken_hardlinks] == broken


def test_a_surviving_hardlink_names_the_bytes() -> None:
    found = tree(["t:123", "h = t"], [".wh.t"])
    assert (found.path_of(0), found.version(0).path, found.carrier(1)) == ("/h", "/h", 0)
    assert "/t" not in found.live
    assert tree(["t:123"], ["h = t"]).carrier(1) == 0


def test_a_hardlink_s_content_is_its_carrier_s() -> None:
    found = tree(["t:123", "h = t"])
    assert found.fingerprint(found.live["/h"]) == found.fingerprint(found.live["/t"])


# The model: layers applied from the lowest up to a dictionary, with no thought for speed.


@dataclass
class Model:
    """Path to the version there, the entry of each version, and hardlink to the version whose bytes it shares."""

    live: dict[str, int] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    bytes_of: dict[int, int] = field(default_factory=dict)

    def apply(self, changeset: Changeset, start: int) -> None:
        for number, entry in enumerate(changeset, start):
            self.entries[number] = entry
            path = self.landed(entry.path) if entry.path != "/" else "/"
            if entry.kind == Kind.OPAQUE:
                end = self.behind(path)
                path = "" if path == "/" else path if end is None else end
            if entry.kind != Kind.BOOKKEEPING:
                self._make_way(path, start if entry.kind >= Kind.WHITEOUT else sys.maxsize, entry.kind == Kind.OPAQUE)
            if entry.kind == Kind.WHITEOUT:
                self._remove(lambda one, at=path: one == at or one.startswith(at + "/"), start)
            elif entry.kind == Kind.OPAQUE:
                self._remove(lambda one, at=path: one.startswith(at + "/") and one != "/", start)
            elif entry.kind < Kind.WHITEOUT:
                if entry.kind == Kind.HARDLINK and (source := self.live.get(self.landed(entry.link))) is not None:
                    carrier = self.bytes_of.get(source, source)
                    if self.entries[carrier].kind != Kind.HARDLINK:  # One that leads nowhere has no bytes to share.
                        self.bytes_of[number] = carrier
                if entry.kind != Kind.DIRECTORY:
                    self._remove(lambda one, at=path: one.startswith(at + "/"), sys.maxsize)
                self.live[path] = number

    def landed(self, path: str) -> str:
        """Where a path lands; links on the way that lead to no directory are names like any other."""
        done = ""
        *way, name = path.split("/")[1:]
        for part in way:
            end = self.behind(f"{done}/{part}")
            done = f"{done}/{part}" if end is None else end
        return f"{done}/{name}"

    def behind(self, path: str) -> str | None:
        """The directory to which the symlink at a path leads, None where there is none."""
        todo, done, links = path.split("/")[1:], "", 0
        while todo:
            part = todo.pop(0)
            if part in ("", "."):
                continue
            if part == "..":
                done = done.rpartition("/")[0]
                continue
            entry = self._entry(f"{done}/{part}")
            if entry is None or entry.kind != Kind.SYMLINK:
                done = f"{done}/{part}"
                continue
            links += 1
            if links > 40:
                return None
            done = "" if entry.link.startswith("/") else done
            todo = entry.link.split("/") + todo
        for one in (done, *above(done)) if links else ():
            entry = self._entry(one)
            if entry is not None and entry.kind != Kind.DIRECTORY:
                return None
        return done if links else None

    def _entry(self, path: str) -> Entry | None:
        number = self.live.get(path)
        return None if number is None else self.entries[self.bytes_of.get(number, number)]

    def _make_way(self, path: str, before: int, whole: bool) -> None:
        """What an entry lies in is a directory, whatever it was before."""
        for parent in (*above(path), *((path,) if whole else ())):
            number = self.live.get(parent)
            if number is not None and number < before and self.entries[number].kind != Kind.DIRECTORY:
                del self.live[parent]

    def _remove(self, gone: Callable[..., bool], before: int) -> None:
        self.live = {path: number for path, number in self.live.items() if not (gone(path) and number < before)}


def above(path: str) -> list[str]:
    """The directories on the way to a path, without the root."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(2, len(parts))]


names = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)
entries = st.one_of(
    names.map("{}/".format),
    names,
    st.builds("{}:{}".format, names, st.sampled_from(["", "1", "2", "22"])),
    names.map("{}|".format),
    names.map(lambda name: "/".join([*name.split("/")[:-1], ".wh." + name.split("/")[-1]])),
    names.map("{}/.wh..wh..opq".format),
    st.just(".wh..wh..opq"),
    st.builds("{} = {}".format, names, names),
    st.builds("{} -> {}".format, names, st.one_of(names, names.map("/".__add__), names.map("../".__add__))),
)
stacks = st.lists(st.lists(entries, max_size=7), min_size=1, max_size=5)

# What few layers have: AUFS' own files and hardlinks to them, types of tar that are none of the usual, empty names.
aside = st.sampled_from([".wh..wh.plnk/1", ".wh..wh.plnk/2"])
odd_entries: st.SearchStrategy[str | Member] = st.one_of(
    st.builds("{}:{}".format, aside, st.sampled_from(["", "1", "22"])),
    st.builds("{} = {}".format, st.sampled_from(["p", "q", "d/p", "d/q"]), aside),
    st.builds("{} = {}".format, aside, aside),
    st.sampled_from([".wh.p", "d/.wh.q", ".wh.d", "d/.wh..wh..opq", "p:22", "d/q:1", "l -> d"]),
    st.just(".wh..wh.plnk/"),
    st.builds("{}/{}".format, names, st.sampled_from([".wh..wh.aufs", ".wh..wh.orph/1", ".wh.", ".wh..", ".wh.x/y"])),
    st.builds(device, names, block=st.booleans()),
    st.builds(
        # A directory's header is followed by the next one, whatever length it declares.
        lambda name, flag, data: Member(
            name=name.encode(), typeflag=flag, content=b"" if flag == b"5" or name.endswith("/") else data
        ),
        st.one_of(names, st.sampled_from(["", "/", "./", "..", "../..", "a/..", "a//b/", "./a/."])),
        st.sampled_from([b"0", b"\0", b"5", b"7", b"D", b"M", b"N", b"V", b"Z"]),
        st.sampled_from([b"", b"1", b"22"]),
    ),
)
odd_stacks = st.lists(st.lists(st.one_of(entries, odd_entries), max_size=9), min_size=1, max_size=4)
# Hardlinks that no engine would make.
strange_links = st.one_of(st.builds("{} = {}".format, names, aside), st.builds("{} = {}".format, aside, names))
strange_stacks = st.lists(st.lists(st.one_of(odd_entries, strange_links), max_size=9), min_size=1, max_size=4)


def only_links_to_what_is_there(layers: Sequence[Sequence[str | Member]]) -> list[list[str | Member]]:
    """Without the hardlinks that no engine would make: to nothing, to a directory, to a later entry.

    What AUFS set aside comes first, as it does in its archives.
    """
    kept: list[list[str | Member]] = []
    for members in layers:
        kept.append([])
        for text in sorted(members, key=lambda each: not str(each).startswith(".wh..wh.plnk/")):
            if isinstance(text, str) and " = " in text and " = .wh..wh." not in text:
                model, start = Model(), 0
                stack = [changes(each).changeset for each in kept]
                for changeset in stack:
                    model.apply(changeset, start)
                    start += len(changeset)
                link, target = (model.landed(f"/{name}") for name in text.split(" = "))
                number = model.live.get(target)
                lost = f"{target}/".startswith(f"{link}/") or link.startswith(f"{target}/")
                if number is None or model.entries[number].kind == Kind.DIRECTORY or lost:
                    continue
            kept[-1].append(text)
    return kept


@settings(max_examples=200, deadline=None)
@given(st.one_of(stacks, odd_stacks))
@example([[".wh..wh.plnk/2:", "p = .wh..wh.plnk/1", "p = .wh..wh.plnk/2", "p = .wh..wh.plnk/2"]])
def test_the_overlay_is_that_of_a_plain_model(written: list[list[str | Member]]) -> None:
    layers = only_links_to_what_is_there(written)
    found, model, start = tree(*layers), Model(), 0
    for each in layers:
        changeset = changes(each).changeset
        model.apply(changeset, start)
        start += len(changeset)
    assert found.live == model.live
    carriers = {model.bytes_of.get(number, number) for number in model.live.values()}
    assert {n for n in range(len(found)) if found.fates[n] == Fate.LIVE} == carriers | set(model.live.values())


@settings(max_examples=150, deadline=None)
@given(st.one_of(stacks, odd_stacks, strange_stacks))
def test_every_byte_is_live_or_hidden_and_every_path_has_one_live_version(layers: list[list[str | Member]]) -> None:
    found = tree(*layers)
    assert sum(by_fate(found)) == sum(each.content_bytes for each in found.layers)
    assert len(set(found.live.values())) == len(found.live)
    for path, number in found.live.items():
        assert (found.paths[number], found.version(number).hidden_by) == (path, NOT_HIDDEN)
        assert found.fates[number] == Fate.LIVE
    carriers = {found.carrier(number) for number in found.live.values()}
    live_bytes = sum(found.content_bytes(number) for number in carriers if found.kind_of(number) == Kind.FILE)
    assert by_fate(found)[0] == live_bytes
    for number in range(len(found)):
        version = found.version(number)
        assert (version.fate == Fate.MARKER) == (version.kind >= Kind.WHITEOUT)
        if version.fate not in (Fate.LIVE, Fate.MARKER):
            assert version.layer <= version.hidden_by < len(layers)


def test_the_versions_of_a_layer_keep_their_numbers() -> None:
    found = tree(["a", "b"], [file("c", b"")], [])
    assert [list(found.numbers(layer)) for layer in range(3)] == [[0, 1], [2], []]
    assert [found.place(number) for number in range(3)] == [(0, 0), (0, 1), (1, 0)]
