import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.packages.formats.elf import BPF, Elf, identity
from layerscope.packages.formats.ranges import ranges_in
from tests.packages.elves import address, elf
from tests.packages.trees import binary

_SECTIONS = {".one": b"first", ".two": b"second" * 100}


def _read(data: bytes) -> Elf:
    return Elf(ranges_in(data))


@pytest.mark.parametrize("wide", [True, False], ids=["64 bits", "32 bits"])
@pytest.mark.parametrize("big", [True, False], ids=["big-endian", "little-endian"])
def test_sections_and_addresses_of_every_kind_of_file_are_found(wide: bool, big: bool) -> None:
    data = elf(_SECTIONS, wide=wide, big=big)
    found = _read(data)
    for name, content in _SECTIONS.items():
        section = found.sections()[name]
        assert data[section.offset : section.offset + section.length] == content
        assert found.loaded(address(section.offset), len(content)) == content
    assert found.loaded(address(len(data)), 1) is None
    assert found.segments()[0].is_writable


@pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is not installed")
@pytest.mark.parametrize("name", ["go/hello", "go/hello-stripped", "cargo/tiny"])
def test_sections_agree_with_readelf(tmp_path: Path, name: str) -> None:
    data = binary(name)
    (tmp_path / "x").write_bytes(data)
    command = ["readelf", "--section-headers", "--wide", str(tmp_path / "x")]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    expected = {}
    for line in lines:
        fields = line.partition("]")[2].split()
        if line.startswith("  [") and len(fields) > 5 and fields[1] not in ("NOBITS", "Type") and fields[0] != "NULL":
            expected[fields[0]] = (int(fields[3], 16), int(fields[4], 16))
    found = {name: (s.offset, s.length) for name, s in _read(data).sections().items() if name}
    assert found == expected


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x7fELF", id="a magic alone"),
        pytest.param(b"#!/bin/sh\n" * 100, id="a script"),
        pytest.param(b"\x7fELF\x03\x01" + bytes(100), id="an unknown width"),
        pytest.param(b"\x7fELF\x02\x01" + b"\xff" * 100, id="offsets of 2^64"),
        pytest.param(elf(_SECTIONS)[:300], id="cut"),
    ],
)
def test_a_damaged_file_has_no_sections(data: bytes) -> None:
    assert _read(data).sections() == {}


def test_type_and_machine_are_read() -> None:
    assert identity(elf(kind=1, machine=BPF)) == (1, BPF)
    assert identity(b"\x7fELF") is None


_SOUND = elf(_SECTIONS)


@given(changes=st.lists(st.tuples(st.integers(0, len(_SOUND) - 1), st.integers(0, 255)), max_size=10))
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_read_as_far_as_it_goes(changes: list[tuple[int, int]]) -> None:
    data = bytearray(_SOUND)
    for place, value in changes:
        data[place] = value
    found = _read(bytes(data))
    assert len(found.sections()) <= 4
    assert len(found.loaded(address(256), 5) or b"12345") == 5


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param({}, (2, 62), id="a program"),
        pytest.param({"big": True, "kind": 3, "machine": 0x1234}, (3, 0x1234), id="big-endian"),
        pytest.param({"wide": False, "machine": 40}, (2, 40), id="32 bits"),
    ],
)
def test_twenty_bytes_say_type_and_machine(change: dict[str, int], found: tuple[int, int]) -> None:
    head = elf(**change)[:20]  # type: ignore[arg-type]
    assert identity(head) == found
    assert identity(head[:19]) is None


@pytest.mark.parametrize(("place", "value"), [(0, 0), (4, 0), (4, 3), (5, 0), (5, 3)])
def test_what_has_another_width_or_byte_order_is_no_elf_file(place: int, value: int) -> None:
    head = bytearray(elf())
    head[place] = value
    assert identity(bytes(head)) is None
    found = _read(bytes(head))
    assert (found.is_elf, found.kind, found.machine, found.is_wide, found.order) == (False, 0, 0, False, "<")
    assert (found.table(), found.segments(), found.dynamic(), found.has_sections()) == ([], [], None, False)


@pytest.mark.parametrize("length", [63, 64])
def test_an_elf_file_is_as_long_as_its_header(length: int) -> None:
    found = _read(elf(big=True, machine=8)[:length])
    assert (found.is_elf, found.machine, found.is_wide, found.order) == (
        (True, 8, True, ">") if length == 64 else (False, 0, False, "<")
    )


