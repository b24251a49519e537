"""The report as Markdown, for a pull request's comment or the summary of a job."""

from collections.abc import Iterable, Iterator, Sequence

from layerscope.model.report import LayerReport, Report
from layerscope.model.source import is_reclaimable
from layerscope.model.step import BY_HAND, Step
from layerscope.render.escape import printable
from layerscope.render.finding_summary import FindingSummary, finding_summaries, ignored_summaries
from layerscope.render.markdown_syntax import (
    details,
    fenced,
    markdown_code,
    markdown_sentence,
    markdown_table,
    markdown_text,
    within_limit,
)
from layerscope.render.onto import HEADERS, TITLE, rows, sentences, size_sentence
from layerscope.render.steps import diff_lines, has_biggest, step_name, step_place
from layerscope.render.units import RenderOptions, Units
from layerscope.render.verdict import base_row, reclaimable_figures, size_words, trades_row
from layerscope.render.width import shortened
from layerscope.render.words import (
    INCOMPLETE,
    STAGE_HEADERS,
    base_words,
    counted,
    instruction_place,
    instruction_text,
    layer_line,
    stage_rows,
)

_LONGEST = 300
"""Characters of a cell; an instruction can be a whole script."""
_MOST = 25
"""Rows of a table without ``--top``; a comment is for the ones that matter."""
_MOST_STEPS = 10
_MOST_LINES = 60
"""Lines of one diff."""


def markdown(report: Report, options: RenderOptions) -> str:
    """The verdict, the biggest step and what is urgent; all else is to be unfolded, ``top`` rows in each table."""
    sections: tuple[Iterable[str], ...] = (
        _verdict(report, options),
        _biggest(report, options),
        _secrets(report, options),
        _other_steps(report, options),
        _base_step(report, options),
        _onto(report, options),
        *_findings(report, options),
        _stages(report, options),
        _layers(report, options),
        _packages(report, options),
        _ignored(report, options),
        _warnings(report, options),
    )
    return within_limit(block for section in sections if (block := list(section)))


def _verdict(report: Report, options: RenderOptions) -> Iterator[str]:
    totals, units = report.totals, options.units
    yield f"### {_cell(report.image.name)}: {size_words(report, units)}"
    yield ""
    verdict, figures = "No waste found.", reclaimable_figures(report, units)
    if figures is not None:
        verdict = f"**{figures[0]}** ({figures[1]} of your own bytes) is reclaimable."
    trades = trades_row(report, units)
    if trades is not None:
        verdict += f" {trades[1][:1].upper()}{_cell(trades[1][1:])} could save {trades[0]} more."
    if totals.base_bytes:
        verdict += (
            f" The {base_words(report.base)} adds {units(totals.base_bytes)} in {counted(report.base.layers, 'layer')}."
        )
    yield verdict
    if not report.complete:
        yield f"\n**Incomplete: {INCOMPLETE}.**"


def _biggest(report: Report, options: RenderOptions) -> Iterator[str]:
    """The one change that saves most, as a diff where it can be written."""
    if has_biggest(report):
        step = report.steps[0]
        place = f"{_code(step_place(step, report))} ({step_name(1, step)})"
        yield f"**Save {options.units(step.saves_bytes)}** at {place}: {_sentence(step.sentence)}"
        yield from _change(step, "")


def _other_steps(report: Report, options: RenderOptions) -> Iterator[str]:
    first = int(has_biggest(report))
    steps = report.steps[first:]
    if steps:
        size = options.units(sum(step.saves_bytes for step in steps))
        yield from details(f"{counted(len(steps), 'other step')}, {size}", _listed(steps, first + 1, report, options))


def _listed(steps: Sequence[Step], first: int, report: Report, options: RenderOptions) -> Iterator[str]:
    most = options.top or _MOST_STEPS
    for number, step in enumerate(steps[:most], first):
        saves = f"saves **{options.units(step.saves_bytes)}**, " if step.saves_bytes else ""
        yield f"- {saves}{_code(step_place(step, report))} ({step_name(number, step)}): {_sentence(step.sentence)}"
        yield from _change(step, "  ")
    left = len(steps) - most
    if left > 0:
        yield f"\nand {counted(left, 'more step')}: {_code(options.command('fix'))}"


def _change(step: Step, indent: str) -> Iterator[str]:
    """What to make sure of, and the change as a diff, which belong to the paragraph or the item above."""
    if step.review and step.strategy != BY_HAND:
        yield f"\n{indent}**Review:** {_sentence(step.review)}"
    if step.edits:
        yield ""
        yield fenced("diff", [shortened(line, _LONGEST) for line in diff_lines(step)][:_MOST_LINES], indent)
        yield ""


def _base_step(report: Report, options: RenderOptions) -> Iterator[str]:
    base = base_row(report, options.units)
    if base is not None:
        yield f"**{base[0]}** {_sentence(base[1])}"


def _onto(report: Report, options: RenderOptions) -> Iterator[str]:
    """The image on each of the other bases, the details to be unfolded."""
    if report.onto:
        table = [[_code(name), *map(_cell, cells)] for name, *cells in rows(report, options.units)]
        yield f"**{TITLE}**\n"
        yield from _table(HEADERS, "-:::::", table, options)
        yield ""
    for one in report.onto:
        lines = [f"- {label}: {_sentence(text)}" for label, text in sentences(one, report, options.units)]
        head = f"{_code(one.name)}: {_sentence(size_sentence(one, report, options.units))}\n"
        yield from details(counted(len(one.missing), "missing thing"), [head, *lines])


