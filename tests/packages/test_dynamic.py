"""What programs and libraries say that they need to be loaded."""

import struct
from random import Random

import pytest

from layerscope.model.pathset import RangedFile
from layerscope.packages.formats.dynamic import DYNAMIC, NEEDED, Dynamic, _Table, dynamic, needed
from layerscope.packages.formats.elf import Elf
from layerscope.packages.formats.ranges import ranges_in
from tests.packages.elves import address, elf, linked, loading


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


def test_a_static_program_without_sections_needs_nothing() -> None:
    found = _dynamic(elf({".text": b"x"}, named=False))
    assert found is not None and found.needed == () and found.interpreter == ""


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


def test_versions_that_need_not_be_there_and_the_librarys_own_name_are_left_out() -> None:
    requires = {"libc.so.6": ["A", "B", "C"], "libz.so.1": ["B"]}
    found = _dynamic(linked(requires=requires, defines=["libx.so", "X_1", "X_2"], weak=["B"], base=["libx.so"]))
    assert found is not None
    assert found.requires == (("libc.so.6", ("A", "C")), ("libz.so.1", ()))
    assert found.defines == frozenset({"X_1", "X_2"})


@pytest.mark.parametrize("change", ["", "no interpreter", "a long one"])
def test_a_program_names_its_loader(change: str) -> None:
    path = "/" + "l" * (4096 if change == "a long one" else 4094)
    found = _dynamic(linked("libc.so.6", interpreter="" if change == "no interpreter" else path))
    assert found is not None and found.interpreter == ("" if change else path)


@pytest.mark.parametrize(
    ("count", "is_read"),
    [pytest.param(1024, True, id="as many as are read"), pytest.param(1025, False, id="more than are read")],
)
def test_so_many_libraries_may_a_file_need(count: int, is_read: bool) -> None:
    data = linked(*["libx.so"] * count)
    assert _needed(data) == (("libx.so",) * count if is_read else None)
    assert (_dynamic(data) is not None) is is_read


@pytest.mark.parametrize(("count", "is_read"), [(4096, True), (4097, False)])
def test_so_many_versions_may_a_file_require(count: int, is_read: bool) -> None:
    found = _dynamic(linked(requires={"libc.so.6": ["A"] * (count - 1), "libz.so.1": ["B"]}))
    assert (found is not None) is is_read
    if found is not None:
        assert found.requires == (("libc.so.6", ("A",) * (count - 1)), ("libz.so.1", ("B",)))


@pytest.mark.parametrize(("count", "known"), [(4096, 4096), (4097, 4096)])
def test_so_many_records_does_a_chain_have(count: int, known: int) -> None:
    found = _dynamic(linked(defines=[f"V{number}" for number in range(count)]))
    assert found is not None and found.defines == frozenset(f"V{number}" for number in range(known))


@pytest.mark.parametrize("length", [255, 256, 300])
def test_long_names_are_cut(length: int) -> None:
    assert _needed(linked("n" * length)) == ("n" * min(length, 256),)
    found = _dynamic(linked(soname="s" * 16 * length, rpath="r" * 16 * length, runpath="p" * 16 * length))
    assert found is not None
    longest = min(16 * length, 4096)
    assert (found.soname, found.rpath, found.runpath) == ("s" * longest, "r" * longest, "p" * longest)


@pytest.mark.parametrize(("rows", "is_read"), [(4096, True), (4097, False)])
def test_a_section_of_64_kibibytes_is_read_up_to_its_end(rows: int, is_read: bool) -> None:
    needs = struct.pack("<4Q", 1, 1, 0, 0) + struct.pack("<2Q", 1, 2)
    data = elf({".dynamic": needs.ljust(16 * rows, b"\0"), ".dynstr": b"\0libc.so.6\0"})
    assert _needed(data) == (("libc.so.6",) if is_read else None)


@pytest.mark.parametrize(
    ("sections", "found"),
    [
        pytest.param({".text": b"x"}, (), id="a static program"),
        pytest.param({".dynamic": struct.pack("<2Q", 1, 0) + b"rest"}, None, id="no strings"),
        pytest.param({".dynamic": struct.pack("<2Q", 1, 0) + b"rest", ".dynstr": b"x\0"}, ("x",), id="half a row"),
        pytest.param({".dynamic": struct.pack("<2Q", 1, 1), ".dynstr": b"x\0"}, (), id="an empty name"),
    ],
)
def test_sections_say_it_where_segments_do_not(sections: dict[str, bytes], found: tuple[str, ...] | None) -> None:
    data = bytearray(elf(sections))
    if found is None:
        row = struct.unpack_from("<Q", data, 40)[0] + 64
        struct.pack_into("<I", data, row + 40, 3)
    assert _needed(bytes(data)) == found


