"""Where the bytes of an image are besides what can be saved: layers, build stages, packages and directories."""

from collections.abc import Iterator, Sequence

from layerscope.model.report import LayerReport, PathBytes, Report, StageReport
from layerscope.render.cells import layer_cells
from layerscope.render.escape import printable
from layerscope.render.style import Style, styled
from layerscope.render.table import aligned
from layerscope.render.text_steps import titles
from layerscope.render.units import RenderOptions, Units
from layerscope.render.width import padded, shortened, shortened_path, width_of
from layerscope.render.words import base_words, counted, stage_evidence, stage_words

LAYERS, LEAST_LAYERS = 7, 2
"""Rows of layers where there is room, and where there is little."""
_LEAST, _MOST = 3, 6
"""Rows of packages and of directories."""
_STEPS = 2
_NOISE = 1000
"""Parts of the image of which one is too little to be shown for a stage."""
_LONGEST_STEP = 100
_HEADERS = ("LAYER", "SIZE", "RECLAIMABLE", "INSTRUCTION")
_UNOWNED = "not owned by a package"
_GAP = 3
"""Columns between two lists beside each other."""


def layers_section(report: Report, most: int, options: RenderOptions) -> Iterator[str]:
    """The base as one line, then at most so many own layers; the others are summed up, but none that is incomplete."""
    units = options.units
    base = [layer for layer in report.layers if layer.origin == "base"]
    own = [layer for layer in report.layers if layer.origin != "base"]
    cells = []
    if base:
        name = str(base[0].index) if len(base) == 1 else f"{base[0].index}-{base[-1].index}"
        cells.append([name, units(sum(layer.content_bytes for layer in base)), "", base_words(report.base)])
        cells += [layer_cells(report, layer, units) for layer in base if not layer.is_complete][:most]
    shown = own if len(own) <= most else _shown(own, max(1, most - 1))
    left = [layer for layer in own if layer not in shown]
    rows = [(layer.index, layer_cells(report, layer, units)) for layer in shown]
    if left:
        together = left[-1].index - left[0].index + 1 == len(left)
        rows.append(
            (
                left[0].index if together else own[-1].index + 1,
                _summed_up(left, len(own), together=together, units=units),
            )
        )
    cells += [row for _, row in sorted(rows, key=lambda row: row[0])]
    cells = [[name, size, styled(back, Style.NOTICE), _step_words(words)] for name, size, back, words in cells]
    yield from aligned(titles(_HEADERS), cells, ("n", "n", "n", "text"), options.width).split("\n")


def _shown(own: Sequence[LayerReport], most: int) -> list[LayerReport]:
    """The incomplete layers, then the biggest, in their order; the empty ones come last of all."""
    biggest = sorted(own, key=lambda layer: (layer.is_complete, -layer.content_bytes, layer.index))[:most]
    return sorted(biggest, key=lambda layer: layer.index)


def _summed_up(left: Sequence[LayerReport], most: int, *, together: bool, units: Units) -> list[str]:
    name = f"{left[0].index}-{left[-1].index}" if together and len(left) > 1 else ""
    back = sum(layer.reclaimable_bytes for layer in left)
    size = units(sum(layer.content_bytes for layer in left))
    return [name, size, units(back) if back else "", f"{counted(len(left), 'smaller layer')} (--top {most} lists all)"]


def _step_words(words: str) -> str:
    return styled(words, Style.WORST) if words.startswith(("LEFT OUT", "INCOMPLETE")) else words


