"""The results of ``layerscope check`` as text, Markdown or JSON: the verdict, the limits, and what made one fail."""

from collections.abc import Iterator, Sequence
from typing import Any

from layerscope.model.check import CheckReport, CheckResult, FindingsCheck, Outcome
from layerscope.model.finding import Severity
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.failures import Failure, Growth, failed_findings, failures
from layerscope.render.finding_summary import FindingSummary
from layerscope.render.json import lines, plain, with_bytes
from layerscope.render.markdown_syntax import markdown_code, markdown_table, markdown_text, within_limit
from layerscope.render.style import Style, painted, severity_style, styled
from layerscope.render.table import aligned
from layerscope.render.units import RenderOptions, Units
from layerscope.render.units import plain as all_digits
from layerscope.render.width import width_of, wrap_words
from layerscope.render.words import counted

_HEADERS = ("", "rule", "value", "limit", "what is checked")
_STYLES = {Outcome.PASS.value: Style.GOOD, Outcome.FAIL.value: Style.BAD, Outcome.SKIP.value: Style.SOFT}
_SIDES = ("text", "text", "n", "n", "text")
_INDENT = "  "
_LEAST_WIDTH, _READABLE = 20, 120
"""Columns that the words of a cell have at least, and that a line takes at most."""


def text(checked: CheckReport, report: Report, options: RenderOptions, growth: Growth | None = None) -> str:
    """The verdict, a line for each limit, the failed ones first, and for each of those what made it fail."""
    verdict = styled(summary(checked), _STYLES[Outcome.PASS if checked.passed else Outcome.FAIL])
    cells = [
        [styled(outcome, _STYLES.get(outcome)), *others]
        for outcome, *others in (_cells(one, options.units) for one in _limited(checked))
    ]
    blocks = [[verdict], [*_aligned(_HEADERS, cells, _SIDES, options), *_unlimited(checked, options)]]
    blocks += [list(_failure(one, options)) for one in failures(checked, report, options, growth or Growth())]
    joined = "\n\n".join("\n".join(block) for block in blocks)
    return "".join(f"{painted(line, color=options.color)}\n" for line in joined.split("\n"))


def markdown(checked: CheckReport, report: Report, options: RenderOptions, growth: Growth | None = None) -> str:
    """The verdict as a heading, then the same tables."""
    rows = [[markdown_text(cell) for cell in _cells(one, options.units)] for one in _limited(checked)]
    blocks = [[f"### {markdown_text(summary(checked))}"], markdown_table(_HEADERS, _SIDES, rows)]
    names = ", ".join(_unlimited_rules(checked))
    blocks += [[markdown_text(f"No limit: {names}")]] if names else []
    for one in failures(checked, report, options, growth or Growth()):
        table = [[markdown_text(cell) for cell in row] for row in one.rows]
        blocks.append([f"**{markdown_text(', '.join(one.rules))}**"])
        if table:
            blocks.append(markdown_table(one.headers, one.sides, table))
        if one.command:
            more = f"and {one.left:,} more; next: " if one.left else "Next: "
            blocks.append([f"{more}{markdown_code(one.command)}"])
    return within_limit(blocks)


def as_json(checked: CheckReport, report: Report) -> str:
    """All checks; those of findings name the findings that made them fail."""
    checks = [
        {**plain(one), "findings": [_finding(found) for found in failed_findings(one, report)]}
        if isinstance(one, FindingsCheck)
        else one
        for one in checked.checks
    ]
    return lines({"name": checked.name, "passed": checked.passed, "ignored": checked.ignored, "checks": checks})


def _finding(one: FindingSummary) -> dict[str, Any]:
    finding = one.finding
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "title": finding.title,
        "content_bytes": finding.content_bytes,
        "layers": finding.layers,
        "dockerfile_line": one.line,
        "edit_line": one.edit_line,
        **with_bytes({"path": one.place}),
    }


