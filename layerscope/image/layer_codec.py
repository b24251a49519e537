"""A compressed layer that was read, as bytes that the cache keeps and that are read much faster than the layer.

A zstd frame of a short head, which says how long each part is, and the parts: columns as their arrays lie in memory,
names and contents one behind the other. Nothing of it is executed, and inconsistent parts are refused.
"""

import struct
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import TypeAlias

import msgspec
from msgspec import Struct

from layerscope.errors import Damaged
from layerscope.image.capture import Kept
from layerscope.image.layer import LayerData
from layerscope.model.changeset import Changeset, Ownership
from layerscope.model.entry import Kind
from layerscope.model.image import Digest
from layerscope.model.paths import directories_of

FORMAT = 2
"""Goes up whenever the same bytes would mean something else."""
_LARGEST = 1 << 30
_LENGTH = struct.Struct("<Q")
_LEVEL = 1
_KINDS = frozenset(Kind)
Bytes: TypeAlias = bytes | bytearray | memoryview


class _Head(Struct, frozen=True, array_like=True):
    """The rare and the small; ``lengths`` are those of the parts."""

    compression: str
    stored_bytes: int
    tar_bytes: int
    diff_id: str
    ended: bool
    content_bytes: int
    link_bytes: int
    text_bytes: int
    ownerships: list[Ownership]
    xattrs: dict[int, list[tuple[bytes, bytes]]]
    sparse: dict[int, int]
    ranges: dict[int, list[tuple[int, bytes]]]
    separators: tuple[str, str]
    looked_at_all: bool
    warnings: tuple[str, ...]
    lengths: list[int]


def encode_layer(layer: LayerData, kept: Kept) -> bytes:
    """The bytes of a layer that was read whole, and of what was kept of its contents.

    Raises ValueError or OverflowError where it has something that no entry can hold.
    """
    from zstandard import ZstdCompressor

    changeset = layer.changeset
    owners = {owner: number for number, owner in enumerate(dict.fromkeys(changeset.ownerships))}
    path_separator, paths = _joined(changeset.paths)
    link_separator, links = _joined(list(changeset.links.values()))
    # Pieces that follow each other make one part: contents are compressed where they lie, not copied together before.
    parts: list[Collection[Bytes]] = [
        (paths,),
        (changeset.kinds,),
        (changeset.sizes.tobytes(),),
        (_column(owners[owner] for owner in changeset.ownerships),),
        (changeset.mtimes.tobytes(),),
        (changeset.offsets.tobytes(),),
        (_column(changeset.links),),
        (links,),
        *_slices(kept.heads),
        *_slices(kept.tails),
        (_column(kept.fingerprints),),
        (_column(map(len, kept.fingerprints.values())),),
        (b"".join(kept.fingerprints.values()),),
        (_column(kept.lengths),),
        (_column(kept.lengths.values()),),
    ]
    lengths = [sum(map(len, pieces)) for pieces in parts]
    first = msgspec.msgpack.encode(_head(layer, kept, list(owners), (path_separator, link_separator), lengths))
    total = _LENGTH.size + len(first) + sum(lengths)
    if total > _LARGEST:
        raise ValueError("too large to be kept")
    compressor = ZstdCompressor(level=_LEVEL).compressobj(size=total)
    written = map(compressor.compress, chain((_LENGTH.pack(len(first)), first), *parts))
    return b"".join([*written, compressor.flush()])


def _head(
    layer: LayerData, kept: Kept, owners: list[Ownership], separators: tuple[str, str], lengths: list[int]
) -> _Head:
    changeset = layer.changeset
    return _Head(
        compression=layer.compression,
        stored_bytes=layer.stored_bytes,
        tar_bytes=layer.tar_bytes,
        diff_id=str(layer.diff_id),
        ended=layer.ended,
        content_bytes=changeset.content_bytes,
        link_bytes=changeset.link_bytes,
        text_bytes=changeset.text_bytes,
        ownerships=owners,
        xattrs={
            index: [(name.encode("utf-8", "surrogateescape"), value) for name, value in pairs]
            for index, pairs in changeset.xattrs.items()
        },
        sparse=dict(changeset.sparse),
        ranges={
            index: [(start, data[base : base + end - start]) for start, end, base in kept.spans[index]]
            for index, data in kept.ranges.items()
        },
        separators=separators,
        looked_at_all=layer.looked_at_all,
        warnings=layer.warnings,
        lengths=lengths,
    )


def decode_layer(data: Bytes) -> tuple[LayerData, Kept]:
    """The layer that was encoded, and what was kept of its contents; raises ValueError for anything else."""
    try:
        return _layer(*_parts(data))
    except (msgspec.MsgspecError, Damaged, LookupError, OverflowError, TypeError, struct.error) as error:
        raise ValueError(f"not an encoded layer: {error}") from None


