"""Contents that are kept for later steps: the first in memory, the others compressed in a temporary file."""

import threading
import weakref
from collections.abc import Iterator, MutableMapping
from typing import IO

from layerscope.errors import ArchiveError
from layerscope.model.limits import MIB

_IN_MEMORY = 24 * MIB
_BLOCK = MIB
_SHORT = 128
"""So short a content takes no more memory than its place in a file."""


class Room:
    """The memory and the file that all layers of a run share, from any thread.

    Compressed contents take about as much of the file as of the layer that they come from. So a small archive cannot
    fill the disk, and no limit is needed that a plain layer would not have.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = _IN_MEMORY
        self._file: IO[bytes] | None = None
        self._end = 0

    def take(self, count: int) -> bool:
        """Whether so many bytes may be kept in memory, where they then count."""
        with self._lock:
            if count > max(_SHORT, self._left):
                return False
            self._left -= count
            return True

    def write(self, data: bytes) -> tuple[int, int]:
        """Append a block; returns its place and its length in the file."""
        from zstandard import ZstdCompressor  # Few archives have so much to keep.

        stored = ZstdCompressor(level=1).compress(data)
        try:
            with self._lock:
                if self._file is None:
                    import tempfile

                    self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with this
                    weakref.finalize(self, self._file.close)
                place, self._end = self._end, self._end + len(stored)
                self._file.seek(place)
                self._file.write(stored)
        except OSError as error:
            hint = "set TMPDIR to a directory that has room"
            raise ArchiveError(f"cannot write a temporary file: {error.strerror or error}", hint=hint) from None
        return place, len(stored)

    def read(self, place: int, length: int) -> bytes:
        from zstandard import ZstdDecompressor

        with self._lock:
            assert self._file is not None
            self._file.seek(place)
            stored = self._file.read(length)
        return ZstdDecompressor().decompress(stored)


class Spool(MutableMapping[int, bytes]):
    """Contents by entry index; small ones that follow each other are compressed together."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held: dict[int, bytes | tuple[int, int, int]] = {}  # Elsewhere they are a range of a block.
        self._blocks: list[tuple[int, int]] = []
        self._next = bytearray()
        self._last = (-1, b"")  # They are read in much the same order.

    def __setitem__(self, index: int, data: bytes) -> None:
        if self._room.take(len(data)):
            self._held[index] = data
            return
        self._held[index] = len(self._blocks), len(self._next), len(data)
        self._next += data
        if len(self._next) >= _BLOCK:
            self._blocks.append(self._room.write(bytes(self._next)))
            self._next.clear()

    def __getitem__(self, index: int) -> bytes:
        held = self._held[index]
        if isinstance(held, bytes):
            return held
        number, start, length = held
        if number == len(self._blocks):
            return bytes(self._next[start : start + length])
        if number != self._last[0]:
            self._last = number, self._room.read(*self._blocks[number])
        return self._last[1][start : start + length]

    def __delitem__(self, index: int) -> None:
        del self._held[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
