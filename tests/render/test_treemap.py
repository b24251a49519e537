"""Rectangles in proportion to their values."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layerscope.render.treemap import treemap

VALUES = st.lists(st.integers(0, 10**12), max_size=30).map(lambda values: sorted(values, reverse=True))


@given(VALUES)
@example([5_142_080_692, 8])
def test_areas_are_in_proportion_and_fill_the_plane(values: list[int]) -> None:
    boxes = list(treemap(values, 100, 36))
    assert [box.index for box in boxes] == [index for index, value in enumerate(values) if value]
    for box in boxes:
        assert box.width * box.height == pytest.approx(3600 * values[box.index] / sum(values), rel=1e-6, abs=1e-6)
        assert box.left >= 0 and box.top >= 0
        assert box.left + box.width <= 100 + 1e-6 and box.top + box.height <= 36 + 1e-6


def test_equal_values_become_squares() -> None:
    assert {(round(box.width, 6), round(box.height, 6)) for box in treemap([5, 5, 5, 5], 100, 100)} == {(50, 50)}
