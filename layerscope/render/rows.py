"""Rows as a table, JSON, JSON lines, CSV or Markdown; one explicit dict of renderers."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from layerscope.model.rows import Rows
from layerscope.render.escape import printable
from layerscope.render.json import dumps, with_bytes
from layerscope.render.table import cell, table
from layerscope.render.units import Units

RowRenderer = Callable[[Rows, Units, int | None], Iterator[str]]
"""The text in pieces; the data formats give the first ones while later rows are still being made."""
_BATCH = 500
_FORMULAS = frozenset("=+-@＝＋－＠")
"""What begins a formula, after blanks too; some spreadsheets take the wide forms of East Asia for the same."""


def _table(data: Rows, units: Units, width: int | None) -> Iterator[str]:
    text = table(data, units, width)
    yield text + "\n" if text else "nothing to list\n"


def _objects(data: Rows) -> Iterator[str]:
    names = [column.name for column in data.columns]
    return (dumps(with_bytes(dict(zip(names, row, strict=True)))) for row in data.rows)


def _batches(lines: Iterable[str]) -> Iterator[str]:
    left = iter(lines)
    return iter(lambda: "".join(islice(left, _BATCH)), "")


def _json(data: Rows, units: Units, width: int | None) -> Iterator[str]:
    yield "[\n"
    yield from _batches(f",\n  {line}" if index else f"  {line}" for index, line in enumerate(_objects(data)))
    yield "\n]\n"


def _jsonl(data: Rows, units: Units, width: int | None) -> Iterator[str]:
    return _batches(f"{line}\n" for line in _objects(data))


def csv_text(value: object) -> object:
    """A cell that no spreadsheet takes for a formula, and that breaks no line."""
    if isinstance(value, tuple):
        value = ";".join(map(str, value))
    if not isinstance(value, str):
        return value
    text = printable(value)
    return "'" + text if text.lstrip(" ")[:1] in _FORMULAS else text


def _csv_column(values: tuple[object, ...]) -> Iterator[object]:
    """``csv_text`` of each value; of a text that stands there many times, as most do, once."""
    texts: dict[object, object] = {value: csv_text(value) for value in set(values) if isinstance(value, str | tuple)}
    return map(texts.get, values, values)


def _csv(data: Rows, units: Units, width: int | None) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.name for column in data.columns)
    rows = iter(data.rows)
    while True:
        columns = zip(*islice(rows, _BATCH), strict=True)
        writer.writerows(zip(*map(_csv_column, columns), strict=True))
        piece = out.getvalue()
        if not piece:
            return
        yield piece
        out.seek(0)
        out.truncate()


def markdown_text(text: str) -> str:
    """A cell of a Markdown table that stays text: no markup, no HTML, no end of the cell."""
    escaped = "".join("\\" + c if c in "\\`*_{}[]()#+!|~" else c for c in printable(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _markdown_cell(text: str) -> str:
    """The blanks by which a tree moves its names in would be lost at the beginning of a cell."""
    name = text.lstrip(" ")
    return "&nbsp;" * (len(text) - len(name)) + markdown_text(name)


def _markdown(data: Rows, units: Units, width: int | None) -> Iterator[str]:
    shown = [index for index, column in enumerate(data.columns) if column.shown]
    lines = [
        "| " + " | ".join(data.columns[i].header or data.columns[i].name for i in shown) + " |",
        "|" + "|".join(" --- " if data.columns[i].kind == "text" else " ---: " for i in shown) + "|",
    ]
    for row in data.rows:
        cells = [_markdown_cell(cell(row[i], data.columns[i].kind, units)) for i in shown]
        lines.append("| " + " | ".join(cells) + " |")
    yield "\n".join(lines) + "\n"


ROW_RENDERERS: dict[str, RowRenderer] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "markdown": _markdown,
}
