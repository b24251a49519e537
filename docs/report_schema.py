"""Writes the JSON Schema of the report, in layerscope/schema, from the report's own types."""

import inspect
import json
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct

from layerscope.model.report import SCHEMA_VERSION, Report

PUBLISHED = Path(__file__).parents[1] / "layerscope" / "schema" / f"report-{SCHEMA_VERSION}.json"
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {},
}


def schema() -> dict[str, Any]:
    """The schema as the types of this version give it (JSON Schema, draft 2020-12)."""
    definitions: dict[str, Any] = {}
    reference = _of(Report, definitions)
    definitions["Report"]["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:layerscope:schema:report-{SCHEMA_VERSION}",
        "title": f"The JSON report of layerscope, version {SCHEMA_VERSION}",
        **reference,
        "$defs": dict(sorted(definitions.items())),
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of one type; each struct and enumeration gets a definition of its own."""
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType or origin is typing.Union:
        return {"anyOf": [{"type": "null"} if one is type(None) else _of(one, definitions) for one in arguments]}
    if origin is tuple and arguments[-1] is Ellipsis:
        return {"type": "array", "items": _of(arguments[0], definitions)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_of(one, definitions) for one in arguments], "items": False}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _of(arguments[1], definitions)}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        definitions[kind.__name__] = {"description": _description(kind), "enum": [one.value for one in kind]}
    elif isinstance(kind, type) and issubclass(kind, Struct):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}
            definitions[kind.__name__] = _object(kind, definitions)
    else:
        raise TypeError(f"no JSON Schema for {kind!r}")
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _object(kind: type[Struct], definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    members = {name: _member(name, hints[name], definitions) for name in kind.__struct_fields__}
    required = list(members)
    for name, value in inspect.getmembers(kind, lambda value: isinstance(value, property)):
        # What the value computes itself may be written beside its fields.
        hint = typing.get_type_hints(value.fget)["return"]
        members[name] = {**_of(hint, definitions), "description": _description(value)}
    if "path" in members:
        note = "the bytes of a path that is no UTF-8; path has them as surrogate escapes"
        members["path_base64"] = {"type": "string", "contentEncoding": "base64", "description": note}
    return {
        "description": _description(kind),
        "type": "object",
        "properties": members,
        "required": required,
        "additionalProperties": False,
    }


def _member(name: str, kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    made = _of(kind, definitions)
    counts = name.endswith("_bytes") or name in ("files", "entries", "index", "layer")
    if counts and made == {"type": "integer"}:
        made["minimum"] = 0
    return made


def _description(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").replace("``", "`").split())


if __name__ == "__main__":
    PUBLISHED.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
