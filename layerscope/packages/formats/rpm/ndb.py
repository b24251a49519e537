"""rpm's own database format, ``Packages.db`` (rpm, lib/backend/ndb/rpmpkg.c).

All numbers are little-endian. Pages of 4,096 bytes hold slots of 16: ``Slot``, package number, first block and
count of blocks of 16 bytes; the file's header takes the place of the first two slots. A package's blocks are a head
(``BlbS``, package number, generation, length), the header blob, padding and a tail (Adler-32, length, ``BlbE``).
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from layerscope.errors import Damaged

MAGIC = b"RpmP"

_INTRO = struct.Struct("<4sIII")
_SLOT = struct.Struct("<4sIII")
_HEAD = struct.Struct("<4sIII")
_TAIL = struct.Struct("<II4s")
_PAGE_BYTES = 4096
_BLOCK_BYTES = 16
_SLOTS_START = 32


class _Slot(NamedTuple):
    first: int
    blocks: int
    number: int


def records(data: bytes, *, where: str, warn: Callable[[str], None]) -> Iterator[tuple[int, bytes]]:
    """Yield package numbers and header blobs in the order of their blocks; ``warn`` takes what is left out.

    Raises Damaged where the file's header cannot be right.
    """
    end = _slots_end(data, where)
    free = end // _BLOCK_BYTES
    for slot in sorted(_slots(data, end, where, warn)):
        record = f"{where}: record {slot.number}"
        # Blocks that two slots share would be read twice, and with many slots so often that time explodes.
        if slot.first < free:
            warn(f"{record}: its blocks at {slot.first:,} overlap others, left out")
            continue
        try:
            blob = _blob(data, slot, record)
        except Damaged as problem:
            warn(problem.message)
            continue
        free = slot.first + slot.blocks
        if not _checksum_holds(data, slot):
            warn(f"{record}: wrong checksum, read all the same")
        yield slot.number, blob


def _slots_end(data: bytes, where: str) -> int:
    if len(data) < _SLOTS_START:
        raise Damaged(f"an ndb database of {len(data)} bytes", where=where)
    pages: int
    _, version, _, pages = _INTRO.unpack_from(data)
    if version != 0:
        raise Damaged(f"an ndb database of version {version}", where=where, offset=4)
    if pages * _PAGE_BYTES > len(data):
        raise Damaged(f"{pages:,} pages of slots in {len(data):,} bytes", where=where, offset=12)
    return pages * _PAGE_BYTES


def _slots(data: bytes, end: int, where: str, warn: Callable[[str], None]) -> Iterator[_Slot]:
    for place in range(_SLOTS_START, end, _SLOT.size):
        magic, number, first, blocks = _SLOT.unpack_from(data, place)
        if magic != b"Slot":
            warn(f"{where}, offset {place:,}: not a slot, left out")
        elif first:
            yield _Slot(first, blocks, number)


def _blob(data: bytes, slot: _Slot, where: str) -> bytes:
    start, length = slot.first * _BLOCK_BYTES, slot.blocks * _BLOCK_BYTES
    if not _HEAD.size + _TAIL.size <= length <= len(data) - start:
        raise Damaged(f"{slot.blocks:,} blocks do not fit", where=where, offset=start)
    magic, number, _, blob_bytes = _HEAD.unpack_from(data, start)
    if magic != b"BlbS" or number != slot.number:
        raise Damaged("its blocks do not begin with its number", where=where, offset=start)
    tail = start + length - _TAIL.size
    _, again, end_magic = _TAIL.unpack_from(data, tail)
    padding = length - _HEAD.size - _TAIL.size - blob_bytes
    if end_magic != b"BlbE" or again != blob_bytes or not 0 <= padding < _BLOCK_BYTES:
        raise Damaged(f"its {slot.blocks:,} blocks do not end as they begin", where=where, offset=tail)
    return data[start + _HEAD.size : start + _HEAD.size + blob_bytes]


def _checksum_holds(data: bytes, slot: _Slot) -> bool:
    start = slot.first * _BLOCK_BYTES
    tail = start + slot.blocks * _BLOCK_BYTES - _TAIL.size
    checksum: int = _TAIL.unpack_from(data, tail)[0]
    return zlib.adler32(memoryview(data)[start:tail]) == checksum
