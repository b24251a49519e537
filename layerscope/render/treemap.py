"""Rectangles whose areas are in proportion, as near to squares as a simple rule gets them.

The rule is that of Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000): a row takes the next value for as long
as that brings its worst rectangle nearer to a square.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct


class Rectangle(Struct, frozen=True, kw_only=True):
    """A place in a plane of the given width and height; ``index`` is that of the value."""

    index: int
    left: float
    top: float
    width: float
    height: float


def treemap(values: Sequence[int], width: float, height: float) -> Iterator[Rectangle]:
    """One rectangle for each positive value; the values come biggest first."""
    positive = [(index, value) for index, value in enumerate(values) if value > 0]
    scale = width * height / (sum(value for _, value in positive) or 1)
    areas = [(index, value * scale) for index, value in positive]
    left = top = 0.0
    while areas:
        side = min(width, height)
        count = 1
        while count < len(areas) and _worst(areas[: count + 1], side) <= _worst(areas[:count], side):
            count += 1
        row, areas = areas[:count], areas[count:]
        # What is left of the plane has lost a few digits, and a row must not be thicker than it.
        thick = min(sum(area for _, area in row) / side, max(width, height)) if side else 0.0
        offset = 0.0
        for index, area in row:
            length = area / thick if thick else 0.0
            if width >= height:
                yield Rectangle(index=index, left=left, top=top + offset, width=thick, height=length)
            else:
                yield Rectangle(index=index, left=left + offset, top=top, width=length, height=thick)
            offset += length
        if width >= height:
            left, width = left + thick, max(0.0, width - thick)
        else:
            top, height = top + thick, max(0.0, height - thick)


def _worst(row: Sequence[tuple[int, float]], side: float) -> float:
    """How far the worst rectangle of a row is from a square, 1.0 for one that is."""
    total = sum(area for _, area in row)
    if not total or not side:
        return float("inf")
    thick = total / side
    return max(max(thick * thick / area, area / (thick * thick)) for _, area in row)
