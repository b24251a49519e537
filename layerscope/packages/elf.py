"""Sections and segments of ELF files, read from ranges of them.

Source: System V Application Binary Interface, "Object Files" (ELF header, sections, program header).
"""

import struct
from dataclasses import dataclass

from layerscope.model.limits import KIB, MIB
from layerscope.packages.ranged import ReadRange

_MAGIC = b"\x7fELF"
_MOST_HEADERS = 4096
_MOST_NAMES = MIB
_FIRST = 4 * KIB
_PT_LOAD = 1
_SHT_NOBITS = 8
_WRITABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A section or a segment: where its bytes lie in the file, and at which address they are loaded."""

    name: str = ""
    offset: int
    length: int
    address: int
    is_writable: bool = False


class Elf:
    """An ELF file of either width and byte order; what cannot be read of it counts as absent.

    ``is_elf`` is false for anything else.
    """

    def __init__(self, read: ReadRange, length: int) -> None:
        self._read = read
        first = read(0, min(_FIRST, length)) or b""
        self._first = first
        self.is_elf = len(first) >= 64 and first.startswith(_MAGIC) and first[4] in (1, 2) and first[5] in (1, 2)
        self._is_wide = self.is_elf and first[4] == 2
        self.order = "<" if not self.is_elf or first[5] == 1 else ">"

    @property
    def pointer_bytes(self) -> int:
        return 8 if self._is_wide else 4

    def sections(self) -> dict[str, Stretch]:
        """All sections with content, by name; empty where there are none or their names were not kept."""
        if not self.is_elf:
            return {}
        offset, width, count, names_at = self._section_table()
        shape = struct.Struct(self.order + ("2I4Q2I2Q" if self._is_wide else "10I"))
        table = self._get(offset, width * count) if width == shape.size and count <= _MOST_HEADERS else None
        if not table or names_at >= count:
            return {}
        headers = [shape.unpack_from(table, index * width) for index in range(count)]
        names_offset, names_bytes = headers[names_at][4:6]
        names = self._get(names_offset, names_bytes) if names_bytes <= _MOST_NAMES else None
        found: dict[str, Stretch] = {}
        for name_at, kind, _, address, place, size, *_ in headers if names else ():
            end = names.find(b"\0", name_at) if names else -1
            if end >= 0 and names is not None and kind != _SHT_NOBITS:
                name = names[name_at:end][:100].decode("ascii", "replace")
                found.setdefault(name, Stretch(name=name, offset=place, length=size, address=address))
        return found

    def segments(self) -> list[Stretch]:
        """The segments that are loaded into memory."""
        if not self.is_elf:
            return []
        offset, width, count = struct.unpack_from(self.order + ("Q14xHH" if self._is_wide else "I10xHH"), *self._at())
        shape = struct.Struct(self.order + ("2I6Q" if self._is_wide else "8I"))
        table = self._get(offset, width * count) if width == shape.size and count <= _MOST_HEADERS else None
        found = []
        for index in range(count if table else 0):
            fields = shape.unpack_from(table or b"", index * width)
            if self._is_wide:
                kind, flags, place, address, _, size, *_ = fields
            else:
                kind, place, address, _, size, _, flags, _ = fields
            if kind == _PT_LOAD:
                writable = bool(flags & _WRITABLE)
                found.append(Stretch(offset=place, length=size, address=address, is_writable=writable))
        return found

    def loaded(self, address: int, length: int) -> bytes | None:
        """The bytes that lie at an address once the file is loaded."""
        for segment in self.segments():
            if segment.address <= address and address + length <= segment.address + segment.length:
                return self._get(segment.offset + address - segment.address, length)
        return None

    def _at(self) -> tuple[bytes, int]:
        """Where the header speaks of the program header: its offset, and 22 or 14 bytes on the widths and counts."""
        return self._first, 32 if self._is_wide else 28

    def _section_table(self) -> tuple[int, int, int, int]:
        """Offset of the table, bytes of an entry, number of entries, index of the section with the names."""
        if self._is_wide:
            (offset,) = struct.unpack_from(self.order + "Q", self._first, 40)
            width, count, names_at = struct.unpack_from(self.order + "3H", self._first, 58)
        else:
            (offset,) = struct.unpack_from(self.order + "I", self._first, 32)
            width, count, names_at = struct.unpack_from(self.order + "3H", self._first, 46)
        return offset, width, count, names_at

    def _get(self, offset: int, length: int) -> bytes | None:
        if offset + length <= len(self._first):
            return self._first[offset : offset + length]
        return self._read(offset, length)
