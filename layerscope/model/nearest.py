"""Which of several names a person meant by one that is none of them."""

from collections.abc import Iterable
from difflib import get_close_matches

_PART = 3
"""Characters from which on a part of a name says which one is meant."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The name that this one begins or is a part of, else the one that is spelt most like it; empty where none is."""
    names = list(known)
    parts = [one for one in names if name in one] if len(name) >= _PART else []
    if parts:
        return min(parts, key=lambda one: (not one.startswith(name), len(one)))
    return next(iter(get_close_matches(name, names, n=1)), "")
