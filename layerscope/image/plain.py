"""The contents of a plain layer in a plain archive, read by position when they are asked for."""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from layerscope.errors import Damaged
from layerscope.image.capture import hasher
from layerscope.image.options import ReadOptions
from layerscope.image.plan import Planner, Plans, given_range, holds
from layerscope.image.replay import PositionalTar, replay
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Piece
from layerscope.model.entry import Kind
from layerscope.model.limits import KIB, MIB
from layerscope.tar.positional import PositionalFile

_FILE = Kind.FILE
_GAP, _TOGETHER = 16 * KIB, MIB
"""So many bytes between two files are read along with them, up to so many bytes together."""


def _cut(path: str) -> Damaged:
    """The error for content that was there when the headers were walked and is missing now."""
    return Damaged("the archive was cut while it was read", where=path)


def _close(indexes: Iterable[int], offsets: "array[int]", sizes: "array[int]") -> Iterator[list[int]]:
    """The files in groups that one read each gets: what lies between them is little, and all of it too."""
    group: list[int] = []
    start = end = 0
    for index in indexes:
        if group and not (0 <= offsets[index] - end <= _GAP and offsets[index] + sizes[index] - start <= _TOGETHER):
            yield group
            group = []
        if not group:
            start = offsets[index]
        group.append(index)
        end = offsets[index] + sizes[index]
    if group:
        yield group


class Positional:
    """The contents of a plain layer in a plain archive, read when asked for.

    Where later steps said what they want, no more is given than a layer keeps that has to be decompressed: what is
    found must not depend on how a layer is stored.
    """

    def __init__(self, file: PositionalFile, base: int, changeset: Changeset, reading: ReadOptions) -> None:
        self._file = file
        self._base = base
        self._changeset = changeset
        self._new = hasher(reading.fingerprint)
        self._limits = reading.limits
        self._wanted = reading.wanted
        self._plans = reading.plans

    @cached_property
    def _plan(self) -> Planner:
        return self._plans.of(self._wanted)

    @cached_property
    def too_much(self) -> frozenset[int]:
        """The files that are not looked at, since those before them take all that may be asked for."""
        return self._plan.too_much(self._changeset, self._limits) if self._wanted else frozenset()

    def too_long(self) -> tuple[str, ...]:
        """The files of which ranges are asked for, but which are too long to be put aside in a compressed layer."""
        changeset, most = self._changeset, self._limits.captured_bytes
        if not self._wanted or max(changeset.sizes, default=0) <= most:
            return ()
        return tuple(
            changeset.paths[index]
            for index, size in enumerate(changeset.sizes)
            if size > most and self._is_readable(index) and index not in self.too_much and self._has_readers(index)
        )

    def _has_readers(self, index: int) -> bool:
        changeset, also = self._changeset, self._second_names.get(index, ())
        share = self._plan(changeset.paths[index], changeset.sizes[index], changeset.ownerships[index][0], also)
        readers = share.readers if share is not None else ()
        return any(self.peek(index, 0, len(one.magic)) == one.magic for one in readers)

    @cached_property
    def _second_names(self) -> dict[int, tuple[int, ...]]:
        return self._plan.second_names(self._changeset)

    def read(self, index: int, start: int = 0, length: int | None = None) -> bytes | None:
        """Bytes of a file; see Contents."""
        changeset = self._changeset
        if not self._is_readable(index):
            return None
        whole = changeset.sizes[index]
        if not self._wanted or not whole:
            return self.peek(index, start, whole if length is None else length)
        also = self._second_names.get(index, ())
        share = self._plan(changeset.paths[index], whole, changeset.ownerships[index][0], also)
        if share is None or index in self.too_much:
            return None
        # Whose ranges these are, a compressed layer has learnt.
        by_ranges = share.readers and length is not None and whole <= self._limits.captured_bytes
        head = whole if by_ranges else min(share.head, whole)
        given = given_range(start, length, whole, head, min(share.tail, whole))
        is_all = given is not None and (length is not None or given[1] == whole)
        if not is_all and share.texts and share.fits(self._bytes(index, 0, whole)):
            given = given_range(start, length, whole, whole, 0)
        return None if given is None else self._bytes(index, *given)

    def peek(self, index: int, start: int, length: int) -> bytes | None:
        if not self._is_readable(index):
            return None
        return self._bytes(index, start, min(start + length, self._changeset.sizes[index]))

    def search(self, indexes: Iterable[int], text: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
        """Files that lie close to each other are read together; see Contents."""
        sizes, offsets = self._changeset.sizes, self._changeset.offsets
        files = (index for index in indexes if self._is_readable(index) and index not in self.too_much)
        for group in _close(files, offsets, sizes):
            start = offsets[group[0]]
            data = self._read(group[-1], start, offsets[group[-1]] + sizes[group[-1]] - start)
            for index in group:
                offset = offsets[index] - start
                content = data[offset : offset + sizes[index]]
                if holds(content, text):
                    yield index, content

    def _is_readable(self, index: int) -> bool:
        return self._changeset.kinds[index] == _FILE and index not in self._changeset.sparse

    def _bytes(self, index: int, start: int, end: int) -> bytes:
        return self._read(index, self._changeset.offsets[index] + start, max(0, end - start))

    def _read(self, index: int, position: int, length: int) -> bytes:
        content = self._file.read(self._base + position, length)
        if len(content) < length:
            raise _cut(self._changeset.paths[index])
        return content

    def fingerprint(self, index: int) -> bytes | None:
        changeset = self._changeset
        if not self._is_readable(index):
            return None
        digest = self._new()
        left, position = changeset.sizes[index], self._base + changeset.offsets[index]
        while left:
            piece = self._file.read(position, min(left, 1 << 20))
            if not piece:
                raise _cut(changeset.paths[index])
            digest.update(memoryview(piece))
            left, position = left - len(piece), position + len(piece)
        return digest.digest()

    def forget(self) -> None:
        self._plans = Plans()
        for name in ("_plan", "too_much", "_second_names"):
            self.__dict__.pop(name, None)

    def stream(self, indexes: Sequence[int]) -> Iterator[tuple[int, Iterator[Piece]]]:
        """Contents from their places; see Contents."""
        where = "the archive"
        yield from replay(PositionalTar(self._file, self._base, where), self._changeset, indexes, where, self._limits)
