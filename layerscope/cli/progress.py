"""A progress bar on stderr: only on a terminal, and only when the work takes long enough to be watched."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE = 0.7
"""Seconds of silence before a bar appears."""


@contextmanager
def progress(source: str, *, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """A function that takes the stored bytes read since its last call; None where nobody watches."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    bar = _Bar(_length(source))
    try:
        yield bar.advance
    finally:
        bar.close()


def _length(source: str) -> int | None:
    try:
        return os.stat(source).st_size if os.path.isfile(source) else None
    except OSError:
        return None


class _Bar:
    """Draws with rich, which is loaded when the first bar is drawn."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._done = 0
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._drawn: object | None = None
        self._update: Callable[[int], None] = lambda done: None
        self._stop: Callable[[], None] = lambda: None

    def advance(self, count: int) -> None:
        with self._lock:
            self._done += count
            if self._drawn is None and time.monotonic() - self._begun > _PATIENCE:
                self._draw()
            self._update(self._done)

    def close(self) -> None:
        self._stop()

    def _draw(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        bar.start()
        task = bar.add_task("reading", total=self._total)
        self._drawn = bar
        self._update = lambda done: bar.update(task, completed=done)
        self._stop = bar.stop
