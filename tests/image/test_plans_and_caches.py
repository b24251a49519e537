"""How much of a file is kept, what a cache takes and gives, and what an encoded layer may say: each to the byte."""

import hashlib
import os
import re
import time
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import zstandard
from msgspec.structs import replace

from layerscope.image import cached_layers, layer_cache, layer_codec
from layerscope.image.cached_layers import StoredBlob, key_of, read_blob
from layerscope.image.capture import Capture, Kept
from layerscope.image.layer import LayerData, digests_of
from layerscope.image.layer_cache import Cache, _taken, _trimmed
from layerscope.image.options import ReadOptions
from layerscope.image.plan import Planner, Plans, Quota, Share, given_range, holds, not_looked_at
from layerscope.model.entry import Kind
from layerscope.model.image import Digest
from layerscope.model.limits import Limits
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, Wanted
from layerscope.tar.positional import PositionalFile
from tests.builder import compress, file, hardlink, layer, symlink
from tests.tar.walking import by_position, streamed


@pytest.mark.parametrize(
    ("start", "length", "whole", "head", "tail", "given"),
    [
        (0, 10, 100, 10, 0, (0, 10)), (0, 11, 100, 10, 0, None), (1, 10, 100, 10, 0, None), (0, None, 100, 10, 0, (0, 10)),
        (5, None, 100, 10, 0, (5, 10)), (10, None, 100, 10, 0, None), (90, 10, 100, 10, 10, (90, 100)),
        (89, 10, 100, 10, 10, None), (90, None, 100, 10, 10, (90, 100)), (95, 50, 100, 10, 10, (95, 100)),
        (5, 90, 100, 50, 50, (5, 95)), (5, 90, 100, 49, 50, None), (5, 90, 100, 50, 49, None), (0, None, 100, 100, 0, (0, 100)),
        (100, 5, 100, 10, 10, (100, 100)), (200, None, 100, 10, 10, (200, 200)), (50, 0, 100, 10, 10, (50, 50)),
        (0, None, 0, 0, 0, (0, 0)), (0, 5, 3, 3, 0, (0, 3)),
    ],
)  # fmt: skip
def test_what_is_given_of_a_file(
    start: int, length: int | None, whole: int, head: int, tail: int, given: tuple[int, int] | None
) -> None:
    assert given_range(start, length, whole, head, tail) == given


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"a token", True), (b"a tok", False), (b"a\0token", False), (b"\xff\xfet\0o\0k\0e\0n\0", True),
     (b"\xfe\xff\0t\0o\0k\0e\0n", True), (b"\xff\xfetoken", True), (b"", False)],
)  # fmt: skip
def test_a_text_holds_an_expression(content: bytes, found: bool) -> None:
    assert holds(content, re.compile(b"token")) == found


def _one(file: RangedFile) -> None:
    file.read(0, 1)


def _other(file: RangedFile) -> None:
    file.read(0, 2)


ONE, OTHER = RangeReader(_one), RangeReader(_other)
NAMED = Wanted(paths=PathSet(names=("a",)), head=10, tail=5)
RANGED = Wanted(paths=PathSet(names=("a", "r")), head=3, ranges=ONE)
PROGRAMS = Wanted(executables=100, head=7, tail=2, ranges=OTHER)
MANY_PROGRAMS = Wanted(executables=50, head=4, tail=9)
TEXT, SHORT_TEXT = Wanted(small=20, holding=b"t"), Wanted(small=8, beginning=b"#", without="/no/")


