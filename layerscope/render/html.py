"""The report as one HTML page that needs nothing else, with a map of the bytes where their sizes are at hand."""

from collections.abc import Iterator
from itertools import islice

from layerscope.model.onto import Onto
from layerscope.model.report import LayerReport, Report
from layerscope.model.size_map import SizeMap
from layerscope.render.finding_summary import ignored_summaries
from layerscope.render.html_advice import biggest_step, secrets, steps
from layerscope.render.html_findings import findings
from layerscope.render.html_map import map_data, map_lines
from layerscope.render.html_parts import (
    MOST_LAYERS,
    Cell,
    Markup,
    Part,
    bar,
    count,
    layer_link,
    line_code,
    page,
    prose,
    size,
    stacked,
    table,
    text,
)
from layerscope.render.onto import HEADERS, missing_counts, saved, sentences, size_sentence
from layerscope.render.units import RenderOptions, Units
from layerscope.render.verdict import reclaimable_figures, size_words
from layerscope.render.words import (
    COPIED_UP,
    INCOMPLETE,
    METADATA_ONLY_COPY,
    base_words,
    counted,
    fate_words,
    instruction_place,
    instruction_text,
    layer_line,
    stage_evidence,
)

_MOST_PACKAGES, _MOST_IGNORED, _MOST_WARNINGS = 500, 500, 500
_MOST = 20


def html(report: Report, options: RenderOptions, sizes: SizeMap | None = None) -> str:
    """The whole report, with a map where there are ``sizes``; ``top`` rows in the list of packages, 0 for the usual."""
    units = options.units
    data = map_data(units, (report.image.name, report, sizes)) if sizes is not None else ""
    parts = (
        Part(anchor="secrets", title="Secrets", lines=tuple(secrets(report))),
        Part(anchor="map", title="Map", lines=tuple(map_lines([report.image.name] if data else ())), needs_script=True),
        Part(anchor="steps", title="Steps", lines=tuple(steps(report, options))),
        Part(
            anchor="other-bases", title="On another base image", short="Bases", lines=tuple(other_bases(report, units))
        ),
        *findings(report, units),
        Part(anchor="layers", title="Layers", lines=tuple(_layers(report, units))),
        Part(anchor="stages", title="Build stages", short="Stages", lines=tuple(_stages(report, units))),
        Part(anchor="directories", title="Directories", lines=tuple(_directories(report, units, has_map=bool(data)))),
        Part(anchor="packages", title="Packages", lines=tuple(_packages(report, options))),
        Part(anchor="hidden", title="Hidden by a later layer", short="Hidden", lines=tuple(_hidden(report, units))),
        Part(anchor="ignored", title="Ignored findings", short="Ignored", lines=tuple(_ignored(report, units))),
        Part(anchor="warnings", title="Warnings", lines=tuple(_warnings(report))),
    )
    return page(report.image.name, _head(report, options), parts, data)


def _head(report: Report, options: RenderOptions) -> Iterator[str]:
    """What it is, how big, what is reclaimable, and the one step that saves most."""
    image, totals, units = report.image, report.totals, options.units
    yield f"<h1>{text(image.name)}</h1>"
    facts = [image.platform, image.format, image.image_id[:19], f"{counted(totals.entries, 'entry', 'entries')}"]
    yield f'<p class="facts">{text("  ·  ".join(fact for fact in facts if fact))}</p>'
    if not report.complete:
        yield f'<p class="alert">Incomplete: {INCOMPLETE}.</p>'
    yield '<dl class="figures">'
    figures = reclaimable_figures(report, units)
    nothing = "no waste found" if report.complete else "no waste found in what was read"
    for name, value in (
        ("size", size_words(report, units)),
        (base_words(report.base), units(totals.base_bytes)),
        ("your own", units(totals.own_bytes)),
        ("reclaimable", f"{figures[0]} ({figures[1]})" if figures is not None else nothing),
        ("trades", units(totals.trade_bytes) if totals.trade_bytes else ""),
    ):
        if value:
            yield f"<div><dt>{name}</dt><dd>{text(value)}</dd></div>"
    yield "</dl>"
    shares = (
        ("base", base_words(report.base), totals.base_bytes),
        ("own", "your own, no findings", totals.own_bytes - totals.reclaimable_bytes - totals.trade_bytes),
        ("trade", "trades", totals.trade_bytes),
        ("waste", "reclaimable", totals.reclaimable_bytes),
    )
    named = [(kind, name, share) for kind, name, share in shares if share > 0]
    words = ", ".join(f"{name} {units(share)}" for _, name, share in named)
    yield bar(list(stacked([(kind, share) for kind, _, share in named])), totals.content_bytes, words, tall=True)
    yield '<p class="legend">' + " ".join(f'<span><i class="{k}"></i>{name}</span>' for k, name, _ in named) + "</p>"
    yield from biggest_step(report, options)


