"""A diff as one HTML page: what grew by directory, package and instruction, and two maps side by side."""

from collections.abc import Iterator, Sequence

from layerscope.model.check import Outcome
from layerscope.model.diff import Cause, Change, Diff, FindingChange, PackageChange, PathChange, Status
from layerscope.model.report import Report
from layerscope.model.size_map import SizeMap
from layerscope.model.source import BASE
from layerscope.render.diff import growth_words, names, notes, package_versions, totals, verdict
from layerscope.render.html_map import map_data, map_lines
from layerscope.render.html_parts import Cell, Markup, Number, Part, bar, page, size, table, text
from layerscope.render.units import RenderOptions, Units, signed
from layerscope.render.words import counted

_MOST_ROWS = 300
"""Rows of each table."""
_HEADERS = ("Before", "After", "Difference", "")
_WORDS = {
    Status.ADDED: "new",
    Status.REMOVED: "gone",
    Status.CHANGED: "changed",
    Status.METADATA: "metadata only",
    Status.MOVED: "moved",
}
_FINDING_WORDS = {Status.ADDED: "new", Status.REMOVED: "resolved", Status.CHANGED: "changed"}
_Changed = Cause | Change | PackageChange | FindingChange | PathChange
Sides = tuple[tuple[Report, SizeMap], tuple[Report, SizeMap]]
"""The reports of both images with the sizes that their maps show."""


def html(diff: Diff, options: RenderOptions, sides: Sides | None = None) -> str:
    """The whole diff, with maps where the sizes of both are at hand."""
    units, most = options.units, options.top or _MOST_ROWS
    title = " and ".join(names(diff.before.image, diff.after.image))
    labels, data = [], ""
    if sides is not None:
        labels = list(names(diff.before.image, diff.after.image))
        images = zip(("before: " + labels[0], "after: " + labels[1]), sides, strict=True)
        data = map_data(units, *((label, report, sizes) for label, (report, sizes) in images))
    parts = (
        Part(anchor="instructions", title="Instructions", lines=tuple(_causes(diff, units, most))),
        Part(anchor="map", title="Map", lines=tuple(map_lines(labels)), needs_script=True),
        Part(anchor="directories", title="Directories", lines=tuple(_directories(diff, units, most))),
        Part(anchor="packages", title="Packages", lines=tuple(_packages(diff, units, most))),
        Part(anchor="stages", title="Build stages", short="Stages", lines=tuple(_stages(diff, units, most))),
        Part(anchor="findings", title="Findings", lines=tuple(_findings(diff, units, most))),
        Part(anchor="paths", title="Paths", lines=tuple(_paths(diff, units, most))),
        Part(anchor="notes", title="Notes", lines=tuple(_notes(diff, options))),
    )
    return page(title, _head(diff, options), parts, data)


def _head(diff: Diff, options: RenderOptions) -> Iterator[str]:
    yield f"<h1>{text(verdict(diff, options))}</h1>"
    if diff.growth is not None:
        kind = ' class="alert"' if diff.growth.outcome == Outcome.FAIL else ""
        yield f"<p{kind}>{text(growth_words(diff.growth, options.units))}</p>"
    section = totals(diff, options)
    # Not a table that is sorted: its rows are of different kinds.
    heads = "".join(f'<th scope="col" class="n">{name}</th>' for name in ("Before", "After", "Difference"))
    yield f'<div class="scroll"><table class="narrow"><thead><tr><th></th>{heads}</tr></thead><tbody>'
    for name, *figures in section.rows:
        cells = "".join(f'<td class="n">{text(figure)}</td>' for figure in figures)
        yield f'<tr><th scope="row">{text(name)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _changes(
    title: str, last: str, rows: Sequence[tuple[_Changed, Cell]], left: int, units: Units, kind: str = "w"
) -> Iterator[str]:
    """A table of changes with a bar for each: to the right what was added, to the left what was removed."""
    if not rows:
        return
    most = max((abs(one.delta) for one, _ in rows), default=0)
    cells = (
        (
            size(one.before_bytes, units),
            size(one.after_bytes, units),
            Number(signed(one.delta, units) if one.delta else "", one.delta),
            Markup(_delta_bar(one.delta, most)),
            (_FINDING_WORDS if isinstance(one, FindingChange) else _WORDS).get(one.status, ""),
            what,
        )
        for one, what in rows
    )
    yield from table(title, (*_HEADERS, "Change", last), f"nnnc-{kind}", cells)
    if left > 0:
        yield f"<p>and {left:,} more: use -f json for all of them</p>"


