"""Values as JSON: keys in the order of their definition, the same bytes for the same value."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

import msgspec
from msgspec import Struct

from layerscope.model.base import Base
from layerscope.model.diff import FindingChange, PackageChange, PathChange
from layerscope.model.finding import Finding
from layerscope.model.onto import Onto
from layerscope.model.package import Package
from layerscope.model.patterns import pattern
from layerscope.model.report import Report
from layerscope.render.units import RenderOptions

_COMPUTED = {Finding: ("path_count",), Package: ("full_name", "purl"), Base: ("evidence",), Onto: ("fits",)}
"""The properties that are written beside the fields."""
_ROWS = (Finding, Package, FindingChange, PackageChange, PathChange)
"""What a document has thousands of, none of them long."""
_LONG = 1 << 16
"""So many characters of a text, and of short members, are one piece."""
_MANY = 1000
"""So many elements within an element are not encoded as a whole."""
_ODD = pattern(r"[^\0-~]+")


def dumps(value: object, *, indent: int | None = None) -> str:
    """ASCII only: control characters, bidirectional marks and lone surrogates are escaped without loss."""
    # An encoder for each value would take as long as encoding a row.
    return _ROW.encode(value) if indent is None else json.dumps(value, indent=indent, ensure_ascii=True, default=plain)


def lines(value: object) -> str:
    """A document that people can read: each member of the outer object, and each element of its arrays, on a line.

    Ten times as fast as an indented one, which the standard library writes in Python.
    """
    return "".join(pieces(value))


def pieces(value: object) -> Iterator[str]:
    """The same document in pieces, for one that is not to be in memory as a whole.

    None begins with what a command of GitHub's runner begins with, or cuts one.
    """
    gathered, length = list[str](), 0
    for part in _parts_of_lines(plain(value)):
        if length >= _LONG and part[0] not in " :" and gathered[-1][-1] != "#":
            yield "".join(gathered)
            gathered, length = [], 0
        gathered.append(part)
        length += len(part)
    yield "".join(gathered)


def _parts_of_lines(members: Mapping[str, object]) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=plain).encode
    yield "{\n"
    for number, (name, member) in enumerate(members.items(), 1):
        end = ",\n" if number < len(members) else "\n"
        yield f"  {encode(name)}: "
        if isinstance(member, list | tuple) and member:
            yield "[\n"
            for place, one in enumerate(member):
                yield ",\n    " if place else "    "
                yield from _parts(one, encode)
            yield f"\n  ]{end}"
        else:
            yield from _parts(member, encode)
            yield end
    yield "}\n"


def _parts(value: object, encode: Callable[[object], str]) -> Iterator[str]:
    """The JSON of a value in parts: encoding 100,000 labels at once takes ten times their length."""
    if isinstance(value, str) and len(value) > _LONG:
        yield '"'
        for start in range(0, len(value), _LONG):
            yield _quoted(value[start : start + _LONG])[1:-1]
        yield '"'
        return
    if isinstance(value, _ROWS) and (row := _row(value)):
        yield row
        return
    members = value if isinstance(value, dict) else plain(value) if isinstance(value, Struct | Mapping) else {}
    if members and all(isinstance(one, str) for one in members):
        for number, (name, member) in enumerate(members.items()):
            yield f"{',' if number else '{'}{encode(name)}:"
            yield from _parts(member, encode)
        yield "}"
    elif isinstance(value, list | tuple) and len(value) > _MANY:
        for place, one in enumerate(value):
            yield "," if place else "["
            yield from _parts(one, encode)
        yield "]"
    else:
        yield encode(value)


def report_json(report: Report, options: RenderOptions) -> str:
    """The document of ``layerscope schema``; bytes are integers whatever the units."""
    return lines(report)


def plain(value: object) -> dict[str, Any]:
    """A value as an object of its fields, which the encoder encodes in turn.

    An object whose ``path`` is not UTF-8 also gets ``path_base64``, the bytes as they are in the archive.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, Struct):
        raise TypeError(f"no JSON for {type(value).__name__}")
    members = with_bytes({name: getattr(value, name) for name in value.__struct_fields__})
    return members | {name: getattr(value, name) for name in _COMPUTED.get(type(value), ())}


_ROW = json.JSONEncoder(ensure_ascii=True, default=plain)


def _row(value: Struct) -> str:
    """The JSON of one of ``_ROWS``, in a tenth of the time; empty for one with bytes that are not UTF-8.

    These need a member of their own.
    """
    try:
        text = msgspec.json.encode(plain(value) if type(value) in _COMPUTED else value).decode()
    except UnicodeEncodeError:
        return ""
    # Everything outside of strings is ASCII, so that all other characters are within one.
    return text if text.isascii() and "\x7f" not in text else _ODD.sub(lambda odd: _quoted(odd[0])[1:-1], text)


def with_bytes(members: dict[str, Any]) -> dict[str, Any]:
    """The members of an object, with ``path_base64`` if its ``path`` is not UTF-8."""
    path = members.get("path")
    if isinstance(path, str) and not path.isascii() and any(0xDC80 <= ord(c) <= 0xDCFF for c in path):
        raw = path.encode("utf-8", "surrogateescape")
        return {**members, "path_base64": base64.b64encode(raw).decode("ascii")}
    return members


def jsonl(report: Report, options: RenderOptions) -> str:
    """Lines of ``{"type": T, T: {...}}``, where T is image, totals, base, layer, instruction, ... or warning."""
    return "".join(dumps({"type": kind, kind: value}) + "\n" for kind, value in _things(report))


def _things(report: Report) -> Iterator[tuple[str, object]]:
    yield "image", report.image
    yield "totals", report.totals
    yield "base", report.base
    if report.dockerfile is not None:
        yield "dockerfile", report.dockerfile
    if report.base_step is not None:
        yield "base_step", report.base_step
    # A package has a member ``type`` itself, so each value is nested in a member of its own.
    for kind, values in (
        ("layer", report.layers),
        ("instruction", report.instructions),
        ("stage", report.stages),
        ("package", report.packages),
        ("finding", report.findings),
        ("step", report.steps),
        ("onto", report.onto),
        ("secret", report.secrets),
        ("ignored", report.ignored),
        ("directory", report.directories),
        ("unowned", report.unowned),
        ("hidden", report.hidden),
        ("warning", report.warnings),
    ):
        for value in values:
            yield kind, value