def test_what_is_no_elf_file_or_lost_its_table_says_nothing() -> None:
    assert _dynamic(b"#!/bin/sh\n".ljust(99)) is None
    data = bytearray(linked("libc.so.6", interpreter="/lib/ld.so", requires={"libc.so.6": ["A"]}, defines=["B"]))
    struct.pack_into("<I", data, 64 + 56, 9)
    assert _dynamic(bytes(data)) is None
    struct.pack_into("<I", data, 64 + 2 * 56, 9)
    assert _dynamic(bytes(data)) == Dynamic(machine=62, is_wide=True)
    assert _needed(bytes(data)) is None


@pytest.mark.parametrize(
    ("strings", "abi"),
    [
        (b"node_register_module_v115\0", 115),
        (b"node_register_module_v9\0node_register_module_v8\0", 9),
        (b"node_register_module_v1234\0", 1234),
        (b"node_register_module_v12345\0", None),
        (b"node_register_module_vx\0", None),
        (b"node_register_module_v", None),
        (b"napi_register_module_v1\0", None),
        (b"x" * (256 * 1024 - 25) + b"node_register_module_v1\0", 1),
        (b"x" * (256 * 1024 - 24) + b"node_register_module_v1\0", None),
    ],
)
def test_the_name_of_a_nodes_function_ends_with_a_number(strings: bytes, abi: int | None) -> None:
    data = linked("libc.so.6", strings=strings)
    found, other = _dynamic(data, is_node_module=True), _dynamic(data)
    assert found is not None and found.node_abi == abi
    assert other is not None and other.node_abi is None


def _table(data: bytes, asked: list[tuple[int, int]]) -> _Table:
    def read(start: int, count: int) -> bytes | None:
        asked.append((start, count))
        return ranges_in(data)(start, count)

    table = _Table(Elf(read), read, len(data))
    table._blocks.clear()
    asked.clear()
    return table


@pytest.mark.parametrize(
    ("start", "count", "asked"),
    [
        pytest.param(0, 4096, [(0, 4096)], id="a block"),
        pytest.param(4096, 1, [(4096, 4096)], id="the first byte of one"),
        pytest.param(4095, 1, [(0, 4096)], id="the last byte of one"),
        pytest.param(4095, 2, [(0, 4096), (4096, 4096)], id="over an edge"),
        pytest.param(4095, 4099, [(0, 4096), (4096, 4096), (8192, 808)], id="three"),
        pytest.param(8999, 1, [(8192, 808)], id="the last byte of the file"),
        pytest.param(8999, 2, None, id="one beyond it"),
    ],
)
def test_names_are_read_in_whole_blocks_and_no_others(
    start: int, count: int, asked: list[tuple[int, int]] | None
) -> None:
    data, seen = loading("libc.so.6")[:9000], list[tuple[int, int]]()
    table = _table(data, seen)
    assert table._bytes(start, count) == (data[start : start + count] if asked else None)
    assert table._bytes(start, count) == (data[start : start + count] if asked else None)
    assert seen == (asked or [])


@pytest.mark.parametrize("more", [0, 1])
def test_256_blocks_are_read_of_a_file(more: int) -> None:
    data = loading("libc.so.6").ljust(300 * 4096, b"x")
    table = _table(data, [])
    count = (256 + more) * 4096
    assert table._bytes(0, count) == (None if more else data[:count])
    assert table._bytes(4096, 9) == data[4096:4105]


def test_a_block_that_was_not_kept_is_none() -> None:
    data = loading("libc.so.6")
    table = _table(data, [])
    table._read = lambda start, count: None
    assert table._bytes(0, 1) is None


_NODE = b"node_register_module_v115\0"
_NODE_LENGTH = struct.pack("<2Q", 10, 1 + len(_NODE))


@pytest.mark.parametrize(("path", "abi"), [("/x/m.node", 115), ("/x/m.so", None)])
def test_only_a_module_of_node_is_searched_for_its_number(path: str, abi: int | None) -> None:
    data = linked(strings=b"node_register_module_v115\0")
    found = DYNAMIC.analyse(RangedFile(ranges_in(data), len(data), path, print, print))
    assert isinstance(found, Dynamic) and found.node_abi == abi


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(elf({".text": b"x"}), id="no dynamic section"),
        pytest.param(linked(strings=_NODE).replace(struct.pack("<Q", 10), struct.pack("<Q", 99)), id="no length"),
        pytest.param(linked(strings=_NODE).replace(_NODE_LENGTH, struct.pack("<2Q", 10, 1 << 40)), id="a false length"),
    ],
)
def test_where_its_names_cannot_be_read_a_module_has_no_number(data: bytes) -> None:
    found = _dynamic(data, is_node_module=True)
    assert found is not None and (found.needed, found.node_abi) == ((), None)


