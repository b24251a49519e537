"""The report as Markdown, for a pull request or the summary of a job."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from layerscope.model.report import LayerReport, Report
from layerscope.model.source import is_reclaimable
from layerscope.render.finding_summary import FindingSummary, finding_summaries, ignored_summaries, next_steps
from layerscope.render.table import markdown_table, markdown_text, shortened, within_limit
from layerscope.render.units import RenderOptions, Units, percent
from layerscope.render.words import INCOMPLETE, base_words, counted, layer_line, stage_evidence

_LONGEST = 300
"""Characters of a cell; an instruction can be a whole script."""


def markdown(report: Report, options: RenderOptions) -> str:
    """Verdict, findings, next steps, layers, packages; ``top`` rows in each table, 0 for all that fit."""
    sections = (_verdict, _findings, _steps, _stages, _layers, _packages, _ignored, _warnings)
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


def _steps(report: Report, options: RenderOptions) -> Iterator[str]:
    steps = next_steps(report.findings)
    if steps:
        yield "#### Next steps\n"
        for number, step in enumerate(steps[: options.top or 10], 1):
            saves = f" (saves {options.units(step.content_bytes)})" if step.content_bytes else ""
            yield f"{number}. {_cell(step.fix)}{saves}"
        yield ""


def _stages(report: Report, options: RenderOptions) -> Iterator[str]:
    rows = [
        (
            stage.name,
            options.units(stage.content_bytes),
            options.units(stage.reclaimable_bytes),
            "" if stage.not_copied_bytes is None else options.units(stage.not_copied_bytes),
            stage_evidence(stage),
        )
        for stage in report.stages
    ]
    yield from _table("Build stages", ("Stage", "Copied", "Reclaimable", "Not copied", "Evidence"), "-:::-", rows, 0)


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