@pytest.mark.parametrize(
    ("wanted", "path", "length", "mode", "head", "tail", "texts", "readers"),
    [
        ([NAMED], "/a", 99, 0o644, 10, 5, 0, ()), ([NAMED], "/b", 99, 0o644, None, 0, 0, ()),
        ([NAMED, RANGED], "/a", 99, 0o644, 10, 5, 0, (ONE,)), ([RANGED, NAMED, RANGED], "/r", 99, 0o644, 3, 0, 0, (ONE,)),
        ([PROGRAMS], "/b", 100, 0o755, 7, 2, 0, (OTHER,)), ([PROGRAMS], "/b", 99, 0o755, None, 0, 0, ()),
        ([PROGRAMS], "/b", 100, 0o644, None, 0, 0, ()), ([PROGRAMS], "/b", 100, 0o645, 7, 2, 0, (OTHER,)),
        ([PROGRAMS], "/b", 100, 0o654, 7, 2, 0, (OTHER,)), ([PROGRAMS, MANY_PROGRAMS], "/b", 50, 0o755, 7, 9, 0, (OTHER,)),
        ([PROGRAMS, MANY_PROGRAMS], "/b", 49, 0o755, None, 0, 0, ()), ([PROGRAMS, RANGED], "/r", 100, 0o755, 7, 2, 0, (OTHER, ONE)),
        ([TEXT], "/b", 20, 0o644, 0, 0, 1, ()), ([TEXT], "/b", 21, 0o644, None, 0, 0, ()), ([TEXT, SHORT_TEXT], "/b", 8, 0o644, 0, 0, 2, ()),
        ([TEXT, SHORT_TEXT], "/b", 9, 0o644, 0, 0, 1, ()), ([SHORT_TEXT], "/no/b", 8, 0o644, None, 0, 0, ()),
        ([TEXT, SHORT_TEXT], "/no/b", 8, 0o644, 0, 0, 1, ()), ([SHORT_TEXT], "/no", 8, 0o644, 0, 0, 1, ()),
        ([TEXT, TEXT], "/b", 8, 0o644, 0, 0, 1, ()), ([NAMED, TEXT], "/a", 11, 0o644, 10, 5, 1, ()),
        ([NAMED, TEXT], "/a", 10, 0o644, 10, 5, 0, ()), ([NAMED, TEXT], "/a", 21, 0o644, 10, 5, 0, ()), ([], "/a", 1, 0o755, None, 0, 0, ()),
    ],
)  # fmt: skip
def test_what_to_keep_of_a_file(
    wanted: list[Wanted], path: str, length: int, mode: int, head: int | None, tail: int, texts: int,
    readers: tuple[RangeReader, ...],
) -> None:  # fmt: skip
    share = Planner(wanted)(path, length, mode)
    if head is None:
        assert share is None
        return
    assert share is not None
    assert (share.head, share.tail, len(share.texts), share.readers) == (head, tail, texts, readers)
    assert share.is_text == (not (head or tail or readers))


def test_a_quota_counts_what_it_allows() -> None:
    quota = Quota(Limits(captured_bytes=100))
    steps = [(Share(50, 0), 1000, True), (Share(30, 30), 1000, False), (Share(90, 90), 40, True), (Share(10, 1), 1000, False),
             (Share(5, 5), 1000, True), (Share(1, 0), 1, False), (Share(0, 0), 9, True), (Share(1, 0), 0, True)]  # fmt: skip
    assert [quota.allows(share, length) for share, length, _ in steps] == [allowed for _, _, allowed in steps]


def test_files_beyond_the_quota_are_those_that_a_stream_leaves_out() -> None:
    tar = layer(
        file("x/a", b"1" * 10),
        file("y/b", b"2" * 500),
        file("z/a", b"3" * 15),
        symlink("q/a", "b"),
        file("p/a", b"4" * 4),
    )
    limits = Limits(captured_bytes=20)
    wanted = (NAMED,)
    found = Planner(wanted).too_much(by_position(tar).changeset, limits)
    assert found == {2}
    assert Planner(wanted).too_much(by_position(tar).changeset, Limits(captured_bytes=529)) == frozenset()
    assert Planner(wanted).too_much(by_position(tar).changeset, Limits(captured_bytes=528)) == frozenset()
    data = streamed(tar, ReadOptions(wanted=wanted, limits=limits))
    assert [data.contents.read(index, 0, 4) for index in (0, 2, 4)] == [b"1111", None, b"4444"]
    reason = "what is asked for of those before them in the layer takes all of --limit captured_bytes"
    assert data.warnings == (f"layer: 1 files were not looked at, since {reason}: /z/a",)


@pytest.mark.parametrize("links", [8, 9])
def test_a_file_is_asked_for_by_the_name_of_a_hardlink_up_to_a_chain(links: int) -> None:
    chain = [hardlink(f"l{n + 1}", f"l{n}") for n in range(links)]
    tar = layer(file("l0", b"content"), *chain, hardlink("a", f"l{links}"))
    found = Planner([NAMED]).second_names(by_position(tar).changeset)
    assert found == ({0: (0,)} if links == 8 else {1: (0,)})
    assert Planner([NAMED]).second_names(by_position(layer(file("a"), hardlink("b", "a"))).changeset) == {}


def test_a_warning_names_three_files() -> None:
    assert not_looked_at("x", ["/a"] * 4, "so") == "x: 4 files were not looked at, since so: /a, /a, /a"


