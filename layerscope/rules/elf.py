"""What a strip would take out of an ELF file, read from its section headers alone.

The layout is that of the System V ABI, "Sections". Files come from images, so each count and offset is checked, and
at most ``MOST_SECTIONS`` headers are read.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

MOST_SECTIONS = 4096
_NAMES_BYTES = 1 << 20
RELOCATABLE, EXECUTABLE, SHARED, CORE = 1, 2, 3, 4
BPF = 247
_NO_BITS, _SYMBOLS = 8, 2
_WIDE, _LITTLE = 2, 1

Read = Callable[[int, int], bytes | None]
"""Gives up to that many bytes (second) from an offset (first)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strippable:
    """Bytes of debug sections, and of the symbol table with its strings."""

    debug_bytes: int = 0
    symbol_bytes: int = 0


def header(head: bytes) -> tuple[int, int] | None:
    """Type and machine of an ELF file, from its first 20 bytes; None where it is none."""
    if len(head) < 20 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    kind, machine = struct.unpack_from("<HH" if head[5] == _LITTLE else ">HH", head, 16)
    return kind, machine


def strippable(read: Read, length: int) -> Strippable:
    """What could be stripped from a program or shared library of ``length`` bytes.

    Nothing for what is no such file, is damaged, or was not kept whole enough to tell.
    """
    head = read(0, 64) or b""
    identity = header(head)
    if identity is None or identity[0] not in (EXECUTABLE, SHARED) or len(head) < 64:
        return Strippable()
    wide, order = head[4] == _WIDE, "<" if head[5] == _LITTLE else ">"
    offset = struct.unpack_from(f"{order}Q" if wide else f"{order}I", head, 40 if wide else 32)[0]
    entry_bytes, count, names = struct.unpack_from(f"{order}HHH", head, 58 if wide else 46)
    layout = struct.Struct(f"{order}IIQQQQI" if wide else f"{order}IIIIIII")
    if not 0 < count <= MOST_SECTIONS or names >= count or entry_bytes < layout.size or offset >= length:
        return Strippable()
    table = read(offset, entry_bytes * count)
    if table is None or len(table) != entry_bytes * count:
        return Strippable()
    sections = [layout.unpack_from(table, entry_bytes * index) for index in range(count)]
    _, _, _, _, start, size, _ = sections[names]
    if size > _NAMES_BYTES or start + size > length:
        return Strippable()
    return _sum(sections, read(start, size) or b"", length)


def _sum(sections: list[tuple[int, ...]], names: bytes, length: int) -> Strippable:
    debug = symbols = 0
    for name_at, kind, _, _, start, size, link in sections:
        if kind == _NO_BITS or start + size > length:
            continue
        if names.startswith((b".debug_", b".zdebug_"), name_at):
            debug += size
        elif kind == _SYMBOLS:
            symbols += size + (sections[link][5] if link < len(sections) else 0)
    # Sections of a damaged file may overlap.
    debug = min(debug, length)
    return Strippable(debug_bytes=debug, symbol_bytes=min(symbols, length - debug))
