"""Rows as a table, JSON, JSON lines, CSV or Markdown; one explicit dict of renderers."""

import csv
import io
from collections.abc import Callable

from layerscope.model.rows import Rows
from layerscope.render.escape import printable
from layerscope.render.json import dumps, with_bytes
from layerscope.render.table import cell, table
from layerscope.render.units import Units

RowRenderer = Callable[[Rows, Units, int | None], str]


def _table(data: Rows, units: Units, width: int | None) -> str:
    return table(data, units, width) + "\n" if data.rows else "nothing to list\n"


def _objects(data: Rows) -> list[dict[str, object]]:
    names = [column.name for column in data.columns]
    return [with_bytes(dict(zip(names, row, strict=True))) for row in data.rows]


def _json(data: Rows, units: Units, width: int | None) -> str:
    return "[\n" + ",\n".join("  " + dumps(row) for row in _objects(data)) + "\n]\n"


def _jsonl(data: Rows, units: Units, width: int | None) -> str:
    return "".join(dumps(row) + "\n" for row in _objects(data))


def csv_text(value: object) -> object:
    """A cell that no spreadsheet takes for a formula, and that breaks no line."""
    if not isinstance(value, str):
        return ";".join(str(one) for one in value) if isinstance(value, tuple | list) else value
    text = printable(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def _csv(data: Rows, units: Units, width: int | None) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.name for column in data.columns)
    writer.writerows([csv_text(value) for value in row] for row in data.rows)
    return out.getvalue()


def markdown_text(text: str) -> str:
    """A cell of a Markdown table that stays text: no markup, no HTML, no end of the cell."""
    escaped = "".join("\\" + c if c in "\\`*_{}[]()#+!|~" else c for c in printable(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _markdown(data: Rows, units: Units, width: int | None) -> str:
    shown = [index for index, column in enumerate(data.columns) if column.shown]
    lines = [
        "| " + " | ".join(data.columns[i].header or data.columns[i].name for i in shown) + " |",
        "|" + "|".join(" --- " if data.columns[i].kind == "text" else " ---: " for i in shown) + "|",
    ]
    for row in data.rows:
        cells = [markdown_text(cell(row[i], data.columns[i].kind, units)) for i in shown]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


ROW_RENDERERS: dict[str, RowRenderer] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "markdown": _markdown,
}
