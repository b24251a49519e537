"""Values as JSON: keys in the order of their definition, the same bytes for the same value."""

import base64
import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any


def dumps(value: object, *, indent: int | None = None) -> str:
    """ASCII only: control characters, bidirectional marks and lone surrogates are escaped, and can be had back."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=True)


def lines(value: object) -> str:
    """A document to be read by people too: each member of the outer object, and each element of its arrays, on a line.

    Ten times as fast as an indented one, which the standard library writes in Python.
    """
    members = plain(value)
    encode = json.JSONEncoder(ensure_ascii=True).encode
    parts = []
    for name, member in members.items():
        if isinstance(member, list) and member:
            elements = ",\n    ".join(map(encode, member))
            parts.append(f"  {encode(name)}: [\n    {elements}\n  ]")
        else:
            parts.append(f"  {encode(name)}: {encode(member)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def plain(value: object) -> Any:
    """Dataclasses as objects, tuples as arrays, enumerations as their values.

    An object whose ``path`` is no UTF-8 also gets ``path_base64``, the bytes as they stand in the archive.
    """
    if isinstance(value, str) and not isinstance(value, Enum):
        return value
    if value is None or isinstance(value, bool | int | float):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return _with_bytes({str(key): plain(one) for key, one in value.items()})
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if dataclasses.is_dataclass(value):
        names = _names(type(value))
        return _with_bytes({name: plain(getattr(value, name)) for name in names})
    raise TypeError(f"no JSON for {type(value).__name__}")


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; remembered, since asking is slower than copying them."""
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in dataclasses.fields(kind))
    return _NAMES[kind]


def _with_bytes(members: dict[str, Any]) -> dict[str, Any]:
    path = members.get("path")
    if isinstance(path, str) and not path.isascii() and any(0xDC80 <= ord(c) <= 0xDCFF for c in path):
        raw = path.encode("utf-8", "surrogateescape")
        return {**members, "path_base64": base64.b64encode(raw).decode("ascii")}
    return members
