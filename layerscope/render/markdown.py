"""The report as Markdown, for a pull request or the summary of a job."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from layerscope.model.patterns import pattern
from layerscope.model.report import LayerReport, Report
from layerscope.model.source import is_reclaimable
from layerscope.model.step import Safety, Step
from layerscope.render.finding_summary import FindingSummary, finding_summaries, ignored_summaries
from layerscope.render.steps import advised, diff_lines, step_place
from layerscope.render.table import markdown_table, markdown_text, within_limit
from layerscope.render.units import RenderOptions, Units, percent
from layerscope.render.width import shortened
from layerscope.render.words import INCOMPLETE, STAGE_HEADERS, base_words, counted, layer_line, stage_rows

_LONGEST = 300
"""Characters of a cell; an instruction can be a whole script."""
_MOST_STEPS = 10
_MOST_LINES = 60
"""Lines of one diff."""
_TICKS = pattern("`+")


def markdown(report: Report, options: RenderOptions) -> str:
    """Verdict, findings, next steps, layers, packages; ``top`` rows in each table, 0 for all that fit."""
    sections = (_verdict, _secrets, _findings, _steps, _stages, _layers, _packages, _ignored, _warnings)
    return within_limit(chain.from_iterable(section(report, options) for section in sections))


def _verdict(report: Report, options: RenderOptions) -> Iterator[str]:
    image, totals, units = report.image, report.totals, options.units
    yield f"### {_cell(image.name)}: {units(image.docker_size)} in {counted(len(report.layers), 'layer')}"
    yield ""
    verdict = "No waste found."
    if totals.reclaimable_bytes:
        share = percent(totals.reclaimable_bytes, totals.own_bytes)
        verdict = f"**{units(totals.reclaimable_bytes)}** ({share} of your own bytes) is reclaimable."
    if totals.trade_bytes:
        verdict += f" Trades, such as start-up time for size, could save {units(totals.trade_bytes)} more."
    if totals.base_bytes:
        verdict += (
            f" The {base_words(report.base)} adds {units(totals.base_bytes)} in {counted(report.base.layers, 'layer')}."
        )
    yield verdict
    if not report.complete:
        yield f"\n**Incomplete: {INCOMPLETE}.**"
    yield ""


def _findings(report: Report, options: RenderOptions) -> Iterator[str]:
    def row(one: FindingSummary) -> Sequence[str]:
        finding = one.finding
        where = f"{one.place}{one.more_places}" if one.place else finding.detail
        return finding.severity.value, finding.rule, _size(finding.content_bytes, options.units), where, finding.title

    header = ("Severity", "Rule", "Size", "Where", "What")
    found = list(finding_summaries(report))
    own = [row(one) for one in found if is_reclaimable(one.finding)]
    yield from _table("Findings", header, "--:--", own, options.top)
    trades = [row(one) for one in found if one.finding.trade and not one.is_inherited]
    yield from _table("Trades", header, "--:--", trades, options.top)
    inherited = [row(one) for one in found if one.is_inherited]
    yield from _table("Inherited from the base image", header, "--:--", inherited, options.top)


def _secrets(report: Report, options: RenderOptions) -> Iterator[str]:
    rows = [(one.severity.value, one.rotate, one.supply) for one in report.secrets]
    yield from _table("Secrets", ("Severity", "What to do", "How to pass it"), "---", rows, options.top)


def _steps(report: Report, options: RenderOptions) -> Iterator[str]:
    rows = advised(report)
    if rows or report.base_step is not None:
        yield "#### Steps\n"
    most = options.top or _MOST_STEPS
    for row in rows[:most]:
        saves = f"saves **{options.units(row.content_bytes)}**" if row.content_bytes else ""
        place = f"{_code(step_place(row.step, report))} (step {row.number})" if row.step is not None else ""
        head = ", ".join(filter(None, (saves, place)))
        yield f"- {head + ': ' if head else ''}{_cell(row.sentence)}"
        if row.step is not None:
            yield from _details(row.step)
    left = sum(row.step is not None for row in rows[most:])
    if left:
        yield f"\nand {counted(left, 'more step')}: {_code(options.command('fix'))}"
    base = report.base_step
    if base is not None:
        place = f" ({_code(step_place(base, report))})" if base.dockerfile_line else ""
        saves = f"up to **{options.units(base.saves_bytes)}** more, to be reviewed"
        yield f"\nThe base image{place}: {saves}: {_cell(base.sentence)}"
    if rows or base is not None:
        yield ""


def _details(step: Step) -> Iterator[str]:
    """What to make sure of, and the change as a diff, which belong to the item of the list above."""
    if step.safety == Safety.REVIEW:
        yield f"\n  **Review:** {_cell(step.review)}"
    if step.edits:
        lines = [shortened(line, _LONGEST) for line in diff_lines(step)][:_MOST_LINES]
        fence = "`" * max(3, 1 + max(len(run) for line in lines for run in _TICKS.findall(line) or [""]))
        # In one piece, so that a page that is too long loses all of it.
        yield "\n".join(["", *(f"  {line}" for line in (f"{fence}diff", *lines, fence)), ""])


def _code(text: str) -> str:
    """Text as code, whatever quotes it holds."""
    return f"<code>{_cell(text)}</code>"


def _stages(report: Report, options: RenderOptions) -> Iterator[str]:
    yield from _table("Build stages", STAGE_HEADERS, "-:::-", stage_rows(report.stages, options.units), 0)


def _layers(report: Report, options: RenderOptions) -> Iterator[str]:
    def instruction(layer: LayerReport) -> str:
        return layer_line(layer, None if layer.instruction is None else report.instructions[layer.instruction])

    rows = [
        (
            str(layer.index),
            options.units(layer.content_bytes),
            _size(layer.reclaimable_bytes, options.units),
            layer.origin,
            instruction(layer),
        )
        for layer in report.layers
    ]
    yield from _table("Layers", ("#", "Size", "Reclaimable", "Origin", "Instruction"), ":::--", rows, options.top)


def _packages(report: Report, options: RenderOptions) -> Iterator[str]:
    packages = sorted(report.packages, key=lambda package: (-package.content_bytes, package.full_name, package.version))
    rows = [
        (
            options.units(package.content_bytes),
            package.full_name,
            package.version,
            package.type,
            "" if package.layer is None else str(package.layer),
        )
        for package in packages
        if package.content_bytes
    ]
    yield from _table("Packages", ("Size", "Package", "Version", "Type", "Layer"), ":---:", rows, options.top or 25)


def _ignored(report: Report, options: RenderOptions) -> Iterator[str]:
    rows = [
        (one.finding.rule, options.units(one.finding.content_bytes), one.place, one.finding.ignored)
        for one in ignored_summaries(report)
    ]
    yield from _table("Ignored findings", ("Rule", "Size", "Where", "Why"), "-:--", rows, options.top)


def _warnings(report: Report, options: RenderOptions) -> Iterator[str]:
    if report.warnings:
        yield "#### Warnings\n"
        yield from (f"- {_cell(warning)}" for warning in report.warnings)


def _table(title: str, header: Sequence[str], sides: str, rows: Sequence[Iterable[str]], most: int) -> Iterator[str]:
    """A table under a title; ``sides`` holds a colon for each column of numbers."""
    if not rows:
        return
    shown = rows[:most] if most else rows
    kinds = ["n" if side == ":" else "text" for side in sides]
    yield f"#### {title}\n"
    yield from markdown_table(header, kinds, ([_cell(cell) for cell in row] for row in shown))
    yield f"\n{counted(len(rows) - len(shown), 'more row')}\n" if len(rows) > len(shown) else ""


def _size(count: int, units: Units) -> str:
    return units(count) if count else ""


def _cell(text: str) -> str:
    return markdown_text(shortened(text, _LONGEST))