def test_the_plan_of_a_run_is_made_once() -> None:
    plans, wanted, again = Plans(), (NAMED,), (NAMED,)
    assert plans.of(wanted) is plans.of(wanted)
    assert plans.of(wanted) is not plans.of(again)


@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize("is_plain", [True, False])
def test_a_file_of_which_ranges_are_asked_is_as_long_as_may_be_kept(fits: bool, is_plain: bool) -> None:
    tar, wanted = layer(file("r", b"x" * 100), file("e", b""), file("o", b"x" * 200)), (RANGED,)
    reading = ReadOptions(wanted=wanted, limits=Limits(captured_bytes=100 if fits else 99))
    data = by_position(tar, reading) if is_plain else streamed(tar, reading)
    assert data.looked_at_all == fits and bool(data.warnings) == (not fits)


@pytest.mark.parametrize(
    ("length", "taken"), [(0, 4096), (1, 4096), (4096, 4096), (4097, 8192), (8192, 8192), (8193, 12_288)]
)
def test_a_file_takes_whole_blocks_of_a_disk(length: int, taken: int) -> None:
    assert _taken(length) == taken


HEAD = len(b"layerscope cache\n") + 16


@pytest.mark.parametrize(("length", "is_kept"), [(8192 - HEAD, True), (8193 - HEAD, False)])
def test_an_entry_is_as_large_as_the_whole_cache_and_no_larger(length: int, is_kept: bool, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", 8192)
    cache.put(b"k" * 32, b"x" * length)
    assert cache.has(b"k" * 32) == (cache.get(b"k" * 32) is not None) == is_kept and not cache.problem
    assert Cache(tmp_path / "cache", 8192 - 1).get(b"k" * 32) is None


def test_the_directory_is_looked_through_only_when_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    whole = _trimmed

    def counted(directory: Path, most: int, wanted: int) -> int:
        asked.append((most, wanted))
        return whole(directory, most, wanted)

    monkeypatch.setattr(layer_cache, "_trimmed", counted)
    cache = Cache(tmp_path / "cache", 10 * 4096)
    for number in range(10):
        cache.put(bytes([number]) * 32, b"x")
    assert asked == [(9 * 4096, 10 * 4096 - 5120 - 4096)]
    assert len(list((tmp_path / "cache").iterdir())) == 10
    cache.put(b"k" * 32, b"x")
    assert len(asked) == 2
    assert len(list((tmp_path / "cache").iterdir())) == 8  # A ninth and tenth part of it are free again.


@pytest.mark.parametrize(
    ("most", "wanted", "left", "total"),
    [
        (5 * 4096, 0, "abcd", 5 * 4096), (5 * 4096 - 1, 4 * 4096, "bcd", 4 * 4096), (0, 4 * 4096 - 1, "cd", 3 * 4096),
        (0, 2 * 4096, "d", 2 * 4096), (0, 0, "", 0), (0, 5 * 4096, "abcd", 5 * 4096),
    ],
)  # fmt: skip
def test_the_oldest_entries_go_until_enough_is_free(
    most: int, wanted: int, left: str, total: int, tmp_path: Path
) -> None:
    for time_used, (name, length) in enumerate({"a": 1, "b": 4096, "c": 0, "d": 4097}.items()):
        (tmp_path / f"{name}.entry").write_bytes(b"x" * length)
        os.utime(tmp_path / f"{name}.entry", (time_used, time_used))
    assert _trimmed(tmp_path, most, wanted) == total
    assert "".join(sorted(path.stem for path in tmp_path.iterdir())) == left


def test_a_part_is_abandoned_after_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 10_000.0)
    for name, changed in (("old", 6399), ("young", 6400)):
        (tmp_path / f"{name}.part").write_bytes(b"x")
        os.utime(tmp_path / f"{name}.part", (changed, changed))
    (tmp_path / "one.entry").write_bytes(b"x")
    assert _trimmed(tmp_path, 0, 0) == 4096  # What is being written stays, and counts.
    assert [path.name for path in tmp_path.iterdir()] == ["young.part"]


def blob_of(tmp_path: Path, data: bytes, name: str = "blob") -> StoredBlob:
    (tmp_path / "blob").write_bytes(b"before" + data + b"behind")
    stored = PositionalFile((tmp_path / "blob").open("rb"))
    return StoredBlob(stored, 6, len(data), name, "layer 0")


PACKED = compress(layer(file("a", b"abc")), "gzip")


