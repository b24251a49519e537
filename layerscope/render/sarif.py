"""Findings as SARIF 2.1.0, for code scanning (OASIS, "Static Analysis Results Interchange Format")."""

from typing import Any
from urllib.parse import quote

from layerscope import __version__
from layerscope.model.finding import Finding, Severity
from layerscope.model.report import Report
from layerscope.model.step import Edit, Safety, Step
from layerscope.render.escape import printable
from layerscope.render.finding_summary import FindingSummary, finding_summaries, ignored_summaries
from layerscope.render.json import dumps
from layerscope.render.rules import paragraphs
from layerscope.render.units import RenderOptions
from layerscope.rules.registry import RULES

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_MOST_PATHS = 20
"""Logical locations of one result; the rest is counted in its properties."""


def sarif(report: Report, options: RenderOptions) -> str:
    """One run with all rules and one result for each finding; no times, no machine, the same bytes each time."""
    names = {rule.name: index for index, rule in enumerate(RULES)}
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "layerscope", "version": __version__, "rules": _rules()}},
        "columnKind": "unicodeCodePoints",
        "results": [
            *(_result(one, report, options, names) for one in finding_summaries(report)),
            *(_suppressed(_result(one, report, options, names), one.finding) for one in ignored_summaries(report)),
        ],
        "properties": {"image": printable(report.image.name), "imageId": report.image.image_id},
    }
    if report.warnings or not report.complete:
        run["invocations"] = [
            {
                "executionSuccessful": report.complete,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": printable(warning)}} for warning in report.warnings
                ],
            }
        ]
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rules() -> list[dict[str, Any]]:
    return [
        {
            "id": rule.name,
            "name": "".join(part.capitalize() for part in rule.name.split("-")),
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": "\n\n".join(paragraphs(rule)) or rule.title},
            "help": {"text": "\n\n".join([*paragraphs(rule), f"Fix: {rule.fix}"]).strip()},
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
            "properties": {"tags": ["container-image", rule.severity.value]},
        }
        for rule in RULES
    ]


def _result(one: FindingSummary, report: Report, options: RenderOptions, names: dict[str, int]) -> dict[str, Any]:
    finding = one.finding
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": "note" if one.is_inherited or finding.trade else _LEVELS[finding.severity],
        "message": {"text": f"{one.sentence(options.units)}. Fix: {printable(finding.fix)}"},
        "locations": [_location(one, report, options)],
        "partialFingerprints": {"layerscopeFinding/v1": one.fingerprint},
        "properties": {
            "severity": finding.severity.value,
            "kind": finding.kind.value,
            "evidence": finding.evidence.value,
            "source": printable(finding.source),
            "layers": list(finding.layers),
            "contentBytes": finding.content_bytes,
            "pathCount": len(finding.paths),
            "trade": finding.trade,
        },
    }
    if fixes := [made for step in one.steps if (made := _fix(step)) is not None]:
        result["fixes"] = fixes
    if finding.rule in names:
        result["ruleIndex"] = names[finding.rule]
    return result


def _fix(step: Step) -> dict[str, Any] | None:
    """The edits of a step (section 3.55); None where JSON cannot hold a line of the file to the byte."""
    lines = [line for edit in step.edits for line in (*edit.removed, *edit.added)]
    if not step.edits or any("\ud800" <= character <= "\udfff" for line in lines for character in line):
        return None
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in step.edits:
        by_file.setdefault(edit.file, []).append(_replacement(edit))
    review = f" Review: {printable(step.review)}" if step.safety == Safety.REVIEW else ""
    return {
        "description": {"text": f"{printable(step.sentence)}.{review}"},
        "artifactChanges": [
            {"artifactLocation": {"uri": quote(file)}, "replacements": replacements}
            for file, replacements in by_file.items()
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    """Whole lines; where some come in their place, the end of the last one stays, as a file may end without one."""
    last = edit.line + len(edit.removed)
    if edit.removed and edit.added:
        end, column, text = last - 1, len(edit.removed[-1]) + 1, "\n".join(edit.added)
    else:
        end, column, text = last, 1, "".join(f"{line}\n" for line in edit.added)
    region = {"startLine": edit.line, "startColumn": 1, "endLine": end, "endColumn": column}
    return {"deletedRegion": region, **({"insertedContent": {"text": text}} if text else {})}


def _suppressed(result: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """A result that the user's configuration ignores, with the reason that it gives."""
    suppression = {"kind": "external", "status": "accepted", "justification": printable(finding.ignored)}
    # Another finding that counts may have the same fingerprint.
    fingerprint = {name: f"{value}-ignored" for name, value in result["partialFingerprints"].items()}
    return {**result, "partialFingerprints": fingerprint, "suppressions": [suppression]}


def _location(one: FindingSummary, report: Report, options: RenderOptions) -> dict[str, Any]:
    """The Dockerfile's line where it is known, else the archive; the paths in the image are logical locations."""
    if one.line is not None:
        uri = quote((options.dockerfile or "Dockerfile").encode("utf-8", "surrogateescape"))
        physical: dict[str, Any] = {"artifactLocation": {"uri": uri}, "region": {"startLine": one.line}}
    else:
        source = report.image.source.encode("utf-8", "surrogateescape")
        # Code scanning shows no result without a region, and an archive has no lines.
        physical = {"artifactLocation": {"uri": quote(source)}, "region": {"startLine": 1}}
    location: dict[str, Any] = {"physicalLocation": physical}
    if logical := _logical(one.finding):
        location["logicalLocations"] = logical
    return location


def _logical(finding: Finding) -> list[dict[str, str]]:
    """Paths as a person reads them, and percent-encoded so that no byte is lost."""
    # A layer may hold a path twice, and the format wants each location once.
    places = dict.fromkeys((path.layer, path.path) for path in finding.paths[:_MOST_PATHS])
    return [
        {
            "name": printable(path.rpartition("/")[2]),
            "fullyQualifiedName": f"layer {layer}: {quote(path.encode('utf-8', 'surrogateescape'))}",
            "kind": "resource",
        }
        for layer, path in places
    ]
