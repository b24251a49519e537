"""Readers of ranges of a file, at its ends and at those of what was kept."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from layerscope.filesystem.tree import Filesystem
from layerscope.model.pathset import ReadRange
from layerscope.packages.formats.ranges import part_of, ranges_in, ranges_of

_DATA = b"0123456789"
_CASES = [
    (0, 10, _DATA),
    (0, 0, b""),
    (10, 0, b""),
    (9, 1, b"9"),
    (3, 2, b"34"),
    (0, 11, None),
    (10, 1, None),
    (9, 2, None),
    (11, 0, None),
    (11, -1, None),
    (-1, 2, None),
    (0, -1, None),
]


def _filesystem() -> Filesystem:
    """A file system in which version 7 is a link to version 3, of ten bytes."""

    def read(number: int, start: int, count: int) -> bytes:
        assert number == 7 and start >= 0 and count >= 0
        return _DATA[start : start + count]

    stub = SimpleNamespace(carrier={7: 3}.__getitem__, content_bytes={3: 10}.__getitem__, read=read)
    return cast(Filesystem, stub)


def _whole_file() -> ReadRange:
    read, length = ranges_of(_filesystem(), 7)
    assert length == 10
    return read


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: ranges_in(_DATA), id="bytes"),
        pytest.param(lambda: part_of(ranges_in(b"abc" + _DATA + b"xyz"), 3, 10), id="a part"),
        pytest.param(_whole_file, id="a file"),
    ],
)
@pytest.mark.parametrize(("start", "count", "data"), _CASES)
def test_a_range_is_given_whole_or_not_at_all(
    made: Callable[[], ReadRange], start: int, count: int, data: bytes | None
) -> None:
    assert made()(start, count) == data


@pytest.mark.parametrize(
    ("head", "tail", "start", "count", "data"),
    [
        (4, 6, 2, 5, b"23456"),
        (4, 5, 2, 5, None),
        (4, 5, 0, 4, b"0123"),
        (4, 5, 5, 5, b"56789"),
        (4, 5, 4, 2, None),
        (0, 0, 0, 1, None),
        (4, 6, 3, 7, b"3456789"),
    ],
)
def test_a_range_may_begin_in_the_head_and_end_in_the_tail(
    head: int, tail: int, start: int, count: int, data: bytes | None
) -> None:
    def kept(number: int, start: int, count: int) -> bytes | None:
        assert number == 7
        if start < head:
            return _DATA[start : min(head, start + count)]
        return _DATA[start : start + count] if start >= len(_DATA) - tail else None

    read, _ = ranges_of(_filesystem(), 7, kept)
    assert read(start, count) == data