@pytest.mark.parametrize(
    ("data", "choices", "kept"),
    [
        (PACKED, {}, 1), (layer(file("a")), {}, 0), (PACKED, {"algorithms": ("sha512",)}, 0), (PACKED, {"verify": True}, 1),
        (compress(layer(file("a")) + b"behind", "gzip"), {}, 0), (PACKED + b"", {"fingerprint": "sha256"}, 1),
    ],
)  # fmt: skip
def test_only_compressed_layers_without_warnings_are_kept(
    data: bytes, choices: Mapping[str, Any], kept: int, tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "cache")
    blob = blob_of(tmp_path, data)
    found = read_blob(blob, ReadOptions(cache=cache, **choices))
    entries = list((tmp_path / "cache").iterdir()) if (tmp_path / "cache").exists() else []
    assert len(entries) == kept
    if "algorithms" in choices:
        assert found.diff_ids and found.digests
    if kept:
        assert cache.has(key_of(hashlib.sha256(data).digest(), ReadOptions(**choices)))
    again = read_blob(blob, ReadOptions(cache=cache, **choices))
    assert (again.digest, again.diff_id, again.stored_bytes, again.warnings) == (
        found.digest, found.diff_id, found.stored_bytes, found.warnings
    )  # fmt: skip


@pytest.mark.parametrize(("length", "compression"), [(0, ""), (1, ""), (2, "gzip"), (20, "gzip")])
def test_what_stands_behind_a_blob_says_nothing_of_its_compression(
    length: int, compression: str, tmp_path: Path
) -> None:
    assert replace(blob_of(tmp_path, PACKED), length=length).compression == compression


@pytest.mark.parametrize("most", [3, 2])
def test_a_layer_is_kept_up_to_so_much_of_its_contents(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached_layers, "_MOST_CONTENT", most)
    cache, wanted = Cache(tmp_path / "cache"), (Wanted(paths=PathSet(names=("a",)), head=9),)
    assert read_blob(blob_of(tmp_path, PACKED), ReadOptions(cache=cache, wanted=wanted)).contents.read(0) == b"abc"
    assert (tmp_path / "cache").exists() == (most == 3)


