"""Tables for a terminal: tabulate aligns them, and the widest text columns are cut to fit."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from layerscope.model.finding import Severity
from layerscope.model.rows import TEXT_KINDS, Column, Rows
from layerscope.render.escape import printable
from layerscope.render.style import Style, severity_style, styled, with_marks, with_sequences
from layerscope.render.units import Units
from layerscope.render.width import shortened, shortened_path, width_of
from layerscope.render.words import number_words


def cell(value: object, kind: str, units: Units) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return ""
    if kind == "bytes" and isinstance(value, int):
        return units(value)
    if isinstance(value, tuple) and all(isinstance(one, int) for one in value):
        return number_words(value)
    if isinstance(value, tuple | list):
        return ", ".join(printable(str(one)) for one in value)
    if kind == "number" and isinstance(value, int):
        return f"{value:,}"
    return printable(str(value))


_LEAST = 20
"""Columns that a text keeps at least, however narrow the terminal is."""
_READABLE = 22
"""Columns of the longest texts from which on no other column is left out for them."""


class Table(Struct, frozen=True, kw_only=True):
    """The lines of a table, and the headers of the columns that it has no room for."""

    text: str
    left_out: tuple[str, ...] = ()


def table(data: Rows, units: Units, width: int | None) -> Table:
    """The shown columns; ``width`` is the terminal's, None where nothing may be cut or left out."""
    shown = [index for index, column in enumerate(data.columns) if column.shown]
    columns = [data.columns[index] for index in shown]
    headers = [_header(column) for column in columns]
    rows = [[cell(row[index], data.columns[index].kind, units) for index in shown] for row in data.rows]
    if not rows:
        return Table(text="")
    kept = list(range(len(columns)))
    if width is not None:
        widths = [_column_width(headers[place], (row[place] for row in rows)) for place in kept]
        kept = _with_room(columns, widths, width)
    headers = [headers[place] for place in kept]
    kinds = [columns[place].kind for place in kept]
    cells = [[_styled(row[place], columns[place].kind) for place in kept] for row in rows]
    left_out = tuple(_header(column) for place, column in enumerate(columns) if place not in kept)
    text = aligned([styled(header, Style.SOFT) for header in headers], cells, kinds, width)
    return Table(text=text, left_out=left_out)


def _header(column: Column) -> str:
    return column.header or column.name


def _styled(text: str, kind: str) -> str:
    return styled(text, severity_style(Severity(text))) if kind == "severity" and text else text


def _with_room(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The places of the columns beside which the longest texts stay readable, leaving out the highest ranks first."""
    kept = list(range(len(columns)))
    for rank in sorted({column.rank for column in columns if column.rank}, reverse=True):
        texts = [widths[place] for place in kept if columns[place].kind in TEXT_KINDS]
        if _text_limit([widths[place] for place in kept], texts, width) >= min(_READABLE, max(texts, default=0)):
            break
        kept = [place for place in kept if columns[place].rank != rank]
    return kept


def _text_limit(widths: Sequence[int], texts: Sequence[int], width: int) -> int:
    """How wide a text may be so that the lines fit, where only the widest ones are cut."""
    room = width - 2 * (len(widths) - 1) - (sum(widths) - sum(texts))
    for number, narrowest in enumerate(sorted(texts)):
        share = room // (len(texts) - number)
        if narrowest > share:
            return share
        room -= narrowest
    return max(texts, default=0)


def aligned(headers: Sequence[str], cells: list[list[str]], kinds: Sequence[str], width: int | None) -> str:
    """Cells in columns two spaces apart, numbers aligned at the right; the widest texts are cut to ``width``.

    A cell may have several lines.
    """
    if not cells:
        return ""
    if width is not None:
        cells = _fitted(headers, cells, kinds, width)
    import tabulate  # Heavy, and only tables need it.

    tabulate.MIN_PADDING = 0  # It would make each column two wider than its header.
    text = tabulate.tabulate(
        [list(map(with_sequences, row)) for row in cells],
        headers=list(map(with_sequences, headers)) if any(headers) else (),
        tablefmt="plain",
        disable_numparse=True,
        colalign=["left" if kind in TEXT_KINDS else "right" for kind in kinds],
        preserve_whitespace=True,
    )
    return "\n".join(shortened(line.rstrip(), width) for line in with_marks(text).split("\n"))


def _widest(cell: str) -> int:
    return max(map(width_of, cell.split("\n"))) if "\n" in cell else width_of(cell)


def _column_width(header: str, cells: Iterable[str]) -> int:
    return max(width_of(header), max(map(_widest, cells)))


def _fitted(headers: Sequence[str], cells: list[list[str]], kinds: Sequence[str], width: int) -> list[list[str]]:
    """Shorten the widest texts until the lines fit, but to no less than twenty columns."""
    widths = [_column_width(header, (row[place] for row in cells)) for place, header in enumerate(headers)]
    texts = [place for place, kind in enumerate(kinds) if kind in TEXT_KINDS]
    limit = max(_LEAST, _text_limit(widths, [widths[place] for place in texts], width))
    cut = {place for place in texts if widths[place] > limit}
    if not cut:
        return cells
    return [[shortened_path(text, limit) if i in cut else text for i, text in enumerate(row)] for row in cells]