def stages_section(report: Report, options: RenderOptions) -> Iterator[str]:
    """What was copied from each build stage, which of its instructions made it, and what was not copied."""
    units = options.units
    if report.stages:
        yield styled("COPIED FROM BUILD STAGES", Style.SOFT)
    for stage in report.stages[: options.top or len(report.stages)]:
        waste = f", {units(stage.reclaimable_bytes)} of it reclaimable" if stage.reclaimable_bytes else ""
        size = f"{units(stage.content_bytes)} copied{waste}" if stage.content_bytes else "nothing copied"
        yield f"{printable(stage_words(stage.name))}: {size} ({stage_evidence(stage)})"
        yield from _stage(stage, report.totals.content_bytes // _NOISE, options)


def _stage(stage: StageReport, least: int, options: RenderOptions) -> Iterator[str]:
    """Details of a stage; what is ``least`` bytes or less is not worth a line."""
    units = options.units
    for step in stage.made_by[: options.top or _STEPS]:
        if step.content_bytes > least:
            yield f"{units(step.content_bytes):>8} made by {shortened(printable(str(step)), _LONGEST_STEP)}"
    if stage.same_content_bytes:
        yield f"{units(stage.same_content_bytes):>8} same content as files in the stage (inconclusive)"
    if stage.different_bytes:
        yield f"{units(stage.different_bytes):>8} differs from the image given for the stage (rebuilt since?)"
    if (stage.not_copied_bytes or 0) > least:
        biggest = ", ".join(f"{printable(path)} {units(size)}" for path, size in stage.not_copied[: options.top or 2])
        yield f"{units(stage.not_copied_bytes or 0):>8} not copied" + (f": {biggest}" if biggest else "")


def bytes_section(report: Report, room: int, options: RenderOptions) -> Iterator[str]:
    """Packages and directories in at most ``room`` lines: beside each other where both fit, else below each other."""
    most = options.top or _MOST
    left, right = _packages(report, most, options.units), [row for row in report.directories if row.content_bytes]
    both = _beside(left, right[:most], options) if left and right else None
    if both is not None:
        yield from both[: room if not options.top else None]
        return
    if left and right:
        each = most if options.top else min(most, (room - 3) // 2)
        if each < _LEAST:
            left, each = [], min(most, room - 1)
    else:
        each = most if options.top else min(most, room - 1)
    if left and each > 0:
        kept = left[: each - 1] + left[-1:] if len(left) > each else left
        yield from (styled("BIGGEST PACKAGES", Style.SOFT), *kept, *([""] if right else ()))
    if right and each > 0:
        yield styled("BIGGEST DIRECTORIES", Style.SOFT)
        yield from (_directory(one, options.units, options.width) for one in right[:each])


def _packages(report: Report, most: int, units: Units) -> list[str]:
    """The biggest packages, and what none of them owns."""
    packages = sorted(report.packages, key=lambda package: (-package.content_bytes, package.full_name))[: most - 1]
    rows = [
        f"{units(package.content_bytes):>8}  {printable(f'{package.full_name} {package.version} ({package.type})')}"
        for package in packages
        if package.content_bytes
    ]
    where = ", ".join(f"{printable(one.path)} {units(one.content_bytes)}" for one in report.unowned[:2])
    unowned = f"{units(report.unowned_bytes):>8}  {_UNOWNED}{f': {where}' if where else ''}"
    return [*rows, unowned] if rows else []


def _beside(left: list[str], right: Sequence[PathBytes], options: RenderOptions) -> list[str] | None:
    """Both lists beside each other; None where a line would have to be cut."""
    others = [_directory(one, options.units, None) for one in right]
    left = [*left[:-1], left[-1].partition(":")[0]]  # The directories stand beside it.
    widest = max(map(width_of, left))
    if options.width is not None and widest + _GAP + max(map(width_of, others)) > options.width:
        return None
    rows = [(styled("BIGGEST PACKAGES", Style.SOFT), styled("BIGGEST DIRECTORIES", Style.SOFT))]
    count = max(len(left), len(others))
    rows += list(zip(left + [""] * (count - len(left)), others + [""] * (count - len(others)), strict=True))
    return [f"{padded(one, widest)}{' ' * _GAP}{other}".rstrip() for one, other in rows]


def _directory(row: PathBytes, units: Units, width: int | None) -> str:
    size, files = f"{units(row.content_bytes):>8}  ", f" ({counted(row.files, 'file')})"
    path = printable(row.path)
    return size + (path if width is None else shortened_path(path, max(8, width - len(size) - len(files)))) + files
