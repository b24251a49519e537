"""Aligns two sequences from their ends: what is written with what is told."""

from array import array
from collections.abc import Callable

from layerscope.errors import LimitExceeded

MAX_CELLS = 250_000
"""The largest product of the two lengths, once what is equal at the end is taken off."""
_BOTH, _FIRST, _SECOND = range(3)


def align(
    first_length: int, second_length: int, fits: Callable[[int, int], bool], weight: Callable[[int], int]
) -> tuple[dict[int, int], int]:
    """Pairs of places that fit, in order on both sides, and where the second sequence's part of it begins.

    A pair counts by the ``weight`` of its first place, and each place that is passed over costs one; but what the
    second sequence holds before all of it costs nothing. Raises LimitExceeded for sequences that are too long.
    """
    pairs: dict[int, int] = {}
    one, other = first_length, second_length
    while one and other and fits(one - 1, other - 1):
        one, other = one - 1, other - 1
        pairs[one] = other
    if not one:
        return pairs, other
    if one * other > MAX_CELLS:
        raise LimitExceeded(f"{one:,} instructions and a history of {other:,} steps are too many to align")
    steps, first = _table(one, other, fits, weight)
    here, there = 0, first
    while here < one and there < other:
        step = steps[here * (other + 1) + there]
        if step == _BOTH:
            pairs[here] = there
        here, there = here + (step != _SECOND), there + (step != _FIRST)
    return pairs, first


def _table(
    one: int, other: int, fits: Callable[[int, int], bool], weight: Callable[[int], int]
) -> tuple[bytearray, int]:
    """The best step at each pair of places, and the place of the second sequence where to begin."""
    width = other + 1
    steps = bytearray([_SECOND]) * (width * (one + 1))
    below = array("q", (place - other for place in range(width)))
    for here in reversed(range(one)):
        row = array("q", [0]) * width
        row[other] = here - one
        steps[here * width + other] = _FIRST
        gain = weight(here)
        for there in reversed(range(other)):
            best, step = below[there] - 1, _FIRST
            if row[there + 1] - 1 > best:
                best, step = row[there + 1] - 1, _SECOND
            if below[there + 1] + gain > best and fits(here, there):
                best, step = below[there + 1] + gain, _BOTH
            row[there], steps[here * width + there] = best, step
        below = row
    return steps, max(range(width), key=lambda there: (below[there], there))
