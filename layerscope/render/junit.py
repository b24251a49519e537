"""Findings as JUnit XML: each rule is a test suite, so a CI server shows what passed and what did not."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from layerscope.model.finding import FindingKind
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.finding_summary import Told, told
from layerscope.render.options import TextOptions
from layerscope.rules.registry import RULES


def junit(report: Report, options: TextOptions) -> str:
    """A suite for each rule of the catalogue, a failure for each finding; inherited findings count as skipped."""
    by_rule: dict[str, list[Told]] = {rule.name: [] for rule in RULES}
    for one in told(report):
        by_rule.setdefault(one.finding.rule, []).append(one)
    skipped = sum(finding.kind == FindingKind.INHERITED for finding in report.findings)
    cases = sum(max(1, len(found)) for found in by_rule.values())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    counts = f'tests="{cases}" failures="{len(report.findings) - skipped}" errors="0" skipped="{skipped}"'
    lines.append(f"<testsuites name={_attribute('layerscope ' + report.image.name)} {counts}>")
    for name, found in by_rule.items():
        lines += _suite(name, found, options)
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _suite(rule: str, found: list[Told], options: TextOptions) -> Iterator[str]:
    skipped = sum(one.finding.kind == FindingKind.INHERITED for one in found)
    counts = f'tests="{max(1, len(found))}" failures="{len(found) - skipped}" errors="0" skipped="{skipped}"'
    yield f"  <testsuite name={_attribute(rule)} {counts}>"
    if not found:
        yield f'    <testcase classname={_attribute(rule)} name="nothing found"/>'
    for one in found:
        sentence = _attribute(one.sentence(options.units))
        yield f"    <testcase classname={_attribute(rule)} name={sentence}>"
        if one.finding.kind == FindingKind.INHERITED:
            yield f"      <skipped message={_attribute(one.finding.fix)}/>"
        else:
            kind = _attribute(f"{one.finding.severity.value} {one.finding.kind.value}")
            yield f"      <failure type={kind} message={_attribute(one.finding.fix)}>{_paths(one, options)}</failure>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _paths(told_one: Told, options: TextOptions) -> str:
    """The biggest paths, one a line."""
    most = options.top or 10
    paths = told_one.finding.paths
    lines = [f"{options.units(one.content_bytes)}  {printable(one.path)} (layer {one.layer})" for one in paths[:most]]
    if len(paths) > most:
        lines.append(f"and {len(paths) - most:,} more")
    return escape("\n".join(lines))


def _attribute(text: str) -> str:
    """A quoted attribute; XML 1.0 has no way to write control characters, so they are printed as escapes."""
    return quoteattr(printable(text))
