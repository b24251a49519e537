"""Many images as one HTML page: what each could save, the layers that they share, and a map of all."""

from collections.abc import Iterator

from layerscope.model.groups import grouped
from layerscope.model.one_line import one_line
from layerscope.model.rows import TEXT_KINDS, Rows
from layerscope.model.scan import ScanImage, ScanSummary, SharedLayer
from layerscope.render.html_map import scan_map_data, scan_map_lines
from layerscope.render.html_parts import Cell, Markup, Number, Part, bar, count, page, prose, size, stacked, table, text
from layerscope.render.table import cell
from layerscope.render.units import RenderOptions, Units
from layerscope.render.words import counted

_MOST_IMAGES, _MOST_STEPS = 1_000, 25


def html(summary: ScanSummary, options: RenderOptions) -> str:
    """The whole page; ``top`` images, 0 for the usual number."""
    units = options.units
    parts = (
        Part(anchor="steps", title="Where most can be saved", short="Steps", lines=tuple(_steps(summary, units))),
        Part(anchor="images", title="Images", lines=tuple(_images(summary, options))),
        Part(
            anchor="map",
            title="Map",
            lines=tuple(scan_map_lines() if summary.sizes.cells else ()),
            needs_script=True,
        ),
        Part(anchor="layers", title="Shared layers", lines=tuple(_shared(summary, units))),
    )
    return page("images", _head(summary, units), parts, scan_map_data(units, summary))


def _head(summary: ScanSummary, units: Units) -> Iterator[str]:
    partial = f", {summary.incomplete:,} incomplete" if summary.incomplete else ""
    yield f"<h1>{counted(len(summary.images), 'image')}{partial}</h1>"
    yield '<dl class="figures">'
    for name, value in (
        ("all images", units(summary.content_bytes)),
        ("each layer once", units(summary.distinct_bytes)),
        ("saved by sharing", units(summary.content_bytes - summary.distinct_bytes)),
        ("reclaimable, at most", units(summary.reclaimable_bytes)),
    ):
        yield f"<div><dt>{name}</dt><dd>{text(value)}</dd></div>"
    yield "</dl>"
    kept = summary.distinct_bytes - summary.reclaimable_bytes
    shares = (
        ("own", "each layer once", kept),
        ("waste", "reclaimable", summary.reclaimable_bytes),
        ("base", "the same layers again", summary.content_bytes - summary.distinct_bytes),
    )
    words = ", ".join(f"{name} {units(share)}" for _, name, share in shares)
    yield bar(list(stacked([(kind, share) for kind, _, share in shares])), summary.content_bytes, words, tall=True)
    yield '<p class="legend">' + " ".join(f'<span><i class="{k}"></i>{name}</span>' for k, name, _ in shares) + "</p>"


def _steps(summary: ScanSummary, units: Units) -> Iterator[str]:
    """The biggest step of each image, those first that save most; one that several images need is listed once."""
    saving = (image for image in summary.images if image.step is not None and image.step.saves_bytes)
    found = grouped(saving, lambda one: (one.step.instruction, one.step.sentence) if one.step else ("", ""))
    ordered = sorted(found.items(), key=lambda item: -max(one.step.saves_bytes for one in item[1] if one.step))
    if ordered:
        yield '<ul class="steps" data-list="steps">'
        for (instruction, sentence), images in ordered[:_MOST_STEPS]:
            saves = max(one.step.saves_bytes for one in images if one.step is not None)
            more = f" and {counted(len(images) - 1, 'more image')}" if len(images) > 1 else ""
            yield (
                f'<li><div class="row"><span class="size">{units(saves)}</span><span class="words"><b>'
                f"{text(images[0].name)}</b>{more}: {prose(sentence)}</span></div>"
                f'<p class="below soft"><code>{text(one_line(instruction))}</code></p></li>'
            )
        yield "</ul>"


def _images(summary: ScanSummary, options: RenderOptions) -> Iterator[str]:
    units, most = options.units, options.top or _MOST_IMAGES
    biggest = max((one.content_bytes for one in summary.images), default=0)
    headers = ("Size", "Base", "Shared", "Reclaimable", "Critical", "High", "", "Image", "Source")
    rows = (
        (
            size(one.content_bytes, units),
            size(one.base_bytes, units),
            size(one.shared_bytes, units),
            size(one.reclaimable_bytes, units),
            count(one.critical),
            count(one.high),
            Markup(_image_bar(one, biggest)),
            Markup(f"<b>{text(one.name)}</b>{_facts(one)}"),
            one.source,
        )
        for one in summary.images[:most]
    )
    if summary.images:
        yield from table("images", headers, "nnnnnncwp", rows)
    if len(summary.images) > most:
        yield f"<p>and {len(summary.images) - most:,} more: layerscope scan -f csv</p>"


def _facts(one: ScanImage) -> str:
    facts = ", ".join(filter(None, (one.platform, "" if one.complete else "incomplete")))
    return f' <span class="soft">{text(facts)}</span>' if facts else ""


def _image_bar(one: ScanImage, biggest: int) -> str:
    own = one.content_bytes - one.base_bytes - one.reclaimable_bytes
    parts = [("base", one.base_bytes), ("own", own), ("waste", one.reclaimable_bytes)]
    return bar([("track", 0, biggest), *stacked(parts)], biggest)


def _shared(summary: ScanSummary, units: Units) -> Iterator[str]:
    if not summary.shared:
        return
    yield "<p>What images take less because they share a layer.</p>"
    rows = (
        (
            size(one.repeated_bytes, units),
            size(one.content_bytes, units),
            count(one.count),
            Markup(f"<code>{text(one.instruction or one.identity)}</code>"),
            Markup(text(_named(one))),
        )
        for one in summary.shared
    )
    yield from table("layers", ("Saves", "Size", "Images", "Layer", "In"), "nnnww", rows)


def _named(one: SharedLayer) -> str:
    left = one.count - len(one.images)
    return ", ".join(one.images) + (f" and {left:,} more" if left else "")


def rows_html(title: str, data: Rows, options: RenderOptions) -> str:
    """A listing as a page whose table sorts and filters; columns that tables hide are left out here as well."""
    shown = [(place, column) for place, column in enumerate(data.columns) if column.shown]
    rows: list[list[Cell]] = []
    for row in data.rows:
        cells: list[Cell] = []
        for place, column in shown:
            value, words = row[place], cell(row[place], column.kind, options.units)
            cells.append(Number(words, value) if isinstance(value, int) else words)
        rows.append(cells)
    headers = [(column.header or column.name).capitalize() for _, column in shown]
    kinds = "".join("w" if column.kind in TEXT_KINDS else "n" for _, column in shown)
    lines = [*table("rows", headers, kinds, iter(rows))]
    if data.left_out:
        lines.append(f"<p>and {data.left_out:,} more</p>")
    part = Part(anchor="rows", title="Each layer counted once", short="Rows", lines=tuple(lines))
    return page(title, iter((f"<h1>{text(title)}</h1>",)), (part,))