def _delta_bar(delta: int, most: int) -> str:
    if not delta:
        return ""
    start, kind = (most, "new") if delta > 0 else (most + delta, "gone")
    return bar([("track", 0, 2 * most), (kind, start, abs(delta))], 2 * most)


def _causes(diff: Diff, units: Units, most: int) -> Iterator[str]:
    found = [one for one in diff.causes if one.delta or one.status != Status.SAME]
    rows = [(one, Markup(_cause(one, diff))) for one in found[:most]]
    yield from _changes("instructions", "Instruction", rows, len(found) - most, units)


def _cause(cause: Cause, diff: Diff) -> str:
    """The instruction as code behind its line, what stood there before, and what in a build stage is behind it."""
    name = diff.after.dockerfile if cause.after_line is not None else diff.before.dockerfile
    line = cause.after_line if cause.after_line is not None else cause.before_line
    place = f"<code>{text(name or 'Dockerfile')}:{line}</code> " if line else ""
    has_moved = cause.after_line is not None and cause.before_line not in (None, line)
    was_line = f' <span class="soft">(was line {cause.before_line})</span>' if has_moved else ""
    was = f'<br><span class="soft">was</span> <code>{text(cause.before_text)}</code>' if cause.before_text else ""
    made = f'<br><span class="soft">mostly by</span> <code>{text(str(cause.made_by))}</code>' if cause.made_by else ""
    return f"{place}<code>{text(cause.text)}</code>{was_line}{was}{made}"


def _directories(diff: Diff, units: Units, most: int) -> Iterator[str]:
    found = [one for one in diff.directories if one.delta]
    rows = [(one, one.name) for one in found[:most]]
    yield from _changes("directories", "Directory", rows, len(found) - most, units, "p")


def _packages(diff: Diff, units: Units, most: int) -> Iterator[str]:
    found = [one for one in diff.packages if one.status != Status.SAME]
    unowned = diff.after_unowned_bytes - diff.before_unowned_bytes
    if unowned:
        yield f"<p>{signed(unowned, units)} not owned by a package.</p>"
    rows = [(one, package_versions(one)) for one in found[:most]]
    yield from _changes("packages", "Package", rows, len(found) - most, units)


def _stages(diff: Diff, units: Units, most: int) -> Iterator[str]:
    found = [one for one in diff.stages if one.status != Status.SAME]
    rows = [(one, one.name) for one in found[:most]]
    yield from _changes("stages", "Stage", rows, len(found) - most, units)


def _findings(diff: Diff, units: Units, most: int) -> Iterator[str]:
    """New findings, resolved ones, and those that changed; how many both images have."""
    found = [one for one in diff.findings if one.status != Status.SAME]
    order = (Status.ADDED, Status.REMOVED, Status.CHANGED)
    found.sort(key=lambda one: (one.source == BASE, order.index(one.status)))
    same = len(diff.findings) - len(found)
    if same:
        yield f"<p>{counted(same, 'finding')} in both images, unchanged.</p>"
    rows = [(one, Markup(_finding(one))) for one in found[:most]]
    yield from _changes("findings", "Finding", rows, len(found) - most, units)


def _finding(one: FindingChange) -> str:
    weight = one.severity.value
    inherited = " (from the base image)" if one.source == BASE else ""
    return f'<span class="severity {weight}">{weight}</span> <code>{text(one.rule)}</code> {text(one.where)}{inherited}'


def _paths(diff: Diff, units: Units, most: int) -> Iterator[str]:
    found = diff.paths
    if found is None:
        return
    counts = [f"{number:,} {_WORDS.get(Status(name), name)}" for name, number in found.counts.items() if number]
    yield f"<p>{text(', '.join(counts)) or 'no differences'}.</p>"
    rows = [(one, f"{one.moved_from} -> {one.path}" if one.moved_from else one.path) for one in found.paths[:most]]
    yield from _changes("paths", "Path", rows, len(found.paths) - most, units, "p")


def _notes(diff: Diff, options: RenderOptions) -> Iterator[str]:
    lines = [f"<li>{text(note)}</li>" for note in notes(diff, options)]
    if lines:
        yield "<ul>"
        yield from lines
        yield "</ul>"
