"""What one pass over a layer keeps of the contents is what was asked for, and never anything else."""

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import LimitExceeded
from layerscope.image.capture import Capture
from layerscope.image.layer import LayerData
from layerscope.image.options import ReadOptions
from layerscope.image.plain import _GAP, _close
from layerscope.model.limits import MIB, Limits
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, Wanted
from layerscope.model.patterns import pattern
from tests.builder import Member, directory, file, gnu_sparse, hardlink, layer, symlink
from tests.tar.walking import by_position, every_way, failure_of, streamed, tiny_windows

CONTENT = bytes(index * 7 % 251 for index in range(3000))


def kept(*wanted: Wanted, mode: int = 0o644, content: bytes = CONTENT) -> LayerData:
    """A layer with one file ``/a/file`` after these wishes."""
    return streamed(layer(directory("a"), file("a/file", content, mode=mode)), ReadOptions(wanted=wanted))


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 3000),
    st.integers(1, 3500),
    st.integers(0, 3500),
    st.integers(0, 3200),
    st.one_of(st.none(), st.integers(0, 3200)),
    st.sampled_from([1, 100, 700, 1 << 20]),
)
def test_a_part_is_right_or_not_there(
    length: int, head: int, tail: int, start: int, asked: int | None, most: int
) -> None:
    content = CONTENT[:length]
    wish = Wanted(paths=PathSet(names=("file",)), head=head, tail=tail)
    with tiny_windows():
        found = streamed(layer(file("file", content)), ReadOptions(wanted=(wish,)), most=most).contents.read(
            0, start, asked
        )
    end = length if asked is None else min(start + asked, length)
    first, last = range(min(head, length)), range(max(0, length - tail), length)
    if all(place in first or place in last for place in range(start, end)):
        assert found == content[start:end]
    elif asked is None and start < head:
        assert found is not None
        assert content[start:].startswith(found)
    else:
        assert found is None


@pytest.mark.parametrize(
    ("wish", "mode", "is_kept"),
    [
        pytest.param(Wanted(paths=PathSet(paths=("/a/file",))), 0o644, True, id="path"),
        pytest.param(Wanted(paths=PathSet(trees=("/a",))), 0o644, True, id="tree"),
        pytest.param(Wanted(paths=PathSet(paths=("/b",))), 0o644, False, id="another path"),
        pytest.param(Wanted(small=3000), 0o644, True, id="small"),
        pytest.param(Wanted(small=2999), 0o644, False, id="not small enough"),
        pytest.param(Wanted(executables=3000), 0o755, True, id="executable"),
        pytest.param(Wanted(executables=3001), 0o755, False, id="too short an executable"),
        pytest.param(Wanted(executables=1), 0o644, False, id="not executable"),
        pytest.param(Wanted(executables=1), 0o001, True, id="executable by others"),
    ],
)
def test_what_is_asked_for_is_kept(wish: Wanted, mode: int, is_kept: bool) -> None:
    assert kept(wish, mode=mode).contents.read(1, 0, 3000) == (CONTENT if is_kept else None)


def test_two_wishes_for_one_file_are_both_met() -> None:
    first = Wanted(paths=PathSet(names=("file",)), head=10)
    second = Wanted(paths=PathSet(trees=("/a",)), head=5, tail=20)
    contents = kept(first, second).contents
    assert (contents.read(1, 0, 10), contents.read(1, 2980, 20)) == (CONTENT[:10], CONTENT[-20:])
    assert contents.read(1, 5, 20) is None


@pytest.mark.parametrize("name", ["xxh3", "sha256"])
def test_both_ways_give_the_same_fingerprints(name: str) -> None:
    data = layer(
        file("a", CONTENT), file("b", CONTENT), file("c", CONTENT[1:]), file("d"), file("e"), symlink("f", "a")
    )
    reading = ReadOptions(fingerprint=name)
    found = [streamed(data, reading, most=most).contents for most in (700, 1 << 20)]
    with tiny_windows():
        found.append(streamed(data, reading).contents)
    prints = [[contents.fingerprint(index) for index in range(6)] for contents in found]
    assert prints[0] == prints[1] == prints[2]
    a, b, c, d, e, f = prints[0]
    assert a == b != c and d == e != a and f is None and a is not None and d is not None


def _middle(file: RangedFile) -> None:
    file.read(700, 400)


