"""The stretch of a tar that is in memory, by position in a file or forward through a stream."""

from collections.abc import Callable, Iterator
from typing import Protocol

from layerscope.errors import ArchiveError, Damaged, LimitExceeded
from layerscope.model.limits import Limits
from layerscope.tar.compression import Readable
from layerscope.tar.positional import PositionalFile
from layerscope.tar.tally import Tally

_SMALLEST, _LARGEST = 1 << 12, 1 << 14
_CHUNK = 1 << 18


class Window(Protocol):
    """``buffer[:end - start]`` holds the bytes of the tar from position ``start`` to ``end``.

    ``descriptor`` is the file whose ``length`` bytes from ``base`` on are the tar, -1 where it can only be read
    forwards; ``length`` is known at its end only then. ``span`` is how much to read next.
    """

    buffer: bytearray
    view: memoryview
    start: int
    end: int
    descriptor: int
    base: int
    length: int
    span: int

    def load(self, position: int, length: int) -> int:
        """Bring ``length`` bytes at ``position`` into the buffer; returns how many of them there are.

        Fewer than asked for mean that the tar ends there, or before: at ``length``. Raises for whatever else keeps
        the bytes from being read, such as the damage of a compressed stream.
        """

    def pieces(self, position: int, length: int) -> Iterator[memoryview]:
        """The bytes at ``position``, in order and in views that are valid until the next one is asked for."""


def ends_within_entry(where: str, offset: int) -> Damaged:
    hint = "it was cut off: save or download it again"
    return Damaged("the data ends within an entry", where=where, offset=offset, hint=hint)


class PositionalWindow:
    """A tar inside a plain file: what is skipped is never read.

    The window doubles while several headers fall into one read, and halves where large bodies lie between them.
    """

    def __init__(self, file: PositionalFile, base: int, length: int, where: str) -> None:
        self.buffer = bytearray(_LARGEST)
        self.view = memoryview(self.buffer)
        self.start = self.end = 0
        self.descriptor = file.descriptor
        self.base = base
        self.length = length
        self.span = _SMALLEST
        self._file = file
        self._where = where

    def load(self, position: int, length: int) -> int:
        near = self.end and position < self.end + self.span
        self.span = min(self.span * 2, _LARGEST) if near else max(self.span // 2, _SMALLEST)
        span = max(0, min(max(self.span, length), self.length - position, _LARGEST))
        count = self._file.read_into(self.view[:span], self.base + position) if span else 0
        if count < span:
            raise Damaged("the archive was cut while it was read", where=self._where)
        self.start, self.end = position, position + count
        return min(count, length)

    def pieces(self, position: int, length: int) -> Iterator[memoryview]:
        while length:
            offset = position - self.start
            count = min(length, self.end - position) if offset >= 0 else 0
            if count <= 0:
                count, offset = self.load(position, length), 0
                if not count:
                    raise ends_within_entry(self._where, self.length)
            yield self.view[offset : offset + count]
            position, length = position + count, length - count


class StreamWindow:
    """A tar that can only be read forwards, as it comes from a pipe or a decompressor.

    ``seen`` gets every chunk once, in order, for digests. ``stored`` returns how many stored bytes were read
    so far, for the limit on the ratio; ``tally`` counts every chunk, for the limits on all streams together.
    """

    def __init__(
        self,
        stream: Readable,
        where: str,
        limits: Limits,
        *,
        seen: Callable[[memoryview], object] | None = None,
        stored: Callable[[], int] | None = None,
        tally: Tally | None = None,
    ) -> None:
        self.buffer = bytearray(2 * _CHUNK)
        self.view = memoryview(self.buffer)
        self.start = self.end = 0
        self.descriptor = -1
        self.base = self.length = self.span = 0
        self._stream = stream
        self._where = where
        self._limits = limits
        self._seen = seen
        self._stored = stored
        self._tally = tally or Tally()

    def load(self, position: int, length: int) -> int:
        while self.end < position + length:
            keep = self.end - position if self.start <= position < self.end else 0
            if keep:
                self.buffer[:keep] = self.buffer[position - self.start : position - self.start + keep]
            self.start = self.end - keep
            count = self._stream.readinto(self.view[keep : keep + _CHUNK])
            if not count:
                self.length = self.end
                break
            if self._tally.stopped:
                raise ArchiveError(f"{self._where}: read cancelled")
            if self._seen is not None:
                self._seen(self.view[keep : keep + count])
            self.end += count
            if self.end > self._limits.ratio_from:
                self._check()
            self._tally.expand(count, self._limits)
        return max(0, min(self.end - position, length))

    def pieces(self, position: int, length: int) -> Iterator[memoryview]:
        while length:
            offset = position - self.start
            count = min(length, self.end - position) if offset >= 0 else 0
            if count <= 0:
                count = self.load(position, 1)
                if not count:
                    raise ends_within_entry(self._where, self.end)
                continue
            yield self.view[offset : offset + count]
            position, length = position + count, length - count

    def drain(self) -> int:
        """Read on to the end; returns the length of the stream. The digest is complete then."""
        while self.load(self.end, 1):
            pass
        return self.end

    def _check(self) -> None:
        if self.end > self._limits.expanded_bytes:
            raise LimitExceeded(
                f"{self._where}: expands to over {self._limits.expanded_bytes:,} bytes",
                hint="raise --limit expanded_bytes",
            )
        stored = self._stored() if self._stored is not None else 0
        if stored and self.end > stored * self._limits.ratio:
            raise LimitExceeded(
                f"{self._where}: expands over {self._limits.ratio}-fold, to {self.end:,} bytes and more",
                hint="raise --limit ratio if this archive is to be trusted",
            )


class WindowTar:
    """A tar that a walk is at, from its place on."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._position = 0

    def move(self, position: int) -> None:
        self._position = position

    def pieces(self, length: int) -> Iterator[memoryview]:
        start, self._position = self._position, self._position + length
        return self._window.pieces(start, length)