def test_sections_without_bytes_or_name_are_in_the_table_alone() -> None:
    data = elf({".a": b"1", ".bss": b"22", "": b"333"})
    found = _read(data)
    assert [section.name for section in found.table()] == ["", ".a", ".bss", "", ".shstrtab"]
    assert [section.kind for section in found.table()] == [0, 1, 8, 1, 3]
    assert list(found.sections()) == [".a", ".shstrtab"]
    assert (found.section(".bss"), found.section(""), found.section(".none")) == (None, None, None)
    assert found.section(".a") == found.table()[1]


@pytest.mark.parametrize(("place", "count"), [(60, 0), (62, 4), (62, 3)])
def test_without_the_names_of_sections_there_are_none(place: int, count: int) -> None:
    data = bytearray(elf(_SECTIONS))
    data[place : place + 2] = count.to_bytes(2, "little")
    found = _read(bytes(data))
    assert found.has_sections() is (place == 62 and count == 3)
    assert list(found.sections()) == ([".one", ".two", ".shstrtab"] if count == 3 else [])


@pytest.mark.parametrize("more", [0, 1])
def test_as_many_sections_are_read_as_the_limit_says(more: int) -> None:
    found = _read(elf({f".{number}": b"x" for number in range(4094 + more)}))
    assert len(found.table()) == (0 if more else 4096)


@pytest.mark.parametrize("width", [63, 65, 128])
def test_a_table_of_another_width_is_none(width: int) -> None:
    data = bytearray(elf(_SECTIONS))
    data[58:60] = width.to_bytes(2, "little")
    assert _read(bytes(data)).table() == []


def test_a_name_without_an_end_is_none() -> None:
    data = bytearray(elf(_SECTIONS))
    names = int.from_bytes(data[40:48], "little") + 3 * 64 + 32
    data[names] -= 1
    assert [section.name for section in _read(bytes(data)).table()] == ["", ".one", ".two", ""]


def test_an_address_is_sought_in_every_segment() -> None:
    data = bytearray(elf(_SECTIONS))
    data[120:176] = data[64:120]
    data[56] = 2
    data[64 + 16 : 64 + 24] = address(1 << 22).to_bytes(8, "little")
    found = _read(bytes(data))
    assert found.loaded(address(300), 9) == found.loaded(address((1 << 22) + 300), 9) == bytes(data[300:309])
    assert (found.offset_of(address(300)), found.offset_of(address(1 << 21))) == (300, None)


@pytest.mark.parametrize("more", [False, True])
def test_a_mebibyte_of_names_is_read(more: bool) -> None:
    names = [f"{number:03}" + "x" * 4092 for number in range(255)]
    names.append("y" * (4095 - 1 - len(".shstrtab\0") + more))
    found = _read(elf(dict.fromkeys(names, b"x")))
    assert len(found.table()) == 258
    assert found.has_sections() is not more
    assert [len(name) for name in found.sections()] == ([] if more else [100] * 256 + [9])


def test_a_segment_holds_its_first_address_and_not_the_one_after_its_last() -> None:
    data = elf(_SECTIONS)
    found, [segment] = _read(data), _read(data).segments()
    assert (segment.offset, segment.address, segment.is_writable) == (0, address(0), True)
    end = segment.length
    assert [found.offset_of(address(place)) for place in (-1, 0, 5, end - 1, end)] == [None, 0, 5, end - 1, None]
    assert found.loaded(address(0), end) == data[:end]
    assert found.loaded(address(end - 3), 3) == data[end - 3 : end]
    assert [found.loaded(address(place), 3) for place in (-1, end - 2, end)] == [None, None, None]


@pytest.mark.parametrize("wide", [True, False], ids=["64 bits", "32 bits"])
def test_segments_are_told_apart_by_their_type_and_flags(wide: bool) -> None:
    data = bytearray(elf(_SECTIONS, wide=wide))
    [whole] = _read(bytes(data)).segments()
    row, flags = (64, 4) if wide else (52, 24)
    data[row + flags] = 5
    assert [segment.is_writable for segment in _read(bytes(data)).segments()] == [False]
    for kind, places in ((2, ((0, whole.length), None)), (3, (None, (0, whole.length)))):
        data[row] = kind
        found = _read(bytes(data))
        assert (found.segments(), found.dynamic(), found.interpreter()) == ([], *places)
