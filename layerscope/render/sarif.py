"""Findings as SARIF 2.1.0, for code scanning (OASIS, "Static Analysis Results Interchange Format")."""

from typing import Any
from urllib.parse import quote

from layerscope.model.finding import Finding, FindingKind, Severity
from layerscope.model.report import Report
from layerscope.model.step import Edit, Safety, Step
from layerscope.render.escape import printable
from layerscope.render.finding_summary import (
    FindingSummary,
    dockerfile_path,
    finding_summaries,
    ignored_summaries,
)
from layerscope.render.json import dumps
from layerscope.render.rules import paragraphs
from layerscope.render.units import RenderOptions
from layerscope.render.verdict import sentence
from layerscope.render.width import shortened
from layerscope.rules.registry import RULES
from layerscope.rules.rule import Rule
from layerscope.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
"""The base of every relative path; it has no URI where it is the working directory, as any checkout will do."""
_ROOT_IS = {"text": "The directory that the paths of the build's files start from"}
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_PROBLEMS = {"error": "error", "warning": "warning", "note": "recommendation"}
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""Scores that code scanning shows as these severities; only what concerns security may have one."""
_LONGEST = 1024
"""Characters of a rule's descriptions, of which code scanning takes no more."""
_MOST_PATHS = 20
"""Logical locations of one result; the rest is counted in its properties."""


def sarif(report: Report, options: RenderOptions) -> str:
    """One run with all rules and one result for each finding; no times, no machine, the same bytes each time.

    No line of this Dockerfile changes what the base image brings, so that inherited findings are left out unless
    they are asked for.
    """
    names = {rule.name: index for index, rule in enumerate(RULES)}
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "layerscope", "version": __version__, "rules": _rules()}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {**({"uri": options.root} if options.root else {}), "description": _ROOT_IS}},
        "results": [
            *(_result(one, report, options, names) for one in finding_summaries(report) if _is_shown(one, options)),
            *(
                _suppressed(_result(one, report, options, names), one.finding)
                for one in ignored_summaries(report)
                if _is_shown(one, options)
            ),
        ],
        "properties": {
            "image": printable(report.image.name),
            "imageId": report.image.image_id,
            "summary": sentence(report, options.units),
            "ownBytes": report.totals.own_bytes,
            "reclaimableBytes": report.totals.reclaimable_bytes,
        },
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


def _is_shown(one: FindingSummary, options: RenderOptions) -> bool:
    return options.inherited or not one.is_inherited


def _rules() -> list[dict[str, Any]]:
    return [
        {
            "id": rule.name,
            "name": "".join(part.capitalize() for part in rule.name.split("-")),
            "shortDescription": {"text": shortened(rule.general_title, _LONGEST)},
            "fullDescription": {"text": shortened("\n\n".join(paragraphs(rule)) or rule.general_title, _LONGEST)},
            "help": {"text": "\n\n".join([*paragraphs(rule), f"Fix: {rule.advice}"]).strip()},
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
            "properties": _rule_properties(rule),
        }
        for rule in RULES
    ]


def _rule_properties(rule: Rule) -> dict[str, Any]:
    tags, level = ["container-image", rule.severity.value], _PROBLEMS[_LEVELS[rule.severity]]
    if rule.kind != FindingKind.SECRET:
        return {"tags": tags, "problem.severity": level}
    return {"tags": [*tags, "security"], "problem.severity": level, "security-severity": _SCORES[rule.severity]}


def _result(one: FindingSummary, report: Report, options: RenderOptions, names: dict[str, int]) -> dict[str, Any]:
    finding = one.finding
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": "note" if one.is_inherited or finding.trade else _LEVELS[finding.severity],
        "message": {"text": _unlinked(f"{one.sentence(options.units)}. Fix: {printable(finding.fix)}")},
        "locations": [_location(one, report, options)],
        # The second is the only one that code scanning compares. It would compute it from the line, which several
        # findings of one rule may share.
        "partialFingerprints": {
            "layerscopeFinding/v1": one.fingerprint,
            "primaryLocationLineHash": f"{one.fingerprint}:1",
        },
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
    if related := _related(one, report, options):
        result["relatedLocations"] = related
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
            {"artifactLocation": _artifact(file), "replacements": replacements}
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
    """The Dockerfile's line to edit where it is known, else the archive; paths in the image are logical locations."""
    if one.edit_line is not None:
        physical = _physical(dockerfile_path(report, options), one.edit_line)
    else:
        # Code scanning shows no result without a region, and an archive has no lines.
        physical = _physical(report.image.source, 1)
    location: dict[str, Any] = {"physicalLocation": physical}
    if logical := _logical(one.finding):
        location["logicalLocations"] = logical
    return location


def _related(one: FindingSummary, report: Report, options: RenderOptions) -> list[dict[str, Any]]:
    """The line that brought it into the image, where that is not the one to edit."""
    if one.line is None or one.line == one.edit_line:
        return []
    physical = _physical(dockerfile_path(report, options), one.line)
    return [{"id": 1, "physicalLocation": physical, "message": {"text": "This line brings it into the image"}}]


def _physical(path: str, line: int) -> dict[str, Any]:
    return {"artifactLocation": _artifact(path), "region": {"startLine": line}}


def _artifact(path: str) -> dict[str, str]:
    """A path as a URI; one that is not absolute is below the root (section 3.4.4)."""
    uri = quote(path.encode("utf-8", "surrogateescape"))
    if uri.startswith("/"):
        return {"uri": f"file://{uri}"}
    # The first part of a relative reference may hold no colon (RFC 3986, section 4.2); quote escapes it.
    return {"uri": uri, "uriBaseId": _ROOT}


def _unlinked(text: str) -> str:
    """Text in which a message has no link (section 3.11.6), whatever a name of the image holds."""
    return text.replace("](", "] (")


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
