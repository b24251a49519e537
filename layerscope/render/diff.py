"""A diff for a person: what came, what went, and what is still in, on one screen; and the same as Markdown."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from textwrap import wrap

from msgspec import Struct

from layerscope.model.diff import Change, Diff, FindingChange, InstructionChange, PackageChange, PathChange, Status
from layerscope.model.finding import FindingKind
from layerscope.render.diff_names import names
from layerscope.render.escape import printable
from layerscope.render.rows import markdown_text
from layerscope.render.table import aligned, shortened
from layerscope.render.text import counted
from layerscope.render.units import Units, percent

LIMIT = 1_000_000
"""Bytes of Markdown: GitHub refuses a step summary of more than 1 MiB, and a comment is much shorter anyway."""
_MOST = 3
"""Rows of a list, so that the whole stays on one screen."""
_FIGURES = 37
"""Columns that the figures before a title take."""
_WIDE = 120
_LONGEST = 300
"""Characters of a cell; an instruction can be a whole script."""
_SIGNS = {Status.ADDED: "+", Status.REMOVED: "-", Status.CHANGED: "~", Status.METADATA: "=", Status.MOVED: ">"}


class DiffOptions(Struct, frozen=True, kw_only=True):
    """``top`` rows in each list, 0 for the usual number; ``width`` of the terminal, None where nothing may be cut."""

    units: Units
    top: int = 0
    width: int | None = None


class _Section(Struct, frozen=True, kw_only=True):
    """A table under a title; ``sides`` has ``text`` for a column at the left and ``n`` for one at the right."""

    title: str
    headers: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def text(diff: Diff, options: DiffOptions) -> str:
    """The whole diff as lines."""
    blocks = [[_verdict(diff, options)]]
    for section in _sections(diff, options, options.top or _MOST):
        blocks.append(_lines(section, options.width) if section.rows else _wrapped(section.title, options.width))
    notes = [f"note: {printable(note)}" for note in _notes(diff)]
    return "\n\n".join("\n".join(block) for block in (*blocks, notes) if block) + "\n"


def _wrapped(title: str, width: int | None) -> list[str]:
    return [title] if width is None else wrap(title, width)


def _lines(section: _Section, width: int | None) -> list[str]:
    """A table whose title stands over its last column where it fits there, so that five of them fit on a screen."""
    cells = [[printable(" ".join(cell.split())) for cell in row] for row in section.rows]
    if width is None:
        cells = [[shortened(cell, _WIDE) for cell in row] for row in cells]
    headers, above = [header.upper() for header in section.headers], list[str]()
    if width is not None and len(section.title) > max(20, width - _FIGURES):
        above = _wrapped(section.title, width)
    elif section.title:
        headers[-1] = section.title
    return above + aligned(headers, cells, section.sides, width).split("\n")


def markdown(diff: Diff, options: DiffOptions) -> str:
    """For a pull request: the verdict as a heading, then the same tables; lines beyond the limit are counted."""
    lines = [f"### {markdown_text(_verdict(diff, options))}", ""]
    for section in _sections(diff, options, options.top or 20):
        lines += [f"**{markdown_text(section.title)}**", ""] if section.title else []
        if section.rows:
            lines.append("| " + " | ".join(section.headers) + " |")
            lines.append("|" + "|".join(" --- " if side == "text" else " ---: " for side in section.sides) + "|")
            lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in section.rows]
            lines.append("")
    lines += [f"> {markdown_text(note)}" for note in _notes(diff)]
    return _limited(lines)


def _cell(cell: str) -> str:
    return markdown_text(shortened(" ".join(cell.split()), _LONGEST))


def _limited(lines: list[str]) -> str:
    room = LIMIT - 200
    for number, line in enumerate(lines):
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0:
            left = f"{len(lines) - number:,} lines were left out; `-f json` holds them."
            return "\n".join([*lines[:number], "", left]) + "\n"
    return "\n".join(lines).rstrip("\n") + "\n"


def _verdict(diff: Diff, options: DiffOptions) -> str:
    before, after = (side.image.docker_size for side in (diff.before, diff.after))
    one, other = map(printable, names(diff.before.image, diff.after.image))
    delta = after - before
    if not delta:
        return f"{other} is as large as {one}, {options.units(after)}"
    size = f"{options.units(abs(delta))} ({percent(abs(delta), before)})"
    return f"{other} is {size} {'larger' if delta > 0 else 'smaller'} than {one}"


def _sections(diff: Diff, options: DiffOptions, most: int) -> Iterator[_Section]:
    yield _totals(diff, options)
    sections = (_steps, _directories, _packages, _stages, _findings, _still_in)
    yield from chain.from_iterable(section(diff, options, most) for section in sections)
    yield from _paths(diff, options, most if options.top else 0)


def _signed(count: int, units: Units) -> str:
    return f"+{units(count)}" if count > 0 else units(count)


def _bytes(count: int, units: Units) -> str:
    return units(count) if count else ""


_BYTES = ("before", "after", "difference")


def _totals(diff: Diff, options: DiffOptions) -> _Section:
    units, shared = options.units, diff.layers
    before, after = diff.before.totals, diff.after.totals
    size_before, size_after = diff.before.image.docker_size, diff.after.image.docker_size
    figures = (
        ("size", size_before, size_after),
        ("live", before.live_bytes, after.live_bytes),
        ("hidden, yet shipped", before.hidden_bytes, after.hidden_bytes),
        ("can be had back", before.reclaimable_bytes, after.reclaimable_bytes),
    )
    rows = [(name, units(one), units(other), _signed(other - one, units)) for name, one, other in figures]
    told = f"{shared.shared} shared, {units(shared.shared_bytes)}"
    rows.insert(1, ("layers", str(diff.before.layers), str(diff.after.layers), told))
    rows.append(("files", f"{before.files:,}", f"{after.files:,}", f"{after.files - before.files:+,}"))
    return _Section(title="", headers=("", *_BYTES), sides=("text", "n", "n", "n"), rows=tuple(rows))


def _row(
    change: Change | PackageChange | InstructionChange | FindingChange, told: str, units: Units
) -> tuple[str, ...]:
    sign = _SIGNS.get(change.status, "")
    figures = _bytes(change.before_bytes, units), _bytes(change.after_bytes, units)
    return sign, *figures, _signed(change.delta, units) if change.delta else "", told


def _table(title: str, last: str, rows: list[tuple[str, ...]], total: int) -> Iterator[_Section]:
    """A section of changes; nothing where there are none. ``total`` counts those that are not shown too."""
    if rows:
        title = f"{title} ({len(rows)} of {total:,})" if total > len(rows) else title
        headers = ("", *_BYTES, last)
        yield _Section(title=title, headers=headers, sides=("text", "n", "n", "n", "text"), rows=tuple(rows))


def _steps(diff: Diff, options: DiffOptions, most: int) -> Iterator[_Section]:
    """The steps that differ, those with bytes; they stay in the order of the build."""
    differing = [
        one for one in diff.instructions if one.status != Status.SAME and (one.before_bytes or one.after_bytes)
    ]
    most = options.top or most + 2
    biggest = sorted(differing, key=lambda one: -max(one.before_bytes, one.after_bytes))[:most]
    rows = [_row(one, one.text, options.units) for one in differing if one in biggest]
    yield from _table("STEPS THAT DIFFER", "step", rows, len(differing))


def _directories(diff: Diff, options: DiffOptions, most: int) -> Iterator[_Section]:
    """The rows are disjoint, so that of a directory with others below it only the rest is meant."""
    differing = [one for one in diff.directories if one.delta]
    names = {one.name for one in diff.directories}
    rows = []
    for one in differing[:most]:
        is_rest = any(name != one.name and name.startswith(one.name.rstrip("/") + "/") for name in names)
        rows.append(_row(one, f"{one.name} (the rest of it)" if is_rest else one.name, options.units))
    yield from _table("DIRECTORIES", "path", rows, len(differing))


def _packages(diff: Diff, options: DiffOptions, most: int) -> Iterator[_Section]:
    differing = [one for one in diff.packages if one.status != Status.SAME]
    told = [
        f"{sum(one.status == status for one in differing):,} {status.value}"
        for status in (Status.ADDED, Status.REMOVED, Status.CHANGED)
    ]
    unowned = diff.after_unowned_bytes - diff.before_unowned_bytes
    if unowned:
        told.append(f"{_signed(unowned, options.units)} in files of no package")
    rows = [_row(one, _versions(one), options.units) for one in differing[:most]]
    yield from _table("PACKAGES: " + ", ".join(told), "package", rows, len(differing))


def _versions(change: PackageChange) -> str:
    before, after = _counted(change.before), _counted(change.after)
    versions = f"{before} -> {after}" if before and after and before != after else after or before
    return f"{change.name} {versions} ({change.type})"


def _counted(versions: tuple[str, ...]) -> str:
    """Each version once; one package may be installed in several places."""
    counts = Counter(versions)
    return ", ".join(f"{version} x{count}" if count > 1 else version for version, count in counts.items())


def _stages(diff: Diff, options: DiffOptions, most: int) -> Iterator[_Section]:
    differing = [one for one in diff.stages if one.status != Status.SAME]
    rows = [_row(one, one.name, options.units) for one in differing[:most]]
    yield from _table("WHAT CAME FROM BUILD STAGES", "stage", rows, len(differing))


def _findings(diff: Diff, options: DiffOptions, most: int) -> Iterator[_Section]:
    """What came, what went, and last what grew or shrank."""
    order = (Status.ADDED, Status.REMOVED, Status.CHANGED)
    differing = sorted(
        (one for one in diff.findings if one.status != Status.SAME), key=lambda one: order.index(one.status)
    )
    came, went = (sum(one.status == status for one in differing) for status in order[:2])
    rows = [_row(one, f"{one.rule}: {one.where}", options.units) for one in differing[:most]]
    yield from _table(f"FINDINGS: {came:,} came, {went:,} went", "rule and place", rows, len(differing))


def _still_in(diff: Diff, options: DiffOptions, most: int) -> Iterator[_Section]:
    """What the second image still holds of what the first was told of."""
    left = [one for one in diff.findings if one.before_count and one.after_count]
    own = [one for one in left if one.kind != FindingKind.INHERITED.value]
    rest = [one for one in left if one.kind == FindingKind.INHERITED.value]
    most = options.top or most + 1
    rows = [(one.severity.value, options.units(one.after_bytes), f"{one.rule}: {one.where}") for one in own[:most]]
    if rest:
        told = f"{counted(len(rest), 'finding')} in what the base image brings"
        rows.append(("", options.units(sum(one.after_bytes for one in rest)), told))
    if rows:
        title = f"STILL IN ({most} of {len(own):,})" if len(own) > most else "STILL IN"
        headers = ("severity", "size", "rule and place")
        yield _Section(title=title, headers=headers, sides=("text", "n", "text"), rows=tuple(rows))


def _paths(diff: Diff, options: DiffOptions, most: int) -> Iterator[_Section]:
    """How many paths differ, and the biggest of them where somebody asks for rows."""
    found = diff.paths
    if found is None:
        return
    words = {"metadata": "changed in metadata only"}
    counts = [f"{count:,} {words.get(name, name)}" for name, count in found.counts.items() if count]
    if found.moved_bytes:
        counts.append(f"{options.units(found.moved_bytes)} only moved")
    if found.touched:
        counts.append(f"{counted(found.touched, 'file')} with another time")
    rows = tuple(_path_row(one, options.units) for one in found.paths[:most])
    headers, sides = ("", *_BYTES, "path"), ("text", "n", "n", "n", "text")
    title = "PATHS: " + (", ".join(counts) or "no difference")
    yield _Section(title=title, headers=headers if rows else (), sides=sides if rows else (), rows=rows)


def _path_row(one: PathChange, units: Units) -> tuple[str, ...]:
    told = f"{one.moved_from} -> {one.path}" if one.moved_from else one.path
    delta = _signed(one.delta, units) if one.delta else ""
    return _SIGNS.get(one.status, ""), _bytes(one.before_bytes, units), _bytes(one.after_bytes, units), delta, told


def _notes(diff: Diff) -> Iterable[str]:
    yield from diff.warnings
    if diff.paths is None:
        yield "one side is a saved report, so single paths were not compared; compare the archives for that"
