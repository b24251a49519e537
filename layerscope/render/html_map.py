"""The map of a page: what the script draws it from, and the frame that it fills."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from layerscope.model.report import Report
from layerscope.model.scan import ScanSummary
from layerscope.model.size_map import SizeMap
from layerscope.render.escape import printable
from layerscope.render.html_parts import text
from layerscope.render.json import dumps
from layerscope.render.units import Units, iec, si
from layerscope.render.width import shortened
from layerscope.render.words import dockerfile_name, instruction_text

_LONGEST = 100
"""Characters of an instruction, a package or a title in the map."""
_GROUPS = (
    ("directory", "directory"),
    ("package", "package"),
    ("instruction", "instruction"),
    ("stage", "build stage"),
)
_SHOWN = (("all", "all bytes"), ("own", "your own"), ("waste", "reclaimable"), ("hidden", "hidden by a later layer"))
_COLOURS = (("state", "base, yours, reclaimable"), ("layer", "layer"), ("type", "package type"))
_GROWTH = ("growth", "what grew")
_SCAN_GROUPS = (("directory", "image"), ("instruction", "layer"))
_SCAN_COLOURS = (("state", "base, own, reclaimable"), ("layer", "layer"))


def map_lines(names: Sequence[str]) -> Iterator[str]:
    """The frames of the maps, beside each other, of the images of these names; of two, by default, what grew."""
    colours = (_GROWTH, *_COLOURS) if len(names) > 1 else _COLOURS
    yield from _frames([f"Map of {name}" for name in names], _GROUPS, colours, _SHOWN, "path, package or finding")


def scan_map_lines() -> Iterator[str]:
    """The frame of a map of many images."""
    yield from _frames(["Map of all images"], _SCAN_GROUPS, _SCAN_COLOURS, _SHOWN[:3], "image or layer")


def _frames(
    labels: Sequence[str],
    groups: Sequence[tuple[str, str]],
    colours: Sequence[tuple[str, str]],
    shown: Sequence[tuple[str, str]],
    filtered: str,
) -> Iterator[str]:
    if not labels:
        return
    yield '<div class="controls">'
    yield _choice("group", "Boxes by", groups)
    yield _choice("colour", "Colours by", colours)
    yield _choice("shown", "Show", shown)
    yield f'<label>Filter <input type="search" data-control="filter" placeholder="{filtered}"></label>'
    yield "</div>"
    yield (
        '<p class="soft help">Each box is as big as its bytes in all layers. Click one to open it, or use the arrow'
        " keys and Enter; Escape goes back.</p>"
    )
    yield '<p class="lit-note" role="status" hidden></p>\n<div class="maps">'
    for label in map(text, labels):
        yield (
            f'<figure class="map" aria-label="{label}"><nav class="crumbs" aria-label="Where the map is"></nav>'
            f'<div class="blocks" role="group" aria-label="{label}"></div><p class="sum" role="status"></p></figure>'
        )
    yield '</div>\n<p class="legend" aria-label="Colours"></p>'


def _choice(name: str, title: str, values: Sequence[tuple[str, str]]) -> str:
    options = "".join(f'<option value="{value}">{words}</option>' for value, words in values)
    return f'<label>{title} <select data-control="{name}">{options}</select></label>'


def map_data(units: Units, *images: tuple[str, Report, SizeMap]) -> str:
    """What the script reads, as JSON in ASCII: for each image its name, its cells, and what their indexes mean."""
    return _data(units, [_image(*image, is_alone=len(images) == 1) for image in images])


def scan_map_data(units: Units, summary: ScanSummary) -> str:
    """The same for a map of many images, of which each name stands for one."""
    used = sorted({cell.layer for cell in summary.sizes.cells if cell.layer >= 0})
    members = {
        "title": "all images",
        "whole": "of all images",
        "unit": "layer",
        "total": summary.content_bytes,
        "layers": {place: _shown(summary.layer_names[place]) for place in used},
        "packages": {},
        "findings": {},
        "stages": [],
    }
    return _data(units, [_with_sizes(members, summary.sizes)])


def _data(units: Units, maps: Sequence[str]) -> str:
    name = "si" if units is si else "iec" if units is iec else "bytes"
    return f'{{"units":"{name}","maps":[{",".join(maps)}]}}'


def _with_sizes(members: dict[str, Any], sizes: SizeMap) -> str:
    names = {"names": [printable(name) for name in sizes.names], "parents": sizes.parents}
    return f'{dumps(members | names)[:-1]}, "cells": {msgspec.json.encode(sizes.cells).decode("ascii")}}}'


def _image(title: str, report: Report, sizes: SizeMap, *, is_alone: bool) -> str:
    used = [{getattr(cell, name) for cell in sizes.cells} for name in ("layer", "package", "finding")]
    layers, packages, findings = (sorted(one for one in places if one >= 0) for places in used)
    members: dict[str, Any] = {
        "title": _shown(title),
        "whole": "of the image",
        "unit": "file",
        "total": report.totals.content_bytes,
        "layers": {place: _layer(report, place, is_alone=is_alone) for place in layers},
        "packages": {place: _package(report, place) for place in packages},
        "findings": {place: _finding(report, place) for place in findings},
        "stages": [_shown(f"stage {stage.name}") for stage in report.stages],
    }
    return _with_sizes(members, sizes)


def _finding(report: Report, place: int) -> str:
    return _shown(f"{report.findings[place].rule}: {report.findings[place].title}")


def _layer(report: Report, place: int, *, is_alone: bool) -> str:
    """The instruction of a layer with its number and line, without them where the maps of two images are compared."""
    index = report.layers[place].instruction
    if index is None:
        return f"{place}: no instruction recorded" if is_alone else "no instruction recorded"
    step = report.instructions[index]
    words = instruction_text(step)
    if not is_alone:
        return _shown(words)
    line = f"{dockerfile_name(report)}:{step.dockerfile_line} " if step.dockerfile_line else ""
    return _shown(f"{place}: {line}{words}")


def _package(report: Report, place: int) -> tuple[str, str]:
    package = report.packages[place]
    return _shown(package.type), _shown(f"{package.full_name} {package.version}")


def _shown(words: str) -> str:
    return shortened(printable(words), _LONGEST)
