"""Small ELF files with the sections that a test wants (System V ABI)."""

import struct
from collections.abc import Mapping


def elf(
    sections: Mapping[str, bytes] | None = None,
    *,
    kind: int = 2,
    machine: int = 62,
    wide: bool = True,
    little: bool = True,
    pad: int = 0,
) -> bytes:
    """An ELF file of that type whose sections have these contents; ``.symtab`` is linked to ``.strtab``.

    ``pad`` bytes stand between the header and the sections, so that the file is long enough to be looked at.
    """
    contents = {"": b"", **(sections or {})}
    contents[".shstrtab"] = b"\0".join(name.encode() for name in contents) + b"\0.shstrtab\0"
    names = list(contents)
    order = "<" if little else ">"
    header_bytes = 64 if wide else 52
    body, places = bytearray(pad), []
    for name in names:
        places.append(header_bytes + len(body))
        body += contents[name]
    row = f"{order}IIQQQQIIQQ" if wide else f"{order}IIIIIIIIII"
    table = b"".join(
        struct.pack(
            row,
            contents[".shstrtab"].index(name.encode() + b"\0") if name else 0,
            {"": 0, ".symtab": 2, ".strtab": 3, ".shstrtab": 3, ".bss": 8}.get(name, 1),
            0,
            0,
            places[index],
            len(contents[name]),
            names.index(".strtab") if name == ".symtab" and ".strtab" in names else 0,
            0,
            1,
            0,
        )
        for index, name in enumerate(names)
    )
    identity = bytes([0x7F, *b"ELF", 2 if wide else 1, 1 if little else 2, 1]).ljust(16, b"\0")
    start = header_bytes + len(body)
    rest = struct.pack(
        f"{order}HHIQQQIHHHHHH" if wide else f"{order}HHIIIIIHHHHHH",
        kind, machine, 1, 0, 0, start, 0, header_bytes, 0, 0, struct.calcsize(row), len(names), len(names) - 1,
    )  # fmt: skip
    return identity + rest + bytes(body) + table
