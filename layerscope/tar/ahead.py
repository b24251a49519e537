"""Reads a stream ahead on a thread of its own, so that expanding it and looking at what came out use two cores."""

from queue import SimpleQueue
from threading import Thread

from layerscope.tar.compression import Readable

_CHUNK = 1 << 18
_DEPTH = 4
_ALONE = 1 << 20
"""Bytes that are read without a thread: most layers end before, and starting one costs more than it saves."""

_Chunk = tuple[memoryview, int]


class Ahead:
    """A stream that is read at most four chunks ahead of its reader; a context that ends its thread."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._alone = _ALONE
        self._thread: Thread | None = None
        self._full: SimpleQueue[_Chunk | BaseException] = SimpleQueue()
        self._free: SimpleQueue[memoryview | None] = SimpleQueue()
        self._rest = self._chunk = memoryview(b"")
        self._ended = False
        self._failure: BaseException | None = None

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._thread is None:
            return
        self._free.put(None)
        # The next reader of what lies below must have it for itself; an interrupt must not wait for a silent pipe.
        if kind is None or issubclass(kind, Exception):
            self._thread.join()

    def readinto(self, buffer: memoryview, /) -> int:
        if self._alone > 0:
            count = self._stream.readinto(buffer) or 0
            self._alone -= count
            return count
        if self._failure is not None:
            raise self._failure
        if not self._rest and not self._ended:
            self._next()
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _next(self) -> None:
        """Wait for the next chunk; the one that was used up goes back to be filled."""
        if self._thread is None:
            for _ in range(_DEPTH):
                self._free.put(memoryview(bytearray(_CHUNK)))
            self._thread = Thread(target=self._read, daemon=True)
            self._thread.start()
        else:
            self._free.put(self._chunk)
        found = self._full.get()
        if isinstance(found, BaseException):
            self._failure = found
            raise found
        self._chunk, count = found
        self._rest, self._ended = self._chunk[:count], not count

    def _read(self) -> None:
        """What the thread does until the stream ends or fails, or until it is closed."""
        while (chunk := self._free.get()) is not None:
            try:
                count = self._stream.readinto(chunk) or 0
            except BaseException as error:
                self._full.put(error)
                return
            self._full.put((chunk, count))
            if not count:
                return
