"""The header of one package, as rpm stores it in its database.

The blob is two counts, ``il`` and ``dl``, ``il`` index entries of 16 bytes and a store of ``dl`` bytes, all in
network byte order; the lead and magic of package files are absent. The first entry may be a region: the entries
that were signed, closed by a trailer in the store. Entries after the region ("dribbles") were added when the
package was installed, and win over signed ones of the same tag (rpm, docs/manual/format_header.md and lib/header.c).
"""

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from layerscope.errors import Damaged

_INTRO = struct.Struct(">II")
_ENTRY = struct.Struct(">IIiI")
_MOST_TAGS = 0xFFFF
_REGIONS = range(61, 64)
_TRAILER_BYTES = 16


class Type(IntEnum):
    """How the values of an index entry are stored."""

    NULL = 0
    CHAR = 1
    INT8 = 2
    INT16 = 3
    INT32 = 4
    INT64 = 5
    STRING = 6
    BIN = 7
    STRING_ARRAY = 8
    I18NSTRING = 9


# The least bytes of one value, by type: a text has at least its terminator.
_WIDTHS = (0, 1, 1, 2, 4, 8, 1, 1, 1, 1)
_FORMATS: dict[int, str] = {Type.CHAR: "B", Type.INT8: "B", Type.INT16: "H", Type.INT32: "I", Type.INT64: "Q"}


class _IndexEntry(NamedTuple):
    tag: int
    type: int
    offset: int
    values: int


class Header:
    """The tags of one header; values are read from the store when they are asked for.

    Raises Damaged, with an offset in the blob, where the index contradicts itself or points outside the store;
    the getters do so where a value is not of the type that its tag has, or a text is not terminated.
    """

    __slots__ = ("_blob", "_entries", "_start", "_where")

    def __init__(self, blob: bytes, *, where: str) -> None:
        self._where = where
        if len(blob) < _INTRO.size:
            raise Damaged(f"a header of {len(blob)} bytes", where=where)
        tags, store_bytes = _INTRO.unpack_from(blob)
        start = _INTRO.size + tags * _ENTRY.size
        if not 0 < tags <= _MOST_TAGS or start + store_bytes != len(blob):
            message = f"a header of {len(blob):,} bytes declares {tags:,} tags and {store_bytes:,} bytes of values"
            raise Damaged(message, where=where, offset=0)
        self._blob = blob
        self._start = start
        self._entries = self._checked(blob[_INTRO.size : start], store_bytes)
        self._check_region(_IndexEntry._make(_ENTRY.unpack_from(blob, _INTRO.size)), tags)

    def text(self, tag: int) -> str:
        """The text of ``tag``, the first of a translated one; empty where the header lacks it."""
        entry = self._entries.get(tag)
        if entry is None:
            return ""
        if entry.type not in (Type.STRING, Type.I18NSTRING) or (entry.type == Type.STRING and entry.values != 1):
            raise self._mistyped(entry)
        begin = self._start + entry.offset
        end = self._blob.find(b"\0", begin)
        if end == -1:
            raise Damaged(f"the text of tag {tag} has no end", where=self._where, offset=begin)
        return _decode(self._blob[begin:end])

    def texts(self, tag: int) -> list[str] | None:
        """The texts of ``tag``, None where the header lacks it."""
        entry = self._entries.get(tag)
        if entry is None:
            return None
        # Early versions of rpm stored a list of one text as a lone text.
        if entry.type not in (Type.STRING_ARRAY, Type.STRING):
            raise self._mistyped(entry)
        begin = self._start + entry.offset
        *parts, rest = self._blob[begin:].split(b"\0", entry.values)
        if len(parts) != entry.values:
            message = f"tag {tag} declares {entry.values:,} texts, and {len(parts):,} are terminated"
            raise Damaged(message, where=self._where, offset=begin)
        # One call to decode all of them is several times faster than one for each.
        return _decode(self._blob[begin : len(self._blob) - len(rest) - 1]).split("\0")

    def numbers(self, tag: int, *types: Type) -> Sequence[int] | None:
        """The numbers of ``tag``, unsigned, None where the header lacks it; ``types`` are those that it may have."""
        entry = self._entries.get(tag)
        if entry is None:
            return None
        if entry.type not in types:
            raise self._mistyped(entry)
        place = self._start + entry.offset
        return struct.unpack_from(f">{entry.values}{_FORMATS[entry.type]}", self._blob, place)

    def _checked(self, index: bytes, store_bytes: int) -> dict[int, _IndexEntry]:
        entries = {}
        for entry in map(_IndexEntry._make, _ENTRY.iter_unpack(index)):
            tag, kind, offset, values = entry
            if kind >= len(_WIDTHS) or offset < 0 or values <= 0 or values * _WIDTHS[kind] > store_bytes - offset:
                message = f"tag {tag} of type {kind}: {values:,} values at {offset:,} do not fit in {store_bytes:,}"
                raise Damaged(message, where=self._where)
            entries[tag] = entry
        return entries

    def _check_region(self, region: _IndexEntry, tags: int) -> None:
        # An offset of zero marks a region without a trailer: all of the index is signed.
        if region.tag not in _REGIONS or region.offset == 0:
            return
        if region.type != Type.BIN or region.values != _TRAILER_BYTES:
            raise self._mistyped(region)
        trailer = _IndexEntry._make(_ENTRY.unpack_from(self._blob, self._start + region.offset))
        signed, odd = divmod(-trailer.offset, _ENTRY.size)
        if trailer[:2] != region[:2] or trailer.values != _TRAILER_BYTES or odd or not 0 < signed <= tags:
            raise Damaged(f"the trailer of region {region.tag} does not match it", where=self._where)

    def _mistyped(self, entry: _IndexEntry) -> Damaged:
        return Damaged(f"tag {entry.tag} holds {entry.values:,} values of type {entry.type}", where=self._where)


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