def _layers(report: Report, units: Units) -> Iterator[str]:
    """Each layer with a bar that begins where the one below ends."""
    starts, total = [0], report.totals.content_bytes
    for layer in report.layers:
        starts.append(starts[-1] + layer.content_bytes)
    shown = report.layers
    if len(shown) > MOST_LAYERS:
        shown = tuple(
            sorted(sorted(shown, key=lambda one: -one.content_bytes)[:MOST_LAYERS], key=lambda one: one.index)
        )
        yield f"<p>The {MOST_LAYERS} biggest of {len(report.layers):,}: layerscope layers lists all of them.</p>"
    if shown:
        rows = (
            (
                count(one.index),
                size(one.content_bytes, units),
                size(one.reclaimable_bytes, units),
                Markup(_layer_bar(one, starts[one.index], total)),
                Markup(_layer_words(one, report)),
            )
            for one in shown
        )
        yield from table("layers", ("#", "Size", "Reclaimable", "From first to last", "Instruction"), "nnncw", rows)


def _layer_bar(layer: LayerReport, start: int, whole: int) -> str:
    kept = layer.content_bytes - layer.reclaimable_bytes
    kinds = [("base" if layer.origin == "base" else "own", kept), ("waste", layer.reclaimable_bytes)]
    return bar([("track", 0, whole), *stacked(kinds, start)], whole)


def _layer_words(layer: LayerReport, report: Report) -> str:
    """The line in the Dockerfile, what is copied from where, and the instruction as code."""
    step = report.instructions[layer.instruction] if layer.instruction is not None else None
    lit = f'id="layer-{layer.index}" data-layer="{layer.index}"'
    if step is None or layer.problem:
        return f"<span {lit}>{text(layer_line(layer, step))}</span>"
    place = line_code(report, step.dockerfile_line)
    source = instruction_place(step).removeprefix(f"line {step.dockerfile_line}").strip()
    partial = f"INCOMPLETE ({layer.partial}) " if layer.partial else ""
    words = f'<span class="soft">{text(f"{partial}{source} ")}</span>' if partial or source else ""
    return f"<span {lit}>{place}{words}<code>{text(instruction_text(step))}</code></span>"


def _stages(report: Report, units: Units) -> Iterator[str]:
    if report.stages:
        headers = ("Copied", "Reclaimable", "Not copied", "Stage", "Evidence", "Made by")
        rows = (
            (
                size(one.content_bytes, units),
                size(one.reclaimable_bytes, units),
                size(one.not_copied_bytes or 0, units),
                Markup(f"<code>{text(one.name)}</code>"),
                stage_evidence(one),
                Markup(
                    "<br>".join(
                        f"{units(made.content_bytes)} {line_code(report, made.dockerfile_line)}"
                        f"<code>{text(made.text)}</code>"
                        for made in one.made_by[:3]
                    )
                ),
            )
            for one in report.stages
        )
        yield from table("stages", headers, "nnn--w", rows)