def _secrets(report: Report, options: RenderOptions) -> Iterator[str]:
    rows = [(one.severity.value, _sentence(one.rotate), _sentence(one.supply)) for one in report.secrets]
    if rows:
        them = "it" if len(rows) == 1 else "them"
        yield f"**{counted(len(rows), 'secret')}: anyone who pulled the image has {them}**"
        yield ""
        yield from _table(("Severity", "What to do", "How to pass it"), "---", rows, options)


def _findings(report: Report, options: RenderOptions) -> Iterator[Iterable[str]]:
    """A block each for those that are reclaimable, trades, and those of the base image."""

    def row(one: FindingSummary) -> Sequence[str]:
        finding = one.finding
        where = f"{_code(one.place)}{one.more_places}" if one.place else _cell(finding.detail)
        size = _size(finding.content_bytes, options.units)
        return finding.severity.value, size, _code(finding.rule), where, _cell(finding.title)

    every = list(finding_summaries(report))
    for title, found in (
        ("finding", [one for one in every if is_reclaimable(one.finding)]),
        ("trade", [one for one in every if one.finding.trade and not one.is_inherited]),
        ("inherited finding", [one for one in every if one.is_inherited]),
    ):
        size = options.units(sum(one.finding.content_bytes for one in found))
        header = ("Severity", "Size", "Rule", "Where", "What")
        yield _folded(f"{counted(len(found), title)}, {size}", header, "-:---", map(row, found), options)


def _stages(report: Report, options: RenderOptions) -> Iterator[str]:
    rows = [[_code(name), *map(_cell, cells)] for name, *cells in stage_rows(report.stages, options.units)]
    yield from _folded(counted(len(rows), "build stage"), STAGE_HEADERS, "-:::-", rows, options)


def _layers(report: Report, options: RenderOptions) -> Iterator[str]:
    """The own layers, and those of the base image as one row."""
    units = options.units
    base = [layer for layer in report.layers if layer.origin == "base"]
    rows = [
        (str(layer.index), units(layer.content_bytes), _size(layer.reclaimable_bytes, units), _made_by(layer, report))
        for layer in report.layers
        if layer.origin != "base" or not layer.is_complete
    ]
    if base:
        name = f"0-{base[-1].index}" if base[-1].index else "0"
        rows.insert(0, (name, units(sum(one.content_bytes for one in base)), "", base_words(report.base)))
    header = ("#", "Size", "Reclaimable", "Instruction")
    yield from _folded(counted(len(report.layers), "layer"), header, ":::-", rows, options)


def _made_by(layer: LayerReport, report: Report) -> str:
    step = None if layer.instruction is None else report.instructions[layer.instruction]
    if step is None or layer.problem or layer.partial:
        return _cell(layer_line(layer, step))
    place = instruction_place(step)
    return f"{_cell(place)}: {_code(instruction_text(step))}" if place else _code(instruction_text(step))


def _packages(report: Report, options: RenderOptions) -> Iterator[str]:
    packages = sorted(report.packages, key=lambda package: (-package.content_bytes, package.full_name, package.version))
    rows = [
        (
            options.units(package.content_bytes),
            _code(package.full_name),
            _code(package.version),
            _cell(package.type),
            "" if package.layer is None else str(package.layer),
        )
        for package in packages
        if package.content_bytes
    ]
    header = ("Size", "Package", "Version", "Type", "Layer")
    yield from _folded(counted(len(rows), "package"), header, ":---:", rows, options)


def _ignored(report: Report, options: RenderOptions) -> Iterator[str]:
    rows = [
        (
            _code(one.finding.rule),
            options.units(one.finding.content_bytes),
            _code(one.place),
            _cell(one.finding.ignored),
        )
        for one in ignored_summaries(report)
    ]
    yield from _folded(counted(len(rows), "ignored finding"), ("Rule", "Size", "Where", "Why"), "-:--", rows, options)


def _warnings(report: Report, options: RenderOptions) -> Iterator[str]:
    if report.warnings:
        yield "**Warnings**\n"
        yield from (f"- {_cell(warning)}" for warning in report.warnings)


def _folded(
    summary: str, header: Sequence[str], sides: str, rows: Iterable[Sequence[str]], options: RenderOptions
) -> Iterator[str]:
    """A table that a reader unfolds, if it has rows."""
    cells = list(rows)
    if cells:
        yield from details(summary, _table(header, sides, cells, options))


def _table(header: Sequence[str], sides: str, rows: Sequence[Sequence[str]], options: RenderOptions) -> Iterator[str]:
    """A table of escaped cells; ``sides`` holds a colon for each column of numbers."""
    most = options.top or _MOST
    yield from markdown_table(header, ["n" if side == ":" else "text" for side in sides], rows[:most])
    if len(rows) > most:
        yield f"\n{counted(len(rows) - most, 'more row')}"


def _size(count: int, units: Units) -> str:
    return units(count) if count else ""


def _cell(text: str) -> str:
    return markdown_text(shortened(text, _LONGEST))


def _code(text: str) -> str:
    return markdown_code(shortened(printable(text), _LONGEST))


def _sentence(text: str) -> str:
    return markdown_sentence(shortened(text, _LONGEST))
