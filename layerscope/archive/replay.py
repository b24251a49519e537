"""The contents of a layer once more, in the order of its tar, however big: nothing is kept of them."""

from collections.abc import Iterator, Sequence

from layerscope.archive.compression import Readable
from layerscope.archive.positional import PositionalFile
from layerscope.archive.sparse import Tar, segments
from layerscope.errors import Damaged
from layerscope.model.changeset import Changeset
from layerscope.model.contents import Piece
from layerscope.model.limits import Limits

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


def replay(
    tar: Tar, changeset: Changeset, indexes: Sequence[int], where: str, limits: Limits
) -> Iterator[tuple[int, Iterator[Piece]]]:
    """Each of the regular files with its pieces, in the order of the tar; see Contents.stream."""
    for index in sorted(set(indexes), key=lambda one: (changeset.offsets[one], one)):
        if index in changeset.sparse:
            yield index, _sparse(tar, changeset, index, where, limits)
        else:
            tar.move(changeset.offsets[index])
            yield index, tar.pieces(changeset.sizes[index])


def _sparse(tar: Tar, changeset: Changeset, index: int, where: str, limits: Limits) -> Iterator[Piece]:
    """Data and holes of a sparse file, up to its real length."""
    done = 0
    for offset, position, length in segments(tar, changeset, index, where, limits):
        if offset > done:
            yield offset - done
        if length:
            tar.move(position)
            yield from tar.pieces(length)
        done = offset + length
    if changeset.sizes[index] > done:
        yield changeset.sizes[index] - done
