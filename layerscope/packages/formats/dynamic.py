"""What a program or library needs of others to be loaded (ELF, "Dynamic Section"; LSB, "Symbol Versioning").

Files come from images: every table is bounded, and a chain that goes on for too long or leads out of the file makes
the file unreadable.
"""

import struct
from collections.abc import Iterator

from msgspec import Struct

from layerscope.model.limits import KIB
from layerscope.model.pathset import RangedFile, RangeReader, ReadRange
from layerscope.packages.formats.elf import MAGIC, Elf

_SECTION = 6
"""The type of the section."""
_NEEDED, _STRINGS, _STRINGS_BYTES, _SONAME, _RPATH, _RUNPATH = 1, 5, 10, 14, 15, 29
_DEFINED, _DEFINED_COUNT, _REQUIRED, _REQUIRED_COUNT = 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
"""Tags of entries."""
_WEAK, _BASE = 2, 1
"""Flags: of a version without which the loader goes on, and of the one that names the file itself."""
_MOST_BYTES = 64 * KIB
_MOST_NAMES = 1024
_MOST_VERSIONS = 4096
_LONGEST_NAME = 256
_LONGEST_PATHS = 4 * KIB
_BLOCK, _MOST_BLOCKS = 4 * KIB, 256
_NODE, _NODE_STRINGS = b"node_register_module_v", 256 * KIB


class Dynamic(Struct, frozen=True, kw_only=True):
    """What one ELF file says about its loading.

    ``machine`` and ``is_wide`` are those of the header, ``interpreter`` is the loader of a program, empty for a library
    and for a static program. ``rpath`` and ``runpath`` are as written, directories between colons. ``requires`` are the
    versions of symbols by the library that has to define them, ``defines`` those that it defines itself.
    ``node_abi`` is the NODE_MODULE_VERSION that a module for Node was compiled for, None for Node-API and all others.
    """

    machine: int
    is_wide: bool
    interpreter: str = ""
    needed: tuple[str, ...] = ()
    soname: str = ""
    rpath: str = ""
    runpath: str = ""
    requires: tuple[tuple[str, tuple[str, ...]], ...] = ()
    defines: frozenset[str] = frozenset()
    node_abi: int | None = None


def needed(read: ReadRange, length: int) -> tuple[str, ...] | None:
    """Return the names of the libraries that are loaded, none for a static program; None where they cannot be read."""
    table = _Table(Elf(read), read, length)
    return table.needed() if table.is_readable else None


def dynamic(read: ReadRange, length: int, *, is_node_module: bool = False) -> Dynamic | None:
    """Return all of it; None for what is no ELF file or cannot be read."""
    elf = Elf(read)
    if not elf.is_elf:
        return None
    table = _Table(elf, read, length)
    interpreter = _interpreter(elf, read)
    # A static program that was stripped of its sections has neither table nor loader.
    names = table.needed() if table.is_readable else None if interpreter else ()
    requires, defines = table.requires(), table.defines()
    if names is None or requires is None or defines is None:
        return None
    return Dynamic(
        machine=elf.machine,
        is_wide=elf.is_wide,
        interpreter=interpreter,
        needed=names,
        soname=table.text(_SONAME),
        rpath=table.text(_RPATH),
        runpath=table.text(_RUNPATH),
        requires=requires,
        defines=defines,
        node_abi=table.node_abi() if is_node_module else None,
    )


def _interpreter(elf: Elf, read: ReadRange) -> str:
    place = elf.interpreter()
    data = read(*place) if place is not None and place[1] <= _LONGEST_PATHS else None
    return (data or b"").partition(b"\0")[0].decode("utf-8", "surrogateescape")


