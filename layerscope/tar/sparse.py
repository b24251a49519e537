"""Where the data of a sparse file belong: its map, read when its contents are wanted.

The walk keeps no maps: only contents need them, and one can be longer than all other headers together.
"""

from collections import deque
from collections.abc import Iterator
from typing import Protocol, TypeAlias

from layerscope.errors import Damaged, LimitExceeded
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Piece
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits
from layerscope.tar.header import BLOCK, number, pax_pairs, pax_records

_DIGITS = 19
_PAIRS = b"GNU.sparse."
_EXTENSIONS = frozenset({b"x", b"g", b"X", b"L", b"K"})
Segment: TypeAlias = tuple[int, int, int]


class BadMap(Damaged):
    """A sparse map that makes no sense: no engine unpacks its file (Go, archive/tar)."""


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
    header; the map is in one of them, or before the data (GNU tar manual, "Storing Sparse Files"). Raises BadMap
    where it makes no sense.
    """
    found = _Map(gnu, pax, content, stored, length, where)
    stretches = [*found.stretches(found.pairs(tar, limits))]
    data = content + found.taken
    return [(offset, data + at, count) for offset, at, count in stretches]


def check_map(
    tar: Tar | None, gnu: bytes, pax: bytes, content: int, stored: int, length: int, where: str, limits: Limits
) -> int | None:
    """Raise BadMap where the map makes no sense; returns its length at most, None if it is where only a tar leads."""
    found = _Map(gnu, pax, content, stored, length, where)
    if tar is None and not found.is_in_headers:
        return None
    deque(found.stretches(found.pairs(tar, limits)), 0)
    return len(gnu) + len(pax) + found.taken


def too_long(where: str, most: int) -> LimitExceeded:
    return LimitExceeded(f"{where}: sparse maps of over {most:,} bytes", hint="raise --limit sparse_bytes")


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


class _Map:
    """The map of one sparse file, which is never in memory as a whole: it may be far longer than all other headers.

    ``taken`` is how many bytes of it stood before the data, once they were read.
    """

    def __init__(self, gnu: bytes, pax: bytes, content: int, stored: int, length: int, where: str) -> None:
        self._gnu = gnu
        self._pax = pax
        self._content = content
        self._stored = stored
        self._length = length
        self._where = where
        self.taken = 0
        self.is_in_headers = bool(gnu) or pax_records(pax, where, 0).get("GNU.sparse.major") != "1"

    def pairs(self, tar: Tar | None, limits: Limits) -> Iterator[tuple[int, int]]:
        """Offset and length of each stretch, as the map has them."""
        if self.is_in_headers:
            try:
                yield from _gnu_map(self._gnu) if self._gnu else _pax_map(self._pax, self._where)
            except ValueError:
                raise self._bad("cannot be read") from None
        elif tar is not None:
            numbers = self._numbers(tar, limits)
            for _ in range(next(numbers)):
                yield next(numbers), next(numbers)

    def stretches(self, pairs: Iterator[tuple[int, int]]) -> Iterator[Segment]:
        """Offset in the file, place behind the map, and length of each; raises BadMap for what no engine unpacks."""
        end = at = 0
        for offset, count in pairs:
            if not count:
                continue  # The end of the last hole, or a place of the header that is not used.
            if count < 0 or offset < end or offset + count > self._length:
                raise self._bad("points outside its file")
            if at + count > self._stored - self.taken:
                raise self._bad("claims more data than there is")
            yield offset, at, count
            at, end = at + count, offset + count
        if at < self._stored - self.taken:
            raise self._bad("leaves out data that is there")

    def _numbers(self, tar: Tar, limits: Limits) -> Iterator[int]:
        """Decimal numbers, one a line: how many stretches, then offset and length of each, filled up to whole blocks.

        They go on as long as they are asked for.
        """
        tar.move(self._content)
        rest = b""
        while True:
            if self.taken + BLOCK > limits.sparse_bytes:
                raise too_long(self._where, limits.sparse_bytes)
            if self.taken + BLOCK > self._stored:
                raise self._bad("does not end")
            block = b"".join(bytes(piece) for piece in tar.pieces(BLOCK))
            self.taken += BLOCK
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                if not line.isdigit() or len(line) > _DIGITS:
                    raise self._bad("contains something that is not a number")
                yield int(line)
            if len(rest) > _DIGITS and rest.strip(b"\0"):
                raise self._bad("contains something that is not a number")

    def _bad(self, what: str) -> BadMap:
        return BadMap(f"a sparse map {what}", where=self._where, offset=self._content)


def _headers(changeset: Changeset, index: int) -> int:
    """Where the headers of an entry begin: behind the payload of the one before."""
    if not index:
        return 0
    before = index - 1
    payload = changeset.sparse.get(before, changeset.sizes[before]) if changeset.kinds[before] == Kind.FILE else 0
    return (changeset.offsets[before] + payload + BLOCK - 1) & -BLOCK


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


def _gnu_map(blocks: bytes) -> Iterator[tuple[int, int]]:
    """Four stretches in the header, and 21 in each block that extends it."""
    for place in range(4):
        yield _pair(blocks, 386 + 24 * place)
    for start in range(BLOCK, len(blocks), BLOCK):
        for place in range(21):
            yield _pair(blocks, start + 24 * place)


def _pair(blocks: bytes, start: int) -> tuple[int, int]:
    return number(blocks[start : start + 12]), number(blocks[start + 12 : start + 24])


def _pax_map(body: bytes, where: str) -> Iterator[tuple[int, int]]:
    """The map of version 0.1, one record, or of 0.0, two for each stretch."""
    records = pax_records(body, where, 0)
    if "GNU.sparse.map" in records:
        numbers = list(map(int, filter(None, records["GNU.sparse.map"].split(","))))
        return zip(numbers[::2], numbers[1::2], strict=True)
    found: dict[bytes, list[int]] = {b"offset": [], b"numbytes": []}
    for key, value in pax_pairs(body, where, 0):
        if key.startswith(_PAIRS) and (numbers_of := found.get(key[len(_PAIRS) :])) is not None:
            numbers_of.append(int(value))
    return zip(*found.values(), strict=True)
