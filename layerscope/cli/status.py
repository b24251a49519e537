"""One line on the terminal that says what is going on, erased before anything else is printed."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ERASE = "\r\x1b[K"
"""Erases the line of the cursor."""


def can_show(*, quiet: bool) -> bool:
    """Whether there is a terminal to show progress on."""
    return not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def status(text: str, *, quiet: bool) -> Iterator[None]:
    """Show ``text`` for as long as the context lasts."""
    if not can_show(quiet=quiet):
        yield
        return
    # Most calls have no terminal, and the line is to be there soon.
    from layerscope.render.escape import printable
    from layerscope.render.width import shortened

    width = shutil.get_terminal_size((80, 24)).columns
    _write(f"{ERASE}{shortened(printable(text), width - 1)}")
    try:
        yield
    finally:
        _write(ERASE)


def _write(text: str) -> None:
    with suppress(OSError, UnicodeError):
        sys.stderr.write(text)
        sys.stderr.flush()
