"""One 512-byte tar header (POSIX.1-2001 ustar and pax, GNU tar's extensions)."""

import struct
from collections.abc import Iterator

from layerscope.errors import Damaged

BLOCK = 512
ZEROS = bytes(BLOCK)
LARGEST = 1 << 60
"""Larger sizes and times are impossible, and would not fit a column."""

COMMON = struct.Struct("100s24s12s12s8sc")
"""What every header is asked for: name; mode, uid and gid; size; mtime; chksum; typeflag."""
RARE = struct.Struct("100s56xc100s8s80x155s12x")
"""What rarer headers are asked for besides: name, typeflag, linkname, magic and version, prefix."""
LINK = 157
"""Where the 100 bytes of linkname stand."""
MAGIC = 257
POSIX = b"ustar\0"
"""What stands at MAGIC where PREFIX is one; GNU tar has other things there."""
PREFIX = 345
"""Where the prefix of a long name stands, a zero byte in most headers."""


_NO_NUL = frozenset({b"path", b"linkpath", b"uname", b"gname"})
"""What the engines refuse a pax record of with a NUL in it (Go, archive/tar)."""


def number(field: bytes) -> int:
    """A numeric field: octal digits, or GNU's base-256 where the first bit is set. Raises ValueError."""
    text = field.rstrip(b"\0 ")
    if text.isdigit():
        return _octal(text)
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=False) & ((1 << (8 * len(field) - 1)) - 1)
        # The second bit is the sign of the remaining bits in two's complement.
        return value - (1 << (8 * len(field) - 1)) if field[0] & 0x40 else value
    text = field.split(b"\0", 1)[0].strip(b" ")
    if text and not text.isdigit():
        raise ValueError("no number")  # int() would take a sign, a prefix and underscores.
    return _octal(text) if text else 0


def _octal(digits: bytes) -> int:
    try:
        return int(digits, 8)
    except ValueError:
        raise ValueError("no number") from None


class Numbers(dict[bytes, int]):
    """Numeric fields by their raw bytes: the same few stand in most headers, so each is parsed once.

    Raises ValueError for what is not a number, OverflowError for one that is beyond any size or time.
    """

    def __missing__(self, field: bytes) -> int:
        if len(self) > 100_000:
            self.clear()
        value = number(field)
        if not -LARGEST <= value <= LARGEST:
            raise OverflowError("beyond any size or time")
        self[field] = value
        return value


def expected_adler(field: bytes) -> int:
    """From the raw checksum field to what ``adler32(header) & 0xFFFF`` must be; -1 for one that is not as usual.

    The low half of an Adler-32 is 1 + the sum of all bytes modulo 65,521. The header's checksum is the same sum
    with its own eight bytes taken as spaces; so the two agree when their difference is that of the field's bytes.
    """
    digits = field[:6]
    if not digits.isdigit() or field[6]:
        return -1
    try:
        stated = int(digits, 8)
    except ValueError:  # An 8 or a 9 in it.
        return -1
    return (1 + stated + sum(field) - 8 * 0x20) % 65_521


def checksum_holds(header: bytes) -> bool:
    """The slow check, which also takes the sum over signed bytes that some old tars wrote."""
    try:
        stated = number(header[148:156])
    except ValueError:
        return False
    cleared = header[:148] + b" " * 8 + header[156:]
    return stated in (sum(cleared), sum(cleared) - 256 * sum(byte > 127 for byte in cleared))


def is_header(block: bytes | memoryview) -> bool:
    """Whether a block of 512 bytes is a tar header: its checksum holds, as that of zeros does not."""
    header = bytes(block)
    return len(header) == BLOCK and checksum_holds(header)


def text(field: bytes | bytearray) -> str:
    """A string field up to its NUL; bytes that are not UTF-8 become surrogate escapes."""
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def pax_records(body: bytes, where: str, offset: int) -> dict[str, str]:
    """The records of a pax extended header by their keys; the last one of a key counts."""
    return {
        key.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for key, value in pax_pairs(body, where, offset)
    }


def pax_pairs(body: bytes, where: str, offset: int) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of each record ``<length> <key>=<value>\\n`` (POSIX pax, section 'pax Extended Header')."""
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
        if b"\0" in value and key in _NO_NUL:
            message = f"a pax record has a NUL in its {key.decode()}"
            raise Damaged(message, where=where, offset=offset + position)
        yield key, value
        position = end
