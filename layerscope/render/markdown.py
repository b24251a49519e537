"""The report as Markdown for a pull request or a job's summary, which holds at most 1 MiB."""

from collections.abc import Callable, Iterator, Sequence

from layerscope.model.finding import Finding, FindingKind
from layerscope.model.report import Report
from layerscope.render.finding_summary import told, told_ignored
from layerscope.render.options import TextOptions
from layerscope.render.places import INCOMPLETE, stage_evidence, step_words
from layerscope.render.rows import markdown_text
from layerscope.render.steps import next_steps
from layerscope.render.text import counted
from layerscope.render.units import percent

LIMIT = 1_000_000
"""Bytes: GitHub refuses a step summary of more than 1 MiB, and other steps may write to the same job."""
_LONGEST = 300
"""Characters of a cell; an instruction can be a whole script."""

Row = Sequence[str]


def markdown(report: Report, options: TextOptions) -> str:
    """Verdict, findings, next steps, layers, packages; ``top`` rows in each table, 0 for all that fit."""
    lines, left_out = [], 0
    room = LIMIT - 1000
    for block in _blocks(report, options):
        kept = []
        for line in block:
            room -= len(line.encode("utf-8", "replace")) + 1
            if room < 0:
                left_out += 1
            else:
                kept.append(line)
        lines += kept
    text = "\n".join(lines) + "\n"
    if left_out:
        text += f"\n**{left_out:,} lines were left out to stay under 1 MiB; `-f json` and `-f html` hold all of it.**\n"
    return text


def _blocks(report: Report, options: TextOptions) -> Iterator[list[str]]:
    yield _verdict(report, options)
    yield from _findings(report, options)
    yield from _steps(report, options)
    yield from _stages(report, options)
    yield from _layers(report, options)
    yield from _packages(report, options)
    yield from _ignored(report, options)
    yield from _notes(report)


def _layers(report: Report, options: TextOptions) -> Iterator[list[str]]:
    rows = [
        (
            str(layer.index),
            options.units(layer.content_bytes),
            options.units(layer.reclaimable_bytes) if layer.reclaimable_bytes else "",
            layer.origin,
            _cut(f"LEFT OUT: {layer.problem}" if layer.problem else _step(report, layer.instruction)),
        )
        for layer in report.layers
    ]
    yield from _table("Layers", ("#", "Size", "Can go", "Origin", "Instruction"), "--::-", rows, options.top)


def _packages(report: Report, options: TextOptions) -> Iterator[list[str]]:
    packages = sorted(report.packages, key=lambda package: (-package.content_bytes, package.name, package.version))
    yield from _table(
        "Packages",
        ("Size", "Package", "Version", "Type", "Layer"),
        ":---:",
        [
            (
                options.units(package.content_bytes),
                package.name,
                package.version,
                package.type,
                "" if package.layer is None else str(package.layer),
            )
            for package in packages
            if package.content_bytes
        ],
        options.top or 25,
    )


def _verdict(report: Report, options: TextOptions) -> list[str]:
    image, totals, units = report.image, report.totals, options.units
    size = f"{units(image.docker_size)} in {counted(len(report.layers), 'layer')}"
    lines = [f"### {_cell(image.name)}: {size}", ""]
    if totals.reclaimable_bytes:
        share = percent(totals.reclaimable_bytes, totals.own_bytes)
        lines.append(f"**{units(totals.reclaimable_bytes)}** ({share} of your own bytes) can be had back.")
    else:
        lines.append("Nothing is needless, as far as this archive can tell.")
    if totals.base_bytes:
        base = f"The base image brings {units(totals.base_bytes)} in {counted(report.base.layers, 'layer')}."
        lines[-1] += f" {base}"
    if not report.complete:
        lines += ["", f"**Incomplete: {INCOMPLETE}.**"]
    return [*lines, ""]


def _findings(report: Report, options: TextOptions) -> Iterator[list[str]]:
    def row(finding: Finding, place: str, places: int) -> Row:
        more = f" and {counted(places - 1, 'more place')}" if places > 1 else ""
        where = f"{place}{more}" if place else finding.detail
        size = options.units(finding.content_bytes) if finding.content_bytes else ""
        return finding.severity.value, finding.rule, size, _cut(where), _cut(finding.title)

    every = [(one.finding, row(one.finding, one.place, one.places)) for one in told(report)]
    header = ("Severity", "Rule", "Size", "Where", "What")
    own = [cells for finding, cells in every if finding.kind != FindingKind.INHERITED]
    inherited = [cells for finding, cells in every if finding.kind == FindingKind.INHERITED]
    yield from _table("Findings", header, "--:--", own, options.top)
    yield from _table("Inherited from the base image", header, "--:--", inherited, options.top)


def _steps(report: Report, options: TextOptions) -> Iterator[list[str]]:
    steps = next_steps(report.findings)
    if steps:
        most = options.top or 10
        yield ["#### Next steps", ""]
        yield [
            f"{number}. {_cell(_cut(step.fix))} (wins {options.units(step.content_bytes)})"
            for number, step in enumerate(steps[:most], 1)
        ]
        yield [""]


def _stages(report: Report, options: TextOptions) -> Iterator[list[str]]:
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
    yield from _table("Build stages", ("Stage", "Came over", "Needless", "Stayed behind", "Evidence"), "-:::-", rows, 0)


def _ignored(report: Report, options: TextOptions) -> Iterator[list[str]]:
    rows = [
        (one.finding.rule, options.units(one.finding.content_bytes), _cut(one.place), _cut(one.finding.ignored))
        for one in told_ignored(report)
    ]
    yield from _table("Ignored findings", ("Rule", "Size", "Where", "Why"), "-:--", rows, options.top)


def _notes(report: Report) -> Iterator[list[str]]:
    if report.warnings:
        yield ["#### Notes", ""]
        yield [f"- {_cell(_cut(warning))}" for warning in report.warnings]


def _table(title: str, header: Row, sides: str, rows: Sequence[Row], most: int) -> Iterator[list[str]]:
    """A titled table; ``sides`` holds a colon for each column of numbers."""
    if not rows:
        return
    shown = rows[:most] if most else rows
    marks: Callable[[str], str] = {"-": "---", ":": "---:"}.__getitem__
    yield [f"#### {title}", "", f"| {' | '.join(header)} |", f"| {' | '.join(map(marks, sides))} |"]
    yield [f"| {' | '.join(map(_cell, row))} |" for row in shown]
    yield [f"\n{counted(len(rows) - len(shown), 'more row')}", ""] if len(rows) > len(shown) else [""]


def _step(report: Report, index: int | None) -> str:
    return step_words(report.instructions[index] if index is not None else None)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _cell(text: str) -> str:
    """Text that stays text, and that mentions nobody: an @ or # at its place would link to a person or an issue."""
    return markdown_text(text).replace("@", "&#64;").replace("://", "&#58;//")
