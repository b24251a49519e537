"""What is exactly at a limit is read; one more is refused, and the message says what to raise."""

import io
from sys import getsizeof

import pytest

from layerscope.errors import ArchiveError, Damaged, LimitExceeded
from layerscope.image.options import ReadOptions
from layerscope.model.limits import Limits
from layerscope.tar import compression, walk
from layerscope.tar.compression import _Stored
from layerscope.tar.tally import Tally
from layerscope.tar.window import StreamWindow
from tests.builder import Member, directory, file, gnu_sparse, hardlink, layer, symlink
from tests.tar.walking import Drip, by_position, failure_of, layer_of, streamed

LONG = "p/" * 400 + "f"


@pytest.mark.parametrize(
    ("members", "limit", "most", "message"),
    [
        pytest.param([file("a" * 79)], "path_bytes", 80, "layer: a path of 80 characters", id="a path"),
        pytest.param([file(LONG)], "path_bytes", 802, "layer: a path of 802 characters", id="a path of pax"),
        pytest.param([symlink("l", "t" * 90)], "path_bytes", 90, "layer: a link target of 90 characters", id="target"),
        pytest.param([hardlink("l", "t" * 90)], "path_bytes", 90, "layer: a link target of 90 characters", id="hardlink"),
        pytest.param(
            [symlink("l", "t" * 300)], "path_bytes", 300, "layer: a link target of 300 characters", id="target of pax"
        ),
        pytest.param([file("a"), directory("b"), symlink("c", "a")], "entries", 3, "layer: over 2 entries", id="entries"),
        pytest.param([file("a"), file(LONG)], "entries", 2, "layer: over 1 entries", id="an entry of pax"),
        pytest.param(
            [gnu_sparse("s", [(n * 1024, b"x") for n in range(20)], real_bytes=99_000)],
            "sparse_bytes", 1024, "layer: sparse maps of over 1,023 bytes", id="a sparse map",
        ),
        pytest.param(
            [gnu_sparse("s", [(n * 1024, b"x") for n in range(30)], real_bytes=99_000)],
            "sparse_bytes", 1536, "layer: sparse maps of over 1,535 bytes", id="one of several blocks",
        ),
    ],
)  # fmt: skip
def test_an_entry_is_read_up_to_its_limit(members: list[Member], limit: str, most: int, message: str) -> None:
    data = layer(*members)
    assert len(layer_of(data, ReadOptions(limits=Limits(**{limit: most}))).changeset) == len(members)
    failure = failure_of(data, ReadOptions(limits=Limits(**{limit: most - 1})))
    assert (failure.kind, failure.message) == (LimitExceeded, message)


SHORT = 768
"""What the texts of an ordinary entry take at most; only what exceeds it counts."""


@pytest.mark.parametrize(
    ("members", "taken"),
    [
        pytest.param([file("a"), symlink("l", "t" * 100)], 0, id="ordinary ones"),
        pytest.param([file("a", pax={"uid": b"7"})], 0, id="a short one of pax"),
        pytest.param(
            [file(LONG)], getsizeof("/" + LONG) + getsizeof("/" + LONG[:-2]) + getsizeof("") - SHORT, id="a long path"
        ),
        pytest.param(
            [symlink("d/l", "t" * 900)], getsizeof("/d/l") + getsizeof("/d") + getsizeof("t" * 900) - SHORT, id="target"
        ),
        pytest.param([file("a", xattrs={"k": b"v"})], getsizeof("k") + getsizeof(b"v") + SHORT, id="an attribute"),
        pytest.param(
            [file("a", xattrs={"k": b"v" * 500, "key": b""})],
            getsizeof("k") + getsizeof(b"v" * 500) + getsizeof("key") + getsizeof(b"") + 2 * SHORT,
            id="two attributes",
        ),
        pytest.param(
            [file("a", xattrs={"k": b"v"}), file("b", xattrs={"k": b"v"}), file("c", xattrs={"k": b"w"})],
            2 * (getsizeof("k") + getsizeof(b"v") + SHORT),
            id="the same attributes count once",
        ),
    ],
)
def test_the_memory_of_long_texts_is_counted(members: list[Member], taken: int) -> None:
    data = layer(*members)
    assert layer_of(data).changeset.text_bytes == taken
    if taken:
        assert layer_of(data, ReadOptions(limits=Limits(text_bytes=taken))).changeset.text_bytes == taken
        failure = failure_of(data, ReadOptions(limits=Limits(text_bytes=taken - 1)))
        told = f"layer: over {taken - 1:,} bytes of long paths, link targets and extended attributes"
        assert (failure.kind, failure.message) == (LimitExceeded, told)


def test_the_length_of_symlinks_is_that_of_their_targets_in_bytes() -> None:
    links = [symlink("a", "é" * 3), symlink("b", "t" * 100), symlink("c", "t" * 63), symlink("d", "t" * 64)]
    data = layer(*links, hardlink("h", "a"), symlink("l", "x" * 150), symlink("e", ""))
    assert layer_of(data).changeset.link_bytes == 6 + 100 + 63 + 64 + 150


def generous() -> Tally:
    """A tally to which no stream is a bomb."""
    tally = Tally()
    tally.store(1 << 40)
    return tally