def _directories(report: Report, units: Units, *, has_map: bool) -> Iterator[str]:
    shown = [row for row in report.directories if row.content_bytes]
    if shown and not has_map:
        yield "<p>A saved report holds the biggest directories alone; a page that is made of the archive has a map.</p>"
    if shown:
        rows = ((size(row.content_bytes, units), count(row.files), row.path) for row in shown)
        yield from table("directories", ("Size", "Files", "Directory"), "nnp", rows)


def _packages(report: Report, options: RenderOptions) -> Iterator[str]:
    units, most = options.units, options.top or _MOST_PACKAGES
    owned = [(place, one) for place, one in enumerate(report.packages) if one.content_bytes or one.hidden_bytes]
    if not owned:
        return
    owned.sort(key=lambda item: (-item[1].content_bytes, item[1].full_name, item[1].version))
    yield f"<p>{units(report.unowned_bytes)} not owned by a package.</p>"
    rows = (
        (
            size(one.content_bytes, units),
            size(one.hidden_bytes, units),
            count(one.files),
            Markup("" if one.layer is None else layer_link(one.layer, str(one.layer), report)),
            one.type,
            Markup(_package(place, f"{one.full_name} {one.version}")),
        )
        for place, one in owned[:most]
    )
    yield from table("packages", ("Size", "Hidden", "Files", "Layer", "Type", "Package"), "nnnn-w", rows)
    if len(owned) > most:
        yield f"<p>and {len(owned) - most:,} more: layerscope packages</p>"


def _package(place: int, name: str) -> str:
    return f'<span data-package="{place}" data-what="{text(name)}">{text(name)}</span>'


def _hidden(report: Report, units: Units) -> Iterator[str]:
    if report.hidden:
        meaning = f" {METADATA_ONLY_COPY}" if any(row.fate == COPIED_UP for row in report.hidden) else ""
        yield f"<p>Not in the final image, but still shipped.{meaning}</p>"
        rows = (
            (
                size(row.content_bytes, units),
                Markup(", ".join(layer_link(one, str(one), report) for one in row.layers)),
                fate_words(row.fate),
                row.path,
            )
            for row in report.hidden
        )
        yield from table("paths", ("Size", "Layers", "Fate", "Path"), "n--p", rows)


def _ignored(report: Report, units: Units) -> Iterator[str]:
    if report.ignored:
        rows = (
            (size(one.finding.content_bytes, units), one.finding.rule, one.finding.ignored, one.place)
            for one in islice(ignored_summaries(report), _MOST_IGNORED)
        )
        yield from table("ignored findings", ("Size", "Rule", "Why", "Where"), "n-wp", rows)
    yield from _more(len(report.ignored) - _MOST_IGNORED)


def _warnings(report: Report) -> Iterator[str]:
    if report.warnings:
        yield "<ul>"
        yield from (f"<li>{text(warning)}</li>" for warning in report.warnings[:_MOST_WARNINGS])
        yield "</ul>"
    yield from _more(len(report.warnings) - _MOST_WARNINGS)


def _more(left: int) -> Iterator[str]:
    if left > 0:
        yield f"<p>and {left:,} more: use -f json for all of them</p>"


def other_bases(report: Report, units: Units) -> Iterator[str]:
    """A table of the candidates, and what is to say of each; nothing where none was given."""
    if not report.onto:
        return
    yield from table("other-bases", HEADERS, "wnnnnn", (_row(one, report, units) for one in report.onto))
    for one in report.onto:
        yield f"<h3>{text(one.name)}</h3>\n<p>{text(size_sentence(one, report, units))}</p>\n<ul>"
        yield from (f"<li><b>{label}:</b> {prose(words)}</li>" for label, words in sentences(one, report, units, _MOST))
        yield "</ul>"


def _row(one: Onto, report: Report, units: Units) -> tuple[Cell, ...]:
    sizes = (size(one.content_bytes, units), size(saved(one, report), units))
    return one.name, *sizes, *map(count, missing_counts(one))
