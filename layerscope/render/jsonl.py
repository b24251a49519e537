"""The report as JSON lines: one object per value, so that it can be filtered while it is read."""

from collections.abc import Iterator

from layerscope.model.report import Report
from layerscope.render.json import dumps
from layerscope.render.options import RenderOptions


def jsonl(report: Report, options: RenderOptions) -> str:
    """Lines of ``{"type": T, T: {...}}``, where T is image, totals, base, layer, instruction, ... or warning."""
    return "".join(dumps({"type": kind, kind: value}) + "\n" for kind, value in _things(report))


def _things(report: Report) -> Iterator[tuple[str, object]]:
    yield "image", report.image
    yield "totals", report.totals
    yield "base", report.base
    # A package has a member ``type`` itself, so each value is nested in a member of its own.
    for kind, values in (
        ("layer", report.layers),
        ("instruction", report.instructions),
        ("stage", report.stages),
        ("package", report.packages),
        ("finding", report.findings),
        ("ignored", report.ignored),
        ("directory", report.directories),
        ("hidden", report.hidden),
        ("warning", report.warnings),
    ):
        for value in values:
            yield kind, value
