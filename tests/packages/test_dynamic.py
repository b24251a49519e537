"""What programs and libraries say that they need to be loaded."""

from random import Random

import pytest

from layerscope.packages.formats.dynamic import Dynamic, dynamic, needed
from layerscope.packages.formats.ranges import ranges_in
from tests.packages.elves import elf, linked, loading


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


def _dynamic(data: bytes, *, is_node_module: bool = False) -> Dynamic | None:
    return dynamic(ranges_in(data), len(data), is_node_module=is_node_module)


def test_a_program_without_sections_is_read_by_its_segments() -> None:
    data = linked(
        "libc.so.6",
        "libz.so.1",
        interpreter="/lib64/ld-linux-x86-64.so.2",
        runpath="$ORIGIN/../lib",
        requires={"libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.34"], "libz.so.1": ["ZLIB_1.2"]},
    )
    assert _needed(data) == ("libc.so.6", "libz.so.1")
    assert _dynamic(data) == Dynamic(
        machine=62,
        is_wide=True,
        interpreter="/lib64/ld-linux-x86-64.so.2",
        needed=("libc.so.6", "libz.so.1"),
        runpath="$ORIGIN/../lib",
        requires=(("libc.so.6", ("GLIBC_2.2.5", "GLIBC_2.34")), ("libz.so.1", ("ZLIB_1.2",))),
    )


def test_a_library_says_which_versions_it_defines() -> None:
    found = _dynamic(linked("libc.so.6", soname="libpq.so.5", rpath="/opt/lib", defines=["PQ_1", "PQ_2"]))
    assert found is not None
    assert (found.soname, found.rpath, found.defines) == ("libpq.so.5", "/opt/lib", frozenset({"PQ_1", "PQ_2"}))


@pytest.mark.parametrize(
    ("strings", "abi"), [(b"node_register_module_v115\0", 115), (b"napi_register_module_v1\0", None)]
)
def test_a_module_for_node_names_the_version_that_it_was_compiled_for(strings: bytes, abi: int | None) -> None:
    found = _dynamic(linked("libc.so.6", strings=strings), is_node_module=True)
    assert found is not None and found.node_abi == abi


def test_a_static_program_without_sections_needs_nothing() -> None:
    found = _dynamic(elf({".text": b"x"}, named=False))
    assert found is not None and found.needed == () and found.interpreter == ""


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(linked(*["libx.so"] * 2000), id="too many libraries"),
        pytest.param(linked("x" * 70_000), id="a name without an end"),
        pytest.param(linked(requires={"libc.so.6": ["A"] * 5000}), id="too many versions"),
        pytest.param(linked(*(f"lib{number}.so" for number in range(5000))), id="a section of many blocks"),
    ],
)
def test_what_goes_on_for_too_long_is_not_read_or_cut(data: bytes) -> None:
    found = _dynamic(data)
    assert found is None or all(len(name) <= 256 for name in found.needed)


def test_no_damage_raises_or_takes_long() -> None:
    whole = linked(
        "libc.so.6", interpreter="/lib/ld.so", requires={"libc.so.6": ["GLIBC_2.34"]}, defines=["A", "B"], runpath="/x"
    )
    source = Random(23)
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(source.randint(1, 6)):
            data[source.randrange(len(data))] = source.choice((0, 1, 0x7F, 0xFF, source.randrange(256)))
        _dynamic(bytes(data[: source.choice((len(data), source.randrange(len(data))))]))
