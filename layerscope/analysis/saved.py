"""A report back from the JSON that ``layerscope report -f json`` wrote."""

import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, NoReturn

from msgspec import Struct
from msgspec.structs import fields

from layerscope.errors import ArchiveError
from layerscope.model.report import SCHEMA_VERSION, Report

_HINT = "layerscope report IMAGE -f json writes one"
_DERIVED = frozenset({"path_base64"})
"""Members that the writer adds to what the value holds, so that other readers have the exact bytes of a path."""


def load(data: bytes, source: str = "the report") -> Report:
    """The report that was written to ``data``; equal to the one it was written from.

    Raises ArchiveError, which names the place in the JSON, for anything else: other JSON, an unknown member, a wrong
    type, a negative size. A report of a later minor version may hold unknown members; another major one is refused.
    """
    document = _parsed(data, source)
    if not isinstance(document, dict) or "schema_version" not in document:
        raise ArchiveError(f"{source} is a JSON document, but no report of layerscope: no schema_version", hint=_HINT)
    reader = _Reader(source, lenient=_is_later(document["schema_version"], source))
    report: Report = reader.value(Report, document, "$")
    _check_indexes(report, reader)
    return report


def _parsed(data: bytes, source: str) -> object:
    try:
        return json.loads(data, parse_constant=_no_constant)
    except RecursionError:
        raise ArchiveError(f"{source} is nested too deeply to be a report", hint=_HINT) from None
    except ValueError as error:
        raise ArchiveError(f"{source} is not JSON: {error}", hint=_HINT) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _is_later(version: object, source: str) -> bool:
    """Whether the report was written by a later minor version."""
    parts = version.split(".") if isinstance(version, str) else []
    if len(parts) != 2 or not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise ArchiveError(f"{source}: $.schema_version is no version", hint=_HINT)
    major, minor = (int(part) for part in parts)
    own_major, own_minor = (int(part) for part in SCHEMA_VERSION.split("."))
    if major != own_major:
        hint = "write it again with this version: layerscope report IMAGE -f json"
        raise ArchiveError(f"{source} has schema version {version}, this layerscope reads {SCHEMA_VERSION}", hint=hint)
    return minor > own_minor


class _Reader:
    """Turns JSON into values by their types; ``where`` is always the place in the document."""

    def __init__(self, source: str, *, lenient: bool) -> None:
        self._source = source
        self._lenient = lenient

    def fail(self, where: str, problem: str) -> NoReturn:
        raise ArchiveError(f"{self._source}: {where} {problem}", hint=_HINT)

    def value(self, kind: Any, raw: object, where: str) -> Any:
        """``raw`` as a value of the type ``kind``."""
        if kind is Any:
            return raw
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self._members(kind, raw, where)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return self._enum(kind, raw, where)
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is types.UnionType or origin is typing.Union:
            other = next(one for one in arguments if one is not types.NoneType)
            return None if raw is None else self.value(other, raw, where)
        if origin is tuple:
            return self._tuple(arguments, raw, where)
        if origin is Mapping:
            return self._mapping(arguments, raw, where)
        return self._scalar(kind, raw, where)

    def _members(self, kind: type[Struct], raw: object, where: str) -> Any:
        if not isinstance(raw, dict):
            self.fail(where, "is no object")
        values: dict[str, Any] = {}
        for name, hint, is_simple, is_count in _shape(kind):
            if name not in raw:
                continue
            one = raw[name]
            values[name] = one if is_simple and type(one) is hint else self.value(hint, one, f"{where}.{name}")
            if is_count and values[name] is not None and values[name] < 0:
                self.fail(f"{where}.{name}", "is negative")
        if len(values) < len(raw) and not self._lenient:
            unknown = next((name for name in raw if name not in values and not _is_derived(kind, name)), None)
            if unknown is not None:
                self.fail(f"{where}.{unknown[:60]}", "is no member of a report")
        try:
            return kind(**values)
        except TypeError:
            missing = next(name for name in _required(kind) if name not in values)
            self.fail(f"{where}.{missing}", "is missing")

    def _enum(self, kind: type[Enum], raw: object, where: str) -> Enum:
        try:
            return kind(raw)
        except ValueError:
            self.fail(where, f"is none of {', '.join(str(one.value) for one in kind)}")

    def _tuple(self, arguments: tuple[Any, ...], raw: object, where: str) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            self.fail(where, "is no array")
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(self.value(arguments[0], one, f"{where}[{index}]") for index, one in enumerate(raw))
        if len(raw) != len(arguments):
            self.fail(where, f"has {len(raw)} elements, not {len(arguments)}")
        pairs = zip(arguments, raw, strict=True)
        return tuple(self.value(one, other, f"{where}[{index}]") for index, (one, other) in enumerate(pairs))

    def _mapping(self, arguments: tuple[Any, ...], raw: object, where: str) -> dict[Any, Any]:
        if not isinstance(raw, dict):
            self.fail(where, "is no object")
        if arguments[0] is int and not all(key.isascii() and key.isdecimal() and len(key) < 10 for key in raw):
            self.fail(where, "has a key that is no index")
        return {arguments[0](key): self.value(arguments[1], one, f"{where}.{key}") for key, one in raw.items()}

    def _scalar(self, kind: type, raw: object, where: str) -> object:
        if kind is float and type(raw) is int:
            return float(raw)
        if type(raw) is not kind:
            names = {str: "text", int: "whole number", bool: "true or false", float: "number"}
            self.fail(where, f"is no {names[kind]}")
        return raw


@cache
def _shape(kind: type[Struct]) -> tuple[tuple[str, Any, bool, bool], ...]:
    """Of each member of a struct its name and type, whether a value is taken as it is, and whether it counts bytes.

    A report may hold a million paths, so that what their values have in common is found out once.
    """
    hints = typing.get_type_hints(kind)
    return tuple(
        (name, hints[name], hints[name] in (str, int, bool, float), name.endswith("_bytes"))
        for name in kind.__struct_fields__
    )


def _required(kind: type[Struct]) -> tuple[str, ...]:
    """The members that have to be there."""
    return tuple(one.name for one in fields(kind) if one.required)


def _is_derived(kind: type, name: str) -> bool:
    """Whether the value computes that member itself."""
    return name in _DERIVED or isinstance(getattr(kind, name, None), property)


def _check_indexes(report: Report, reader: _Reader) -> None:
    """Indexes are followed without a look elsewhere, so they have to lead somewhere."""
    steps, layers = len(report.instructions), len(report.layers)
    for name, indexes in (
        ("layers", [layer.index for layer in report.layers]),
        ("instructions", [step.index for step in report.instructions]),
    ):
        if indexes != list(range(len(indexes))):
            reader.fail(f"$.{name}", "are not numbered by their places in the array")
    for index, layer in enumerate(report.layers):
        if layer.instruction is not None and not 0 <= layer.instruction < steps:
            reader.fail(f"$.layers[{index}].instruction", "is no instruction")
    for index, step in enumerate(report.instructions):
        if step.layer is not None and not 0 <= step.layer < layers:
            reader.fail(f"$.instructions[{index}].layer", "is no layer")
    for name, found in (("findings", report.findings), ("ignored", report.ignored)):
        for index, finding in enumerate(found):
            if finding.instruction is not None and not 0 <= finding.instruction < steps:
                reader.fail(f"$.{name}[{index}].instruction", "is no instruction")
            if any(not 0 <= path.layer < layers for path in finding.paths):
                reader.fail(f"$.{name}[{index}].paths", "speak of a layer that is not there")
