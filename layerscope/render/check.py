"""The checks of a gate as text, JSON or Markdown."""

from layerscope.model.check import CheckReport, CheckResult, Outcome
from layerscope.render.escape import printable
from layerscope.render.rows import markdown_text
from layerscope.render.table import aligned
from layerscope.render.text import counted
from layerscope.render.units import Units, plain

_HEADERS = ("", "RULE", "VALUE", "LIMIT", "WHAT IT IS")
_SIDES = ("text", "text", "n", "n", "text")


def text(checked: CheckReport, units: Units, width: int | None) -> str:
    """One line for each rule, then the result on the image."""
    cells = [_cells(result, units) for result in checked.checks]
    return f"{aligned(_HEADERS, cells, _SIDES, width)}\n\n{summary(checked)}\n"


def markdown(checked: CheckReport, units: Units) -> str:
    """The same for the summary of a job."""
    lines = [f"### {markdown_text(summary(checked))}", ""]
    lines.append("|  | rule | value | limit | what it is |")
    lines.append("| --- | --- | ---: | ---: | --- |")
    for result in checked.checks:
        lines.append("| " + " | ".join(markdown_text(cell) for cell in _cells(result, units)) + " |")
    return "\n".join(lines) + "\n"


def summary(checked: CheckReport) -> str:
    """``PASS app:1: 3 passed, 0 failed, 4 skipped``."""
    counts = {outcome: sum(one.outcome == outcome for one in checked.checks) for outcome in Outcome}
    told = f"{counts[Outcome.PASS]} passed, {counts[Outcome.FAIL]} failed, {counts[Outcome.SKIP]} skipped"
    told += f"; {counted(checked.ignored, 'finding')} ignored" if checked.ignored else ""
    return f"{'PASS' if checked.passed else 'FAIL'} {printable(checked.name)}: {told}"


def _cells(result: CheckResult, units: Units) -> list[str]:
    value, limit = (_shown(value, result.unit, units) for value in (result.value, result.limit))
    # Rounded to the same digits, the two would not say why the gate is open or closed.
    if result.unit == "bytes" and result.value != result.limit and value == limit:
        value, limit = (_shown(value, result.unit, plain) for value in (result.value, result.limit))
    return [result.outcome.value, printable(result.rule), value, limit, printable(result.detail)]


def _shown(value: float | int | None, unit: str, units: Units) -> str:
    if value is None:
        return ""
    if unit == "bytes":
        return units(int(value))
    return f"{value:.15g}%" if unit == "percent" else f"{value:,}"
