"""Load the report that ``layerscope report -f json`` saved."""

import json
from typing import NoReturn

import msgspec
from msgspec import Struct

from layerscope.errors import ArchiveError
from layerscope.model.report import SCHEMA_VERSION, Report

_HINT = "layerscope report IMAGE -f json writes one"
_DERIVED = frozenset({"path_base64"})
"""Members that are only written, for other readers: the exact bytes of a path."""
_LONGEST = 200
"""The most characters of a problem in an error, as it may quote the document."""


def load(data: bytes, source: str = "the report") -> Report:
    """Return the report that was saved as ``data``, equal to the original.

    Raises ArchiveError, which names the place in the JSON, for other JSON, an unknown member, a wrong type or a
    negative size. A report of a later minor version may hold unknown members; another major version is refused.
    """
    document = _parsed(data, source)
    if not isinstance(document, dict) or "schema_version" not in document:
        raise ArchiveError(f"{source} is JSON but not a report of layerscope: it has no schema_version", hint=_HINT)
    is_later = _is_later(document["schema_version"], source)
    try:
        # Not decoded by msgspec: a path that is not UTF-8 is a lone surrogate in the JSON, which only json reads.
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
    raise ValueError(f"{name} is not a number")


def _is_later(version: object, source: str) -> bool:
    """Return whether a later minor version saved the report; raises ArchiveError for another major version."""
    parts = version.split(".") if isinstance(version, str) else []
    if len(parts) != 2 or not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise ArchiveError(f"{source}: $.schema_version is not a version", hint=_HINT)
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
    """Return the place of a member in the JSON that the value does not have, relative to it; empty if there is none.

    Types that forbid unknown members would also refuse computed ones, and those that later versions add.
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
    """Refuse indexes of layers and instructions that do not exist: the renderers follow them unchecked."""
    steps, layers = len(report.instructions), len(report.layers)
    for name, indexes in (
        ("layers", [layer.index for layer in report.layers]),
        ("instructions", [step.index for step in report.instructions]),
    ):
        if indexes != list(range(len(indexes))):
            raise _refused(source, f"$.{name}", "not numbered in the order of the array")
    for index, layer in enumerate(report.layers):
        if layer.instruction is not None and not 0 <= layer.instruction < steps:
            raise _refused(source, f"$.layers[{index}].instruction", "no such instruction")
    for index, step in enumerate(report.instructions):
        if step.layer is not None and not 0 <= step.layer < layers:
            raise _refused(source, f"$.instructions[{index}].layer", "no such layer")
    for name, places in (
        ("steps", [place for step in report.steps for place in step.findings]),
        ("base_step", report.base_step.findings if report.base_step else ()),
        ("secrets", [one.finding for one in report.secrets]),
    ):
        if any(not 0 <= place < len(report.findings) for place in places):
            raise _refused(source, f"$.{name}", "no such finding")
    for name, found in (("findings", report.findings), ("ignored", report.ignored)):
        for index, finding in enumerate(found):
            if finding.instruction is not None and not 0 <= finding.instruction < steps:
                raise _refused(source, f"$.{name}[{index}].instruction", "no such instruction")
            if any(not 0 <= path.layer < layers for path in finding.paths):
                raise _refused(source, f"$.{name}[{index}].paths", "no such layer")
