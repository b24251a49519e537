"""Small ELF files of either width and byte order, for what no tool at hand makes."""

import struct
from collections.abc import Mapping, Sequence

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


def linked(
    *libraries: str,
    interpreter: str = "",
    soname: str = "",
    rpath: str = "",
    runpath: str = "",
    requires: Mapping[str, Sequence[str]] | None = None,
    defines: Sequence[str] = (),
    machine: int = 62,
    strings: bytes = b"",
    weak: Sequence[str] = (),
    base: Sequence[str] = (),
) -> bytes:
    """A program, or a library without ``interpreter``, as the loader reads it: by segments, without sections.

    ``requires`` are the versions of symbols by library, ``defines`` those that it defines; ``strings`` are more names.
    Versions that are among ``weak`` or ``base`` have that flag.
    """
    names = b"\0" + strings
    places: dict[str, int] = {}

    def place(text: str) -> int:
        nonlocal names
        if text not in places:
            places[text], names = len(names), names + text.encode() + b"\0"
        return places[text]

    entries = [(1, place(library)) for library in libraries]
    entries += [(tag, place(text)) for tag, text in ((14, soname), (15, rpath), (29, runpath)) if text]
    needs = b""
    for number, (library, versions) in enumerate((requires or {}).items(), 1):
        last = number == len(requires or {})
        needs += struct.pack("<2H3I", 1, len(versions), place(library), 16, 0 if last else 16 + 16 * len(versions))
        for count, version in enumerate(versions, 1):
            needs += struct.pack(
                "<I2H2I", 0, 2 * (version in weak), 2, place(version), 0 if count == len(versions) else 16
            )
    offers = b""
    for number, version in enumerate(defines, 1):
        flags = int(version in base)
        offers += struct.pack("<4H3I", 1, flags, number + 1, 1, 0, 20, 0 if number == len(defines) else 28)
        offers += struct.pack("<2I", place(version), 0)
    start = 64 + 3 * 56
    body, at = b"", dict[str, int]()
    for name, content in (
        ("interp", interpreter.encode() + b"\0"),
        ("needs", needs),
        ("offers", offers),
        ("names", names),
    ):
        at[name] = start + len(body)
        body += content + bytes(-len(content) % 8)
    entries += [(5, address(at["names"])), (10, len(names))]
    entries += [(0x6FFFFFFE, address(at["needs"])), (0x6FFFFFFF, len(requires))] if requires else []
    entries += [(0x6FFFFFFC, address(at["offers"])), (0x6FFFFFFD, len(defines))] if defines else []
    table = b"".join(struct.pack("<2Q", *entry) for entry in (*entries, (0, 0)))
    dynamic_at, length = start + len(body), start + len(body) + len(table)
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 3, 64, 0, 0)
    interp = (3, 4, at["interp"], _ADDRESS, _ADDRESS, len(interpreter) + 1, len(interpreter) + 1, 1)
    for row in (
        (1, 6, 0, _ADDRESS, _ADDRESS, length, length, 16),
        (2, 6, dynamic_at, address(dynamic_at), address(dynamic_at), len(table), len(table), 8),
        interp if interpreter else (0,) * 8,
    ):
        head += struct.pack("<IIQQQQQQ", *row)
    return head + body + table
