"""Single tar headers, written by hand so that every field can be wrong on purpose."""

import struct
from collections.abc import Mapping

BLOCK_BYTES = 512

# POSIX.1-1988 (ustar): name, mode, uid, gid, size, mtime, checksum, type, link name, magic with version,
# user name, group name, device major, device minor, prefix.
_FIELDS = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x")
_CHECKSUM_OFFSET = 148
USTAR_MAGIC = b"ustar\x0000"
GNU_MAGIC = b"ustar  \x00"


def header(
    name: bytes,
    *,
    typeflag: bytes = b"0",
    mode: int = 0o644,
    uid: int = 0,
    gid: int = 0,
    declared_bytes: int = 0,
    mtime: int = 0,
    link: bytes = b"",
    magic: bytes = USTAR_MAGIC,
    device: tuple[int, int] = (0, 0),
    prefix: bytes = b"",
    base256: bool = False,
    checksum: int | None = None,
) -> bytes:
    """One header of 512 bytes; texts that are too long are cut.

    Numbers that do not fit in octal, and the declared length if ``base256`` asks for it, are written in base 256.
    ``checksum`` replaces the right one.
    """
    block = _FIELDS.pack(
        name,
        number(mode, 8),
        number(uid, 8),
        number(gid, 8),
        number(declared_bytes, 12, base256=base256),
        number(mtime, 12),
        b" " * 8,
        typeflag,
        link,
        magic,
        b"",
        b"",
        number(device[0], 8),
        number(device[1], 8),
        prefix,
    )
    return with_checksum(block, checksum)


def with_checksum(block: bytes, checksum: int | None = None) -> bytes:
    """The header with its checksum field filled in: rightly, or with the given number."""
    end = _CHECKSUM_OFFSET + 8
    blank = block[:_CHECKSUM_OFFSET] + b" " * 8 + block[end:]
    value = sum(blank) if checksum is None else checksum
    return block[:_CHECKSUM_OFFSET] + b"%06o\0 " % value + block[end:]


def number(value: int, width: int, *, base256: bool = False) -> bytes:
    """A numeric field: octal with a NUL where it fits, else GNU's base 256 (two's complement, first bit set)."""
    octal = b"%0*o" % (width - 1, max(value, 0))
    if not base256 and value >= 0 and len(octal) < width:
        return octal + b"\0"
    field = bytearray(value.to_bytes(width, "big", signed=True))
    field[0] |= 0x80
    return bytes(field)


def padded(content: bytes) -> bytes:
    """The content filled up with zeros to whole blocks."""
    return content + bytes(-len(content) % BLOCK_BYTES)


def pax_records(records: Mapping[str, bytes]) -> bytes:
    """The body of a PAX header: ``length key=value`` lines, the length counting its own digits (POSIX.1-2001)."""
    return b"".join(_pax_record(key.encode(), value) for key, value in records.items())


def _pax_record(key: bytes, value: bytes) -> bytes:
    rest = b" %s=%s\n" % (key, value)
    length = len(rest) + 1
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return b"%d%s" % (length, rest)
