"""SQLite's write-ahead log, ``rpmdb.sqlite-wal``: pages that are not yet in the database itself.

A head of 32 bytes and frames of 24 bytes and a page each, in big-endian order. A frame counts if it carries the salt
of the head and the running checksum holds, and only up to the last frame that ends a transaction
(SQLite, "Database File Format", chapter 4). rpm empties the log when it ends; what kills it leaves the log behind.
"""

import struct

from layerscope.errors import Damaged

_HEAD = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}
_VERSION = 3_007_000
_PAGE_SIZES = frozenset(1 << power for power in range(9, 17))
_WORD = 0xFFFFFFFF


def apply_log(data: bytes, log: bytes, *, where: str) -> bytes:
    """The database with all finished transactions of its log; ``data`` itself where there are none.

    ``data`` may be empty, as a new database is until its log is written back. Raises Damaged where the log
    declares a database that is longer than both together.
    """
    pages, page_bytes, page_count = _finished(log)
    if not page_count:
        return data
    if page_count * page_bytes > len(data) + len(log):
        raise Damaged(f"the write-ahead log declares {page_count:,} pages of {page_bytes:,} bytes", where=where)
    result = bytearray(data[: page_count * page_bytes].ljust(page_count * page_bytes, b"\0"))
    for number, place in pages.items():
        # A later transaction of the same log may have cut the database before this page.
        if 0 < number <= page_count:
            result[(number - 1) * page_bytes : number * page_bytes] = log[place : place + page_bytes]
    return bytes(result)


def _finished(log: bytes) -> tuple[dict[int, int], int, int]:
    """Where the newest version of each page lies in ``log``, the length of pages, and their count in the database."""
    if len(log) < _HEAD.size:
        return {}, 0, 0
    magic, version, page_bytes, _, salt_1, salt_2, *head_sums = _HEAD.unpack_from(log)
    order = _MAGICS.get(magic)
    if order is None or version != _VERSION or page_bytes not in _PAGE_SIZES:
        return {}, 0, 0
    sums = _checksum(log[: _HEAD.size - 8], order, (0, 0))
    if list(sums) != head_sums:
        return {}, 0, 0
    pages: dict[int, int] = {}
    open_pages: dict[int, int] = {}
    page_count = 0
    for place in range(_HEAD.size, len(log) - _FRAME.size - page_bytes + 1, _FRAME.size + page_bytes):
        number, count_after, *salts_and_sums = _FRAME.unpack_from(log, place)
        body = place + _FRAME.size
        sums = _checksum(log[place : place + 8] + log[body : body + page_bytes], order, sums)
        # Frames of an older round lie behind those of this one, under another salt.
        if salts_and_sums != [salt_1, salt_2, *sums]:
            break
        open_pages[number] = body
        if count_after:
            pages |= open_pages
            open_pages = {}
            page_count = count_after
    return pages, page_bytes, page_count


def _checksum(raw: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    for even, odd in struct.iter_unpack(f"{order}II", raw):
        first = (first + even + second) & _WORD
        second = (second + odd + first) & _WORD
    return first, second
