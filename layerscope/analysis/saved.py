"""A report back from the JSON that ``layerscope report -f json`` wrote."""

import json
from typing import NoReturn

import msgspec
from msgspec import Struct

from layerscope.errors import ArchiveError
from layerscope.model.report import SCHEMA_VERSION, Report

_HINT = "layerscope report IMAGE -f json writes one"
_DERIVED = frozenset({"path_base64"})
"""Members that the writer adds to what the value holds, so that other readers have the exact bytes of a path."""
_LONGEST = 200
"""Characters of a problem that an error quotes, as it may hold a text of the document."""


def load(data: bytes, source: str = "the report") -> Report:
    """The report that was written to ``data``; equal to the one it was written from.

    Raises ArchiveError, which names the place in the JSON, for anything else: other JSON, an unknown member, a wrong
    type, a negative size. A report of a later minor version may hold unknown members; another major one is refused.
    """
    document = _parsed(data, source)
    if not isinstance(document, dict) or "schema_version" not in document:
        raise ArchiveError(f"{source} is a JSON document, but no report of layerscope: no schema_version", hint=_HINT)
    is_later = _is_later(document["schema_version"], source)
    try:
        # Not decoded in one go: a path that is not UTF-8 stands in JSON as a lone surrogate, which only json reads.
        report = msgspec.convert(document, Report, str_keys=True)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # A member's name may hold a lone surrogate.
        problem, _, place = str(error).rpartition(" - at ")
        raise _refused(source, place.strip("`") if problem else "$", problem or place) from None
    if not is_later and (place := _unknown(report, document)):
        raise _refused(source, f"${place}", "not a member of a report")
    _check_indexes(report, source)
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
        raise ArchiveError(
            f"{source} was saved by another version of layerscope: schema {version}, expected {SCHEMA_VERSION}",
            hint="make it again: layerscope report IMAGE -f json",
        )
    return minor > own_minor


def _refused(source: str, place: str, problem: str) -> ArchiveError:
    return ArchiveError(f"{source}: {place[:_LONGEST]}: {problem[:_LONGEST]}", hint=_HINT)


def _unknown(value: object, raw: object) -> str:
    """The place, below the value's own, of a member in the JSON that it does not have; empty where there is none.

    Types that forbid unknown members would also refuse those that a value computes, and what later versions add.
    """
    if isinstance(value, tuple) and isinstance(raw, list):
        for index, (one, other) in enumerate(zip(value, raw, strict=True)):
            if isinstance(other, (dict, list)) and (place := _unknown(one, other)):
                return f"[{index}]{place}"
    elif isinstance(value, Struct) and isinstance(raw, dict):
        names, own = value.__struct_fields__, type(value)
        for name, other in raw.items():
            if name not in names:
                if name not in _DERIVED and not isinstance(getattr(own, name, None), property):
                    return f".{name}"
            elif isinstance(other, (dict, list)) and (place := _unknown(getattr(value, name), other)):
                return f".{name}{place}"
    return ""


def _check_indexes(report: Report, source: str) -> None:
    """Indexes are followed without a look elsewhere, so they have to lead somewhere."""
    steps, layers = len(report.instructions), len(report.layers)
    for name, indexes in (
        ("layers", [layer.index for layer in report.layers]),
        ("instructions", [step.index for step in report.instructions]),
    ):
        if indexes != list(range(len(indexes))):
            raise _refused(source, f"$.{name}", "not numbered by their places in the array")
    for index, layer in enumerate(report.layers):
        if layer.instruction is not None and not 0 <= layer.instruction < steps:
            raise _refused(source, f"$.layers[{index}].instruction", "no such instruction")
    for index, step in enumerate(report.instructions):
        if step.layer is not None and not 0 <= step.layer < layers:
            raise _refused(source, f"$.instructions[{index}].layer", "no such layer")
    for name, found in (("findings", report.findings), ("ignored", report.ignored)):
        for index, finding in enumerate(found):
            if finding.instruction is not None and not 0 <= finding.instruction < steps:
                raise _refused(source, f"$.{name}[{index}].instruction", "no such instruction")
            if any(not 0 <= path.layer < layers for path in finding.paths):
                raise _refused(source, f"$.{name}[{index}].paths", "a layer that is not there")