def summary(checked: CheckReport) -> str:
    """``FAIL app:1: 1 of 3 checks failed``, or ``PASS app:1: 3 of 3 checks passed``."""
    limited = [one for one in _limited(checked) if one.outcome != Outcome.SKIP]
    failed = sum(one.outcome == Outcome.FAIL for one in limited)
    ignored = f"; {counted(checked.ignored, 'finding')} ignored" if checked.ignored else ""
    every = counted(len(limited), "check")
    passed = f"{len(limited):,} of {every}" if len(limited) > 1 else every
    result = f"{failed:,} of {every} failed" if failed else f"{passed} passed"
    return f"{'PASS' if checked.passed else 'FAIL'} {printable(checked.name)}: {result}{ignored}"


def _limited(checked: CheckReport) -> list[CheckResult]:
    """The checks that have a limit, those that failed first."""
    found = [one for one in checked.checks if one.limit is not None]
    return sorted(found, key=lambda one: one.outcome != Outcome.FAIL)


def _unlimited_rules(checked: CheckReport) -> list[str]:
    return [printable(one.rule) for one in checked.checks if one.limit is None]


def _unlimited(checked: CheckReport, options: RenderOptions) -> Iterator[str]:
    """The checks without a limit, together."""
    names = _unlimited_rules(checked)
    if names:
        for line in wrap_words(f"no limit: {', '.join(names)}", options.width):
            yield styled(line, Style.SOFT)


def _failure(one: Failure, options: RenderOptions) -> Iterator[str]:
    yield styled(printable(", ".join(one.rules)), Style.STRONG)
    if one.rows:
        cells = [
            [
                styled(cell, severity_style(Severity(cell))) if side == "severity" else cell
                for side, cell in zip(one.sides, row, strict=True)
            ]
            for row in one.rows
        ]
        yield from (f"  {line}" for line in _aligned(one.headers, cells, one.sides, options))
    if one.left:
        yield f"  and {one.left:,} more"
    if one.command:
        yield f"  next: {styled(printable(one.command), Style.COMMAND)}"


def _aligned(
    headers: Sequence[str], cells: list[list[str]], sides: Sequence[str], options: RenderOptions
) -> Iterator[str]:
    """A table whose last column is wrapped, between words only, so that rules and paths stay whole."""
    if options.width is not None:
        others = [max(map(width_of, column)) for column in list(zip(headers, *cells, strict=True))[:-1]]
        room = max(_LEAST_WIDTH, min(options.width, _READABLE) - sum(others) - 2 * len(others) - len(_INDENT))
        cells = [[*row, "\n".join(_whole_words(last, room))] for *row, last in cells]
    yield from aligned([styled(one.upper(), Style.SOFT) for one in headers], cells, sides, None).split("\n")


def _whole_words(text: str, room: int) -> Iterator[str]:
    """Lines of at most ``room`` columns, and longer where a word is, which may be a path to copy."""
    line = ""
    for word in text.split(" "):
        if line and width_of(line) + 1 + width_of(word) > room:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _cells(result: CheckResult, units: Units) -> list[str]:
    return [result.outcome.value, printable(result.rule), *shown_pair(result, units), printable(result.detail)]


def outcome_style(outcome: Outcome) -> Style:
    """The colour of a check's result."""
    return _STYLES[outcome.value]


def shown_pair(result: CheckResult, units: Units) -> tuple[str, str]:
    """The value and the limit, with as many digits as explain the outcome."""
    value, limit = (_shown(value, result.unit, units) for value in (result.value, result.limit))
    if result.unit == "bytes" and result.value != result.limit and value == limit:
        value, limit = (_shown(value, result.unit, all_digits) for value in (result.value, result.limit))
    return value, limit


def _shown(value: float | int | None, unit: str, units: Units) -> str:
    if value is None:
        return ""
    if unit == "bytes":
        return units(int(value))
    return f"{value:.15g}%" if unit == "percent" else f"{value:,}"
