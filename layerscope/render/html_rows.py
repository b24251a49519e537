"""A listing as one HTML page, whose table sorts and filters."""

from collections.abc import Iterator

from layerscope.model.rows import TEXT_KINDS, Rows
from layerscope.render.html_parts import Cell, Number, Part, page, table, text
from layerscope.render.table import cell
from layerscope.render.units import RenderOptions


def html(title: str, data: Rows, options: RenderOptions) -> str:
    """The whole page; columns that tables hide are left out here as well."""
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
    return page(
        title, _head(title), (Part(anchor="rows", title="Each layer counted once", short="Rows", lines=tuple(lines)),)
    )


def _head(title: str) -> Iterator[str]:
    yield f"<h1>{text(title)}</h1>"
