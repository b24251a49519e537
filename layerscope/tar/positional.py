"""Reading a file at positions, from several threads at once, on every system."""

import io
import os
import threading
from collections.abc import Callable
from typing import BinaryIO, cast

_preadv: Callable[..., int] | None = getattr(os, "preadv", None)
_pread: Callable[[int, int, int], bytes] | None = getattr(os, "pread", None)


class PositionalFile:
    """An open regular file that is read by position; the file's own offset is not used."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.descriptor = file.fileno()
        self._lock = threading.Lock()
        self.length = os.fstat(self.descriptor).st_size
        self._state = self._now()

    @property
    def changed(self) -> bool:
        """Whether the file was written to since it was opened."""
        return self._now() != self._state

    @property
    def identity(self) -> tuple[int, int, int, int, int]:
        """Which file it is, and when it last changed: device, inode, length, mtime and ctime."""
        state = os.fstat(self.descriptor)
        return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns

    @property
    def stored_bytes(self) -> int:
        """The bytes that the file takes on its disk: fewer than its length where it has holes."""
        state = os.fstat(self.descriptor)
        blocks: int | None = getattr(state, "st_blocks", None)  # Windows has none.
        return state.st_size if blocks is None else blocks * 512

    def _now(self) -> tuple[int, int]:
        state = os.fstat(self.descriptor)
        return state.st_size, state.st_mtime_ns

    def read_into(self, view: memoryview, position: int) -> int:
        """Fill ``view`` from ``position`` on; returns the bytes read, fewer than asked only at the end."""
        if _preadv is not None:
            return _preadv(self.descriptor, [view], position)
        with self._lock:  # Windows has no positional read.
            self._file.seek(position)
            raw = getattr(self._file, "raw", self._file)  # Past the buffer, where there is one.
            return cast(io.RawIOBase, raw).readinto(view) or 0

    def read(self, position: int, length: int) -> bytes:
        """At most ``length`` bytes from ``position`` on; the caller bounds the length."""
        length = max(0, min(length, self.length - position))
        data = _pread(self.descriptor, length, position) if _pread is not None else b""
        if len(data) == length:
            return data
        # A system without positional reads, or a read in parts.
        buffer = bytearray(length)
        view, filled = memoryview(buffer), 0
        while filled < length:
            count = self.read_into(view[filled:], position + filled)
            if not count:
                break
            filled += count
        return bytes(view[:filled])

    def close(self) -> None:
        self._file.close()


class Range(io.RawIOBase):
    """A stretch of a positional file as a readable stream, for decompressors."""

    def __init__(self, file: PositionalFile, position: int, length: int) -> None:
        self._file = file
        self._position = position
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        view = memoryview(buffer)[: self._left]
        count = self._file.read_into(view, self._position) if len(view) else 0
        self._position += count
        self._left -= count
        return count