def test_the_names_of_libraries_are_read_by_ranges() -> None:
    data = loading("libc.so.6")
    assert NEEDED.analyse(RangedFile(ranges_in(data), len(data), "/x", print, print)) == ("libc.so.6",)


def test_what_is_loaded_counts_before_what_sections_say() -> None:
    strings = b"\0section.so\0"
    entries = struct.pack("<2Q", 1, 1)
    data = bytearray(elf({".dynamic": entries, ".other": struct.pack("<2Q", 1, 9), ".dynstr": strings}))
    other = Elf(ranges_in(bytes(data))).sections()[".other"]
    struct.pack_into("<2I3Q", data, 64, 2, 6, other.offset, 0, 0)
    struct.pack_into("<Q", data, 64 + 32, other.length)
    assert _needed(bytes(data)) == ("so",)
    data = bytearray(
        elf({".dynamic": entries + struct.pack("<2Q", 5, 0), ".text": b"\0loaded.so\0", ".dynstr": strings})
    )
    found = Elf(ranges_in(bytes(data))).sections()
    struct.pack_into("<Q", data, found[".dynamic"].offset + 24, address(found[".text"].offset))
    assert _needed(bytes(data)) == ("loaded.so",)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(linked(requires={"libc.so.6": ["A"]}), id="one that it requires"),
        pytest.param(linked(defines=["A"]), id="one that it defines"),
    ],
)
def test_a_version_whose_name_lies_outside_the_file_makes_it_unreadable(data: bytes) -> None:
    name = data.index(b"\0A\0") + 1
    strings = data.rindex(b"\0\0", 0, name - 1) + 1 if b"libc" in data else name - 1
    place = data.rindex(struct.pack("<2I", name - strings, 0), 0, name)
    assert _dynamic(data) is not None
    assert _dynamic(data[:place] + struct.pack("<I", len(data)) + data[place + 4 :]) is None


def test_a_library_or_name_outside_of_the_file_is_an_empty_one() -> None:
    data = linked(requires={"libc.so.6": ["A"]}, soname="x" * 9)
    record = data.index(struct.pack("<2H", 1, 1), 232)
    _, _, file, first, _ = struct.unpack_from("<2H3I", data, record)
    lost = data[: record + 4] + struct.pack("<I", 1 << 20) + data[record + 8 :]
    found = _dynamic(lost)
    assert (file, first) == (11, 16) and found is not None and found.requires == (("", ("A",)),)
    entry = data.index(struct.pack("<2Q", 14, 1))
    found = _dynamic(data[: entry + 8] + struct.pack("<Q", 1 << 20) + data[entry + 16 :])
    assert found is not None and (found.soname, found.requires) == ("", (("libc.so.6", ("A",)),))


def test_a_chain_of_versions_ends_where_it_says_even_if_it_counts_more() -> None:
    data = linked(requires={"libc.so.6": ["A", "B"]}, defines=["C"])
    record = data.index(struct.pack("<2H", 1, 2), 232)
    found = _dynamic(data[: record + 2] + struct.pack("<H", 9) + data[record + 4 :])
    assert found is not None and found.requires == (("libc.so.6", ("A", "B")),)
    found = _dynamic(data[: record + 2] + struct.pack("<H", 1) + data[record + 4 :])
    assert found is not None and found.requires == (("libc.so.6", ("A",)),)


@pytest.mark.parametrize(
    ("tag", "records", "requires", "defines"),
    [
        pytest.param(0x6FFFFFFF, 9, (("libc.so.6", ("A",)),), frozenset({"B"}), id="more that are required"),
        pytest.param(0x6FFFFFFF, 0, (), frozenset({"B"}), id="none that are required"),
        pytest.param(0x6FFFFFFD, 0, (("libc.so.6", ("A",)),), frozenset(), id="none that are defined"),
    ],
)
def test_a_chain_has_no_more_records_than_its_entry_counts(
    tag: int, records: int, requires: tuple[tuple[str, tuple[str, ...]], ...], defines: frozenset[str]
) -> None:
    data = linked(requires={"libc.so.6": ["A"]}, defines=["B"])
    entry = data.index(struct.pack("<2Q", tag, 1))
    found = _dynamic(data[: entry + 8] + struct.pack("<Q", records) + data[entry + 16 :])
    assert found is not None and (found.requires, found.defines) == (requires, defines)
    absent = _dynamic(data[:entry] + struct.pack("<2Q", 99, 1) + data[entry + 16 :])
    assert absent is not None and () in (absent.requires, tuple(absent.defines))


def test_names_that_lie_in_too_many_blocks_are_not_read() -> None:
    assert _needed(linked(*(f"{number:04}".ljust(4095, "n") for number in range(300)))) is None
