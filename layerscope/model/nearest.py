"""The known name that is most like an unknown one, for hints."""

from collections.abc import Iterable
from difflib import get_close_matches

_PART = 3
"""The fewest characters by which a part of a name identifies it."""


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The hint that names the nearest one, or ``otherwise``."""
    meant = nearest(name, known)
    return f"did you mean {meant}?" if meant else otherwise


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that contains this one, else the one spelt most like it; empty where there is none."""
    names = list(known)
    parts = [one for one in names if name in one] if len(name) >= _PART else []
    if parts:
        return min(parts, key=lambda one: (not one.startswith(name), len(one)))
    return next(iter(get_close_matches(name, names, n=1)), "")
