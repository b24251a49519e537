"""Bounds on what a template may do: a few characters of template can ask for gigabytes or for ever."""

from collections.abc import Iterable

from layerscope.render.gotemplate.literals import rejoined

MAX_CHARACTERS = 1 << 24
"""Of the output, and of any string on the way to it."""
MAX_STEPS = 2_000_000
"""Nodes of the tree that one rendering may run, loops included."""
MAX_CALLS = 50
"""How deep templates may call each other; each level takes several calls of the interpreter."""
TOO_LARGE = 1_000_000
"""Go's own limit for a width or precision of fmt."""


class LimitPassed(Exception):
    """A bound was passed; the message says which. Mapped to UsageError where the position is known."""


def bounded(value: object) -> object:
    """The result of a function, characters rejoined; raises LimitPassed for a string that is too long."""
    if isinstance(value, str) and len(value) > MAX_CHARACTERS:
        raise LimitPassed(f"more than {MAX_CHARACTERS:,} characters")
    return rejoined(value) if isinstance(value, str) else value


def within_limit(separator: str, pieces: Iterable[str]) -> str:
    """The pieces joined; raises LimitPassed as soon as they are too long."""
    kept: list[str] = []
    room = MAX_CHARACTERS
    for piece in pieces:
        kept.append(piece)
        room -= len(piece) + len(separator)
        if room < 0:
            raise LimitPassed(f"more than {MAX_CHARACTERS:,} characters")
    return separator.join(kept)
