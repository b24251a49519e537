"""Rows as a table, JSON, JSON lines, CSV or Markdown, and the findings of a report as CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from layerscope.model.report import Report
from layerscope.model.rows import Column, Rows, row
from layerscope.render.escape import printable
from layerscope.render.finding_summary import finding_summaries
from layerscope.render.json import dumps, with_bytes
from layerscope.render.markdown_syntax import markdown_table, markdown_text
from layerscope.render.style import Style, painted, styled
from layerscope.render.table import cell, table
from layerscope.render.units import RenderOptions

RowRenderer = Callable[[Rows, RenderOptions], Iterator[str]]
"""The text in pieces; the data formats yield the first ones before the last rows are made."""
_BATCH = 500
_FORMULAS = frozenset("=+-@＝＋－＠")
"""What begins a formula, also after spaces; some spreadsheets read full-width forms in the same way."""


def _table(data: Rows, options: RenderOptions) -> Iterator[str]:
    made = table(data, options.units, options.width)
    lines = made.text.split("\n") if made.text else [data.nothing]
    if made.left_out:
        lines.append(styled(f"not shown: {', '.join(made.left_out)} (--wide shows all)", Style.SOFT))
    yield "".join(f"{painted(line, color=options.color)}\n" for line in lines)


def _objects(data: Rows) -> Iterator[str]:
    names = [column.name for column in data.columns]
    return (dumps(with_bytes(dict(zip(names, row, strict=True)))) for row in data.rows)


def _batches(lines: Iterable[str]) -> Iterator[str]:
    left = iter(lines)
    return iter(lambda: "".join(islice(left, _BATCH)), "")


def _json(data: Rows, options: RenderOptions) -> Iterator[str]:
    yield "[\n"
    yield from _batches(f",\n  {line}" if index else f"  {line}" for index, line in enumerate(_objects(data)))
    yield "\n]\n"


def _jsonl(data: Rows, options: RenderOptions) -> Iterator[str]:
    return _batches(f"{line}\n" for line in _objects(data))


def csv_text(value: object) -> object:
    """A cell without line breaks that a spreadsheet does not take for a formula."""
    if isinstance(value, tuple):
        value = ";".join(map(str, value))
    if not isinstance(value, str):
        return value
    text = printable(value)
    return "'" + text if text.lstrip(" ")[:1] in _FORMULAS else text


def _csv_column(values: tuple[object, ...]) -> Iterator[object]:
    """``csv_text`` of each value, computed once for a text that occurs many times, as most do."""
    texts: dict[object, object] = {value: csv_text(value) for value in set(values) if isinstance(value, str | tuple)}
    return map(texts.get, values, values)


def _csv(data: Rows, options: RenderOptions) -> Iterator[str]:
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


def _markdown_cell(text: str) -> str:
    """Keep the spaces that indent a tree, which Markdown drops at the beginning of a cell."""
    name = text.lstrip(" ")
    return "&nbsp;" * (len(text) - len(name)) + markdown_text(name)


def _markdown(data: Rows, options: RenderOptions) -> Iterator[str]:
    shown = [(index, column) for index, column in enumerate(data.columns) if column.shown]
    rows = (
        [_markdown_cell(cell(row[index], column.kind, options.units)) for index, column in shown] for row in data.rows
    )
    headers = [column.header or column.name for _, column in shown]
    yield "\n".join(markdown_table(headers, [column.kind for _, column in shown], rows)) + "\n"


ROW_RENDERERS: dict[str, RowRenderer] = {
    "table": _table,
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "markdown": _markdown,
}


COLUMNS = (
    Column(name="rule"),
    Column(name="severity"),
    Column(name="kind"),
    Column(name="evidence"),
    Column(name="content_bytes", kind="bytes"),
    Column(name="path_count", kind="number"),
    Column(name="layers"),
    Column(name="source"),
    Column(name="dockerfile_line", kind="number"),
    Column(name="edit_line", kind="number"),
    Column(name="path"),
    Column(name="title"),
    Column(name="detail"),
    Column(name="fix"),
    Column(name="trade"),
)


def findings_csv(report: Report, options: RenderOptions) -> str:
    """A header line, then one line for each finding; ``path`` is the most telling one."""
    rows = (
        row(COLUMNS, one.finding, dockerfile_line=one.line, edit_line=one.edit_line, path=one.place)
        for one in finding_summaries(report)
    )
    return "".join(ROW_RENDERERS["csv"](Rows(columns=COLUMNS, rows=rows), options))
