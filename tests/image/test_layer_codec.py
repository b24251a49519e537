"""Layers as bytes and back: nothing is lost, and what is not an encoded layer is refused in one way."""

import random
from pathlib import Path

import pytest
import zstandard
from msgspec.structs import replace

from layerscope.image import layer_codec
from layerscope.image.cached_layers import StoredBlob, read_blob
from layerscope.image.capture import Capture, Kept
from layerscope.image.layer import LayerData
from layerscope.image.options import ReadOptions
from layerscope.model.pathset import PathSet, RangedFile, RangeReader, Wanted
from layerscope.tar.positional import PositionalFile
from tests.builder import (
    compress,
    device,
    directory,
    fifo,
    file,
    gnu_sparse,
    hardlink,
    layer,
    opaque,
    pax_sparse,
    symlink,
    whiteout,
)
from tests.tar.walking import columns

ODD = layer(
    directory("d", mode=0o1777, uid=2**40, gid=7, mtime=-5),
    file("d/\udcff\udc80 no UTF-8".encode("utf-8", "surrogateescape"), b"x" * 700, mode=0o755),
    file("d/new\nline", b"1", pax={"path": b"d/one\1and\nnewline"}),
    file("d/xattrs", b"2", xattrs={"security.capability": b"\0\xff", "user.\xff": b""}),
    symlink("d/link", "/somewhere\nelse\udcfe".encode("utf-8", "surrogateescape")),
    hardlink("d/hard", "d/xattrs"),
    symlink("d/nowhere", ""),
    gnu_sparse("d/sparse", [(512, b"s" * 100)], real_bytes=1 << 33),
    pax_sparse("d/sparse2", [(0, b"s" * 100)], real_bytes=4096),
    device("d/device"),
    fifo("d/fifo"),
    whiteout("d/gone"),
    opaque("d"),
    file("d/.wh..wh.plnk", b"?"),
    file("d/empty"),
    file("d/large", random.Random(1).randbytes(9000), mode=0o755),
    file("d/marked", b"a" * 700 + b"MARK" + b"b" * 700, mode=0o755),
    file("stargz.index.json", b"{}"),
)


def _middle(file: RangedFile) -> None:
    file.read(700, 20)
    file.read(900, 1)


WANTED = (
    Wanted(paths=PathSet(names=("large",)), head=100, tail=50),
    Wanted(executables=600, head=10, tail=10, ranges=RangeReader(_middle)),
    Wanted(small=3),
)


def read(tmp_path: Path, tar: bytes, wanted: tuple[Wanted, ...] = WANTED) -> LayerData:
    blob = tmp_path / "blob"
    blob.write_bytes(compress(tar, "gzip"))
    file = PositionalFile(blob.open("rb"))
    return read_blob(StoredBlob(file, 0, file.length, "blob", "layer"), ReadOptions(wanted=wanted, fingerprint="xxh3"))


def layer_of(data: LayerData) -> tuple[LayerData, Kept]:
    """A layer without its contents, and what was kept of them."""
    assert isinstance(data.contents, Capture)
    return data, data.contents.kept


@pytest.mark.parametrize(
    "tar",
    [
        pytest.param(ODD, id="odd"),
        pytest.param(layer(), id="empty"),
        pytest.param(layer(file("a", b"abc"), trailer=False), id="without an end marker"),
    ],
)
@pytest.mark.parametrize("wanted", [WANTED, ()], ids=["captured", "nothing captured"])
def test_a_layer_comes_back_as_it_was(tmp_path: Path, tar: bytes, wanted: tuple[Wanted, ...]) -> None:
    before, kept_before = layer_of(read(tmp_path, tar, wanted))
    after, kept = layer_codec.decode_layer(layer_codec.encode_layer(before, kept_before))
    assert columns(after.changeset) == columns(before.changeset)
    assert kept == kept_before
    for name in ("links", "xattrs", "sparse"):
        assert list(getattr(after.changeset, name).items()) == list(getattr(before.changeset, name).items())
    assert (after.changeset.content_bytes, after.changeset.link_bytes) == (
        before.changeset.content_bytes,
        before.changeset.link_bytes,
    )
    same = replace(before, contents=after.contents, digest=None)
    assert replace(after, changeset=before.changeset) == same


def test_the_odd_layer_has_what_it_is_there_for(tmp_path: Path) -> None:
    found, kept = layer_of(read(tmp_path, ODD))
    assert any("\1" in path for path in found.changeset.paths)
    assert any("\udcff" in path for path in found.changeset.paths)
    assert found.changeset.xattrs and found.changeset.sparse and found.changeset.links
    assert kept.heads and kept.tails and kept.ranges and kept.fingerprints
    assert any(owner[1] == 2**40 for owner in found.changeset.ownerships) and min(found.changeset.mtimes) == -5


def test_names_that_hold_every_character_are_refused(tmp_path: Path) -> None:
    data, kept = layer_of(read(tmp_path, layer(file("x"))))
    changeset = replace(data.changeset, paths=["/" + "".join(map(chr, range(128)))])
    with pytest.raises(ValueError, match="every character"):
        layer_codec.encode_layer(replace(data, changeset=changeset), kept)


def test_whatever_is_damaged_is_refused_in_one_way_or_makes_a_layer_of_sense(tmp_path: Path) -> None:
    whole = zstandard.ZstdDecompressor().decompress(layer_codec.encode_layer(*layer_of(read(tmp_path, ODD))))
    refused, chance = 0, random.Random(2)
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] = chance.randrange(256)
        try:
            found, kept = layer_codec.decode_layer(zstandard.ZstdCompressor().compress(damaged))
        except ValueError:
            refused += 1
            continue
        assert len(list(found.changeset)) == len(found.changeset.paths)
        for index in range(len(found.changeset)):
            assert index not in kept.heads or isinstance(kept.heads[index], bytes)
    assert refused > 400


def test_what_is_cut_or_no_frame_is_refused(tmp_path: Path) -> None:
    whole = layer_codec.encode_layer(*layer_of(read(tmp_path, ODD)))
    inner = zstandard.ZstdDecompressor().decompress(whole)
    for length in range(0, len(whole), 7):
        with pytest.raises(ValueError):
            layer_codec.decode_layer(whole[:length])
    for length in range(0, len(inner), 13):
        with pytest.raises(ValueError):
            layer_codec.decode_layer(zstandard.ZstdCompressor().compress(inner[:length]))


def test_a_frame_that_expands_without_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_codec, "_LARGEST", 1 << 20)
    for frame in (
        zstandard.ZstdCompressor().compress(bytes(2 << 20)),
        zstandard.ZstdCompressor(write_content_size=False).compress(bytes(100)),
    ):
        with pytest.raises(ValueError, match="too large, or of unknown length"):
            layer_codec.decode_layer(frame)


def test_a_layer_that_keeps_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = layer_of(read(tmp_path, ODD))
    monkeypatch.setattr(layer_codec, "_LARGEST", 1000)
    with pytest.raises(ValueError, match="too large"):
        layer_codec.encode_layer(*found)
