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
    return Elf(ranges_in(data), len(data))


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
