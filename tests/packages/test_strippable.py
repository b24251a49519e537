"""What a strip would win back, by the section headers."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.model.pathset import RangedFile
from layerscope.packages.formats.ranges import ranges_in
from layerscope.packages.formats.strippable import SECTIONS, Strippable, strippable
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


@pytest.mark.parametrize(("kind", "saved"), [(1, 0), (2, 150), (3, 150), (4, 0)])
def test_programs_and_shared_libraries_are_stripped(kind: int, saved: int) -> None:
    assert _strippable(elf(SYMBOLS, kind=kind)) == saved


def _placed(data: bytes, index: int, *, offset: int, length: int, link: int = 0) -> bytes:
    """The same file of 64 bits with another place for the section at an index."""
    row = struct.unpack_from("<Q", data, 40)[0] + 64 * index
    return data[: row + 24] + struct.pack("<QQI", offset, length, link) + data[row + 44 :]


def test_a_section_may_end_where_the_file_does_and_not_behind_it() -> None:
    data = elf({".debug_a": b"x"})
    for offset, length, saved in ((0, len(data), len(data)), (1, len(data), 0), (1, len(data) - 1, len(data) - 1)):
        found = strippable(ranges_in(_placed(data, 1, offset=offset, length=length)), len(data))
        assert found == Strippable(debug_bytes=saved, symbol_bytes=0)


def test_sections_that_overlap_save_no_more_than_the_file() -> None:
    data = elf({".debug_a": b"x", ".debug_b": b"y", ".symtab": b"z", ".strtab": b"n" * 20})
    whole = len(data)
    data = _placed(data, 1, offset=0, length=whole - 30)
    found = strippable(ranges_in(data), whole)
    assert found == Strippable(debug_bytes=whole - 29, symbol_bytes=21)
    found = strippable(ranges_in(_placed(data, 3, offset=0, length=10, link=4)), whole)
    assert found == Strippable(debug_bytes=whole - 29, symbol_bytes=29)
    found = strippable(ranges_in(_placed(data, 2, offset=0, length=whole)), whole)
    assert found == Strippable(debug_bytes=whole, symbol_bytes=0)


@pytest.mark.parametrize(("link", "saved"), [(2, 50), (5, 30), (4, 63)])
def test_symbols_have_the_strings_that_they_name(link: int, saved: int) -> None:
    data = elf({".symtab": b"s" * 30, ".strtab": b"n" * 20, ".text": b"x"})
    row = struct.unpack_from("<Q", data, 40)[0] + 64
    offset, length = struct.unpack_from("<QQ", data, row + 24)
    assert _strippable(_placed(data, 1, offset=offset, length=length, link=link)) == saved


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    assert 0 <= _strippable(b"\x7fELF\x02\x01" + data) <= len(data) + 6


@given(st.integers(0, 1 << 70), st.integers(0, 63))
def test_a_damaged_header_says_no_more_than_the_file_holds(value: int, position: int) -> None:
    data = bytearray(elf(SYMBOLS))
    data[position : position + 8] = struct.pack("<Q", value % (1 << 64))
    assert 0 <= _strippable(bytes(data)) <= len(data)


def test_sections_without_bytes_save_nothing_and_hide_none() -> None:
    data = bytearray(elf({".bss": b"1", ".debug_a": b"22", ".debug_b": b"333"}))
    row = struct.unpack_from("<Q", data, 40)[0] + 64 * 3
    struct.pack_into("<I", data, row + 4, 8)
    assert _strippable(bytes(data)) == 2


def test_sections_are_read_by_ranges() -> None:
    data = elf(SYMBOLS)
    found = SECTIONS.analyse(RangedFile(ranges_in(data), len(data), "/x", print, print))
    assert found == Strippable(debug_bytes=100, symbol_bytes=50)
