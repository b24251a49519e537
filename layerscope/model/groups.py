"""Values by what they have in common."""

from array import array
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def grouped(values: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    """Return the values by their key; keys and the values of each stay in order."""
    found: dict[K, list[V]] = {}
    for value in values:
        found.setdefault(key(value), []).append(value)
    return found


def grouped_numbers(pairs: Iterable[tuple[int, int]]) -> dict[int, "array[int]"]:
    """Return the second number of each pair by the first one; lists would take five times the memory."""
    found: dict[int, array[int]] = {}
    for key, number in pairs:
        if (members := found.get(key)) is None:
            members = found[key] = array("q")
        members.append(number)
    return found
