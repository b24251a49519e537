"""Bytes as people read them."""

import pytest

from layerscope.render.units import iec, percent, plain, si


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (1_532_496_346, "1.53 GB"),
        (157_000_000, "157 MB"),
        (-2_500, "-2.50 kB"),
        (10**18, "1000 PB"),
    ],
)
def test_si_has_three_digits(count: int, told: str) -> None:
    assert si(count) == told


@pytest.mark.parametrize(("count", "told"), [(1023, "1023 B"), (1024, "1.00 KiB"), (1_532_496_346, "1.43 GiB")])
def test_iec_counts_by_1024(count: int, told: str) -> None:
    assert iec(count) == told


def test_bytes_are_grouped_by_threes() -> None:
    assert plain(1_532_496_346) == "1,532,496,346 B"


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [(0, 0, "0%"), (0, 7, "0%"), (1, 1000, "0.1%"), (95, 1000, "9.5%"), (996, 10_000, "10%"), (7, 7, "100%")],
)
def test_percent_has_a_decimal_below_ten(part: int, whole: int, told: str) -> None:
    assert percent(part, whole) == told
