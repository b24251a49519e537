"""The report as one HTML page that needs nothing else: no scripts, no fonts, no pictures, nothing from elsewhere."""

from collections.abc import Iterator, Sequence
from html import escape

from layerscope.model.report import LayerReport, Report
from layerscope.model.source import is_reclaimable
from layerscope.model.step import Safety, Step
from layerscope.render.escape import printable
from layerscope.render.finding_summary import FindingSummary, finding_summaries, ignored_summaries
from layerscope.render.html_style import STYLE
from layerscope.render.steps import advised, diff_lines, step_place
from layerscope.render.treemap import treemap
from layerscope.render.units import RenderOptions, Units
from layerscope.render.verdict import base_row, reclaimable_figures, size_words
from layerscope.render.words import (
    COPIED_UP,
    INCOMPLETE,
    METADATA_ONLY_COPY,
    STAGE_HEADERS,
    base_words,
    copied_from,
    counted,
    fate_words,
    layer_line,
    layer_words,
    stage_rows,
)

_MOST_PATHS = 200
"""Paths that one finding lists; a page with a million of them opens nowhere."""
_MOST_PACKAGES = 500
_MOST_STEPS = 20


def html(report: Report, options: RenderOptions) -> str:
    """The whole report; ``top`` rows in the list of packages, 0 for the usual number."""
    title = f"{_text(report.image.name)} - layerscope"
    sections = (
        _head(report, options.units),
        _secrets(report),
        _steps(report, options.units),
        _findings(report, options.units),
        _layers(report, options.units),
        _stages(report, options.units),
        _directories(report, options.units),
        _packages(report, options),
        _hidden(report, options.units),
        _ignored(report, options.units),
        _warnings(report),
    )
    body = "\n".join(line for section in sections for line in section)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _head(report: Report, units: Units) -> Iterator[str]:
    image, totals = report.image, report.totals
    yield f"<h1>{_text(image.name)}</h1>"
    facts = [image.platform, image.format, image.image_id[:19], f"{counted(totals.entries, 'entry', 'entries')}"]
    yield f'<p class="facts">{_text("  ·  ".join(fact for fact in facts if fact))}</p>'
    if not report.complete:
        yield f'<p class="alert">Incomplete: {INCOMPLETE}.</p>'
    kept = totals.own_bytes - totals.reclaimable_bytes
    yield '<dl class="figures">'
    figures = reclaimable_figures(report, units)
    for name, value in (
        ("size", size_words(report, units)),
        (base_words(report.base), units(totals.base_bytes)),
        ("your own", units(totals.own_bytes)),
        ("reclaimable", f"{figures[0]} ({figures[1]})" if figures is not None else "no waste found"),
        ("trades", units(totals.trade_bytes)),
    ):
        yield f"<div><dt>{name}</dt><dd>{_text(value)}</dd></div>"
    yield "</dl>"
    parts = (("base", totals.base_bytes), ("kept", kept), ("waste", totals.reclaimable_bytes))
    yield f'<div class="bar tall">{_bar(parts, totals.content_bytes)}</div>'
    legend = (("base", "base image"), ("kept", "your own, not reclaimable"), ("waste", "reclaimable"))
    yield '<p class="legend">' + " ".join(f'<span><i class="{key}"></i>{name}</span>' for key, name in legend) + "</p>"


def _bar(parts: Sequence[tuple[str, int]], whole: int) -> str:
    return "".join(
        f'<i class="{name}" style="width:{100 * value / whole:.3f}%"></i>'
        for name, value in parts
        if whole and value > 0
    )


def _secrets(report: Report) -> Iterator[str]:
    if report.secrets:
        yield "<h2>Secrets</h2>"
        rows = [(one.severity.value, one.rotate, one.supply) for one in report.secrets[:_MOST_PATHS]]
        yield from _table(("Severity", "What to do", "How to pass it"), "---", rows)
        if len(report.secrets) > _MOST_PATHS:
            yield f"<p>and {len(report.secrets) - _MOST_PATHS:,} more below</p>"


