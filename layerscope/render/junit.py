"""Findings as JUnit XML: each rule is a test suite, so a CI server shows what passed and what did not."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.finding_summary import FindingSummary, finding_summaries
from layerscope.render.units import RenderOptions
from layerscope.render.verdict import sentence
from layerscope.rules.registry import RULES


def junit(report: Report, options: RenderOptions) -> str:
    """A suite for each rule of the catalogue, a failure for each finding; inherited findings count as skipped."""
    by_rule: dict[str, list[FindingSummary]] = {rule.name: [] for rule in RULES}
    for one in finding_summaries(report):
        by_rule.setdefault(one.finding.rule, []).append(one)
    name = _attribute(f"layerscope {report.image.name}: {sentence(report, options.units)}")
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={name} {_counts(*by_rule.values())}>"]
    for rule, found in by_rule.items():
        lines += _suite(rule, found, options)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _counts(*suites: list[FindingSummary]) -> str:
    """The counts of these suites; one without findings is a passed test."""
    tests = sum(max(1, len(found)) for found in suites)
    skipped = sum(one.is_inherited for found in suites for one in found)
    return f'tests="{tests}" failures="{sum(map(len, suites)) - skipped}" errors="0" skipped="{skipped}"'


def _suite(rule: str, found: list[FindingSummary], options: RenderOptions) -> Iterator[str]:
    yield f"  <testsuite name={_attribute(rule)} {_counts(found)}>"
    if not found:
        yield f'    <testcase classname={_attribute(rule)} name="no findings"/>'
    for one in found:
        sentence = _attribute(one.sentence(options.units))
        yield f"    <testcase classname={_attribute(rule)} name={sentence}>"
        if one.is_inherited:
            yield f"      <skipped message={_attribute(one.finding.fix)}/>"
        else:
            kind = _attribute(f"{one.finding.severity.value} {one.finding.kind.value}")
            yield f"      <failure type={kind} message={_attribute(one.finding.fix)}>{_paths(one, options)}</failure>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _paths(one: FindingSummary, options: RenderOptions) -> str:
    """The biggest paths, one a line."""
    most = options.top or 10
    paths = one.finding.paths
    lines = [f"{options.units(p.content_bytes)}  {printable(p.path)} (layer {p.layer})" for p in paths[:most]]
    if len(paths) > most:
        lines.append(f"and {len(paths) - most:,} more")
    return escape("\n".join(lines))


def _attribute(text: str) -> str:
    """A quoted attribute; XML 1.0 has no way to write control characters, so they are printed as escapes."""
    return quoteattr(printable(text))
