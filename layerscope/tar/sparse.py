"""Where the data of a sparse file belong: its map, read when its contents are wanted.

The walk keeps no maps: only contents need them, and one can be longer than all other headers together.
"""

import re
from collections.abc import Iterator
from typing import Protocol, TypeAlias

from layerscope.errors import Damaged, LimitExceeded
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Piece
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits
from layerscope.tar.header import BLOCK, number, pax_records

_DIGITS = 19
_EXTENSIONS = frozenset({b"x", b"g", b"X", b"L", b"K"})
Segment: TypeAlias = tuple[int, int, int]


class Tar(Protocol):
    """An uncompressed tar from which stretches are read in ascending order."""

    def move(self, position: int) -> None:
        """Go on at ``position``, which lies at or behind what was read."""

    def pieces(self, length: int) -> Iterator[memoryview]:
        """The next bytes, in views that are valid until the next one is asked for; raises Damaged where they end."""


def segments(tar: Tar, changeset: Changeset, index: int, where: str, limits: Limits) -> list[Segment]:
    """The stretches of data of a sparse file of a tar whose headers are read once more; see ``segments_of``."""
    start, content = _headers(changeset, index), changeset.offsets[index]
    if content - start > limits.sparse_bytes:
        raise too_long(where, limits.sparse_bytes)
    tar.move(start)
    gnu, pax = _in_headers(b"".join(bytes(piece) for piece in tar.pieces(content - start)))
    return segments_of(tar, gnu, pax, content, changeset.sparse[index], changeset.sizes[index], where, limits)


def segments_of(
    tar: Tar, gnu: bytes, pax: bytes, content: int, stored: int, length: int, where: str, limits: Limits
) -> list[Segment]:
    """The stretches of data of a sparse file as offset in the file, position in the tar, and length.

    They are ascending, apart, and inside of the file, which is ``length`` bytes long and has ``stored`` bytes at
    ``content`` of the tar. ``gnu`` is its header of type S with what extends it, ``pax`` the body of its extended
    header; the map is in one of them, or before the data (GNU tar manual, "Storing Sparse Files"). Raises Damaged
    where it makes no sense.
    """
    taken, numbers = 0, _map_in_headers(gnu, pax, content, where)
    if numbers is None:
        tar.move(content)
        numbers, taken = _map_in_content(tar, min(stored, limits.sparse_bytes), where, content)
    return _checked(numbers, content + taken, content + stored, length, where)


def check_headers(gnu: bytes, pax: bytes, content: int, stored: int, length: int, where: str) -> None:
    """Raise Damaged where a map in the headers makes no sense; one before the data is looked at with them only."""
    numbers = _map_in_headers(gnu, pax, content, where)
    if numbers is not None:
        _checked(numbers, content, content + stored, length, where)


def too_long(where: str, most: int) -> LimitExceeded:
    return LimitExceeded(f"{where}: a sparse map of over {most:,} bytes", hint="raise --limit sparse_bytes")


def filled(tar: Tar, stretches: list[Segment], length: int) -> Iterator[Piece]:
    """Data and holes of a sparse file, up to its real length."""
    done = 0
    for offset, position, count in stretches:
        if offset > done:
            yield offset - done
        tar.move(position)
        yield from tar.pieces(count)
        done = offset + count
    if length > done:
        yield length - done


def _checked(numbers: list[tuple[int, int]], position: int, stored_end: int, length: int, where: str) -> list[Segment]:
    found, end = [], 0
    for offset, count in numbers:
        if not count:
            continue  # The end of the last hole, or a place of the header that is not used.
        if count < 0 or offset < end or offset + count > length:
            raise Damaged("a sparse map points outside its file", where=where, offset=position)
        if position + count > stored_end:
            raise Damaged("a sparse map claims more data than there is", where=where, offset=position)
        found.append((offset, position, count))
        position, end = position + count, offset + count
    return found


