"""A diff for a person: what is new, what is resolved and what remains, on one screen."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec import Struct

from layerscope.model.check import CheckResult, Outcome
from layerscope.model.diff import Cause, Change, Diff, FindingChange, PackageChange, PathChange, Status
from layerscope.model.one_line import one_line
from layerscope.model.report import ImageSummary
from layerscope.model.source import BASE
from layerscope.render.causes import cause_words
from layerscope.render.check import outcome_style, shown_pair
from layerscope.render.escape import printable
from layerscope.render.style import Style, painted, styled
from layerscope.render.table import aligned
from layerscope.render.units import RenderOptions, Units, percent, signed
from layerscope.render.width import shortened, wrap_words
from layerscope.render.words import counted

_MOST = 3
"""Rows of a list, so that the whole fits on one screen."""
_FIGURES = 37
"""Columns that the figures before a title take."""
_WIDE = 120
_DIFFERENCE = "difference"
_SIGNS = {Status.ADDED: "+", Status.REMOVED: "-", Status.CHANGED: "~", Status.METADATA: "=", Status.MOVED: ">"}


class Section(Struct, frozen=True, kw_only=True):
    """A table under a title; ``sides`` has ``text`` for a column at the left and ``n`` for one at the right."""

    title: str
    headers: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def text(diff: Diff, options: RenderOptions) -> str:
    """The whole diff as lines."""
    blocks = [[line for words in _head(diff, options) for line in _wrapped(words, options.width)]]
    for section in sections(diff, options, options.top or _MOST):
        blocks.append(_lines(section, options.width) if section.rows else _wrapped(section.title, options.width))
    blocks.append([line for note in notes(diff, options) for line in _wrapped(printable(note), options.width)])
    lines = "\n\n".join("\n".join(block) for block in blocks if block).split("\n")
    return "".join(f"{painted(line, color=options.color)}\n" for line in lines)


def _head(diff: Diff, options: RenderOptions) -> Iterator[str]:
    yield verdict(diff, options)
    if diff.growth is not None:
        yield styled(growth_words(diff.growth, options.units), outcome_style(diff.growth.outcome))


def growth_words(checked: CheckResult, units: Units) -> str:
    """``FAIL: growth of 12% exceeds --max-growth 5%``."""
    value, limit = shown_pair(checked, units)
    exceeds = "exceeds" if checked.outcome == Outcome.FAIL else "is within"
    return f"{checked.outcome.value}: growth of {value} {exceeds} --max-growth {limit}"


def _wrapped(title: str, width: int | None) -> list[str]:
    return list(wrap_words(title, width, ""))


def _lines(section: Section, width: int | None) -> list[str]:
    """A table with its title as the header of the last column if it fits, so that five tables fit on a screen."""
    cells = [[printable(flat(cell)) for cell in row] for row in section.rows]
    if width is None:
        cells = [[shortened(cell, _WIDE) for cell in row] for row in cells]
    if _DIFFERENCE in section.headers:
        cells = [_grown(row, section.headers.index(_DIFFERENCE)) for row in cells]
    headers, above = [header.upper() for header in section.headers], list[str]()
    if width is not None and len(section.title) > max(20, width - _FIGURES):
        above = _wrapped(section.title, width)
    elif section.title:
        headers[-1] = section.title
    headers = [styled(header, Style.SOFT) for header in headers]
    return above + aligned(headers, cells, section.sides, width).split("\n")


def _grown(row: list[str], place: int) -> list[str]:
    """A row in the colour of what grew or shrank."""
    style = {"+": Style.BAD, "-": Style.GOOD}.get(row[place][:1])
    return [
        styled(cell, style) if index == place or (not index and cell in _SIGNS.values()) else cell
        for index, cell in enumerate(row)
    ]


def flat(cell: str) -> str:
    """A cell on one line."""
    return one_line(cell)


def verdict(diff: Diff, options: RenderOptions) -> str:
    """How much bigger or smaller the second image is."""
    before, after = (side.image.docker_size for side in (diff.before, diff.after))
    one, other = map(printable, names(diff.before.image, diff.after.image))
    delta = after - before
    if not delta:
        return f"{other} and {one} are the same size, {options.units(after)}"
    size = f"{options.units(abs(delta))} ({percent(abs(delta), before)})"
    return f"{other} is {size} {'larger' if delta > 0 else 'smaller'} than {one}"


def names(before: ImageSummary, after: ImageSummary) -> tuple[str, str]:
    """The first that differs of their tags, file names, paths, platforms and ids."""
    for name in (_tag, _file, _source, _platform, _tag_or_id):
        one, other = name(before), name(after)
        if one and other and one != other:
            return one, other
    return _tag_or_id(before), _tag_or_id(after)


def _tag(image: ImageSummary) -> str:
    return image.name if image.tags else ""


def _file(image: ImageSummary) -> str:
    return image.source.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _source(image: ImageSummary) -> str:
    return image.source


def _tag_or_id(image: ImageSummary) -> str:
    return _tag(image) or image.image_id.removeprefix("sha256:")[:12] or image.name


def _platform(image: ImageSummary) -> str:
    return f"{_tag(image)} ({image.platform})".strip() if image.platform else ""


def sections(diff: Diff, options: RenderOptions, most: int) -> Iterator[Section]:
    """All tables, of ``most`` rows or a few more."""
    yield totals(diff, options)
    found = (_steps, _directories, _packages, _stages, _findings, _remaining)
    yield from chain.from_iterable(section(diff, options, most) for section in found)
    yield from _paths(diff, options, most if options.top else 0)


_BYTES = ("before", "after", _DIFFERENCE)


def totals(diff: Diff, options: RenderOptions) -> Section:
    """Sizes and counts of both images."""
    units, shared = options.units, diff.layers
    before, after = diff.before.totals, diff.after.totals
    size_before, size_after = diff.before.image.docker_size, diff.after.image.docker_size
    figures = (
        ("size", size_before, size_after),
        ("live", before.live_bytes, after.live_bytes),
        ("hidden", before.hidden_bytes, after.hidden_bytes),
        ("reclaimable", before.reclaimable_bytes, after.reclaimable_bytes),
        ("inherited", diff.before.inherited_bytes, diff.after.inherited_bytes),
    )
    rows = [
        (name, units(one), units(other), signed(other - one, units))
        for name, one, other in figures
        if name != "inherited" or one or other
    ]
    same = f"{shared.shared} shared, {units(shared.shared_bytes)}"
    rows.insert(1, ("layers", str(diff.before.layers), str(diff.after.layers), same))
    rows.append(("files", f"{before.files:,}", f"{after.files:,}", f"{after.files - before.files:+,}"))
    return Section(title="", headers=("", *_BYTES), sides=("text", "n", "n", "n"), rows=tuple(rows))


def _row(
    change: Change | PackageChange | Cause | FindingChange | PathChange, what: str, units: Units
) -> tuple[str, ...]:
    figures = (units(count) if count else "" for count in (change.before_bytes, change.after_bytes))
    return _SIGNS.get(change.status, ""), *figures, signed(change.delta, units) if change.delta else "", what


def _table(title: str, last: str, rows: list[tuple[str, ...]], total: int) -> Iterator[Section]:
    """A section of changes, if there are any; ``total`` includes those that are not shown."""
    if rows:
        title = f"{title} ({len(rows)} of {total:,})" if total > len(rows) else title
        headers = ("", *_BYTES, last)
        yield Section(title=title, headers=headers, sides=("text", "n", "n", "n", "text"), rows=tuple(rows))


def _steps(diff: Diff, options: RenderOptions, most: int) -> Iterator[Section]:
    """The lines of the Dockerfile that make the biggest difference."""
    most = options.top or most + 2
    rows = [_row(one, cause_words(one), options.units) for one in diff.causes[:most]]
    yield from _table("INSTRUCTIONS", "instruction", rows, len(diff.causes))


def _directories(diff: Diff, options: RenderOptions, most: int) -> Iterator[Section]:
    """The rows are disjoint: a directory with others below it stands for its other files."""
    differing = [one for one in diff.directories if one.delta]
    rows = []
    for one in differing[:most]:
        below = one.name.rstrip("/") + "/"
        has_rows_below = any(other.name != one.name and other.name.startswith(below) for other in diff.directories)
        rows.append(_row(one, f"{one.name} (other files)" if has_rows_below else one.name, options.units))
    yield from _table("DIRECTORIES", "path", rows, len(differing))


def _packages(diff: Diff, options: RenderOptions, most: int) -> Iterator[Section]:
    differing = [one for one in diff.packages if one.status != Status.SAME]
    counts = [
        f"{sum(one.status == status for one in differing):,} {status.value}"
        for status in (Status.ADDED, Status.REMOVED, Status.CHANGED)
    ]
    unowned = diff.after_unowned_bytes - diff.before_unowned_bytes
    if unowned:
        counts.append(f"{signed(unowned, options.units)} not owned by a package")
    rows = [_row(one, package_versions(one), options.units) for one in differing[:most]]
    yield from _table("PACKAGES: " + ", ".join(counts), "package", rows, len(differing))


def package_versions(change: PackageChange) -> str:
    """``flask 3.0 -> 3.1 (pypi)``."""
    before, after = _counted(change.before), _counted(change.after)
    versions = f"{before} -> {after}" if before and after and before != after else after or before
    return f"{change.name} {versions} ({change.type})"


def _counted(versions: tuple[str, ...]) -> str:
    """Each version once; one package may be installed in several places."""
    counts = Counter(versions)
    return ", ".join(f"{version} x{count}" if count > 1 else version for version, count in counts.items())


def _stages(diff: Diff, options: RenderOptions, most: int) -> Iterator[Section]:
    differing = [one for one in diff.stages if one.status != Status.SAME]
    rows = [_row(one, one.name, options.units) for one in differing[:most]]
    yield from _table("COPIED FROM BUILD STAGES", "stage", rows, len(differing))


def _findings(diff: Diff, options: RenderOptions, most: int) -> Iterator[Section]:
    """New findings, resolved ones, and last those that grew or shrank."""
    order = (Status.ADDED, Status.REMOVED, Status.CHANGED)
    differing = sorted(
        (one for one in diff.findings if one.status != Status.SAME), key=lambda one: order.index(one.status)
    )
    new, resolved = (sum(one.status == status for one in differing) for status in order[:2])
    rows = [_row(one, f"{one.rule}: {one.where}", options.units) for one in differing[:most]]
    yield from _table(f"FINDINGS: {new:,} new, {resolved:,} resolved", "rule and path", rows, len(differing))


def _remaining(diff: Diff, options: RenderOptions, most: int) -> Iterator[Section]:
    """The findings that both images have."""
    left = [one for one in diff.findings if one.before_count and one.after_count]
    own = [one for one in left if one.source != BASE]
    rest = [one for one in left if one.source == BASE]
    most = options.top or most + 1
    rows = [(one.severity.value, options.units(one.after_bytes), f"{one.rule}: {one.where}") for one in own[:most]]
    if rest:
        inherited = f"{counted(len(rest), 'finding')} inherited from the base image"
        rows.append(("", options.units(sum(one.after_bytes for one in rest)), inherited))
    if rows:
        title = f"REMAINING FINDINGS ({most} of {len(own):,})" if len(own) > most else "REMAINING FINDINGS"
        headers = ("severity", "size", "rule and path")
        yield Section(title=title, headers=headers, sides=("text", "n", "text"), rows=tuple(rows))


def _paths(diff: Diff, options: RenderOptions, most: int) -> Iterator[Section]:
    """How many paths differ, and with ``--top`` the biggest of them."""
    found = diff.paths
    if found is None:
        return
    moved = f" ({options.units(found.moved_bytes)}, content unchanged)" if found.moved_bytes else ""
    words = {"metadata": "changed in metadata only", "moved": f"moved{moved}"}
    counts = [f"{count:,} {words.get(name, name)}" for name, count in found.counts.items() if count]
    if found.touched:
        counts.append(f"{found.touched:,} with a new timestamp only")
    title = "PATHS: " + (", ".join(counts) or "no differences")
    rows = [
        _row(one, f"{one.moved_from} -> {one.path}" if one.moved_from else one.path, options.units)
        for one in found.paths[:most]
    ]
    yield from _table(title, "path", rows, len(rows)) if rows else [Section(title=title)]


def notes(diff: Diff, options: RenderOptions) -> Iterable[str]:
    """Warnings, and what could not be compared."""
    yield from (f"warning: {warning}" for warning in diff.warnings)
    yield from _inherited(diff, options.units)
    if diff.paths is None:
        yield "note: one side is a saved report, so paths were not compared; pass both archives to compare them"


def _inherited(diff: Diff, units: Units) -> Iterator[str]:
    """What counts elsewhere and is still there: less that is reclaimable is no improvement then."""
    for size, first, second in (
        (diff.now_inherited_bytes, "reclaimable", "inherited"),
        (diff.no_longer_inherited_bytes, "inherited", "reclaimable"),
    ):
        if size:
            yield (
                f"note: {units(size)} is {first} in the first image and {second} in the second;"
                " the files are still there"
            )
