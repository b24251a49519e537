"""Ranges of a file's content, from whatever was kept of it."""

from collections.abc import Callable
from typing import TypeAlias

from layerscope.filesystem.tree import Filesystem
from layerscope.packages.budget import budget_of

ReadRange: TypeAlias = Callable[[int, int], bytes | None]
"""Called with a start and a length: exactly that many bytes, or None where they are not there or were not kept."""


def ranges_of(filesystem: Filesystem, number: int) -> tuple[ReadRange, int]:
    """As ``kept_ranges``, for a record of a package.

    The reader raises LimitExceeded where all the records of an image are too much to read.
    """
    (kept, length), budget = kept_ranges(filesystem, number), budget_of(filesystem)

    def read(start: int, count: int) -> bytes | None:
        if start >= 0 and 0 <= count <= length - start:
            budget.read(count)
        return kept(start, count)

    return read, length


def kept_ranges(filesystem: Filesystem, number: int) -> tuple[ReadRange, int]:
    """A reader of a file's ranges, and the file's length.

    A plain layer gives any range; a layer that had to be decompressed kept the head and the tail of a file at most.
    """
    length = filesystem.content_bytes(filesystem.carrier(number))

    def read(start: int, count: int) -> bytes | None:
        if start < 0 or count < 0 or start + count > length:
            return None
        data = filesystem.read(number, start, count)
        if data and len(data) < count:
            # The range may begin in the head that was kept and end in the tail.
            data += filesystem.read(number, start + len(data), count - len(data)) or b""
        return data if data is not None and len(data) == count else None

    return read, length


def ranges_in(data: bytes) -> ReadRange:
    """A reader of ranges of bytes in memory."""

    def read(start: int, count: int) -> bytes | None:
        return data[start : start + count] if start >= 0 and 0 <= count <= len(data) - start else None

    return read


def part_of(read: ReadRange, base: int, length: int) -> ReadRange:
    """A reader of a stretch of what another reads."""

    def inner(start: int, count: int) -> bytes | None:
        return read(base + start, count) if start >= 0 and 0 <= count <= length - start else None

    return inner
