"""How far a scan is: a line on a terminal that is kept up to date, and a summary."""

import shutil
import sys
import time
from contextlib import suppress
from typing import Self

from layerscope.cli.status import ERASE, can_show
from layerscope.fleet.scan import Progress

_EACH = 0.1
"""Seconds between two states of the line."""
_WORTH_A_RATE = 1.0
"""Seconds below which a rate says nothing."""


class ScanProgress:
    """Shows progress for as long as the context lasts."""

    def __init__(self, *, quiet: bool) -> None:
        self._is_shown = can_show(quiet=quiet)
        self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown:
            _write(ERASE)

    def show(self, progress: Progress) -> None:
        """Show how far the scan is, unless that was done just before."""
        now = time.monotonic()
        if self._is_shown and now - self._last > _EACH:
            self._last = now
            width = shutil.get_terminal_size((80, 24)).columns
            _write(f"{ERASE}{line(progress)[: width - 1]}")


def line(progress: Progress) -> str:
    """Images and bytes done, the rate, the time left and the slowest layer."""
    # Most calls have no terminal.
    from layerscope.render.units import units

    form = units("si")
    rate = progress.bytes_done / progress.seconds if progress.seconds else 0.0
    parts = [
        f"{progress.jobs_done:,} of {progress.jobs:,} images",
        f"{progress.layers_done:,} of {progress.layers:,} layers",
        f"{form(progress.bytes_done)} of {form(progress.bytes)}",
    ]
    if rate:
        parts.append(f"{form(round(rate))}/s")
    if left := seconds_left(progress):
        parts.append(f"{duration(left)} left")
    if progress.slowest:
        parts.append(f"slowest layer {progress.slowest[7:19]} {duration(progress.slowest_seconds)}")
    return "  ".join(parts)


def summary(progress: Progress) -> str:
    """What a scan of storages did; empty for one of archives alone, whose rows say it all."""
    from layerscope.render.units import units
    from layerscope.render.words import counted

    if not progress.layers + progress.kept_layers:
        return ""
    form = units("si")
    every = counted(progress.layers + progress.kept_layers, "layer")
    has_rate = progress.bytes_done and progress.seconds >= _WORTH_A_RATE
    rate = f", {form(round(progress.bytes_done / progress.seconds))}/s" if has_rate else ""
    parts = [
        f"{counted(progress.images, 'image')} of {every} in {duration(progress.seconds)}:"
        f" read {progress.layers:,} ({form(progress.bytes_done)}{rate})"
    ]
    if progress.kept_layers:
        parts.append(f"{progress.kept_layers:,} known from an earlier scan")
    if progress.slowest_seconds >= _WORTH_A_RATE:
        parts.append(f"slowest {progress.slowest} ({duration(progress.slowest_seconds)})")
    if progress.problems:
        parts.append(counted(progress.problems, "problem"))
    return ", ".join(parts)


def seconds_left(progress: Progress) -> float:
    """How long the rest takes at the rate so far: of bytes while layers are read, then of images."""
    for done, every in ((progress.bytes_done, progress.bytes), (progress.jobs_done, progress.jobs)):
        if done < every:
            return progress.seconds * (every - done) / done if done else 0.0
    return 0.0


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 5 s`` or ``2 h 10 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _write(text: str) -> None:
    with suppress(OSError, UnicodeError):
        sys.stderr.write(text)
        sys.stderr.flush()
