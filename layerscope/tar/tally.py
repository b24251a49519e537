"""What all parts of an archive take together: a thousand layers, each within its limits, must not add up to a bomb."""

import threading

from layerscope.errors import LimitExceeded
from layerscope.model.limits import MIB, Limits

_MOST_IDLE = 8 * MIB


class Tally:
    """Counts for one run, from any thread; raises LimitExceeded when the sum of all parts exceeds a limit.

    ``stop`` makes every reader of a stream end at its next chunk, so that an interrupt need not wait for a layer.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._lock = threading.Lock()
        self._stored = self._expanded = self._entries = self._text = self._idle = 0

    def stop(self) -> None:
        self.stopped = True

    def store(self, count: int) -> None:
        """Bytes were read from outside."""
        with self._lock:
            self._stored += count

    def expand(self, count: int, limits: Limits) -> None:
        """Bytes came out of a stream, compressed or not."""
        with self._lock:
            self._expanded += count
            expanded, stored = self._expanded, self._stored
        if expanded <= limits.ratio_from:
            return
        if expanded > limits.expanded_bytes:
            message = f"all layers together expand to over {limits.expanded_bytes:,} bytes"
            raise LimitExceeded(message, hint="raise --limit expanded_bytes")
        if expanded > stored * limits.ratio:
            message = f"all layers together expand over {limits.ratio}-fold, to {expanded:,} bytes and more"
            raise LimitExceeded(message, hint="raise --limit ratio if this archive is to be trusted")

    def idle(self, count: int) -> None:
        """A stream held so many more bytes than can have come to anything (see ``compression``); it may be negative."""
        with self._lock:
            self._idle += max(0, count)

    def expect_work(self) -> None:
        """Raise LimitExceeded where all streams together were idle for too long."""
        if self._idle > _MOST_IDLE:
            raise LimitExceeded(f"compressed layers hold over {_MOST_IDLE:,} bytes of empty frames and padding")

    def enter(self, count: int, text_bytes: int, limits: Limits) -> None:
        """Entries stand in a layer of the image; one that is laid several times counts each time."""
        with self._lock:
            self._entries += count
            self._text += text_bytes
            entries, text = self._entries, self._text
        if text > limits.text_bytes:
            message = (
                f"all layers together have over {limits.text_bytes:,} bytes of long paths, link targets and the like"
            )
            raise LimitExceeded(message, hint="raise --limit text_bytes")
        if entries > limits.entries:
            message = f"all layers together have over {limits.entries:,} entries"
            raise LimitExceeded(message, hint="raise --limit entries")
