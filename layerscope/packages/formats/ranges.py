"""Readers of ranges of a file, from whatever was kept of it."""

from collections.abc import Callable
from typing import TypeAlias

from layerscope.filesystem.tree import Filesystem
from layerscope.model.pathset import ReadRange

ReadContent: TypeAlias = Callable[[int, int, int], bytes | None]
"""Called with the number of a version, a start and a length; returns what was kept of it, as ``Filesystem.read``."""


def ranges_of(filesystem: Filesystem, number: int, content: ReadContent | None = None) -> tuple[ReadRange, int]:
    """Return a reader of a file's ranges, and the file's length.

    It gives the ranges that the RangeReader of a Wanted asked for. Contents are read through ``content``, by default
    ``Filesystem.read``.
    """
    content = content or filesystem.read
    length = filesystem.content_bytes(filesystem.carrier(number))

    def read(start: int, count: int) -> bytes | None:
        if start < 0 or count < 0 or start + count > length:
            return None
        data = content(number, start, count)
        if data and len(data) < count:
            # The range may begin in the head that was kept and end in the tail.
            data += content(number, start + len(data), count - len(data)) or b""
        return data if data is not None and len(data) == count else None

    return read, length


def ranges_in(data: bytes) -> ReadRange:
    """Return a reader of ranges of bytes in memory."""

    def read(start: int, count: int) -> bytes | None:
        return data[start : start + count] if start >= 0 and 0 <= count <= len(data) - start else None

    return read


def part_of(read: ReadRange, base: int, length: int) -> ReadRange:
    """Return a reader of a stretch of what another reads."""

    def inner(start: int, count: int) -> bytes | None:
        return read(base + start, count) if start >= 0 and 0 <= count <= length - start else None

    return inner
