"""The bytes that a strip would remove from an ELF file, by its section headers alone."""

from msgspec import Struct

from layerscope.model.pathset import RangedFile, RangeReader, ReadRange
from layerscope.packages.formats.elf import EXECUTABLE, MAGIC, SHARED, SYMBOLS, Elf


class Strippable(Struct, frozen=True, kw_only=True):
    """Bytes of debug sections, and of the symbol table with its strings."""

    debug_bytes: int = 0
    symbol_bytes: int = 0


def strippable(read: ReadRange, length: int) -> Strippable:
    """What could be stripped from a program or shared library of ``length`` bytes.

    Nothing for any other file, a damaged one, or one of which too little was kept.
    """
    elf = Elf(read)
    sections = elf.table() if elf.kind in (EXECUTABLE, SHARED) else []
    debug = symbols = 0
    for section in sections:
        if not section.has_bytes or section.offset + section.length > length:
            continue
        if section.name.startswith((".debug_", ".zdebug_")):
            debug += section.length
        elif section.kind == SYMBOLS:
            symbols += section.length + (sections[section.link].length if section.link < len(sections) else 0)
    # Sections of a damaged file may overlap.
    debug = min(debug, length)
    return Strippable(debug_bytes=debug, symbol_bytes=min(symbols, length - debug))


def _sections(file: RangedFile) -> Strippable:
    return strippable(file.read, file.length)


SECTIONS = RangeReader(_sections, MAGIC)