@pytest.mark.parametrize("age", [0, 1])
def test_a_file_is_known_again_once_it_is_old_enough(age: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = blob_of(tmp_path, PACKED)
    changed = max(blob.file.identity[3:])
    monkeypatch.setattr(time, "time_ns", lambda: changed + 2_000_000_000 + age)
    cache = Cache(tmp_path / "cache")
    read_blob(blob, ReadOptions(cache=cache))
    assert len(list((tmp_path / "cache").iterdir())) == 1 + age


@pytest.mark.parametrize(
    ("name", "is_hashed"),
    [
        (f"blobs/sha256/{'0' * 64}", False), (f"/x/blobs/sha256/{'0' * 64}", False), (f"xblobs/sha256/{'0' * 64}", True),
        (f"blobs/sha256/{'0' * 63}", True), (f"blobs/sha256/{'0' * 64}/x", True), ("layer.tar", True),
        (f"blobs/sha256/{hashlib.sha256(PACKED).hexdigest()}", True),
    ],
)  # fmt: skip
def test_a_blob_whose_name_says_that_nothing_is_kept_is_not_hashed(
    name: str, is_hashed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path / "cache")
    blob = blob_of(tmp_path, PACKED, name)
    read_blob(blob, ReadOptions(cache=cache))
    hashed: list[object] = []

    def counted(*given: Any) -> tuple[Digest, ...]:
        hashed.append(given)
        return digests_of(*given)

    monkeypatch.setattr(cached_layers, "digests_of", counted)
    assert read_blob(blob, ReadOptions(cache=cache)).diff_id is not None
    assert bool(hashed) == is_hashed


def encoded(tmp_path: Path) -> tuple[LayerData, Kept]:
    """A layer with something in each column, and what was kept of it."""
    members = (file("a", b"abc", xattrs={"k": b"v"}), symlink("l", "a"), file("b", b"0123456789"), hardlink("h", "a"))
    wish = Wanted(paths=PathSet(names=("a", "b")), head=2, tail=1, ranges=RangeReader(lambda file: file.read(4, 2)))
    data = streamed(compress(layer(*members), "gzip"), ReadOptions(wanted=(wish,)))
    assert isinstance(data.contents, Capture)
    kept = data.contents.kept
    assert kept.heads and kept.tails and kept.ranges and kept.fingerprints and kept.lengths
    return data, kept


CHANGES: dict[str, Callable[[LayerData, Kept], tuple[LayerData, Kept]]] = {
    "a link of none": lambda data, kept: (_with(data, links={4: "x"}), kept),
    "a negative one": lambda data, kept: (_with(data, links={-1: "x"}), kept),
    "attributes of none": lambda data, kept: (_with(data, xattrs={4: ()}), kept),
    "a sparse file of none": lambda data, kept: (_with(data, sparse={4: 1}), kept),
    "a head of none": lambda data, kept: (data, replace(kept, heads={**kept.heads, 4: b"x"}, lengths={**kept.lengths, 4: 1})),
    "a tail of none": lambda data, kept: (data, replace(kept, tails={4: b"x"})),
    "ranges of none": lambda data, kept: (data, replace(kept, ranges={4: b"x"}, spans={4: ((0, 1, 0),)})),
    "a fingerprint of none": lambda data, kept: (data, replace(kept, fingerprints={4: b"x"})),
    "a head without a length": lambda data, kept: (data, replace(kept, lengths={})),
    "a length without a head": lambda data, kept: (data, replace(kept, heads={})),
    "a kind that is none": lambda data, kept: (_with(data, kinds=bytearray((0, 2, max(Kind) + 1, 1))), kept),
    "a negative size": lambda data, kept: (_with(data, sizes=array("q", (3, 0, -1, 0))), kept),
    "a size too many": lambda data, kept: (_with(data, sizes=array("q", (3, 0, 1, 0, 0))), kept),
    "a time too few": lambda data, kept: (_with(data, mtimes=array("q", (0, 0, 0))), kept),
    "an offset too few": lambda data, kept: (_with(data, offsets=array("q", (0, 0, 0))), kept),
    "a path too few": lambda data, kept: (_with(data, paths=["/a", "/l", "/b"]), kept),
    "a digest that is none": lambda data, kept: (replace(data, diff_id=None), kept),
}  # fmt: skip


def _with(data: LayerData, **columns: object) -> LayerData:
    return replace(data, changeset=replace(data.changeset, **columns))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_encoded_layer_that_makes_no_sense_is_refused(
    change: Callable[[LayerData, Kept], tuple[LayerData, Kept]], tmp_path: Path
) -> None:
    layer_codec.decode_layer(layer_codec.encode_layer(*encoded(tmp_path)))
    with pytest.raises(ValueError):
        layer_codec.decode_layer(layer_codec.encode_layer(*change(*encoded(tmp_path))))


def test_the_last_entry_may_have_everything(tmp_path: Path) -> None:
    data, kept = encoded(tmp_path)
    data = _with(data, links={3: "x"}, xattrs={3: (("k", b"v"),)}, sparse={3: 1})
    kept = replace(
        kept,
        heads={3: b"x"},
        lengths={3: 1},
        tails={3: b"y"},
        fingerprints={3: b"z" * 16},
        ranges={3: b"r"},
        spans={3: ((0, 1, 0),)},
    )
    found, again = layer_codec.decode_layer(layer_codec.encode_layer(data, kept))
    assert dict(found.changeset.links) == {3: "x"} and dict(found.changeset.sparse) == {3: 1}
    assert found.changeset.xattrs == {3: (("k", b"v"),)}
    assert again == kept


def test_an_encoded_layer_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, kept = encoded(tmp_path)
    body = layer_codec.encode_layer(data, kept)
    whole = zstandard.frame_content_size(body)
    monkeypatch.setattr(layer_codec, "_LARGEST", whole)
    assert layer_codec.encode_layer(data, kept) == body and layer_codec.decode_layer(body)
    monkeypatch.setattr(layer_codec, "_LARGEST", whole - 1)
    with pytest.raises(ValueError, match="too large to be kept"):
        layer_codec.encode_layer(data, kept)
    with pytest.raises(ValueError, match="too large, or of unknown length"):
        layer_codec.decode_layer(body)
    with pytest.raises(ValueError, match="too large, or of unknown length"):
        layer_codec.decode_layer(zstandard.ZstdCompressor().compress(b""))


def test_an_empty_layer_is_encoded_too() -> None:
    data = streamed(compress(layer(), "gzip"))
    assert isinstance(data.contents, Capture)
    found, kept = layer_codec.decode_layer(layer_codec.encode_layer(data, data.contents.kept))
    assert (len(found.changeset), found.diff_id, found.ended, len(kept.heads)) == (0, data.diff_id, True, 0)
    assert (found.stored_bytes, found.tar_bytes, found.compression) == (data.stored_bytes, 1024, "gzip")
