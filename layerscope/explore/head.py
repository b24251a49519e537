"""The two lines above everything: the image, and what of it is reclaimable."""

from collections.abc import Iterator

from rich.style import Style
from rich.text import Text

from layerscope.explore.style import BAD, GOOD, NOTICE, SOFT, STRONG
from layerscope.model.report import Report
from layerscope.render.escape import printable
from layerscope.render.units import Units, percent
from layerscope.render.verdict import reclaimable_figures, size_words
from layerscope.render.words import base_words, counted

_GAP = "   "


def head_lines(report: Report, units: Units, width: int) -> Iterator[Text]:
    """Two lines that fit the width; of the name the end is cut, of the rest what matters least."""
    platform = printable(report.image.platform) if report.image.platform != "unknown" else ""
    facts = Text("".join(f"{_GAP}{fact}" for fact in (platform, size_words(report, units)) if fact))
    name = Text(printable(report.image.name), STRONG)
    name.truncate(max(12, width - facts.cell_len), overflow="ellipsis")
    yield name + facts
    line = Text()
    for part in _parts(report, units):
        if line and line.cell_len + len(_GAP) + part.cell_len > width:
            break
        line += Text(_GAP if line else "") + part
    yield line


def _parts(report: Report, units: Units) -> Iterator[Text]:
    """What the second line says, what matters most first."""
    totals, figures = report.totals, reclaimable_figures(report, units)
    if not report.complete:
        yield Text("INCOMPLETE (i: why)", BAD)
    yield Text(f"{'your layers' if totals.base_bytes else 'all layers'} {units(totals.own_bytes)}", Style())
    if figures is not None:
        yield Text(f"{figures[0]} ({figures[1]}) reclaimable", NOTICE)
    else:
        yield Text("no waste found" if report.complete else "no waste found in what was read", GOOD)
    if totals.base_bytes:
        share = percent(totals.base_bytes, totals.content_bytes)
        yield Text(f"{base_words(report.base)} {units(totals.base_bytes)} ({share})", SOFT)
    if report.warnings:
        yield Text(f"{counted(len(report.warnings), 'warning')} (i)", NOTICE)
    if report.dockerfile is not None:
        used = report.dockerfile
        yield Text(f"{printable(used.name)} matches {used.matched} of {counted(used.total, 'instruction')}", SOFT)
