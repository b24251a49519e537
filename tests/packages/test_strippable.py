"""What a strip would win back, by the section headers."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.packages.formats.ranges import ranges_in
from layerscope.packages.formats.strippable import strippable
from tests.packages.elves import elf


def _strippable(data: bytes) -> int:
    found = strippable(ranges_in(data), len(data))
    return found.debug_bytes + found.symbol_bytes


SYMBOLS = {".text": b"x" * 50, ".symtab": b"s" * 30, ".strtab": b"n" * 20, ".debug_info": b"d" * 100}


@pytest.mark.parametrize("wide", [True, False], ids=["64 bits", "32 bits"])
@pytest.mark.parametrize("big", [False, True], ids=["little endian", "big endian"])
def test_symbols_their_names_and_debug_sections_count(wide: bool, big: bool) -> None:
    assert _strippable(elf(SYMBOLS, wide=wide, big=big)) == 150


@pytest.mark.parametrize(
    ("sections", "saved"),
    [
        pytest.param({".text": b"x", ".zdebug_line": b"12345"}, 5, id="compressed debug sections"),
        pytest.param({".text": b"x", ".gopclntab": b"12345"}, 0, id="Go's line table is no debug information"),
        pytest.param({".text": b"x", ".dynsym": b"12345"}, 0, id="dynamic symbols are needed"),
        pytest.param({".text": b"x", ".bss": b"12345"}, 0, id="a section without bytes"),
    ],
)
def test_only_what_strip_takes_counts(sections: dict[str, bytes], saved: int) -> None:
    assert _strippable(elf(sections)) == saved


def test_an_object_file_is_not_a_program() -> None:
    assert _strippable(elf(SYMBOLS, kind=1)) == 0


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    assert 0 <= _strippable(b"\x7fELF\x02\x01" + data) <= len(data) + 6


@given(st.integers(0, 1 << 70), st.integers(0, 63))
def test_a_damaged_header_says_no_more_than_the_file_holds(value: int, position: int) -> None:
    data = bytearray(elf(SYMBOLS))
    data[position : position + 8] = struct.pack("<Q", value % (1 << 64))
    assert 0 <= _strippable(bytes(data)) <= len(data)