def _parts(data: Bytes) -> tuple[_Head, list[memoryview]]:
    """The head, and the parts as it divides what follows it."""
    import zstandard

    try:
        length = zstandard.frame_content_size(data)
        if not 0 < length <= _LARGEST:
            raise ValueError("too large, or of unknown length")
        whole = memoryview(zstandard.ZstdDecompressor().decompress(data))
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None
    (length,) = _LENGTH.unpack_from(whole)
    start = _LENGTH.size + length
    head = msgspec.msgpack.decode(whole[_LENGTH.size : start], type=_Head)
    if min(head.lengths, default=-1) < 0 or start + sum(head.lengths) != len(whole):
        raise ValueError("the parts are not as long as the head says")
    ends = accumulate(head.lengths, initial=start)
    return head, [whole[one:other] for one, other in pairwise(ends)]


def _layer(head: _Head, parts: Sequence[memoryview]) -> tuple[LayerData, Kept]:
    paths, kinds, sizes, owned, mtimes, offsets, linked, links, *captured, measured, lengths = parts
    names = _split(paths, head.separators[0], len(kinds))
    count, places = len(kinds), _numbers(linked)
    owners = head.ownerships
    changeset = Changeset(
        paths=names,
        directories=directories_of(names),
        kinds=bytearray(kinds),
        sizes=_numbers(sizes, count),
        ownerships=[owners[number] for number in _numbers(owned, count)],
        mtimes=_numbers(mtimes, count),
        offsets=_numbers(offsets, count),
        links=dict(zip(places, _split(links, head.separators[1], len(places)), strict=True)),
        xattrs={
            index: tuple((bytes(name).decode("utf-8", "surrogateescape"), value) for name, value in pairs)
            for index, pairs in head.xattrs.items()
        },
        sparse=head.sparse,
        content_bytes=head.content_bytes,
        link_bytes=head.link_bytes,
        text_bytes=head.text_bytes,
    )
    heads, tails, fingerprints = (_sliced(*captured[start : start + 3]) for start in range(0, len(captured), 3))
    kept = Kept(
        heads=heads,
        tails=tails,
        ranges={index: b"".join(data for _, data in ranges) for index, ranges in head.ranges.items()},
        spans={index: tuple(_spans(ranges)) for index, ranges in head.ranges.items()},
        lengths=dict(zip(_numbers(measured), _numbers(lengths), strict=True)),
        fingerprints=fingerprints,
    )
    _expect_sense(changeset, kept)
    layer = LayerData(
        changeset=changeset,
        compression=head.compression,
        stored_bytes=head.stored_bytes,
        tar_bytes=head.tar_bytes,
        diff_id=Digest.parse(head.diff_id),
        ended=head.ended,
        looked_at_all=head.looked_at_all,
        warnings=head.warnings,
    )
    return layer, kept


def _spans(ranges: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, int, int]]:
    base = 0
    for start, data in ranges:
        yield start, start + len(data), base
        base += len(data)


def _expect_sense(changeset: Changeset, kept: Kept) -> None:
    """Raise ValueError where columns speak of entries that are not there, or of kinds that do not exist."""
    by_index: Iterable[Mapping[int, object]] = (
        changeset.links,
        changeset.xattrs,
        changeset.sparse,
        kept.heads,
        kept.tails,
        kept.ranges,
        kept.lengths,
        kept.fingerprints,
    )
    count = len(changeset.kinds)
    if any(min(keys) < 0 or max(keys) >= count for keys in by_index if keys):
        raise ValueError("something is said of an entry that is not there")
    if not _KINDS.issuperset(changeset.kinds) or min(changeset.sizes, default=0) < 0:
        raise ValueError("an entry is of no kind, or of no size")
    if kept.heads.keys() != kept.lengths.keys():
        raise ValueError("contents without a length")


def _joined(texts: Sequence[str]) -> tuple[str, bytes]:
    """Texts as one, with a character between them that none of them has: usually NUL."""
    whole = "".join(texts)
    separator = next((chr(code) for code in range(128) if chr(code) not in whole), None)
    if separator is None:
        raise ValueError("names that have every character there is")
    return separator, separator.join(texts).encode("utf-8", "surrogateescape")


def _split(data: memoryview, separator: str, count: int) -> list[str]:
    if len(separator) != 1:
        raise ValueError("no separator")
    found = bytes(data).decode("utf-8", "surrogateescape").split(separator) if count else []
    if len(found) != count:
        raise ValueError("not as many names as entries")
    return found


def _slices(contents: Mapping[int, bytes]) -> Iterator[Collection[Bytes]]:
    """Indexes, lengths, and all of the contents in a row."""
    yield (_column(contents),)
    yield (_column(map(len, contents.values())),)
    yield contents.values()


def _sliced(indexes: memoryview, lengths: memoryview, contents: memoryview) -> dict[int, bytes]:
    """The inverse of ``_slices``."""
    counts = _numbers(lengths)
    ends = list(accumulate(counts, initial=0))
    if len(indexes) != len(lengths) or ends[-1] != len(contents) or min(counts, default=0) < 0:
        raise ValueError("contents are not as long as their lengths")
    return {
        index: bytes(contents[start:end]) for index, start, end in zip(_numbers(indexes), ends, ends[1:], strict=False)
    }


def _column(numbers: Iterable[int]) -> bytes:
    return array("q", numbers).tobytes()


def _numbers(data: memoryview, count: int | None = None) -> "array[int]":
    """A column; with ``count``, one of that length."""
    found = array("q")
    found.frombytes(data)
    if count is not None and len(found) != count:
        raise ValueError("a column is not as long as the others")
    return found
