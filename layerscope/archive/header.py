"""One 512-byte tar header (POSIX.1-2001 ustar and pax, GNU tar's extensions)."""

import struct
from zlib import adler32

from layerscope.errors import Damaged

BLOCK = 512
ZEROS = bytes(BLOCK)
LARGEST = 1 << 60
"""Sizes and times beyond this are no such thing, and would not fit a column."""

FIELDS = struct.Struct("100s24s12s12s8sc100s8s80s155s12x")
"""name; mode, uid and gid; size; mtime; chksum; typeflag; linkname; magic and version; uname to devminor; prefix."""


def number(field: bytes) -> int:
    """A numeric field: octal digits, or GNU's base-256 where the first bit is set. Raises ValueError."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=False) & ((1 << (8 * len(field) - 1)) - 1)
        # The second bit is the sign of the remaining bits in two's complement.
        return value - (1 << (8 * len(field) - 1)) if field[0] & 0x40 else value
    text = field.split(b"\0", 1)[0].strip(b" ")
    if not text:
        return 0
    if not text.isdigit():
        raise ValueError("not octal")  # int() would take a sign, a prefix and underscores.
    return int(text, 8)


class Numbers(dict[bytes, int]):
    """Numeric fields by their raw bytes: the same few stand in most headers, so each is parsed once."""

    def __missing__(self, field: bytes) -> int:
        if len(self) > 100_000:
            self.clear()
        value = self[field] = number(field)
        return value


class Checksums(dict[bytes, int]):
    """From the raw checksum field to what ``adler32(header) & 0xFFFF`` must be.

    The low half of an Adler-32 is 1 + the sum of all bytes modulo 65,521. The header's checksum is the same sum
    with its own eight bytes taken as spaces; so the two agree when their difference is that of the field's bytes.
    """

    def __missing__(self, field: bytes) -> int:
        if len(self) > 100_000:
            self.clear()
        try:
            stated = number(field)
        except ValueError:
            return -1
        value = self[field] = (1 + stated + sum(field) - 8 * 0x20) % 65_521
        return value


def checksum_holds(header: bytes) -> bool:
    """The slow check, which also takes the sum over signed bytes that some old tars wrote."""
    try:
        stated = number(header[148:156])
    except ValueError:
        return False
    cleared = header[:148] + b" " * 8 + header[156:]
    return stated in (sum(cleared), sum(cleared) - 256 * sum(byte > 127 for byte in cleared))


def is_header(block: bytes | memoryview) -> bool:
    """Whether a block of 512 bytes is a tar header: its checksum holds and it is not blank."""
    header = bytes(block)
    return len(header) == BLOCK and header != ZEROS and checksum_holds(header)


def adler(block: memoryview) -> int:
    return adler32(block) & 0xFFFF


def text(field: bytes) -> str:
    """A string field up to its NUL; bytes that are no UTF-8 become surrogate escapes."""
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def pax_records(body: bytes, where: str, offset: int) -> dict[str, str]:
    """The records ``<length> <key>=<value>\\n`` of a pax extended header (POSIX pax, section 'pax Extended Header').

    The last record of a key counts, but the pairs of GNU.sparse.offset and .numbytes are only counted.
    """
    records: dict[str, str] = {}
    position = 0
    while position < len(body):
        if not body[position : position + 1].strip(b"\0"):
            break  # Some writers pad with zeros.
        space = body.find(b" ", position, position + 20)
        digits = body[position:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        end = position + length
        if length < 5 or end > len(body) or body[end - 1] != 0x0A:
            raise Damaged("a pax record has a wrong length", where=where, offset=offset + position)
        key, equals, value = body[space + 1 : end - 1].partition(b"=")
        if not equals:
            raise Damaged("a pax record has no value", where=where, offset=offset + position)
        records[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        position = end
    return records
