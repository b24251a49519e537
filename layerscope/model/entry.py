"""What one layer says about one path; and masks, a byte for each of many entries, for ``itertools.compress``."""

from array import array
from enum import IntEnum

from msgspec import Struct


class Kind(IntEnum):
    """The kind of an entry; the file types as in tar, then the markers that only layers have."""

    FILE = 0
    HARDLINK = 1
    SYMLINK = 2
    CHARACTER_DEVICE = 3
    BLOCK_DEVICE = 4
    DIRECTORY = 5
    FIFO = 6
    WHITEOUT = 7
    """``.wh.<name>``: hides ``<name>`` of lower layers. The entry's path is the path that it hides."""
    OPAQUE = 8
    """``.wh..wh..opq``: hides all lower children. The entry's path is that directory."""
    BOOKKEEPING = 9
    """Other ``.wh..wh.`` names, and a compressed layer's own index: not part of the file system."""


class Fate(IntEnum):
    """What became of a version in the final file system."""

    LIVE = 0
    DELETED = 1
    """Hidden by a whiteout, an opaque directory, a non-directory in the place of a parent, or entries below it."""
    OVERWRITTEN = 2
    """Hidden by another version of the same path with other content."""
    COPIED_UP = 3
    """Hidden by another version of the same path with the same content: only metadata changed."""
    MARKER = 4
    """A whiteout or bookkeeping, which is not a version of a path."""


IS_ENTRY = bytes(kind < Kind.WHITEOUT for kind in range(256))
"""A table for ``bytes.translate``: 1 for each kind that is a version of a path, 0 for the markers."""
IS_LIVE = bytes(fate == Fate.LIVE for fate in range(256))
IS_HIDDEN = bytes(Fate.LIVE < fate < Fate.MARKER for fate in range(256))
"""The same for the fates of live and of hidden versions."""
_HAS_SIGN = bytes(byte > 127 for byte in range(256))
_IS_ZERO = bytes(byte == 0 for byte in range(256))
_BIG_ENDIAN = array("h", [1]).tobytes()[-1] == 1

KIND_WORDS = tuple(kind.name.lower().replace("_", "-") for kind in Kind)
FATE_WORDS = tuple(fate.name.lower().replace("_", "-") for fate in Fate)
"""The names of kinds and fates in every output, by their numbers."""


class Entry(Struct, frozen=True, kw_only=True):
    """One tar header of a changeset, after GNU and PAX extensions are applied.

    ``path`` is absolute and normal (``/usr/bin/git``, ``/`` for the root); bytes that are not UTF-8
    are surrogate escapes. ``content_bytes`` is the real length of a regular file, 0 for everything else.
    ``mode`` holds the permission bits only, ``mtime`` whole seconds since 1970, ``link`` the target of a
    symlink as written, or of a hardlink as an absolute path. ``xattrs`` are pairs of name and value.
    """

    path: str
    kind: Kind
    content_bytes: int
    mode: int
    uid: int
    gid: int
    mtime: int
    link: str = ""
    xattrs: tuple[tuple[str, bytes], ...] = ()


def both(one: bytes | bytearray, other: bytes | bytearray) -> bytes:
    """Return 1 where both masks are 1; they are equally long."""
    # One operation on two long numbers is a hundred times faster than one on each pair of bytes.
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def negative(numbers: "array[int]") -> bytes:
    """Return 1 for each number below zero; the array holds signed integers."""
    # The sign is the first bit of the highest byte, and taking those bytes alone needs no step for each number.
    highest = 0 if _BIG_ENDIAN else numbers.itemsize - 1
    return numbers.tobytes()[highest :: numbers.itemsize].translate(_HAS_SIGN)


def inverse(mask: bytes) -> bytes:
    """Return 1 where the mask is 0, and 0 elsewhere."""
    return mask.translate(_IS_ZERO)
