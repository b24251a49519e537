"""A file put aside whole while it passes, to learn which ranges of it its readers ask for."""

import weakref
from collections.abc import Iterable
from typing import IO

from layerscope.errors import LimitExceeded
from layerscope.model.limits import MIB
from layerscope.model.pathset import A_READ, RangedFile, RangeReader

_IN_MEMORY = 8 * MIB
"""A longer file goes to a temporary file, which has no name in any directory and serves all files of a layer."""
_LEAST_BYTES, _BYTES_A_BYTE = 32 * MIB, 4
_MOST_RANGES = 1 << 16


class Aside:
    """Room for one file at a time; ``length`` is what was taken of it."""

    def __init__(self) -> None:
        self.length = 0
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._in_file = False
        self._left = _LEAST_BYTES

    def begin(self) -> None:
        """Forget the file before."""
        self.length, self._in_file = 0, False
        self._memory.clear()

    def add(self, piece: memoryview) -> None:
        """Take the next piece of the file; raises OSError where there is no room."""
        self.length += len(piece)
        if self.length <= _IN_MEMORY:
            self._memory += piece
            return
        if self._file is None:
            import tempfile  # Hardly any layer has so long a file of a format that is read by ranges.

            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it is closed with this
            weakref.finalize(self, self._file.close)
        if not self._in_file:
            self._file.seek(0)
            _write(self._file, memoryview(bytes(self._memory)))
            self._in_file = True
        _write(self._file, piece)

    def read(self, start: int, count: int) -> bytes | None:
        """A range of the file; None where it does not lie within."""
        if start < 0 or count < 0 or start + count > self.length:
            return None
        if not self._in_file or self._file is None:
            return bytes(self._memory[start : start + count])
        self._file.seek(start)
        return self._file.read(count)

    def ranges(self, readers: Iterable[RangeReader], path: str) -> tuple[list[tuple[int, int]], bool]:
        """Start and end of what the readers ask for, joined where it touches; and whether no limit stopped them."""
        self._left += _BYTES_A_BYTE * self.length
        asked, within_limits = dict[int, int](), True

        def read(start: int, count: int) -> bytes | None:
            self._spend(A_READ + max(0, count))
            data = self.read(start, count)
            if data and asked.get(start, 0) < start + count:
                asked[start] = start + count
                if len(asked) > _MOST_RANGES:
                    raise LimitExceeded(f"{path}: over {_MOST_RANGES:,} ranges are asked for")
            return data

        for reader in readers:
            try:
                reader.analyse(RangedFile(read, self.length, path, self._spend, _ignore))
            except LimitExceeded:
                within_limits = False
            except Exception:
                pass
        return _joined(asked), within_limits

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise LimitExceeded("the formats of a layer's files lead to too many bytes to read")


def _write(file: IO[bytes], data: memoryview) -> None:
    """Write all of it; a file without a buffer may take less at once."""
    while data:
        data = data[file.write(data) :]


def _joined(spans: dict[int, int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans.items()):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _ignore(_: str) -> None:
    """The step that calls the same reader later warns."""
