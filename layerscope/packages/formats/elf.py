"""Sections and segments of ELF files, read from ranges of them.

Source: System V Application Binary Interface, "Object Files" (ELF header, sections, program header). Files come from
images, so at most 4,096 headers and 1 MiB of names are read, and what a header says may lie beyond the file.
"""

import struct
from functools import cached_property

from msgspec import Struct

from layerscope.model.limits import MIB
from layerscope.model.pathset import ReadRange

IDENTITY_BYTES = 20
RELOCATABLE, EXECUTABLE, SHARED, CORE = 1, 2, 3, 4
"""Types of files."""
BPF = 247
"""The machine of programs that the kernel itself runs."""
SYMBOLS, _NO_BITS = 2, 8
"""Types of sections: a symbol table, and one without bytes in the file."""

MAGIC = b"\x7fELF"
_HEADER_BYTES = 64
_MOST_HEADERS = 4096
_MOST_NAMES = MIB
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_WRITABLE = 2


class Section(Struct, frozen=True, kw_only=True):
    """Where a section's bytes lie in the file, and whether they do (``has_bytes``).

    ``name`` is empty where it was not kept; ``link`` is the index of the section that goes with it, for symbols that
    of their names.
    """

    name: str
    kind: int
    offset: int
    length: int
    link: int

    @property
    def has_bytes(self) -> bool:
        return self.kind != _NO_BITS


class Segment(Struct, frozen=True, kw_only=True):
    """Where a segment's bytes lie in the file, and at which address they are loaded."""

    offset: int
    length: int
    address: int
    is_writable: bool


def identity(head: bytes) -> tuple[int, int] | None:
    """Type and machine of an ELF file, from its first 20 bytes; None where it is not one."""
    if len(head) < IDENTITY_BYTES or not head.startswith(MAGIC) or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    kind, machine = struct.unpack_from(_order(head) + "2H", head, 16)
    return kind, machine


def _order(head: bytes) -> str:
    return "<" if head[5] == 1 else ">"


class Elf:
    """An ELF file of either width and byte order; what cannot be read of it counts as absent.

    ``is_elf`` is false for anything else, and for what is too short to hold any section; ``kind`` is its type,
    ``machine`` the number of its processor. ``order`` is its byte order as ``struct`` writes it, ``is_wide`` is set for
    64 bits.
    """

    def __init__(self, read: ReadRange) -> None:
        self._read = read
        self._first = read(0, _HEADER_BYTES) or b""
        found = identity(self._first)
        self.is_elf = found is not None
        self.kind, self.machine = found if found is not None else (0, 0)
        self.is_wide = self.is_elf and self._first[4] == 2
        self.order = _order(self._first) if self.is_elf else "<"

    def sections(self) -> dict[str, Section]:
        """All sections with content, by name; empty where there are none or their names were not kept."""
        found: dict[str, Section] = {}
        for section in self.table():
            if section.name and section.has_bytes:
                found.setdefault(section.name, section)
        return found

    def section(self, name: str) -> Section | None:
        """The first section of that name with content."""
        # Most files have none of the sections that are asked for, so their rows are not made into values.
        return self.sections().get(name) if name.encode() in self._rows[1] else None

    def has_sections(self) -> bool:
        """Whether any section has a name."""
        headers, names = self._rows
        return any(_name(names, name_at) for name_at, *_ in headers)

    def table(self) -> list[Section]:
        """All sections by index, the empty first one too; none where their table was not kept."""
        headers, names = self._rows
        return [
            Section(name=_name(names, name_at), kind=kind, offset=place, length=length, link=link)
            for name_at, kind, _, _, place, length, link, *_ in headers
        ]

    @cached_property
    def _rows(self) -> tuple[list[tuple[int, ...]], bytes]:
        """The rows of the section table, and the names that they point at."""
        if not self.is_elf:
            return [], b""
        if self.is_wide:
            (offset,) = struct.unpack_from(self.order + "Q", self._first, 40)
            width, count, names_at = struct.unpack_from(self.order + "3H", self._first, 58)
        else:
            (offset,) = struct.unpack_from(self.order + "I", self._first, 32)
            width, count, names_at = struct.unpack_from(self.order + "3H", self._first, 46)
        headers = self._headers(offset, width, count, "2I4Q2I2Q" if self.is_wide else "10I")
        if names_at >= len(headers):
            return [], b""
        names_offset, names_bytes = headers[names_at][4:6]
        return headers, (self._read(names_offset, names_bytes) if names_bytes <= _MOST_NAMES else None) or b""

    def segments(self) -> list[Segment]:
        """The segments that are loaded into memory."""
        return [
            Segment(offset=place, length=length, address=address, is_writable=bool(flags & _WRITABLE))
            for kind, flags, place, address, length in self._programs
            if kind == _PT_LOAD
        ]

    def dynamic(self) -> tuple[int, int] | None:
        """Offset and length of the dynamic section, as the program header says."""
        return self._place(_PT_DYNAMIC)

    def interpreter(self) -> tuple[int, int] | None:
        """Offset and length of the path of the loader that a program asks for."""
        return self._place(_PT_INTERP)

    def _place(self, wanted: int) -> tuple[int, int] | None:
        return next(((place, length) for kind, _, place, _, length in self._programs if kind == wanted), None)

    @cached_property
    def _programs(self) -> list[tuple[int, int, int, int, int]]:
        """Type, flags, offset, address and length in the file of each row of the program header."""
        if not self.is_elf:
            return []
        if self.is_wide:
            offset, width, count = struct.unpack_from(self.order + "Q14x2H", self._first, 32)
            rows = self._headers(offset, width, count, "2I6Q")
            return [(kind, flags, place, address, length) for kind, flags, place, address, _, length, *_ in rows]
        offset, width, count = struct.unpack_from(self.order + "I10x2H", self._first, 28)
        rows = self._headers(offset, width, count, "8I")
        return [(kind, flags, place, address, length) for kind, place, address, _, length, _, flags, _ in rows]

    def offset_of(self, address: int) -> int | None:
        """Where in the file the byte lies that is loaded at an address."""
        for segment in self.segments():
            if segment.address <= address < segment.address + segment.length:
                return segment.offset + address - segment.address
        return None

    def loaded(self, address: int, length: int) -> bytes | None:
        """The bytes that lie at an address once the file is loaded."""
        for segment in self.segments():
            if segment.address <= address and address + length <= segment.address + segment.length:
                return self._read(segment.offset + address - segment.address, length)
        return None

    def _headers(self, offset: int, width: int, count: int, layout: str) -> list[tuple[int, ...]]:
        """The rows of a table; none where it is too long, of another width, or was not kept."""
        shape = struct.Struct(self.order + layout)
        table = self._read(offset, width * count) if width == shape.size and count <= _MOST_HEADERS else None
        return list(shape.iter_unpack(table or b""))


def _name(names: bytes, start: int) -> str:
    end = names.find(b"\0", start)
    return names[start:end][:100].decode("ascii", "replace") if end != -1 else ""
