"""Files that are read by ranges: formats whose tables lead to places in the middle of a file."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

ReadRange: TypeAlias = Callable[[int, int], bytes | None]
"""Called with a start and a length: exactly that many bytes, or None where they are not there or were not kept."""
A_READ = 256
"""Bytes that every read counts towards a budget besides what it gives."""


class RangedFile(Struct, frozen=True):
    """A file of ``length`` bytes at ``path``, of which ``read`` gives ranges.

    ``spend`` is called with the number of bytes that come out of an archive, before they do. ``warn`` takes a sentence
    about what cannot be read.
    """

    read: ReadRange
    length: int
    path: str
    spend: Callable[[int], None]
    warn: Callable[[str], None]


class RangeReader(Struct, frozen=True):
    """Who reads a file by ranges: ``analyse`` asks for the same ranges of the same file every time.

    A pass over a layer calls it to learn which ranges to keep, and a later step once more for what it finds there.
    ``magic`` is how the files begin, empty where they begin in many ways.
    """

    analyse: Callable[[RangedFile], object]
    magic: bytes = b""
