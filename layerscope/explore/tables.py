"""What the lists show: steps, findings, packages and stages of the report; their values are places in it."""

from collections.abc import Sequence

from rich.style import Style

from layerscope.explore.details import of_base, of_finding, of_package, of_stage, of_step
from layerscope.explore.lists import Cell, Column, Table
from layerscope.explore.style import GOOD, NOTICE, SEVERITY_STYLES, SOFT
from layerscope.model.report import Report
from layerscope.model.source import BASE
from layerscope.model.step import Step
from layerscope.render.cells import finding_cells
from layerscope.render.escape import printable
from layerscope.render.onto import rows
from layerscope.render.steps import step_layers, step_mark, step_place
from layerscope.render.units import RenderOptions, Units
from layerscope.render.words import stage_evidence, stage_words

TABS = ("layers", "steps", "findings", "packages", "stages", "bases")
"""The tabs in their order; all but the first have a table."""
_PLAIN = Style()


def steps_of(report: Report) -> tuple[Step, ...]:
    """What to do, the biggest first, and what another base image could save at last."""
    return report.steps if report.base_step is None else (*report.steps, report.base_step)


def tables(report: Report, options: RenderOptions) -> tuple[Table, ...]:
    """The tables of all tabs but the first."""
    return (
        steps_table(report, options),
        findings_table(report, options),
        packages_table(report, options.units),
        stages_table(report, options.units),
        bases_table(report, options.units),
    )


def steps_table(report: Report, options: RenderOptions) -> Table:
    """The steps; their edits are shown as diffs."""
    steps, units = steps_of(report), options.units

    def cells(place: int) -> Sequence[Cell]:
        step = steps[place]
        saves = ("up to " if step is report.base_step else "") + units(step.saves_bytes) if step.saves_bytes else ""
        where = "" if step is report.base_step else step_layers(step, report)
        if step.dockerfile_line is not None:
            where = step_place(step, report).partition(",")[0]
        return (saves, NOTICE), _kind(step, report), (where, _PLAIN), (printable(step.sentence), _PLAIN)

    return Table(
        name="steps",
        columns=(Column("SAVES", True), Column("KIND"), Column("WHERE"), Column("WHAT TO DO")),
        values=range(len(steps)),
        cells=cells,
        details=lambda place: list(of_step(steps[place], report, units)),
        orders=(
            ("bytes", lambda place: (steps[place] is report.base_step, -steps[place].saves_bytes)),
            ("line", lambda place: (steps[place].dockerfile_line is None, steps[place].dockerfile_line or 0)),
        ),
        nothing="no step: no waste found",
    )


def findings_table(report: Report, options: RenderOptions) -> Table:
    """The findings: yours before inherited ones."""
    found = report.findings

    def cells(place: int) -> Sequence[Cell]:
        finding = found[place]
        kind, rule, size, where = finding_cells(finding, options)
        style = SOFT if finding.source == BASE else SEVERITY_STYLES[finding.severity]
        plain = SOFT if finding.source == BASE else _PLAIN
        return (kind, style), (printable(rule), plain), (size, plain), (where, plain)

    return Table(
        name="findings",
        columns=(Column("FINDING"), Column("RULE"), Column("SIZE", True), Column("WHERE")),
        values=range(len(found)),
        cells=cells,
        details=lambda place: list(of_finding(found[place], options.units)),
        orders=(
            (
                "severity",
                lambda place: (
                    found[place].source == BASE,
                    found[place].trade,
                    found[place].severity.rank,
                    -found[place].content_bytes,
                ),
            ),
            ("size", lambda place: (found[place].source == BASE, -found[place].content_bytes)),
            ("rule", lambda place: (found[place].source == BASE, found[place].rule, -found[place].content_bytes)),
        ),
        nothing="no findings",
    )


def packages_table(report: Report, units: Units) -> Table:
    """The packages, the biggest first."""
    found = report.packages

    def cells(place: int) -> Sequence[Cell]:
        one = found[place]
        layers = ["" if layer is None else str(layer) for layer in (one.layer, one.removed_in)]
        style = SOFT if one.removed_in is not None else _PLAIN
        size = one.content_bytes if one.removed_in is None else one.hidden_bytes
        texts = (units(size), f"{one.files:,}", *layers, printable(one.type), printable(one.full_name))
        return *((text, style) for text in texts), (printable(one.version), style)

    return Table(
        name="packages",
        columns=(
            Column("SIZE", True),
            Column("FILES", True),
            Column("LAYER", True),
            Column("REMOVED", True),
            Column("TYPE"),
            Column("NAME"),
            Column("VERSION"),
        ),
        values=range(len(found)),
        cells=cells,
        details=lambda place: list(of_package(found[place], units)),
        orders=(
            ("size", lambda place: (-found[place].content_bytes, -found[place].hidden_bytes, found[place].full_name)),
            ("name", lambda place: (found[place].full_name, found[place].version)),
            ("type", lambda place: (found[place].type, -found[place].content_bytes)),
        ),
        nothing="no packages",
    )


def stages_table(report: Report, units: Units) -> Table:
    """The stages that files were copied from, most bytes first."""
    found = report.stages

    def cells(place: int) -> Sequence[Cell]:
        one = found[place]
        left = "" if one.not_copied_bytes is None else units(one.not_copied_bytes)
        reclaimable = units(one.reclaimable_bytes) if one.reclaimable_bytes else ""
        return (
            (units(one.content_bytes), _PLAIN),
            (reclaimable, NOTICE),
            (left, _PLAIN),
            (stage_evidence(one), _PLAIN),
            (printable(stage_words(one.name)), _PLAIN),
        )

    return Table(
        name="stages",
        columns=(
            Column("COPIED", True),
            Column("RECLAIMABLE", True),
            Column("NOT COPIED", True),
            Column("EVIDENCE"),
            Column("STAGE"),
        ),
        values=range(len(found)),
        cells=cells,
        details=lambda place: list(of_stage(found[place], units)),
        orders=(("size", lambda place: -found[place].content_bytes), ("name", lambda place: found[place].name)),
        nothing="no build stages known: --dockerfile FILE and --stage NAME=IMAGE add them",
    )


def bases_table(report: Report, units: Units) -> Table:
    """The image on other base images, in the order in which they were given."""
    found = rows(report, units)

    def cells(place: int) -> Sequence[Cell]:
        name, size, saves, start, build, other = found[place]
        stops = NOTICE if not report.onto[place].fits else _PLAIN
        return (size, _PLAIN), (saves, GOOD), (start, stops), (build, stops), (other, _PLAIN), (printable(name), _PLAIN)

    return Table(
        name="bases",
        columns=(
            Column("SIZE", True),
            Column("SAVES", True),
            Column("MISSING AT START", True),
            Column("AT BUILD", True),
            Column("ELSEWHERE", True),
            Column("BASE IMAGE"),
        ),
        values=range(len(found)),
        cells=cells,
        details=lambda place: list(of_base(report.onto[place], report, units)),
        orders=(("order", lambda place: place), ("size", lambda place: report.onto[place].content_bytes)),
        nothing="no other base image: --onto IMAGE compares one",
    )


def _kind(step: Step, report: Report) -> Cell:
    """Whether a step can be applied as it is."""
    if step is report.base_step:
        return "base image", SOFT
    if step.trade_bytes and step.trade_bytes == step.saves_bytes:
        return "trade", SOFT
    mark = step_mark(step)
    return (mark, NOTICE) if mark else ("safe", GOOD)
