"""Makes header blobs by hand, for what no small real package holds."""

import struct
from collections.abc import Iterable, Sequence

from layerscope.packages.formats.rpm.header import Type
from layerscope.packages.formats.rpm.package import Tag

type_formats = {Type.CHAR: "B", Type.INT8: "B", Type.INT16: "H", Type.INT32: "I", Type.INT64: "Q"}

Value = str | Sequence[str] | Sequence[int]
Item = tuple[int, Type, Value]

NEVR: tuple[Item, ...] = (
    (Tag.NAME, Type.STRING, "made"),
    (Tag.VERSION, Type.STRING, "1"),
    (Tag.RELEASE, Type.STRING, "2"),
)


def one_file(**changes: Item) -> tuple[Item, ...]:
    """The tags of a package with the file ``/d/f``; a change replaces the item of that tag, or adds one."""
    items: dict[str, Item] = {
        "DIRNAMES": (Tag.DIRNAMES, Type.STRING_ARRAY, ["/d/"]),
        "BASENAMES": (Tag.BASENAMES, Type.STRING_ARRAY, ["f"]),
        "DIRINDEXES": (Tag.DIRINDEXES, Type.INT32, [0]),
    }
    return (*NEVR, *(items | changes).values())


def blob(items: Iterable[Item], *, dribbles: Iterable[Item] = (), region: bool = False) -> bytes:
    """A header blob; with ``region``, ``items`` lie inside an immutable one and ``dribbles`` behind it."""
    store = bytearray()
    entries = [_append(store, *item) for item in items]
    if region:
        signed = len(entries) + 1
        entries.insert(0, struct.pack(">IIiI", 63, Type.BIN, len(store), 16))
        store += struct.pack(">IIiI", 63, Type.BIN, -16 * signed, 16)
    entries += [_append(store, *item) for item in dribbles]
    return struct.pack(">II", len(entries), len(store)) + b"".join(entries) + bytes(store)


def _append(store: bytearray, tag: int, kind: Type, value: Value) -> bytes:
    if isinstance(value, str):
        raw, width = value.encode("utf-8", "surrogateescape") + b"\0", 1
    elif kind in type_formats:
        raw = struct.pack(f">{len(value)}{type_formats[kind]}", *value)
        width = len(raw) // len(value)
    else:
        raw, width = b"".join(str(text).encode("utf-8", "surrogateescape") + b"\0" for text in value), 1
    store += bytes(-len(store) % width)
    entry = struct.pack(">IIiI", tag, kind, len(store), 1 if isinstance(value, str) else len(value))
    store += raw
    return entry