class _Table:
    """The entries of a dynamic section; ``is_readable`` is false where there may be some that cannot be read."""

    def __init__(self, elf: Elf, read: ReadRange, length: int) -> None:
        self._elf, self._read, self._length = elf, read, length
        self._blocks: dict[int, bytes] = {}
        self._entries: list[tuple[int, int]] = []
        self._strings: int | None = None
        self.is_readable = self._find()

    def _find(self) -> bool:
        """Read the entries and find their strings, by segments as the loader does, else by sections."""
        place = self._elf.dynamic()
        sections = self._elf.table()
        section = next((one for one in sections if one.kind == _SECTION), None)
        if place is None and section is not None:
            place = section.offset, section.length
        if place is None:
            return bool(sections)
        data = self._read(*place) if place[1] <= _MOST_BYTES else None
        if data is None:
            return False
        layout = struct.Struct(self._elf.order + ("2Q" if self._elf.is_wide else "2I"))
        for tag, value in layout.iter_unpack(data[: len(data) // layout.size * layout.size]):
            if not tag:
                break
            self._entries.append((tag, value))
        address = self._value(_STRINGS)
        self._strings = self._elf.offset_of(address) if address is not None else None
        if self._strings is None and section is not None and section.link < len(sections):
            self._strings = sections[section.link].offset
        return self._strings is not None

    def _value(self, wanted: int) -> int | None:
        return next((value for tag, value in self._entries if tag == wanted), None)

    def needed(self) -> tuple[str, ...] | None:
        """The names of libraries; None where one cannot be read, or there are too many."""
        places = [value for tag, value in self._entries if tag == _NEEDED]
        if len(places) > _MOST_NAMES:
            return None
        names = [self._string(place, _LONGEST_NAME) for place in places]
        return None if None in names else tuple(name for name in names if name)

    def text(self, tag: int) -> str:
        """The string that an entry names; empty without one."""
        place = self._value(tag)
        return (self._string(place, _LONGEST_PATHS) or "") if place is not None else ""

    def requires(self) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
        """The versions that other libraries have to define, by library; None where they cannot be read."""
        found: dict[str, list[str]] = {}
        left = _MOST_VERSIONS
        for start, (_, count, file, first, _) in self._chain(_REQUIRED, _REQUIRED_COUNT, "2H3I"):
            name = self._string(file, _LONGEST_NAME)
            versions = found.setdefault(name or "", [])
            place = start + first
            for _ in range(count):
                left -= 1
                fields = self._unpack("I2H2I", place)
                version = self._string(fields[3], _LONGEST_NAME) if fields is not None else None
                if fields is None or version is None or left < 0:
                    return None
                if not fields[1] & _WEAK:
                    versions.append(version)
                if not fields[4]:
                    break
                place += fields[4]
        return tuple((name, tuple(versions)) for name, versions in found.items())

    def defines(self) -> frozenset[str] | None:
        """The versions that the library defines; None where they cannot be read."""
        found = set[str]()
        for start, (_, flags, _, _, _, first, _) in self._chain(_DEFINED, _DEFINED_COUNT, "4H3I"):
            fields = self._unpack("2I", start + first)
            name = self._string(fields[0], _LONGEST_NAME) if fields is not None else None
            if name is None:
                return None
            if not flags & _BASE:
                found.add(name)
        return frozenset(found)

    def _chain(self, tag: int, count_tag: int, layout: str) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Offset and fields of each record of a chain; the last field leads to the next, always forwards."""
        address, count = self._value(tag), self._value(count_tag) or 0
        place = self._elf.offset_of(address) if address is not None else None
        for _ in range(min(count, _MOST_VERSIONS)):
            fields = self._unpack(layout, place) if place is not None else None
            if place is None or fields is None:
                return
            yield place, fields
            if not fields[-1]:
                return
            place += fields[-1]

    def _unpack(self, layout: str, place: int) -> tuple[int, ...] | None:
        shape = struct.Struct(self._elf.order + layout)
        data = self._bytes(place, shape.size)
        return shape.unpack(data) if data is not None else None

    def _string(self, place: int, longest: int) -> str | None:
        if self._strings is None or not 0 <= self._strings + place < self._length:
            return None
        start = self._strings + place
        data = self._bytes(start, min(longest, self._length - start))
        return None if data is None else data.partition(b"\0")[0].decode("utf-8", "surrogateescape")

    def _bytes(self, start: int, count: int) -> bytes | None:
        """A range, read in whole blocks: names and records lie close to each other."""
        if start + count > self._length:
            return None
        found = b""
        for number in range(start // _BLOCK, (start + count - 1) // _BLOCK + 1):
            block = self._blocks.get(number)
            if block is None:
                if len(self._blocks) == _MOST_BLOCKS:
                    return None
                data = self._read(number * _BLOCK, min(_BLOCK, self._length - number * _BLOCK))
                if data is None:
                    return None
                block = self._blocks[number] = data
            found += block
        return found[start % _BLOCK :][:count]

    def node_abi(self) -> int | None:
        """The number in the name of the function by which Node registers the module."""
        size = self._value(_STRINGS_BYTES) or 0
        data = self._read(self._strings, min(size, _NODE_STRINGS)) if self._strings is not None else None
        digits, end, _ = (data or b"").partition(_NODE)[2][:5].partition(b"\0")
        return int(digits) if end and digits.isdigit() else None


def _needed(file: RangedFile) -> tuple[str, ...] | None:
    return needed(file.read, file.length)


def _dynamic(file: RangedFile) -> Dynamic | None:
    return dynamic(file.read, file.length, is_node_module=file.path.endswith(".node"))


NEEDED = RangeReader(_needed, MAGIC)
DYNAMIC = RangeReader(_dynamic, MAGIC)