def _steps(report: Report, units: Units) -> Iterator[str]:
    rows = advised(report)
    base = base_row(report, units)
    if rows or base is not None:
        yield "<h2>Steps</h2>"
    if rows:
        yield '<ul class="steps">'
        for row in rows[:_MOST_STEPS]:
            saves = f"<b>saves {units(row.content_bytes)}</b> " if row.content_bytes else ""
            place = f"<code>{_text(step_place(row.step, report))}</code>: " if row.step is not None else ""
            number = f"step {row.number}, " if row.number else ""
            details = "".join(_details(row.step)) if row.step is not None else ""
            yield f"<li>{number}{saves}{place}{_text(row.sentence)}{details}</li>"
        yield "</ul>"
        left = sum(row.step is not None for row in rows[_MOST_STEPS:])
        if left:
            yield f"<p>and {counted(left, 'more step')}: layerscope fix lists all of them</p>"
    if base is not None:
        yield f"<p><b>{base[0]}</b> {_text(base[1])}</p>"


def _details(step: Step) -> Iterator[str]:
    """What to make sure of first, and the change as a diff."""
    if step.safety == Safety.REVIEW:
        yield f"<p><b>Review:</b> {_text(step.review)}</p>"
    if step.edits:
        yield '<pre class="diff">'
        for line in list(diff_lines(step))[:_MOST_PATHS]:
            tag = {"-": "del", "+": "ins"}.get(line[0], "span") if not line.startswith(("---", "+++")) else "span"
            yield f"<{tag}>{_text(line)}</{tag}>\n"
        yield "</pre>"


def _findings(report: Report, units: Units) -> Iterator[str]:
    every = list(finding_summaries(report))
    own = [one for one in every if is_reclaimable(one.finding)]
    trades = [one for one in every if one.finding.trade and not one.is_inherited]
    inherited = [one for one in every if one.is_inherited]
    for title, found in (("Findings", own), ("Trades", trades), ("Inherited from the base image", inherited)):
        if found:
            yield f"<h2>{title}</h2>"
            for one in found:
                yield from _finding(one, units)


def _finding(one: FindingSummary, units: Units) -> Iterator[str]:
    finding = one.finding
    weight = finding.severity.value
    size = units(finding.content_bytes) if finding.content_bytes else ""
    yield (
        f'<details class="finding"><summary><span class="severity {weight}">{weight}</span>'
        f'<span class="size">{size}</span><code>{_text(finding.rule)}</code> '
        f"<span>{_text((one.place or finding.detail or finding.title) + one.more_places)}</span></summary>"
    )
    facts = [
        finding.title,
        copied_from(finding),
        layer_words(finding.layers),
        f"Dockerfile line {one.line}" if one.line else "",
    ]
    yield f"<p>{_text(', '.join(filter(None, facts)))} ({finding.kind.value}, {finding.evidence.value})</p>"
    if finding.detail:
        yield f"<p>{_text(finding.detail)}</p>"
    yield f"<p><b>Fix:</b> {_text(finding.fix)}</p>"
    if finding.packages:
        most = [f"{name} {units(content_bytes)}" for name, content_bytes in finding.packages[:20]]
        more = f" and {len(finding.packages) - 20:,} more" if len(finding.packages) > 20 else ""
        yield f"<p><b>Packages:</b> {_text(', '.join(most) + more)}</p>"
    if finding.paths:
        rows = [(units(p.content_bytes), str(p.layer), fate_words(p.fate), p.path) for p in finding.paths[:_MOST_PATHS]]
        yield from _table(("Size", "Layer", "Fate", "Path"), "nn-p", rows)
    if len(finding.paths) > _MOST_PATHS:
        yield f"<p>and {len(finding.paths) - _MOST_PATHS:,} more: use -f json for all of them</p>"
    yield "</details>"


def _layers(report: Report, units: Units) -> Iterator[str]:
    yield '<h2>Layers</h2>\n<div class="scroll"><table class="layers">'
    yield "<thead><tr><th>#</th><th>Size</th><th>Reclaimable</th><th></th><th>Instruction</th></tr></thead>\n<tbody>"
    biggest = max((layer.content_bytes for layer in report.layers), default=0)
    for layer in report.layers:
        yield _layer(report, layer, biggest, units)
    yield "</tbody></table></div>"