@pytest.mark.parametrize(
    ("limits", "stored", "message"),
    [
        pytest.param(Limits(ratio_from=1000, expanded_bytes=1, ratio=1), 1, "", id="up to ratio_from all passes"),
        pytest.param(Limits(ratio_from=999, expanded_bytes=1000), 0, "", id="expanded bytes"),
        pytest.param(Limits(ratio_from=999, expanded_bytes=999), 0, "expands to over 999 bytes", id="and one more"),
        pytest.param(Limits(ratio_from=999, ratio=100), 10, "", id="ratio"),
        pytest.param(
            Limits(ratio_from=999, ratio=99), 10, "expands over 99-fold, to 1,000 bytes and more", id="and more"
        ),
        pytest.param(Limits(ratio_from=999, ratio=1), 0, "", id="what is not compressed has no ratio"),
    ],
)
def test_a_stream_expands_up_to_its_limits(limits: Limits, stored: int, message: str) -> None:
    window = StreamWindow(Drip(bytes(1000), 300), "layer", limits, stored=lambda: stored, tally=generous())
    if not message:
        assert window.drain() == 1000
        return
    with pytest.raises(LimitExceeded) as caught:
        window.drain()
    assert caught.value.message == f"layer: {message}"


@pytest.mark.parametrize(
    ("limits", "stored", "message"),
    [
        pytest.param(Limits(ratio_from=900, expanded_bytes=1, ratio=1), 0, "", id="up to ratio_from all passes"),
        pytest.param(Limits(ratio_from=899, expanded_bytes=900), 900, "", id="expanded bytes"),
        pytest.param(Limits(ratio_from=899, expanded_bytes=899), 900, "expand to over 899 bytes", id="and one more"),
        pytest.param(Limits(ratio_from=899, ratio=9), 100, "", id="ratio"),
        pytest.param(
            Limits(ratio_from=899, ratio=9), 99, "expand over 9-fold, to 900 bytes and more", id="less was stored"
        ),
    ],
)
def test_all_streams_together_expand_up_to_their_limits(limits: Limits, stored: int, message: str) -> None:
    tally = Tally()
    tally.store(stored - stored // 2)
    tally.store(stored // 2)
    tally.expand(500, limits)
    if not message:
        tally.expand(400, limits)
        return
    with pytest.raises(LimitExceeded) as caught:
        tally.expand(400, limits)
    assert caught.value.message == f"all layers together {message}"


@pytest.mark.parametrize(
    ("entries", "text_bytes", "message"),
    [
        (10, 100, ""),
        (11, 100, "over 10 entries"),
        (10, 101, "over 100 bytes of long paths, link targets and the like"),
    ],
)
def test_entries_of_all_layers_add_up_to_their_limits(entries: int, text_bytes: int, message: str) -> None:
    tally, limits = Tally(), Limits(entries=10, text_bytes=100)
    tally.enter(4, 30, limits)
    if not message:
        tally.enter(entries - 4, text_bytes - 30, limits)
        return
    with pytest.raises(LimitExceeded) as caught:
        tally.enter(entries - 4, text_bytes - 30, limits)
    assert caught.value.message == f"all layers together have {message}"


def test_only_what_was_idle_adds_up_to_a_limit() -> None:
    tally = Tally()
    tally.idle(8 << 20)
    tally.idle(-1)
    tally.expect_work()
    tally.idle(1)
    with pytest.raises(LimitExceeded):
        tally.expect_work()


def test_a_stream_that_was_stopped_gives_no_further_chunk() -> None:
    tally = generous()
    window = StreamWindow(Drip(bytes(1000), 300), "layer", Limits(), tally=tally)
    assert window.load(0, 300) == 300
    tally.stop()
    with pytest.raises(ArchiveError, match="layer: read cancelled"):
        window.load(0, 301)


@pytest.mark.parametrize(("expanded", "most"), [(0, 100), (25, 150)])
def test_so_many_stored_bytes_may_come_to_nothing(monkeypatch: pytest.MonkeyPatch, expanded: int, most: int) -> None:
    monkeypatch.setattr(compression, "_IDLE_BYTES", 100)
    stored, buffer = _Stored(io.BytesIO(bytes(1000)), "gzip", "layer"), bytearray(25)  # type: ignore[arg-type]
    stored.expanded = expanded
    for _ in range(most // 25 + 1):  # Whether it is too much is asked before the next bytes.
        assert stored.readinto(buffer) == 25
    with pytest.raises(LimitExceeded) as caught:
        stored.readinto(buffer)
    assert caught.value.message == f"layer: {most + 25} bytes of the gzip stream hold next to nothing"


@pytest.mark.parametrize("behind", [1536, 2048])
def test_padding_is_read_up_to_a_limit_where_it_may_be_a_hole(monkeypatch: pytest.MonkeyPatch, behind: int) -> None:
    monkeypatch.setattr(walk, "_MOST_PADDING", 1536)
    monkeypatch.setattr("layerscope.tar.window._SMALLEST", 512)
    monkeypatch.setattr("layerscope.tar.window._LARGEST", 512)
    data = layer(file("a")) + bytes(behind - 512) + b"x" * 512
    beyond = "layer, offset 3,072: what follows this much padding was not read"
    found = f"layer, offset {1024 + behind:,}: data behind the end of the tar; engines ignore it"
    assert by_position(data).warnings == (found if behind == 1536 else beyond,)
    assert streamed(data).warnings == (found,)


def test_a_disk_image_that_begins_with_zeros_is_no_empty_tar() -> None:
    failure = failure_of(bytes(2048) + b"boot" + bytes(100))
    assert (failure.kind, failure.message) == (Damaged, "layer, offset 2,048: not a tar: other data behind zeros")
