"""The ``Packages`` file of rpm before 4.16: a hash database of Berkeley DB (its src/dbinc/db_page.h).

Numbers are in the byte order of the machine that wrote it, which the magic shows. Each hash page holds pairs of
key and value, filled from its end; an item is one type byte and its bytes, or points to a chain of overflow pages.
Keys are package numbers of four bytes; number 0 is rpm's own counter. All pages are looked at in turn, instead of
the chains of the buckets: a damaged page then costs only what lies on it.
"""

import struct
from collections.abc import Callable, Iterator
from enum import IntEnum

from layerscope.errors import Damaged

HASH_MAGIC = 0x061561

_MAGIC_AT = 12
_VERSIONS = range(8, 11)
_PAGE_SIZES = frozenset(1 << power for power in range(9, 17))
_META_BYTES = 72
_HEAD_BYTES = 26
_KEY_BYTES = 4
_OFF_PAGE_BYTES = 12


class _Page(IntEnum):
    HASH_UNSORTED = 2
    OVERFLOW = 7
    HASH = 13


class _Item(IntEnum):
    KEY_DATA = 1
    OFF_PAGE = 3


def is_hash_database(data: bytes) -> bool:
    """Whether ``data`` begins like a hash database of either byte order."""
    magic = data[_MAGIC_AT : _MAGIC_AT + 4]
    return magic in (HASH_MAGIC.to_bytes(4, "little"), HASH_MAGIC.to_bytes(4, "big"))


def records(data: bytes, *, where: str, warn: Callable[[str], None]) -> Iterator[tuple[int, bytes]]:
    """Yield package numbers and header blobs in the order of their pages; ``warn`` takes what is left out.

    Raises Damaged where the meta page cannot be right.
    """
    yield from _Reader(data, where, warn).records()


class _Reader:
    def __init__(self, data: bytes, where: str, warn: Callable[[str], None]) -> None:
        if len(data) < _META_BYTES:
            raise Damaged(f"a Berkeley DB of {len(data)} bytes", where=where)
        self.data = data
        self.where = where
        self.warn = warn
        order = "<" if data[_MAGIC_AT : _MAGIC_AT + 4] == HASH_MAGIC.to_bytes(4, "little") else ">"
        self.u32 = struct.Struct(f"{order}I")
        self.pair = struct.Struct(f"{order}II")
        # Page number, previous page, next page, count of items, high offset, level, type.
        self.head = struct.Struct(f"{order}8xIIIHHBB")
        self.order = order
        version, self.page_bytes = self.pair.unpack_from(data, 16)
        if version not in _VERSIONS or data[24]:
            raise Damaged(f"a hash database of version {version}, encryption {data[24]}", where=where, offset=16)
        if self.page_bytes not in _PAGE_SIZES:
            raise Damaged(f"pages of {self.page_bytes:,} bytes", where=where, offset=20)
        self.pages = self._page_count()
        # No two items share an overflow page, so each is read at most once, and chains cannot loop.
        self.taken = bytearray(self.pages)

    def _page_count(self) -> int:
        declared = self.u32.unpack_from(self.data, 32)[0] + 1
        present = len(self.data) // self.page_bytes
        if declared > present:
            self.warn(f"{self.where}: {declared:,} pages are declared, and {present:,} are there")
        return int(min(declared, present))

    def records(self) -> Iterator[tuple[int, bytes]]:
        for page in range(1, self.pages):
            start = page * self.page_bytes
            number, _, _, items, _, _, kind = self.head.unpack_from(self.data, start)
            if kind not in (_Page.HASH_UNSORTED, _Page.HASH) or not items:
                continue
            try:
                if number != page:
                    raise Damaged(f"page {page:,} says that it is page {number:,}", where=self.where, offset=start)
                spans = self._items(start, items)
            except Damaged as problem:
                self.warn(problem.message)
                continue
            yield from self._pairs(spans)

    def _items(self, start: int, count: int) -> list[tuple[int, int]]:
        """Begin and end in the data of the items of the page at ``start``."""
        lowest = _HEAD_BYTES + 2 * count
        if count % 2 or lowest > self.page_bytes:
            raise Damaged(f"a page of {count:,} items", where=self.where, offset=start)
        offsets = struct.unpack_from(f"{self.order}{count}H", self.data, start + _HEAD_BYTES)
        spans, end = [], self.page_bytes
        for offset in offsets:
            if not lowest <= offset < end:
                raise Damaged(f"an item at {offset:,} of its page", where=self.where, offset=start)
            spans.append((start + offset, start + end))
            end = offset
        return spans

    def _pairs(self, spans: list[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
        for key, value in zip(spans[::2], spans[1::2], strict=True):
            try:
                raw = self._item(*key, "a key")
                if len(raw) != _KEY_BYTES:
                    raise Damaged(f"a key of {len(raw):,} bytes", where=self.where, offset=key[0])
                number = self.u32.unpack(raw)[0]
                blob = self._item(*value, f"record {number}")
            except Damaged as problem:
                self.warn(problem.message)
                continue
            if number:
                yield number, blob

    def _item(self, begin: int, end: int, what: str) -> bytes:
        kind = self.data[begin]
        if kind == _Item.KEY_DATA:
            return self.data[begin + 1 : end]
        if kind == _Item.OFF_PAGE and end - begin == _OFF_PAGE_BYTES:
            page, length = self.pair.unpack_from(self.data, begin + 4)
            return self._overflow(page, length, what)
        raise Damaged(f"{what} is an item of type {kind} and {end - begin:,} bytes", where=self.where, offset=begin)

    def _overflow(self, page: int, length: int, what: str) -> bytes:
        if length > len(self.data):
            raise Damaged(f"{what} declares {length:,} bytes", where=self.where)
        parts, missing = [], length
        while missing > 0:
            start = page * self.page_bytes
            if not 0 < page < self.pages or self.taken[page]:
                raise Damaged(f"{what} continues on page {page:,}, which is absent or taken", where=self.where)
            self.taken[page] = 1
            number, _, following, _, used, _, kind = self.head.unpack_from(self.data, start)
            if number != page or kind != _Page.OVERFLOW or not 0 < used <= min(missing, self.page_bytes - _HEAD_BYTES):
                raise Damaged(f"{what} continues on a page that does not fit", where=self.where, offset=start)
            parts.append(self.data[start + _HEAD_BYTES : start + _HEAD_BYTES + used])
            missing -= used
            page = following
        return b"".join(parts)