def _map_in_headers(gnu: bytes, pax: bytes, content: int, where: str) -> list[tuple[int, int]] | None:
    """Offset and length of each stretch; None where the map stands before the data."""
    try:
        return _gnu_map(gnu) if gnu else _pax_map(pax, where)
    except ValueError:
        raise Damaged("a sparse map cannot be read", where=where, offset=content) from None


def _headers(changeset: Changeset, index: int) -> int:
    """Where the headers of an entry begin: behind the payload of the one before."""
    if not index:
        return 0
    before = index - 1
    payload = changeset.sparse.get(before, changeset.sizes[before]) if changeset.kinds[before] == Kind.FILE else 0
    return (changeset.offsets[before] + payload + BLOCK - 1) & -BLOCK


def _map_in_content(tar: Tar, most: int, where: str, position: int) -> tuple[list[tuple[int, int]], int]:
    """Decimal numbers, one a line: how many stretches, then offset and length of each, filled up to whole blocks."""
    numbers: list[int] = []
    rest, taken = b"", 0
    while not numbers or len(numbers) <= 2 * numbers[0]:
        if taken + BLOCK > most:
            raise Damaged("a sparse map does not end", where=where, offset=position)
        block = b"".join(bytes(piece) for piece in tar.pieces(BLOCK))
        taken += BLOCK
        *lines, rest = (rest + block).split(b"\n")
        wanted = 2 * numbers[0] + 1 - len(numbers) if numbers else len(lines)
        for line in lines[: max(wanted, 1)]:
            if not line.isdigit() or len(line) > _DIGITS:
                raise Damaged("a sparse map contains something that is not a number", where=where, offset=position)
            numbers.append(int(line))
            if len(numbers) > 2 * numbers[0]:
                break
        if len(rest) > _DIGITS and rest.strip(b"\0"):
            raise Damaged("a sparse map contains something that is not a number", where=where, offset=position)
    return list(zip(numbers[1::2], numbers[2::2], strict=True)), taken


def _in_headers(head: bytes) -> tuple[bytes, bytes]:
    """Of the headers of one entry: its own header of type S and what extends it, or the bodies of its pax headers."""
    position, pax = 0, b""
    while position < len(head):
        header = head[position : position + BLOCK]
        position += BLOCK
        flag = header[156:157]
        if flag not in _EXTENSIONS:
            return (head[position - BLOCK :], b"") if flag == b"S" else (b"", pax)
        size = number(header[124:136])
        if flag in b"xX":
            pax += head[position : position + size]
        position += (size + BLOCK - 1) & -BLOCK
    return b"", pax


def _gnu_map(blocks: bytes) -> list[tuple[int, int]]:
    """Four stretches in the header, and 21 in each block that extends it."""
    numbers = [_pair(blocks, 386 + 24 * place) for place in range(4)]
    for start in range(BLOCK, len(blocks), BLOCK):
        numbers += [_pair(blocks, start + 24 * place) for place in range(21)]
    return numbers


def _pair(blocks: bytes, start: int) -> tuple[int, int]:
    return number(blocks[start : start + 12]), number(blocks[start + 12 : start + 24])


def _pax_map(body: bytes, where: str) -> list[tuple[int, int]] | None:
    """The map of version 0.1, one record, or of 0.0, two for each stretch; None for 1.0, which has it elsewhere."""
    records = pax_records(body, where, 0)
    if records.get("GNU.sparse.major") == "1":
        return None
    if "GNU.sparse.map" in records:
        numbers = list(map(int, filter(None, records["GNU.sparse.map"].split(","))))
        return list(zip(numbers[::2], numbers[1::2], strict=True))
    offsets, lengths = (
        [int(found[1]) for found in re.finditer(rb"\d+ GNU\.sparse\.%s=(\d+)\n" % key, body)]
        for key in (b"offset", b"numbytes")
    )
    return list(zip(offsets, lengths, strict=True))
