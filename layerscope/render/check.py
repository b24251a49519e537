"""The results of ``layerscope check`` as text or Markdown."""

from layerscope.model.check import CheckReport, CheckResult, Outcome
from layerscope.render.escape import printable
from layerscope.render.markdown_syntax import markdown_table, markdown_text
from layerscope.render.style import Style, painted, styled
from layerscope.render.table import aligned
from layerscope.render.units import Units, plain
from layerscope.render.words import counted

_HEADERS = ("", "rule", "value", "limit", "what is checked")
_STYLES = {Outcome.PASS.value: Style.GOOD, Outcome.FAIL.value: Style.BAD, Outcome.SKIP.value: Style.SOFT}
_SIDES = ("text", "text", "n", "n", "text")


def text(checked: CheckReport, units: Units, width: int | None, *, color: bool = False) -> str:
    """One line for each rule, then the result on the image."""
    cells = [_cells(result, units) for result in checked.checks]
    cells = [[styled(outcome, _STYLES.get(outcome)), *others] for outcome, *others in cells]
    headers = [styled(header.upper(), Style.SOFT) for header in _HEADERS]
    result = styled(summary(checked), _STYLES[Outcome.PASS if checked.passed else Outcome.FAIL])
    lines = f"{aligned(headers, cells, _SIDES, width)}\n\n{result}".split("\n")
    return "".join(f"{painted(line, color=color)}\n" for line in lines)


def markdown(checked: CheckReport, units: Units) -> str:
    """The result as a heading, then one row for each rule."""
    rows = [[markdown_text(cell) for cell in _cells(result, units)] for result in checked.checks]
    return "\n".join([f"### {markdown_text(summary(checked))}", "", *markdown_table(_HEADERS, _SIDES, rows)]) + "\n"


def summary(checked: CheckReport) -> str:
    """``PASS app:1: 3 passed, 0 failed, 4 skipped``."""
    counts = {outcome: sum(one.outcome == outcome for one in checked.checks) for outcome in Outcome}
    ignored = f"; {counted(checked.ignored, 'finding')} ignored" if checked.ignored else ""
    return (
        f"{'PASS' if checked.passed else 'FAIL'} {printable(checked.name)}: {counts[Outcome.PASS]} passed, "
        f"{counts[Outcome.FAIL]} failed, {counts[Outcome.SKIP]} skipped{ignored}"
    )


def _cells(result: CheckResult, units: Units) -> list[str]:
    return [result.outcome.value, printable(result.rule), *shown_pair(result, units), printable(result.detail)]


def outcome_style(outcome: Outcome) -> Style:
    """The colour of a check's result."""
    return _STYLES[outcome.value]


def shown_pair(result: CheckResult, units: Units) -> tuple[str, str]:
    """The value and the limit, with as many digits as explain the outcome."""
    value, limit = (_shown(value, result.unit, units) for value in (result.value, result.limit))
    if result.unit == "bytes" and result.value != result.limit and value == limit:
        value, limit = (_shown(value, result.unit, plain) for value in (result.value, result.limit))
    return value, limit


def _shown(value: float | int | None, unit: str, units: Units) -> str:
    if value is None:
        return ""
    if unit == "bytes":
        return units(int(value))
    return f"{value:.15g}%" if unit == "percent" else f"{value:,}"
