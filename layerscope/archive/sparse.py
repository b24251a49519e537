"""Where the data of a sparse file belong: its map, read when somebody wants the contents.

The walk keeps no maps, as nobody else needs them, and one can be longer than all other headers together.
"""

import io
from collections.abc import Iterator
from typing import Protocol

from layerscope.archive.header import BLOCK
from layerscope.errors import Damaged, LimitExceeded
from layerscope.model.changeset import Changeset
from layerscope.model.entry import Kind
from layerscope.model.limits import Limits

_DIGITS = 19


class Tar(Protocol):
    """An uncompressed tar from which stretches are read in ascending order."""

    def move(self, position: int) -> None:
        """Go on at ``position``, which lies at or behind what was read."""

    def pieces(self, length: int) -> Iterator[memoryview]:
        """The next bytes, in views that are valid until the next one is asked for; raises Damaged where they end."""


def segments(tar: Tar, changeset: Changeset, index: int, where: str, limits: Limits) -> list[tuple[int, int, int]]:
    """The stretches of data of a sparse file as offset in the file, position in the tar, and length.

    They are ascending, apart, and inside of the file. Reads the headers before the content, and the map in the
    content where it stands there (GNU tar manual, "Storing Sparse Files"). Raises Damaged where it makes no sense.
    """
    start, content = _headers(changeset, index), changeset.offsets[index]
    most = limits.sparse_bytes
    if content - start > most:
        raise LimitExceeded(f"{where}: a sparse map of over {most:,} bytes", hint="raise --limit sparse_bytes")
    tar.move(start)
    head = b"".join(bytes(piece) for piece in tar.pieces(content - start))
    stored = changeset.sparse[index]
    if b"GNU.sparse.major=1\n" in head:
        numbers, taken = _map_in_content(tar, min(stored, most), where, content)
    else:
        numbers, taken = _map_in_headers(head, where, content), 0
    return _checked(numbers, content + taken, content + stored, changeset.sizes[index], where)


def _checked(
    numbers: list[tuple[int, int]], position: int, stored_end: int, length: int, where: str
) -> list[tuple[int, int, int]]:
    found, end = [], 0
    for offset, count in numbers:
        if not count:
            continue  # The end of the last hole, or a place of the header that is not used.
        if count < 0 or offset < end or offset + count > length:
            raise Damaged("a sparse map leads out of its file", where=where, offset=position)
        if position + count > stored_end:
            raise Damaged("a sparse map tells of more data than there are", where=where, offset=position)
        found.append((offset, position, count))
        position, end = position + count, offset + count
    return found


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
                raise Damaged("a sparse map holds what is no number", where=where, offset=position)
            numbers.append(int(line))
            if len(numbers) > 2 * numbers[0]:
                break
        if len(rest) > _DIGITS and rest.strip(b"\0"):
            raise Damaged("a sparse map holds what is no number", where=where, offset=position)
    return list(zip(numbers[1::2], numbers[2::2], strict=True)), taken


def _map_in_headers(head: bytes, where: str, position: int) -> list[tuple[int, int]]:
    """The old GNU format and the first two of pax; the standard library reads them, from these headers alone."""
    import tarfile

    try:
        with tarfile.open(fileobj=io.BytesIO(head), mode="r:") as archive:
            member = archive.firstmember  # type: ignore[attr-defined]
            found: list[tuple[int, int]] | None = member.sparse
    except (tarfile.TarError, ValueError, IndexError, OverflowError, OSError):
        found = None
    if found is None:
        raise Damaged("a sparse map cannot be read", where=where, offset=position)
    return found