members = st.lists(
    st.one_of(
        st.builds(
            file,
            st.sampled_from(["a/named", "a/other", "a/deep/tree/file", "a/.wh.gone", "stargz.index.json"]),
            st.integers(0, 2500).map(lambda length: CONTENT[:length]),
            mode=st.sampled_from([0o644, 0o755]),
        ),
        st.just(symlink("a/link", "named")),
        st.just(gnu_sparse("a/sparse", [(0, b"data" * 128)], real_bytes=5000)),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(members)
def test_every_way_through_a_stream_keeps_the_same(listed: list[Member]) -> None:
    wishes = (
        Wanted(paths=PathSet(names=("named",), trees=("deep/tree",)), head=900, tail=300),
        Wanted(executables=600, head=50, tail=20, ranges=RangeReader(_middle, CONTENT[:4])),
        Wanted(small=40),
    )
    reading = ReadOptions(wanted=wishes)
    found = [way for way in every_way(layer(*listed), reading) if isinstance(way, LayerData)]
    kept = [way.contents.kept for way in found if isinstance(way.contents, Capture)]
    assert len(kept) == 8, "two kinds of streams, windows and walks"
    assert all(one == kept[0] for one in kept)


def test_what_is_no_plain_file_has_no_content_of_its_own() -> None:
    data = layer(file("a", b"x"), hardlink("h", "a"), directory("d"), symlink("l", "a"))
    contents = streamed(data, ReadOptions(wanted=(Wanted(small=1 << 20),))).contents
    assert [contents.read(index) for index in range(4)] == [b"x", None, None, None]


def test_the_payload_of_a_sparse_file_is_not_its_content() -> None:
    data = layer(gnu_sparse("s", [(512, b"x" * 512)], real_bytes=2048))
    for contents in (streamed(data, ReadOptions(wanted=(Wanted(small=1 << 20),))).contents, by_position(data).contents):
        assert contents.read(0) is None


def test_what_exceeds_the_limit_is_not_looked_at_by_any_of_its_names() -> None:
    wish = Wanted(paths=PathSet(names=("wanted", "second")), head=2000)
    text = Wanted(small=4000, holding=b"(?s).")
    data = layer(
        file("a/wanted", CONTENT),
        file("b/wanted", CONTENT),
        file("c/wanted", CONTENT[:500]),
        file("text", b"x" * 100),
        hardlink("second", "b/wanted"),
    )
    reading = ReadOptions(wanted=(wish, text), limits=Limits(captured_bytes=2500))
    for most in (700, 1 << 20):
        contents = streamed(data, reading, most=most).contents
        assert [contents.read(index, 0, 100) for index in range(4)] == [CONTENT[:100], None, CONTENT[:100], b"x" * 100]
        assert [index for index, _ in contents.search([0, 1, 2, 3], pattern(rb"(?s)."))] == [3]
    for found in every_way(data, reading):
        assert isinstance(found, LayerData) and not found.looked_at_all
        assert [warning for warning in found.warnings if "/b/wanted" in warning]
    enough = ReadOptions(wanted=(wish, text), limits=Limits(captured_bytes=4500))
    for found in every_way(data, enough):
        assert isinstance(found, LayerData) and found.looked_at_all and not found.warnings


def test_a_bomb_of_entries_ends_at_the_limit_either_way() -> None:
    data = layer(*(file(f"f{number}") for number in range(30)))
    assert failure_of(data, ReadOptions(limits=Limits(entries=29))).kind is LimitExceeded


@pytest.mark.parametrize(
    ("second", "groups"),
    [
        pytest.param(5 * MIB + 100 + _GAP, [[0, 1]], id="close"),
        pytest.param(5 * MIB + 101 + _GAP, [[0], [1]], id="too far"),
        pytest.param(4 * MIB, [[0], [1]], id="before it"),
    ],
)
def test_files_of_a_plain_layer_that_lie_close_are_read_together_wherever(second: int, groups: list[list[int]]) -> None:
    offsets, sizes = array("q", [5 * MIB, second]), array("q", [100, 100])
    assert list(_close((0, 1), offsets, sizes)) == groups


def test_no_more_than_so_much_of_a_plain_layer_is_read_together() -> None:
    offsets = array("q", (5 * MIB + index * 1000 for index in range(3000)))
    groups = list(_close(range(3000), offsets, array("q", [1000]) * 3000))
    assert [len(group) for group in groups] == [1048, 1048, 904]