def _layer(report: Report, layer: LayerReport, biggest: int, units: Units) -> str:
    step = report.instructions[layer.instruction] if layer.instruction is not None else None
    kept = layer.content_bytes - layer.reclaimable_bytes
    bar = _bar((("base" if layer.origin == "base" else "kept", kept), ("waste", layer.reclaimable_bytes)), biggest)
    back = units(layer.reclaimable_bytes) if layer.reclaimable_bytes else ""
    return (
        f'<tr><td class="n">{layer.index}</td><td class="n">{units(layer.content_bytes)}</td><td class="n">{back}</td>'
        f'<td class="chart"><div class="bar">{bar}</div></td>'
        f'<td class="step">{_text(layer_line(layer, step))}</td></tr>'
    )


def _stages(report: Report, units: Units) -> Iterator[str]:
    if report.stages:
        yield "<h2>Build stages</h2>"
        yield from _table(STAGE_HEADERS, "-nnn-", stage_rows(report.stages, units))


def _directories(report: Report, units: Units) -> Iterator[str]:
    """A map of the disjoint directories, and the same as a table."""
    rows = [row for row in report.directories if row.content_bytes]
    if not rows:
        return
    yield '<h2>Directories</h2>\n<div class="map">'
    for box in treemap([row.content_bytes for row in rows], 100, 36):
        row = rows[box.index]
        place = f"left:{box.left:.3f}%;top:{box.top / 0.36:.3f}%;width:{box.width:.3f}%;height:{box.height / 0.36:.3f}%"
        name = f"{_text(row.path)}<br>{units(row.content_bytes)}"
        yield f'<div style="{place}" title="{_text(row.path)} {units(row.content_bytes)}"><span>{name}</span></div>'
    yield "</div>"
    yield from _table(
        ("Size", "Files", "Directory"), "nnp", [(units(row.content_bytes), f"{row.files:,}", row.path) for row in rows]
    )


def _packages(report: Report, options: RenderOptions) -> Iterator[str]:
    units, most = options.units, options.top or _MOST_PACKAGES
    owned = [package for package in report.packages if package.content_bytes or package.hidden_bytes]
    if not owned:
        return
    owned.sort(key=lambda package: (-package.content_bytes, package.full_name, package.version))
    yield f"<h2>Packages</h2>\n<p>{units(report.unowned_bytes)} not owned by a package.</p>"
    rows = [
        (
            units(one.content_bytes),
            units(one.hidden_bytes) if one.hidden_bytes else "",
            "" if one.layer is None else str(one.layer),
            one.type,
            f"{one.full_name} {one.version}",
        )
        for one in owned[:most]
    ]
    yield from _table(("Size", "Hidden", "Layer", "Type", "Package"), "nnn--", rows)
    if len(owned) > most:
        yield f"<p>and {len(owned) - most:,} more: layerscope packages</p>"


def _hidden(report: Report, units: Units) -> Iterator[str]:
    if report.hidden:
        yield "<h2>Hidden by a later layer</h2>"
        meaning = f" {METADATA_ONLY_COPY}" if any(row.fate == COPIED_UP for row in report.hidden) else ""
        yield f"<p>Not in the final image, but still shipped.{meaning}</p>"
        rows = [
            (units(row.content_bytes), ", ".join(map(str, row.layers)), fate_words(row.fate), row.path)
            for row in report.hidden
        ]
        yield from _table(("Size", "Layers", "Fate", "Path"), "n--p", rows)


def _ignored(report: Report, units: Units) -> Iterator[str]:
    if report.ignored:
        yield "<h2>Ignored findings</h2>"
        rows = [
            (units(one.finding.content_bytes), one.finding.rule, one.finding.ignored, one.place)
            for one in ignored_summaries(report)
        ]
        yield from _table(("Size", "Rule", "Why", "Where"), "n--p", rows)


def _warnings(report: Report) -> Iterator[str]:
    if report.warnings:
        yield "<h2>Warnings</h2>\n<ul>"
        yield from (f"<li>{_text(warning)}</li>" for warning in report.warnings)
        yield "</ul>"


def _table(header: Sequence[str], kinds: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """``kinds`` has n for numbers and p for paths, which may be broken anywhere."""
    classes = [{"n": ' class="n"', "p": ' class="path"'}.get(kind, "") for kind in kinds]
    heads = "".join(f"<th{style}>{name}</th>" for name, style in zip(header, classes, strict=True))
    yield f'<div class="scroll"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>'
    for row in rows:
        cells = (f"<td{style}>{_text(text)}</td>" for text, style in zip(row, classes, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _text(text: str) -> str:
    """Text as HTML; what could reorder or hide it is printed as an escape."""
    return escape(printable(text), quote=True)
