"""The cells of layers and findings in tables on a terminal: in the report and in the explorer."""

from layerscope.model.finding import Finding
from layerscope.model.report import LayerReport, Report
from layerscope.render.escape import printable
from layerscope.render.finding_summary import more_places, places
from layerscope.render.units import RenderOptions, Units
from layerscope.render.words import copied_from, counted, layer_line, layer_words

_PACKAGES = 6


def layer_cells(report: Report, layer: LayerReport, units: Units) -> list[str]:
    """Index, size, reclaimable bytes and instruction of a layer."""
    step = report.instructions[layer.instruction] if layer.instruction is not None else None
    back = units(layer.reclaimable_bytes) if layer.reclaimable_bytes else ""
    size = layer.stored_bytes if layer.problem else layer.content_bytes
    return [str(layer.index), units(size), back, printable(layer_line(layer, step))]


def finding_cells(finding: Finding, options: RenderOptions) -> list[str]:
    """Severity and kind, rule, size and place of a finding."""
    detail = f": {printable(finding.detail)}" if finding.detail else ""
    where = finding_place(finding, options.units)
    if where and not finding.packages:
        where += detail
    return [
        f"{finding.severity.value} {finding.kind.value}",
        finding.rule,
        options.units(finding.content_bytes) if finding.content_bytes else "",
        _origin(finding) + (where or printable(finding.detail or finding.title)),
    ]


def finding_place(finding: Finding, units: Units) -> str:
    """The packages that a finding is about, else its biggest directory or file; empty for one in the config."""
    if finding.packages:
        return f"{counted(len(finding.packages), 'package')}: {package_list(finding, units)}"
    if not finding.paths:
        return ""
    first, *others = places(finding)
    files = f" ({counted(first.files, 'file')})" if first.files > 1 else ""
    return f"{printable(first.path)}{files}{more_places(1 + len(others))}"


def package_list(finding: Finding, units: Units, most: int = _PACKAGES) -> str:
    """The biggest packages of a finding with their bytes."""
    rows = finding.packages[:most]
    listed = ", ".join(f"{printable(name.rpartition(' ')[0])} {units(size)}" for name, size in rows)
    more = len(finding.packages) - len(rows)
    return f"{listed} and {more} more" if more else listed


def _origin(finding: Finding) -> str:
    """The line of the Dockerfile, else the layer; and the stage with its evidence, where one is known."""
    place = layer_words(finding.layers)
    if finding.dockerfile_line is not None:
        place = f"line {finding.dockerfile_line}"
    place = ", ".join(filter(None, (place, printable(copied_from(finding)))))
    return f"{place}: " if place else ""
