"""The libraries that programs say they load."""

import pytest

from layerscope.packages.formats.needed import needed
from layerscope.packages.formats.ranges import ranges_in
from tests.packages.elves import elf, loading


def _needed(data: bytes) -> tuple[str, ...] | None:
    return needed(ranges_in(data), len(data))


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("big", [True, False])
def test_the_names_are_read_in_either_width_and_byte_order(wide: bool, big: bool) -> None:
    assert _needed(loading("libpq.so.5", "libc.so.6", wide=wide, big=big)) == ("libpq.so.5", "libc.so.6")


def test_a_static_program_loads_nothing() -> None:
    assert _needed(elf({".text": b"x" * 99})) == ()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"#!/bin/sh\n", id="a script"),
        pytest.param(elf({".text": b"x"}, named=False), id="no section table"),
        pytest.param(elf({".dynamic": b"\1" + bytes(7) + b"\xff" * 8, ".dynstr": b"x"}), id="a name outside the file"),
        pytest.param(loading("libc.so.6")[:-40], id="cut off"),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_static(data: bytes) -> None:
    assert _needed(data) is None


def test_a_table_of_endless_entries_is_not_read() -> None:
    entry = b"\1" + bytes(15)
    assert _needed(elf({".dynamic": entry * 5000, ".dynstr": b"libc.so.6\0"})) is None
