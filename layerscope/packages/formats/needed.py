"""The shared libraries that a program or library loads when it starts, by their names (ELF, "Dynamic Section")."""

import struct

from layerscope.model.pathset import RangedFile, RangeReader, ReadRange
from layerscope.packages.formats.elf import MAGIC, Elf

_DYNAMIC = 6
"""The type of the section."""
_NEEDED = 1
"""The tag of an entry that names a library."""
_MOST_BYTES = 64 << 10
_MOST_NAMES = 1024
_LONGEST_NAME = 256


def needed(read: ReadRange, length: int) -> tuple[str, ...] | None:
    """Return the names of these libraries, none for a static program; None where they cannot be read."""
    elf = Elf(read, length)
    table = elf.table()
    if not table:
        return None
    dynamic = next((section for section in table if section.kind == _DYNAMIC), None)
    if dynamic is None:
        return ()
    data = read(dynamic.offset, dynamic.length) if dynamic.length <= _MOST_BYTES else None
    if data is None or dynamic.link >= len(table):
        return None
    layout = struct.Struct(elf.order + ("2Q" if elf.is_wide else "2I"))
    entries = layout.iter_unpack(data[: len(data) // layout.size * layout.size])
    places = [value for tag, value in entries if tag == _NEEDED]
    names = [_name(read, table[dynamic.link].offset + place, length) for place in places[:_MOST_NAMES]]
    return None if None in names or len(places) > _MOST_NAMES else tuple(name for name in names if name)


def _name(read: ReadRange, start: int, length: int) -> str | None:
    data = read(start, min(_LONGEST_NAME, length - start)) if start < length else None
    return None if data is None else data.partition(b"\0")[0].decode("utf-8", "replace")


def _libraries(file: RangedFile) -> tuple[str, ...] | None:
    return needed(file.read, file.length)


NEEDED = RangeReader(_libraries, MAGIC)
