"""The verdicts of a gate as text, JSON or Markdown."""

from layerscope.model.verdict import Judgement, Outcome, Verdict
from layerscope.render.escape import printable
from layerscope.render.rows import markdown_text
from layerscope.render.table import aligned
from layerscope.render.text import counted
from layerscope.render.units import Units, plain

_HEADERS = ("", "RULE", "FIGURE", "LIMIT", "WHAT IT IS")
_SIDES = ("text", "text", "n", "n", "text")


def text(judgement: Judgement, units: Units, width: int | None) -> str:
    """One line for each rule, then the verdict on the image."""
    cells = [_cells(verdict, units) for verdict in judgement.verdicts]
    return f"{aligned(_HEADERS, cells, _SIDES, width)}\n\n{summary(judgement)}\n"


def markdown(judgement: Judgement, units: Units) -> str:
    """The same for the summary of a job."""
    lines = [f"### {markdown_text(summary(judgement))}", ""]
    lines.append("|  | rule | figure | limit | what it is |")
    lines.append("| --- | --- | ---: | ---: | --- |")
    for verdict in judgement.verdicts:
        lines.append("| " + " | ".join(markdown_text(cell) for cell in _cells(verdict, units)) + " |")
    return "\n".join(lines) + "\n"


def summary(judgement: Judgement) -> str:
    """``PASS app:1: 3 passed, 0 failed, 4 skipped``."""
    counts = {outcome: sum(one.outcome == outcome for one in judgement.verdicts) for outcome in Outcome}
    told = f"{counts[Outcome.PASS]} passed, {counts[Outcome.FAIL]} failed, {counts[Outcome.SKIP]} skipped"
    told += f"; {counted(judgement.ignored, 'finding')} ignored" if judgement.ignored else ""
    return f"{'PASS' if judgement.passed else 'FAIL'} {printable(judgement.name)}: {told}"


def _cells(verdict: Verdict, units: Units) -> list[str]:
    figure, limit = (_figure(value, verdict.unit, units) for value in (verdict.figure, verdict.limit))
    # Rounded to the same digits, the two would not say why the gate is open or closed.
    if verdict.unit == "bytes" and verdict.figure != verdict.limit and figure == limit:
        figure, limit = (_figure(value, verdict.unit, plain) for value in (verdict.figure, verdict.limit))
    return [verdict.outcome.value, printable(verdict.rule), figure, limit, printable(verdict.detail)]


def _figure(value: float | int | None, unit: str, units: Units) -> str:
    if value is None:
        return ""
    if unit == "bytes":
        return units(int(value))
    return f"{value:.15g}%" if unit == "percent" else f"{value:,}"
