"""The central directory of a zip archive, read from ranges of it: a large archive costs no more than its directory.

Source: PKWARE, APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (ends).
"""

import struct
import zlib
from collections.abc import Callable, Iterator

from msgspec import Struct

from layerscope.errors import Damaged
from layerscope.model.limits import MIB
from layerscope.model.pathset import ReadRange

_END = struct.Struct("<4s4H2IH")
_LOCATOR = struct.Struct("<4sIQI")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_LONGEST_COMMENT = 0xFFFF
_MOST_DIRECTORY = 16 * MIB
_STORED, _DEFLATED = 0, 8


class ZipMember(Struct, frozen=True, kw_only=True):
    """A file in a zip archive; ``offset`` is where its local header begins."""

    name: str
    method: int
    stored_bytes: int
    content_bytes: int
    offset: int

    @property
    def is_stored(self) -> bool:
        """Whether it lies in the archive as it is."""
        return self.method == _STORED


def zip_members(read: ReadRange, length: int, where: str, suffixes: tuple[bytes, ...]) -> list[ZipMember] | None:
    """The members whose names have one of the suffixes; None where the directory was not kept.

    ``length`` is that of the archive. Raises Damaged for a file that is not a zip archive, and for a
    directory that does not fit it.
    """
    located = _locate(read, length, where)
    if located is None:
        return None
    start, directory_bytes, shift = located
    directory = read(start, directory_bytes)
    return None if directory is None else list(_entries(directory, shift, where, suffixes))


def member_content(read: ReadRange, member: ZipMember, most_bytes: int, spend: Callable[[int], None]) -> bytes | None:
    """What a member holds; None where it is longer than ``most_bytes``, was not kept, or is damaged.

    ``spend`` is called with the number of bytes before they are unpacked.
    """
    place = member_place(read, member)
    if place is None or max(member.stored_bytes, member.content_bytes) > most_bytes:
        return None
    data = read(place, member.stored_bytes)
    if data is None or member.method != _DEFLATED:
        return data
    spend(member.content_bytes)
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, max(1, member.content_bytes))  # 0: no limit.
    except zlib.error:
        return None


def member_place(read: ReadRange, member: ZipMember) -> int | None:
    """Where a member's data begins; None where that was not kept, or it is packed in an unusual way."""
    header = read(member.offset, _LOCAL.size)
    if header is None or not header.startswith(b"PK\3\4") or member.method not in (_STORED, _DEFLATED):
        return None
    *_, name_bytes, extra_bytes = _LOCAL.unpack(header)
    return member.offset + _LOCAL.size + int(name_bytes) + int(extra_bytes)


def _locate(read: ReadRange, length: int, where: str) -> tuple[int, int, int] | None:
    """Start and length of the directory, and what to add to each offset since something precedes the archive."""
    for tail_bytes in (_END.size, min(length, _END.size + _LONGEST_COMMENT)):
        tail = read(length - tail_bytes, tail_bytes)
        if tail is None:
            if length < _END.size:
                break
            return None
        found = tail.rfind(b"PK\5\6")
        if found >= 0 and found + _END.size <= len(tail):
            break
    else:
        found = -1
    if length < _END.size or found < 0 or tail is None:
        raise Damaged("not a zip archive: its end is missing", where=where)
    end = length - tail_bytes + found
    _, _, _, _, entries, directory_bytes, offset, _ = _END.unpack_from(tail, found)
    if 0xFFFF in (entries,) or 0xFFFFFFFF in (directory_bytes, offset):
        located = _locate_64(read, end)
        if located is not None:
            end, directory_bytes, offset = located
    start = end - directory_bytes
    if directory_bytes > _MOST_DIRECTORY or offset > start:
        message = f"its directory of {directory_bytes:,} bytes at {offset:,} does not fit"
        raise Damaged(message, where=where, offset=end)
    return start, directory_bytes, start - offset


def _locate_64(read: ReadRange, end: int) -> tuple[int, int, int] | None:
    """The same of an archive with more than 65,535 members, where that record is there."""
    locator = read(end - _LOCATOR.size, _LOCATOR.size)
    if locator is None or not locator.startswith(b"PK\6\7"):
        return None
    record = read(end - _LOCATOR.size - _END_64.size, _END_64.size)
    if record is None or not record.startswith(b"PK\6\6"):
        return None
    *_, directory_bytes, offset = _END_64.unpack(record)
    return end - _LOCATOR.size - _END_64.size, int(directory_bytes), int(offset)


def _entries(directory: bytes, shift: int, where: str, suffixes: tuple[bytes, ...]) -> Iterator[ZipMember]:
    position, end = 0, len(directory)
    while position + _ENTRY.size <= end:
        (
            magic, _, _, _, method, _, _, _, stored_bytes, content_bytes,
            name_bytes, extra_bytes, comment_bytes, _, _, _, offset,
        ) = _ENTRY.unpack_from(directory, position)  # fmt: skip
        if magic != b"PK\1\2":
            raise Damaged("an entry of its directory is damaged", where=where, offset=position)
        position += _ENTRY.size
        name = directory[position : position + name_bytes]
        position += name_bytes + extra_bytes + comment_bytes
        if name.endswith(suffixes):
            yield ZipMember(
                name=name.decode("utf-8", "surrogateescape"),
                method=method,
                stored_bytes=stored_bytes,
                content_bytes=content_bytes,
                offset=offset + shift,
            )
