"""The contents of a layer once more, in the order of its tar, however big: nothing is kept of them."""

import io
from collections.abc import Iterator, Sequence

from layerscope.errors import Damaged
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Piece
from layerscope.model.limits import Limits
from layerscope.tar.compression import Readable
from layerscope.tar.positional import PositionalFile
from layerscope.tar.sparse import Tar, filled, segments

_CHUNK = 1 << 18


class PositionalTar:
    """A plain tar inside a plain file."""

    def __init__(self, file: PositionalFile, base: int, where: str) -> None:
        self._file = file
        self._base = base
        self._where = where
        self._position = 0
        self._view = memoryview(bytearray(_CHUNK))

    def move(self, position: int) -> None:
        self._position = position

    def pieces(self, length: int) -> Iterator[memoryview]:
        while length:
            count = self._file.read_into(self._view[:length], self._base + self._position)
            if not count:
                raise Damaged("the data ends within an entry", where=self._where, offset=self._position)
            self._position += count
            length -= count
            yield self._view[:count]


class ForwardTar:
    """A tar that comes out of a decompressor."""

    def __init__(self, stream: Readable, where: str) -> None:
        self._stream = stream
        self._where = where
        self._position = 0
        self._view = memoryview(bytearray(_CHUNK))

    def move(self, position: int) -> None:
        for _ in self.pieces(position - self._position):
            pass

    def pieces(self, length: int) -> Iterator[memoryview]:
        while length > 0:
            count = self._stream.readinto(self._view[:length]) or 0
            if not count:
                raise Damaged("the data ends within an entry", where=self._where, offset=self._position)
            self._position += count
            length -= count
            yield self._view[:count]


class Pieces(io.RawIOBase):
    """A file as a stream, made of its data and holes."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")
        self._hole = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        while not self._piece and not self._hole:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            if isinstance(piece, int):
                self._hole = piece
            else:
                self._piece = memoryview(piece)
        if self._hole:
            count = min(len(buffer), self._hole)
            buffer[:count] = bytes(count)
            self._hole -= count
        else:
            count = min(len(buffer), len(self._piece))
            buffer[:count] = self._piece[:count]
            self._piece = self._piece[count:]
        return count


def replay(
    tar: Tar, changeset: Changeset, indexes: Sequence[int], where: str, limits: Limits
) -> Iterator[tuple[int, Iterator[Piece]]]:
    """Each of the regular files with its pieces, in the order of the tar; see Contents.stream."""
    for index in sorted(set(indexes), key=lambda one: (changeset.offsets[one], one)):
        if index in changeset.sparse:
            yield index, filled(tar, segments(tar, changeset, index, where, limits), changeset.sizes[index])
        else:
            tar.move(changeset.offsets[index])
            yield index, tar.pieces(changeset.sizes[index])
