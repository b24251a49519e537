"""Small ELF files of either width and byte order, for what no tool at hand makes."""

import struct
from collections.abc import Mapping

_ADDRESS = 0x400000
_TYPES = {".symtab": 2, ".strtab": 3, ".dynstr": 3, ".shstrtab": 3, ".dynamic": 6, ".bss": 8}


def elf(
    sections: Mapping[str, bytes] | None = None,
    *,
    kind: int = 2,
    machine: int = 62,
    wide: bool = True,
    big: bool = False,
    named: bool = True,
) -> bytes:
    """An ELF file of that type with these sections, loaded as one writable segment at 0x400000.

    ``.symtab`` is linked to ``.strtab``, ``.dynamic`` to ``.dynstr``; ``named`` gives the file a section table.
    """
    sections = sections or {}
    pairs = ((".symtab", ".strtab"), (".dynamic", ".dynstr"))
    linked = {table: [*sections].index(names) + 1 for table, names in pairs if names in sections}
    order = ">" if big else "<"
    header_bytes, program_bytes = (64, 56) if wide else (52, 32)
    names, body, headers = b"\0", b"", [(0, 0, 0, 0, 0)]
    for name, content in [*sections.items(), (".shstrtab", b"")]:
        body += bytes(-len(body) % 16)
        offset = 256 + len(body)
        name_at, names = len(names), names + name.encode() + b"\0"
        content = content or names
        headers.append((name_at, _TYPES.get(name, 1), offset, len(content), linked.get(name, 0)))
        body += content
    table_at = 256 + len(body)
    table = b"".join(_section(order, wide, *header) for header in headers) if named else b""
    count, last = (len(headers), len(headers) - 1) if named else (0, 0)
    shape = "HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"
    widths = (header_bytes, program_bytes, 1, 64 if wide else 40, count, last)
    start = b"\x7fELF" + bytes((1 + wide, 1 + big, 1)) + bytes(9)
    start += struct.pack(order + shape, kind, machine, 1, 0, header_bytes, table_at if named else 0, 0, *widths)
    length = 256 + len(body)
    segment = (
        (1, 6, 0, _ADDRESS, _ADDRESS, length, length, 16) if wide else (1, 0, _ADDRESS, _ADDRESS, length, length, 6, 16)
    )
    start += struct.pack(order + ("IIQQQQQQ" if wide else "IIIIIIII"), *segment)
    return start.ljust(256, b"\0") + body + table


def loading(*libraries: str, wide: bool = True, big: bool = False) -> bytes:
    """A program that loads these libraries when it starts."""
    names, entries = b"\0", b""
    shape = (">" if big else "<") + ("QQ" if wide else "II")
    for library in libraries:
        entries += struct.pack(shape, 1, len(names))
        names += library.encode() + b"\0"
    sections = {".text": b"x" * 9000, ".dynamic": entries + struct.pack(shape, 0, 0), ".dynstr": names}
    return elf(sections, wide=wide, big=big)


def address(offset: int) -> int:
    """Where a byte of the file is loaded."""
    return _ADDRESS + offset


def _section(order: str, wide: bool, name_at: int, kind: int, offset: int, length: int, link: int) -> bytes:
    shape = order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII")
    return struct.pack(shape, name_at, kind, 0, address(offset), offset, length, link, 0, 1, 0)
